"""A draft as the rules see it, before any row of it exists."""

from collections.abc import Mapping

from catalog.rules.asks import ProductSnapshot
from orders.rules.capture import Checked, CheckedLine
from orders.rules.picture import LinePicture, OrderPicture


def picture_of(
    checked: Checked, products: Mapping[int, ProductSnapshot], *, order_id: int = 0, number: str = ""
) -> OrderPicture:
    """The checked draft as a picture; `order_id` and `number` as drawn for it, or none in a preview."""
    draft = checked.draft
    return OrderPicture(
        order_id,
        number,
        draft.account_id,
        checked.currency,
        tuple(_line(i, line, products) for i, line in enumerate(checked.lines)),
        ship_to_id=draft.ship_to_id,
        po_number=draft.po_number,
        terms_code=draft.terms_code,
        requested_date=draft.requested_date,
        cancel_after_date=draft.cancel_after_date,
    )


def _line(index: int, line: CheckedLine, products: Mapping[int, ProductSnapshot]) -> LinePicture:
    draft = line.draft
    product = products.get(draft.product_id or 0)
    return LinePicture(
        index,
        draft.line_no,
        product.id if product else None,
        product.sku if product else "",
        line.qty,
        draft.qty,
        stated_code=draft.stated_code,
        stated_price=draft.stated_price,
        ship_to_id=draft.ship_to_id,
        requested_date=draft.requested_date,
        unit=draft.unit,
        agreement=(draft.agreed.ref.kind, draft.agreed.ref.id) if draft.agreed else None,
    )
