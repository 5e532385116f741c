"""What mends a case about a shipment or a parcel that came back: asked back, sent with a faster service, authorized after
all. Registered by `resolutions`."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any

from django.db.models import Exists, Min, OuterRef, Sum

from accounts.states import Role
from core.actors import Actor
from core.choices import counted
from core.errors import Refused
from core.money import line_amount
from core.quantity import plain
from exceptions_app.rules.asks import CaseSnapshot
from exceptions_app.rules.ranking import Effect
from exceptions_app.suggestions import Family, Resolution, register
from fulfillment.exception_kinds import DELIVERY_WINDOW_AT_RISK, UNMATCHED_RETURN
from fulfillment.models import CarrierService, RecallRequest, Return, Shipment, ShipmentLine, ShippingRule
from fulfillment.queries import returnable
from fulfillment.rules.asks import ReturnLineSpec, ReturnSpec
from fulfillment.services.ask_recall import MAY, ask_recall
from fulfillment.services.authorize_return import authorize_return
from fulfillment.services.plan_carriage import choose_service
from fulfillment.services.receive_return import receive_return
from fulfillment.services.request_returns import request_returns
from fulfillment.states import SHIPMENT, STILL_HERE, RecallState, ReturnStatus, ShipmentStatus
from inventory.exception_kinds import COUNT_PENDING
from orders.ledgers import sold_lines

ZERO = Decimal(0)
MOST = 3  # services offered
SHIPPERS = frozenset({Role.WAREHOUSE, Role.OPERATOR})  # as on the page of the shipment
DECIDERS = frozenset({Role.CS, Role.CS_LEAD, Role.OPERATOR})  # as on the page of the return
GONE = "No shipment of it can be asked back: they are packed, gone, or asked back already."


class NothingToAskBack(Refused):
    template = GONE
    remedy_template = "Confirm short what the warehouse does not find."


class NothingCameBeyond(Refused):
    template = "Nobody knows any more what came beyond return {number}."
    remedy_template = "Request a return on the order's page."


# --- asked back -------------------------------------------------------------------------------------------------
def recallable(case: CaseSnapshot) -> Sequence[Shipment]:
    """The case's shipment, or those that take from its place, while the warehouse may give them back and was not asked."""
    rows = Shipment.objects.filter(pk=case.subject.id)
    if case.subject.kind == "stock_balance":
        taking = ShipmentLine.objects.filter(balance=case.subject.id)
        rows = Shipment.objects.filter(pk__in=taking.values("shipment_id"))
    asked = RecallRequest.objects.filter(shipment=OuterRef("pk"), state=RecallState.ASKED)
    here = rows.filter(~Exists(asked), status__in=STILL_HERE).order_by("pk")
    return [s for s in here if SHIPMENT.allows(ShipmentStatus(s.status), ShipmentStatus.CANCELLED)]


def preview_recall(case: CaseSnapshot, now: datetime) -> Effect:
    shipments = recallable(case)
    if not shipments:
        return Effect("", is_possible=False, why_not=GONE)
    lines = ShipmentLine.objects.filter(shipment__in=[s.pk for s in shipments])
    qty = lines.aggregate(sum=Sum("qty"))["sum"] or ZERO
    return Effect(
        f"asks the warehouse for {counted(len(shipments), 'shipment')} back: where it agrees, {plain(qty)} are open again "
        "and served from elsewhere",
        days_late=1,
    )


def recall(case: CaseSnapshot, *, actor: Actor, now: datetime, key: str) -> None:
    """A request each; one that was asked for meanwhile is not asked for again."""
    if not (shipments := recallable(case)):
        raise NothingToAskBack
    for shipment in shipments:
        ask_recall(shipment_id=shipment.pk, note=f"Case {case.number}: {case.summary}", actor=actor, now=now)


# --- a faster service -------------------------------------------------------------------------------------------
def faster(case: CaseSnapshot, now: datetime) -> list[Resolution]:
    """The services that the shipping rules take for what is wanted soonest. Two statements."""
    shipment = Shipment.objects.filter(pk=case.subject.id, status__in=STILL_HERE).select_related("service").first()
    if shipment is None:
        return []
    fast = ShippingRule.objects.filter(is_active=True, max_days__isnull=False, service__is_active=True)
    days = dict(fast.values_list("service_id").annotate(days=Min("max_days")))
    days.pop(shipment.service_id or 0, None)
    services = {s.pk: s for s in CarrierService.objects.filter(pk__in=days)}
    first = sorted(services, key=lambda pk: (days[pk], services[pk].code))[:MOST]
    return [_service(case.kind, services[pk], days[pk], shipment) for pk in first]


