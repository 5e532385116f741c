"""Order again what came back, or is about to: a replacement is an order like any other and passes every gate."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from core.actors import Actor
from core.errors import NotFound
from core.refs import DocumentRef
from fulfillment.return_queries import ReturnHead, replaced_lines, return_head
from orders.ledgers import SoldLine, sold_lines
from orders.rules.asks import AgreedLine, LineDraft, OrderDraft, Submitted
from orders.services.place import place
from orders.states import Channel


def replacement_id_of(return_id: int) -> str:
    """The external id of the order that replaces this return: there is at most one."""
    return f"return:{return_id}"


def replace_return(*, return_id: int, actor: Actor, now: datetime) -> Submitted | None:
    """Place the replacement, once for the return; None where nothing is to be replaced (all was missing, or sent back).

    It goes where the goods went the first time, at the price they were sold at: what came back is credited at its own, so
    that exchanging costs nobody anything. Raises NotFound and what `orders.place` raises: a replacement that is over the
    credit limit is held like any order.
    """
    head = return_head(return_id)
    if head is None:
        raise NotFound(kind="return", ident=return_id)
    wanted = replaced_lines(return_id)
    return place(_draft(head, dict(wanted)), actor=actor, now=now) if wanted else None


def _draft(head: ReturnHead, wanted: Mapping[int, Decimal]) -> OrderDraft:
    lines = sold_lines(wanted)
    first = lines[0]
    return OrderDraft(
        account_id=head.account_id,
        channel=Channel.CONSOLE,
        currency=first.currency,
        ship_to_id=first.ship_to_id,
        po_number=first.po_number and f"{first.po_number}-{head.number}",
        note=f"Replaces return {head.number}",
        external_id=replacement_id_of(head.id),
        lines=tuple(_line(n, line, wanted[line.order_line_id]) for n, line in enumerate(lines, 1)),
    )


def _line(line_no: int, sold: SoldLine, qty: Decimal) -> LineDraft:
    agreed = None
    if sold.unit_price is not None:
        agreed = AgreedLine(DocumentRef("sold_line", sold.order_line_id, sold.number), sold.unit_price)
    return LineDraft(line_no, qty, product_id=sold.product_id, agreed=agreed)
