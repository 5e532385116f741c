"""The vendor answers: how many of each line it sends, and on which day. What it does not send is open again at once."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal

from core import journal, outbox
from core.actors import Actor
from core.clock import local_date
from core.errors import FieldError, InvalidInput, Refused
from core.outbox import Fact
from core.quantity import plain
from core.uow import door_verb, require_uow
from fulfillment.events import VendorConfirmed, VendorShort
from fulfillment.models import Shipment, ShipmentLine, VendorOrder, VendorOrderLine
from fulfillment.rules.vendor import Asked, confirmed, days_late
from fulfillment.services.find_vendor_order import lock_vendor_order, told_of
from fulfillment.services.give_back_exposure import give_back
from fulfillment.states import SHIPMENT, ShipmentStatus
from inventory.queries import site_snapshots
from inventory.services.give_up_released import give_up_released
from inventory.services.give_way import ask_for_allocation
from inventory.services.redate_stock import redate_stock

ZERO = Decimal(0)
NO_MORE = "the vendor confirmed less"
Lines = Sequence[VendorOrderLine]


class ConfirmedBefore(Refused):
    template = "Vendor order {number} was confirmed by {by} for {day}."
    remedy_template = "Withdraw what the vendor cannot keep, or enter less when it ships."


@door_verb
def confirm_vendor_order(
    *,
    shipment_id: int,
    ship_date: date,
    quantities: Mapping[int, Decimal],
    reference: str = "",
    actor: Actor,
    now: datetime,
) -> str:
    """`quantities` are base units by the vendor order's line; lines not named are confirmed in full. The shipment's status
    afterwards: acknowledged, or cancelled where the vendor sends nothing.

    What is missing is backordered with a case, and the vendor has no more of it until its offer is saved again. A later
    day than promised moves the promise: buyers are told, and a case asks whether to wait.
    Raises NotPermitted, NotFound, VendorIsDone, ConfirmedBefore, InvalidInput. Locks 10, 30, 50, 52, 60.
    """
    order, shipment, lines = lock_vendor_order(shipment_id, verb="confirmed", actor=actor)
    if order.confirmed_at is not None:
        raise ConfirmedBefore(number=order.number, by=order.confirmed_by, day=order.confirmed_ship_date)
    sent, wrong = confirmed([Asked(x.pk, x.qty) for x in lines], quantities)
    if ship_date < local_date(now, site_snapshots([order.site_id])[order.site_id].time_zone):
        wrong.append(FieldError("/ship_date", "past", f"{ship_date} is over.", "Enter the day on which it will leave."))
    if wrong:
        raise InvalidInput(wrong)
    late = days_late(order.promised_ship_date, ship_date) if any(sent.values()) else 0
    shorts = [x for x in lines if sent[x.pk] < x.qty]
    demands = _demands_of(lines, sent)
    _give_up(shipment, shorts, sent, actor, now)
    _write(order, shipment, lines, sent, ship_date, reference, actor, now)
    if late:
        cause = f"the vendor sends it on {ship_date.day} {ship_date:%b %Y}"
        redate_stock(dict.fromkeys(demands, (order.site_id, ship_date)), cause=cause, actor=actor, now=now)
    _tell(order, shipment, shorts, sent, late, actor, now)
    return str(shipment.status)


def _demands_of(lines: Lines, sent: Mapping[int, Decimal]) -> list[int]:
    return sorted({x.shipment_line.demand_id for x in lines if x.shipment_line is not None and sent[x.pk] > 0})


@require_uow
def _give_up(shipment: Shipment, shorts: Lines, sent: Mapping[int, Decimal], actor: Actor, now: datetime) -> None:
    missing = {x.shipment_line: x.qty - sent[x.pk] for x in shorts if x.shipment_line is not None}
    if not missing:
        return
    parts = {line.claim_id: qty for line, qty in missing.items()}
    products = give_up_released(parts, cause=NO_MORE, is_out=True, actor=actor, now=now)
    give_back(shipment, missing, "vendor_short", actor=actor, now=now)
    ask_for_allocation(products, NO_MORE, actor=actor, now=now)


@require_uow
def _write(
    order: VendorOrder, shipment: Shipment, lines: Lines, sent: Mapping[int, Decimal], ship_date: date, reference: str,
    actor: Actor, now: datetime,
) -> None:  # fmt: skip
    order.reference, order.confirmed_ship_date = reference.strip()[:60], ship_date
    order.confirmed_at, order.confirmed_by = now, actor.label
    order.save(update_fields=["reference", "confirmed_ship_date", "confirmed_at", "confirmed_by"])
    for line in lines:
        line.confirmed_qty = sent[line.pk]
    VendorOrderLine.objects.bulk_update(lines, ["confirmed_qty"])
    is_sent = any(sent.values())
    target = ShipmentStatus.ACKNOWLEDGED if is_sent else ShipmentStatus.CANCELLED
    shipment.status = SHIPMENT.require(ShipmentStatus(shipment.status), target)
    shipment.version += 1
    Shipment.objects.filter(pk=shipment.pk).update(status=shipment.status, version=shipment.version)
    if is_sent:  # a cancelled shipment keeps what it was to send
        _shorten([x for x in lines if sent[x.pk] < x.qty], sent)


@require_uow
def _shorten(shorts: Lines, sent: Mapping[int, Decimal]) -> None:
    gone = [x.shipment_line_id for x in shorts if not sent[x.pk] and x.shipment_line_id is not None]
    less = [x.shipment_line for x in shorts if sent[x.pk] and x.shipment_line is not None]
    for line, x in zip(less, [x for x in shorts if sent[x.pk]], strict=True):
        line.qty = sent[x.pk]
    ShipmentLine.objects.bulk_update(less, ["qty"])
    ShipmentLine.objects.filter(pk__in=gone).delete()


@require_uow
def _tell(
    order: VendorOrder, shipment: Shipment, shorts: Lines, sent: Mapping[int, Decimal], late: int, actor: Actor,
    now: datetime,
) -> None:  # fmt: skip
    day = order.confirmed_ship_date
    words = f"Vendor order {order.number} confirmed for {day}" + (f", {late} days late" if late else "")
    missing: dict[int, Decimal] = {}
    for x in shorts:
        missing[x.product_id] = missing.get(x.product_id, ZERO) + x.qty - sent[x.pk]
    if missing:
        words += f"; {plain(sum(missing.values(), ZERO))} short"
    journal.write(told_of(order, shipment, "confirmed", words), actor=actor, now=now)
    facts: list[Fact] = [
        VendorConfirmed(
            order.pk, order.number, shipment.pk, shipment.number, shipment.order_id, shipment.account_id,
            day.isoformat() if day else "", late,
        )
    ]  # fmt: skip
    facts += [
        VendorShort(shipment.pk, shipment.number, shipment.order_id, shipment.account_id, product_id, qty)
        for product_id, qty in sorted(missing.items())
    ]
    notes = [outbox.Note(fact, f"shipment:{shipment.pk}", shipment.version) for fact in facts]
    outbox.publish_many(notes, now=now, actor=actor)