def _service(kind: str, service: CarrierService, days: int, shipment: Shipment) -> Resolution:
    instead = f" instead of {shipment.service.code}" if shipment.service else ""
    words = (
        f"travels with {service.carrier} {service.name}{instead}: the rules take it for {counted(days, 'day')} or less"
    )
    effect = Effect(words)
    take = partial(_take, service_id=service.pk)
    return Resolution(
        kind, f"service:{service.pk}", f"Send it with {service.code}", lambda c, n: effect, take, SHIPPERS
    )


def _take(case: CaseSnapshot, *, actor: Actor, now: datetime, key: str, service_id: int) -> Any:
    reason = f"Case {case.number}: {case.summary}"[:200]
    return choose_service(shipment_id=case.subject.id, service_id=service_id, reason=reason, actor=actor, now=now)


# --- came back beyond what was authorized -----------------------------------------------------------------------
def beyond(case: CaseSnapshot) -> dict[int, Decimal]:
    """{order line: base units} that came and nobody authorized."""
    kept = case.evidence.get("order_lines", {})
    return {int(i): Decimal(qty) for i, qty in kept.items()}


def preview_authorize(case: CaseSnapshot, now: datetime) -> Effect:
    came = beyond(case)
    left = returnable(list(came))
    if not came:
        return Effect("", is_possible=False, why_not="Nobody noted what came beyond.")
    if any(qty > left.get(i, ZERO) for i, qty in came.items()):
        return Effect(
            "", is_possible=False, why_not="More came than the customer ever got: it is not theirs to return."
        )
    sold = sold_lines(came)
    worth = sum((line_amount(came[x.order_line_id], x.unit_price or ZERO, x.currency) for x in sold), ZERO)
    qty = plain(sum(came.values(), ZERO))
    return Effect(
        f"a return of its own over {qty} is authorized and received: after inspection up to {worth:,} are credited",
        -worth,
    )


def authorize(case: CaseSnapshot, *, actor: Actor, now: datetime, key: str) -> None:
    """Requested, authorized and received, each once: said again it goes on where it stopped."""
    came = beyond(case)
    if not came or case.account_id is None:
        raise NothingCameBeyond(number=case.subject.number)
    lines = tuple(ReturnLineSpec(i, qty) for i, qty in sorted(came.items()))
    name = f"beyond {case.subject.number}"
    spec = ReturnSpec(case.account_id, name, f"came beyond return {case.subject.number}", lines)
    (asked,) = request_returns([spec], actor=actor, now=now)
    if _stands(asked.return_id) == ReturnStatus.REQUESTED:
        authorize_return(return_id=asked.return_id, note=f"Case {case.number}", actor=actor, now=now)
    if _stands(asked.return_id) == ReturnStatus.AUTHORIZED:
        row = Return.objects.get(pk=asked.return_id)
        quantities = {line.pk: line.qty for line in row.lines.all()}
        receive_return(return_id=row.pk, quantities=quantities, actor=actor, now=now)


def _stands(return_id: int) -> str:
    return Return.objects.values_list("status", flat=True).get(pk=return_id)


def preview_send_back(case: CaseSnapshot, now: datetime) -> Effect:
    qty = plain(sum(beyond(case).values(), ZERO))
    return Effect(f"the {qty} go back to the customer: neither stock nor credit, and they are told")


def send_back(case: CaseSnapshot, *, actor: Actor, now: datetime, key: str) -> None:
    """Nothing of it was ever booked; the case keeps who sent it back."""


register(
    Resolution(
        COUNT_PENDING.code, "recall", "Ask the shipments back", preview_recall, recall, frozenset(MAY), is_chain=True
    ),
    Resolution(
        DELIVERY_WINDOW_AT_RISK.code, "recall", "Ask it back", preview_recall, recall, frozenset(MAY), is_chain=True
    ),
    Family(DELIVERY_WINDOW_AT_RISK.code, "service", faster),
    Resolution(
        UNMATCHED_RETURN.code,
        "authorize",
        "Authorize it after all",
        preview_authorize,
        authorize,
        DECIDERS,
        is_chain=True,
    ),
    Resolution(UNMATCHED_RETURN.code, "send_back", "Send it back", preview_send_back, send_back, DECIDERS | SHIPPERS),
)
