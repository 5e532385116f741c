"""What is released at a vendor's site is bought of the vendor: one vendor order for each such shipment, in the transaction
of the release."""

from collections.abc import Sequence
from datetime import date, datetime

from core import journal, outbox
from core.actors import Actor
from core.numbering import draw
from core.refs import DocumentRef
from core.uow import require_uow
from fulfillment.events import VendorAsked
from fulfillment.models import Shipment, ShipmentLine, VendorOrder, VendorOrderLine
from inventory.queries import promises
from inventory.rules.vendor import VendorTerms
from inventory.states import PromiseKind
from inventory.vendor_queries import terms_of


@require_uow
def open_vendor_orders(shipments: Sequence[Shipment], balance_ids: set[int], *, actor: Actor, now: datetime) -> int:
    """How many vendors' orders there are of these new shipments. One statement where no vendor sends any of them, else a
    constant number; numbers are drawn last (rank 90)."""
    terms = terms_of(balance_ids)
    bought = {t.site_id for t in terms.values()}
    of_vendors = {s.pk: s for s in shipments if s.site_id in bought}
    if not of_vendors:
        return 0
    lines = list(ShipmentLine.objects.filter(shipment__in=of_vendors).order_by("pk"))
    days = _promised_days(lines, of_vendors)
    numbers = draw("vendor_order", prefix="VO-", count=len(of_vendors))
    orders = VendorOrder.objects.bulk_create(
        VendorOrder(number=number, shipment=s, site_id=s.site_id, asked_at=now, promised_ship_date=days.get(s.pk))
        for number, s in zip(numbers, of_vendors.values(), strict=True)
    )
    place = {o.shipment_id: o for o in orders}
    VendorOrderLine.objects.bulk_create(_line(place[x.shipment_id], x, terms[x.balance_id]) for x in lines)
    _tell(orders, actor, now)
    return len(orders)


def _line(order: VendorOrder, line: ShipmentLine, terms: VendorTerms) -> VendorOrderLine:
    return VendorOrderLine(
        vendor_order=order, shipment_line=line, order_line_id=line.order_line_id, product_id=line.product_id,
        vendor_sku=terms.vendor_sku, qty=line.qty, unit_cost=terms.unit_cost, currency=terms.currency,
    )  # fmt: skip


def _promised_days(lines: Sequence[ShipmentLine], shipments: dict[int, Shipment]) -> dict[int, date]:
    """{shipment: the first day anything of it was promised to leave the vendor}."""
    made = promises({line.demand_id for line in lines})
    found: dict[int, date] = {}
    for line in lines:
        for s in made.get(line.demand_id, ()):
            if s.kind == PromiseKind.STOCK and s.site_id == shipments[line.shipment_id].site_id and s.ship_date:
                found[line.shipment_id] = min(s.ship_date, found.get(line.shipment_id, s.ship_date))
    return found


def _tell(orders: Sequence[VendorOrder], actor: Actor, now: datetime) -> None:
    entries = [
        journal.Entry(ref, "asked", f"Vendor order {o.number} for {o.shipment.number}: the vendor sends it")
        for o in orders
        for ref in (DocumentRef("vendor_order", o.pk, o.number), DocumentRef("shipment", o.shipment_id))
    ]
    journal.write(entries, actor=actor, now=now)
    facts = [VendorAsked(o.pk, o.number, o.shipment_id, o.shipment.order_id, o.site_id) for o in orders]
    outbox.publish_many([outbox.Note(f, f"shipment:{f.shipment_id}", 1) for f in facts], now=now, actor=actor)
