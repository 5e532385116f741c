"""What mends a vendor's short or late answer: our own sites, later goods, or no goods."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from accounts.states import Role
from core.actors import Actor
from core.quantity import plain
from core.refs import DocumentRef
from exceptions_app.rules.asks import CaseSnapshot
from exceptions_app.rules.ranking import Effect
from exceptions_app.suggestions import Resolution
from fulfillment.exception_kinds import VENDOR_LATE, VENDOR_SHORT
from fulfillment.models import Shipment, ShipmentLine, VendorOrder
from fulfillment.services.find_vendor_order import MAY, OPEN
from fulfillment.services.withdraw_vendor_order import withdraw_vendor_order
from fulfillment.short_resolutions import (
    SELLERS,
    ZERO,
    again,
    drop,
    late_from_stock,
    preview_again,
    preview_drop,
    short_lines,
)
from inventory.services.leave_vendor import leave_vendor
from orders.lateness import as_promised, behind
from orders.queries import pictures
from orders.rules.picture import LinePicture, OrderPicture

BUYERS = frozenset(MAY) - {Role.SERVICE}


def preview_own(case: CaseSnapshot, now: datetime) -> Effect:
    order, lines = short_lines(case)
    qty = sum((x.demand.backordered for x in lines if x.demand is not None), ZERO)
    if order is None or not qty:
        return Effect("", is_possible=False, why_not="Nothing of it is short any more.")
    late = late_from_stock(order, lines, now)
    return Effect(f"{plain(qty)} are looked for at our own sites from now on", days_late=late)


def own(case: CaseSnapshot, *, actor: Actor, now: datetime, key: str) -> Any:
    _, lines = short_lines(case)
    demands = [x.demand.demand_id for x in lines if x.demand is not None]
    return leave_vendor(demand_ids=demands, actor=actor, now=now)


def _open_order(subject: DocumentRef) -> VendorOrder | None:
    return VendorOrder.objects.filter(shipment_id=subject.id, shipment__status__in=OPEN).first()


def _sent_by(order: VendorOrder) -> tuple[OrderPicture | None, list[LinePicture], dict[int, Decimal]]:
    """The customer's order, its lines that the vendor sends, and how much of each by its demand."""
    wanted: dict[int, Decimal] = {}
    for demand_id, qty in ShipmentLine.objects.filter(shipment=order.shipment_id).values_list("demand_id", "qty"):
        wanted[demand_id] = wanted.get(demand_id, ZERO) + qty
    order_id = Shipment.objects.values_list("order_id", flat=True).get(pk=order.shipment_id)
    document = pictures([order_id]).get(order_id)
    lines = [x for x in (document.lines if document else ()) if x.demand is not None and x.demand.demand_id in wanted]
    return document, lines, wanted


def preview_wait(case: CaseSnapshot, now: datetime) -> Effect:
    order = _open_order(case.subject)
    if order is None or order.confirmed_ship_date is None:
        return Effect("", is_possible=False, why_not="The vendor sends nothing of it any more.")
    document, lines, _ = _sent_by(order)
    late = behind(document, lines, as_promised(lines)) if document else 0
    return Effect(f"the customer takes it when it leaves the vendor on {order.confirmed_ship_date}", days_late=late)


def wait(case: CaseSnapshot, *, actor: Actor, now: datetime, key: str) -> None:
    """Nothing moves: the promise has the vendor's day already. The case keeps who decided to wait."""


def preview_back(case: CaseSnapshot, now: datetime) -> Effect:
    order = _open_order(case.subject)
    if order is None:
        return Effect("", is_possible=False, why_not="The vendor sends nothing of it any more.")
    document, lines, wanted = _sent_by(order)
    late = late_from_stock(document, lines, now, wanted) if document else 0
    words = f"{order.number} is taken back with the vendor's word; our own sites are tried at once"
    return Effect(words, days_late=late)


def back(case: CaseSnapshot, *, actor: Actor, now: datetime, key: str) -> Any:
    why = f"Too late, taken back on case {case.number}"
    return withdraw_vendor_order(
        shipment_id=case.subject.id, why=why, elsewhere=True, vendor_agrees=True, actor=actor, now=now
    )


def vendor_resolutions() -> tuple[Resolution, ...]:
    return (
        Resolution(VENDOR_SHORT.code, "own_sites", "Serve it from our own sites", preview_own, own, BUYERS),
        Resolution(VENDOR_SHORT.code, "allocate", "Find other stock", preview_again, again, BUYERS),
        Resolution(VENDOR_SHORT.code, "cancel_short", "Cancel what is short", preview_drop, drop, SELLERS),
        Resolution(VENDOR_LATE.code, "wait", "The customer takes it later", preview_wait, wait, BUYERS),
        Resolution(
            VENDOR_LATE.code, "take_back", "Take it back, serve it from our own sites", preview_back, back, BUYERS
        ),
    )
