"""What mends a case about a product's stock or supply: one service call each."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from accounts.states import Role
from core.actors import Actor
from core.errors import Refused
from core.quantity import plain
from exceptions_app.rules.asks import CaseSnapshot
from exceptions_app.rules.ranking import Effect
from exceptions_app.suggestions import Resolution, register
from inventory import lot_resolutions
from inventory.exception_kinds import ALLOCATION_CONFLICT, LATE_SUPPLY, TRANSFER_SHORT
from inventory.field_resolutions import field_resolutions
from inventory.models import InboundSupply, Transfer, TransferLine
from inventory.rules.asks import InboundSpec
from inventory.rules.transfers import Arrived
from inventory.services.allocate import allocate
from inventory.services.receive_transfer import close_transfer, receive_transfer
from inventory.services.record_inbound import record_inbounds
from inventory.states import InboundKind

ZERO = Decimal(0)
# The roles of the same buttons on the screens of stock.
DEALERS = frozenset({Role.PLANNER, Role.CS_LEAD})
BUYERS = frozenset({Role.PLANNER, Role.CS, Role.CS_LEAD})  # late supply is customer service's own case
KEEPERS = frozenset({Role.PLANNER, Role.WAREHOUSE})
EXPEDITED = timedelta(days=2)
USUAL_DELAY = timedelta(days=7)


class NothingIsMissing(Refused):
    template = "Nothing of transfer {number} is missing any more."
    remedy_template = "The case closes by itself."


def supply_of(case: CaseSnapshot) -> InboundSupply | None:
    """The supply the cause names ("supply:12"), while it is still to come."""
    named = case.cause_key.removeprefix("supply:")
    return InboundSupply.objects.filter(pk=int(named), is_closed=False).first() if named.isdecimal() else None


def _preview_date(case: CaseSnapshot, new: date) -> Effect:
    supply = supply_of(case)
    if supply is None:
        return Effect("", is_possible=False, why_not="The supply has come or was closed.")
    open_qty = plain(supply.ordered_qty - supply.received_qty)
    late = (new - supply.eta_date).days
    text = f"{open_qty} of {supply.reference} on {new.day} {new:%b}, {late} days late; who waits gets new dates from it"
    return Effect(text, days_late=late)


def _redate(case: CaseSnapshot, new: date, actor: Actor, now: datetime) -> Any:
    supply = supply_of(case)
    asked = (
        []
        if supply is None
        else [
            InboundSpec(
                supply.product_id,
                supply.site_id,
                supply.reference,
                supply.ordered_qty,
                new,
                supply.confidence_percent,
                InboundKind(supply.kind),
            )
        ]
    )
    return record_inbounds(asked, actor=actor, now=now)


def preview_expedite(case: CaseSnapshot, now: datetime) -> Effect:
    return _preview_date(case, now.date() + EXPEDITED)


def expedite(case: CaseSnapshot, *, actor: Actor, now: datetime, key: str) -> Any:
    return _redate(case, now.date() + EXPEDITED, actor, now)


def preview_wait(case: CaseSnapshot, now: datetime) -> Effect:
    return _preview_date(case, now.date() + USUAL_DELAY)


def wait(case: CaseSnapshot, *, actor: Actor, now: datetime, key: str) -> Any:
    return _redate(case, now.date() + USUAL_DELAY, actor, now)


def preview_deal(case: CaseSnapshot, now: datetime) -> Effect:
    return Effect("deals what is free or softly reserved again, by rank; firm claims stay")


def deal(case: CaseSnapshot, *, actor: Actor, now: datetime, key: str) -> Any:
    return allocate(trigger_key=f"case {case.number} {key}"[:80], product_ids=[case.subject.id], actor=actor, now=now)


def preview_close(case: CaseSnapshot, now: datetime) -> Effect:
    return Effect("gives up what has not come: it is supply no more, and promises from it are made anew")


def close(case: CaseSnapshot, *, actor: Actor, now: datetime, key: str) -> Any:
    return close_transfer(transfer_id=case.subject.id, reason=f"Given up on case {case.number}", actor=actor, now=now)


def _still_out(case: CaseSnapshot) -> dict[int, Arrived]:
    """What of each line would have come if the rest were here; empty when nothing is missing."""
    lines = TransferLine.objects.filter(transfer=case.subject.id).order_by("pk")
    left = {x.pk: x.shipped_qty - x.received_qty - x.damaged_qty - x.missing_qty for x in lines}
    return {x.pk: Arrived(x.received_qty + left[x.pk], x.damaged_qty) for x in lines if left[x.pk] > 0}


def preview_found(case: CaseSnapshot, now: datetime) -> Effect:
    whole = _still_out(case)
    if not whole:
        return Effect("", is_possible=False, why_not="All of it has come, or it was given up.")
    row = Transfer.objects.select_related("to_site").get(pk=case.subject.id)
    had = sum(TransferLine.objects.filter(pk__in=whole).values_list("received_qty", flat=True), ZERO)
    qty = plain(sum((came.good for came in whole.values()), ZERO) - had)
    return Effect(
        f"{qty} are booked in good order at {row.to_site}: the transfer closes, and who waits is served of them"
    )


def found(case: CaseSnapshot, *, actor: Actor, now: datetime, key: str) -> Any:
    """What has come is told in whole numbers, so that what came meanwhile is not booked twice."""
    if not (whole := _still_out(case)):
        raise NothingIsMissing(number=case.subject.number)
    return receive_transfer(transfer_id=case.subject.id, arrived=whole, actor=actor, now=now)


__all__ = ["lot_resolutions"]  # registers what mends bad and missing goods

register(
    Resolution(LATE_SUPPLY.code, "expedite", "Expedite: in two days", preview_expedite, expedite, BUYERS),
    Resolution(LATE_SUPPLY.code, "redate", "Promise again: in a week", preview_wait, wait, BUYERS),
    Resolution(LATE_SUPPLY.code, "deal", "Deal the stock again", preview_deal, deal, DEALERS),
    Resolution(ALLOCATION_CONFLICT.code, "deal", "Deal the stock again", preview_deal, deal, DEALERS),
    Resolution(
        TRANSFER_SHORT.code, "found", "It was found: receive the rest", preview_found, found, KEEPERS, ends_case=True
    ),
    Resolution(
        TRANSFER_SHORT.code, "close_transfer", "Give up the rest", preview_close, close, KEEPERS, ends_case=True
    ),
    *field_resolutions(),
)
