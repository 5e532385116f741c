"""What vendors are asked to send, as screens show it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from fulfillment.models import VendorOrder, VendorOrderLine
from fulfillment.rules.vendor import days_late, margin
from orders.queries import line_prices
from orders.rules.asks import LockedPrice


@dataclass(frozen=True)
class BoughtLine:
    """Base units and their cost. `amount` is what they leave us at the locked price, None where line and vendor are in
    two currencies; never for buyers and reps."""

    key: int
    sku: str
    name: str
    vendor_sku: str
    qty: Decimal
    confirmed_qty: Decimal | None
    unit_cost: Decimal
    currency: str
    amount: Decimal | None
    percent: Decimal | None


@dataclass(frozen=True)
class Bought:
    id: int
    number: str
    vendor: str
    vendor_name: str
    status: str
    asked_at: datetime
    promised: date | None
    reference: str
    confirmed_at: datetime | None
    confirmed_by: str
    confirmed_for: date | None
    withdrawn_why: str
    lines: tuple[BoughtLine, ...]

    @property
    def late(self) -> int:
        return 0 if self.confirmed_for is None else days_late(self.promised, self.confirmed_for)

    @property
    def is_open(self) -> bool:
        return self.status in ("released", "acknowledged")

    @property
    def can_confirm(self) -> bool:
        return self.is_open and self.confirmed_at is None


def bought_for(shipment_ids: Collection[int]) -> Mapping[int, Bought]:
    """{shipment: its vendor's order}; absent where no vendor sends it. Three statements, one where there is none."""
    rows = list(VendorOrder.objects.filter(shipment__in=shipment_ids).select_related("site", "shipment"))
    if not rows:
        return {}
    lines: dict[int, list[VendorOrderLine]] = {o.pk: [] for o in rows}
    for line in VendorOrderLine.objects.filter(vendor_order__in=rows).select_related("product").order_by("pk"):
        lines[line.vendor_order_id].append(line)
    prices = line_prices(line.order_line_id for of_one in lines.values() for line in of_one)
    return {
        o.shipment_id: Bought(
            o.pk, o.number, o.site.code, o.site.name, o.shipment.status, o.asked_at, o.promised_ship_date, o.reference,
            o.confirmed_at, o.confirmed_by, o.confirmed_ship_date, o.withdrawn_why,
            tuple(_line(x, prices.get(x.order_line_id)) for x in lines[o.pk]),
        )
        for o in rows
    }  # fmt: skip


def lines_by_shipment_line(shipment_id: int) -> Mapping[int, int]:
    """{line of the shipment: the line of its vendor's order}. One statement."""
    rows = VendorOrderLine.objects.filter(shipment_line__shipment_id=shipment_id)
    return {line: pk for line, pk in rows.values_list("shipment_line_id", "pk") if line is not None}


def _line(line: VendorOrderLine, price: LockedPrice | None) -> BoughtLine:
    amount = percent = None
    if price is not None and price.currency == line.currency:
        qty = line.qty if line.confirmed_qty is None else line.confirmed_qty
        amount, percent = margin(price.unit_price, line.unit_cost, qty, price.currency)
    return BoughtLine(
        line.pk, line.product.sku, line.product.name, line.vendor_sku, line.qty, line.confirmed_qty, line.unit_cost,
        line.currency, amount, percent,
    )  # fmt: skip
