"""Count an order towards its buyer's limits. The buyer is locked: two carts sent at once cannot both pass."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from accounts import locks
from accounts.models import Buyer, SpendingEntry
from accounts.queries import buyer_of, counted_by_document, spent_in
from accounts.rules.asks import Headroom
from accounts.rules.spending import period_of
from accounts.states import SpendingPeriod
from core import clock
from core.actors import Actor
from core.errors import NotPermitted, Refused
from core.refs import DocumentRef
from core.uow import require_uow


class OrderLimitExceeded(Refused):
    template = "{asked} {currency} is more than {buyer} may spend on one order ({limit} {currency})."
    remedy_template = "Order less, or ask somebody who approves for the company."


class PeriodLimitExceeded(Refused):
    template = (
        "{asked} {currency} more would take {buyer} over the limit for the {period} from {start}: "
        "{spent} of {limit} {currency} is spent, {left} is left."
    )
    remedy_template = "Order at most {left} {currency}, wait until {end}, or ask somebody who approves for the company."


class SpendingCurrencyMismatch(Refused):
    template = "{buyer}'s limits are in {limit_currency}; this order is in {currency}."
    remedy_template = "Order in {limit_currency}, or ask somebody who approves for the company."


class CountedForAnother(Refused):
    template = "{document} counts towards {buyer}'s spending."
    remedy_template = "Take it off there first."


@dataclass(frozen=True)
class Spent:
    """`counted` is what the document counts now, `change` what this call added or took off."""

    buyer_id: int
    counted: Decimal
    change: Decimal


@require_uow
def spend(
    *,
    user_id: int,
    account_id: int,
    document: DocumentRef,
    amount: Decimal,
    currency: str,
    actor: Actor,
    now: datetime,
    is_approved: bool = False,
) -> Spent:
    """Make `document` count `amount`, locked at rank 12 until the caller commits. Said again, it counts once; an
    amended order says its new amount. What counts stays in the period it was first counted in.

    `is_approved`: somebody of the company said yes, so it counts whatever the limits are.
    Raises NotPermitted (not a buyer of the account, or one who only looks), OrderLimitExceeded, PeriodLimitExceeded,
    SpendingCurrencyMismatch, CountedForAnother. Nothing is counted then.
    """
    found = buyer_of(user_id, account_id)
    if found is None or not found.may_order:
        raise NotPermitted(actor=actor.label, verb="order for this account", roles="buyer")
    (buyer,) = locks.lock_buyers([found.id])
    counted = counted_by_document([document]).get((document.kind, document.id), {})
    if others := [pk for pk in counted if pk != buyer.pk]:
        raise CountedForAnother(document=str(document), buyer=str(Buyer.objects.get(pk=others[0]).user))
    before, first_day, _ = counted.get(buyer.pk, (Decimal(0), None, currency))
    day = first_day or clock.local_date(now, buyer.account.time_zone)
    change = amount - before
    if change > 0 and not is_approved:
        _refuse_beyond(buyer, amount=amount, change=change, currency=currency, day=day)
    if change:
        SpendingEntry.objects.create(
            buyer=buyer,
            document_kind=document.kind,
            document_id=document.id,
            document_number=document.number,
            amount=change,
            currency=currency,
            spent_date=day,
            at=now,
            actor_label=actor.label,
        )
    return Spent(buyer.pk, amount, change)


def _refuse_beyond(buyer: Buyer, *, amount: Decimal, change: Decimal, currency: str, day: date) -> None:
    """Limits are those of the row that is locked, not those the buyer was read with."""
    if buyer.order_limit is None and buyer.period_limit is None:
        return
    words = {"buyer": str(buyer.user), "asked": f"{amount:,}", "currency": currency}
    if currency != buyer.account.currency:
        raise SpendingCurrencyMismatch(**words, limit_currency=buyer.account.currency)
    if buyer.order_limit is not None and amount > buyer.order_limit:
        raise OrderLimitExceeded(**words, limit=f"{buyer.order_limit:,}")
    period = period_of(day, SpendingPeriod(buyer.period))
    room = Headroom(buyer.period_limit, spent_in({buyer.pk: period}).get(buyer.pk, Decimal(0)), period, currency)
    if room.left is not None and change > room.left:
        figures = {name: f"{getattr(room, name):,}" for name in ("limit", "spent", "left")}
        days = {"period": buyer.period, "start": str(period.start), "end": str(period.end)}
        raise PeriodLimitExceeded(**words | {"asked": f"{change:,}"}, **figures, **days)
