"""Count orders towards their buyers' limits. The buyers are locked: two carts sent at once cannot both pass."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from accounts import locks
from accounts.models import Buyer, SpendingEntry
from accounts.rules.asks import Headroom
from accounts.rules.spending import period_of
from accounts.spending_queries import Counted, buyers_of, counted_by_document, first_day, spent_over
from accounts.states import SpendingPeriod
from core import clock
from core.actors import Actor
from core.errors import DomainError, NotPermitted, Refused
from core.periods import Period
from core.refs import DocumentRef
from core.uow import require_uow

ZERO = Decimal(0)


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


@dataclass(frozen=True)
class Spending:
    """`document`, worth `amount`, is to count towards the limits of the user as a buyer for the account. `is_approved`:
    somebody of the company said yes, so it counts whatever the limits are. `is_approver`: the user is who says so, and it
    counts for them beside whoever ordered it."""

    user_id: int
    account_id: int
    document: DocumentRef
    amount: Decimal
    currency: str
    is_approved: bool = False
    is_approver: bool = False


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
    is_approver: bool = False,
) -> Spent:
    """Make `document` count `amount`, locked at rank 12 until the caller commits. Said again, it counts once; an
    amended order says its new amount. What counts stays in the period it was first counted in.

    Raises NotPermitted (not a buyer of the account, or one who only looks), OrderLimitExceeded, PeriodLimitExceeded,
    SpendingCurrencyMismatch, CountedForAnother. Nothing is counted then.
    """
    wanted = Spending(user_id, account_id, document, amount, currency, is_approved, is_approver)
    (outcome,) = spend_many([wanted], actor=actor, now=now)
    if isinstance(outcome, DomainError):
        raise outcome
    return outcome


@require_uow
def spend_many(wanted: Sequence[Spending], *, actor: Actor, now: datetime) -> list[Spent | DomainError]:
    """The same for many documents (each named once), one after the other: what one counts is gone for the next. A
    refused one takes no other down. 5 SQL for any number of them."""
    if not wanted:
        return []
    buyers = buyers_of((one.user_id, one.account_id) for one in wanted)
    able = {key: buyer.id for key, buyer in buyers.items() if buyer.may_order}
    rows = {row.pk: row for row in locks.lock_buyers(able.values())} if able else {}
    counted = counted_by_document(one.document for one in wanted) if able else {}
    books = _Books(rows, counted, now)
    books.open(wanted, able)
    outcomes = [books.count(one, able.get((one.user_id, one.account_id)), actor) for one in wanted]
    if books.entries:
        SpendingEntry.objects.bulk_create(books.entries)
    return outcomes


def spending_outlook(wanted: Sequence[Spending], *, actor: Actor, now: datetime) -> list[Spent | DomainError]:
    """What `spend_many` would say now, without a lock: for previews. Writes nothing; 5 SQL."""
    buyers = buyers_of((one.user_id, one.account_id) for one in wanted)
    able = {key: buyer.id for key, buyer in buyers.items() if buyer.may_order}
    rows = {row.pk: row for row in Buyer.objects.filter(pk__in=able.values()).select_related("account", "user")}
    books = _Books(rows, counted_by_document(one.document for one in wanted), now)
    books.open(wanted, able)
    return [books.count(one, able.get((one.user_id, one.account_id)), actor) for one in wanted]


class _Books:
    """What the locked buyers have spent, kept up while documents are counted one after the other."""

    def __init__(
        self,
        rows: Mapping[int, Buyer],
        counted: Mapping[tuple[str, int], Mapping[int, Counted]],
        now: datetime,
    ) -> None:
        self.rows, self.counted, self.now = rows, counted, now
        self.spent: dict[tuple[int, date], Decimal] = {}
        self.entries: list[SpendingEntry] = []

    def open(self, wanted: Sequence[Spending], able: Mapping[tuple[int, int], int]) -> None:
        """Read what was spent in every period that a limit is asked about: limits are those of the locked rows."""
        mine = [(one, able[key]) for one in wanted if (key := (one.user_id, one.account_id)) in able]
        asked = [(pk, self.period(pk, self.day(one, pk))) for one, pk in mine if self.rows[pk].period_limit is not None]
        self.spent = spent_over(asked) if asked else {}

    def day(self, one: Spending, buyer_id: int) -> date:
        """The day the document was first counted on, or else the company's own today."""
        before = self.counted.get((one.document.kind, one.document.id), {}).get(buyer_id)
        return before.day if before else clock.local_date(self.now, self.rows[buyer_id].account.time_zone)

    def period(self, buyer_id: int, day: date) -> Period:
        return period_of(day, SpendingPeriod(self.rows[buyer_id].period))

    def count(self, one: Spending, buyer_id: int | None, actor: Actor) -> Spent | DomainError:
        if buyer_id is None:
            return NotPermitted(actor=actor.label, verb="order for this account", roles="buyer")
        per_buyer = self.counted.get((one.document.kind, one.document.id), {})
        others = [pk for pk, each in per_buyer.items() if pk != buyer_id and not each.is_approver]
        if others and not one.is_approver:
            return CountedForAnother(document=str(one.document), buyer=str(Buyer.objects.get(pk=others[0]).user))
        change = one.amount - (per_buyer[buyer_id].amount if buyer_id in per_buyer else ZERO)
        day = self.day(one, buyer_id)
        if change > 0 and not one.is_approved and (refusal := self.beyond(one, buyer_id, change, day)):
            return refusal
        if change:
            self.write(one, buyer_id, change, day, actor)
        return Spent(buyer_id, one.amount, change)

    def beyond(self, one: Spending, buyer_id: int, change: Decimal, day: date) -> DomainError | None:
        buyer = self.rows[buyer_id]
        if buyer.order_limit is None and buyer.period_limit is None:
            return None
        words = {"buyer": str(buyer.user), "asked": f"{one.amount:,}", "currency": one.currency}
        if one.currency != buyer.account.currency:
            return SpendingCurrencyMismatch(**words, limit_currency=buyer.account.currency)
        if buyer.order_limit is not None and one.amount > buyer.order_limit:
            return OrderLimitExceeded(**words, limit=f"{buyer.order_limit:,}")
        period = self.period(buyer_id, day)
        room = Headroom(buyer.period_limit, self.spent.get((buyer_id, first_day(period)), ZERO), period, one.currency)
        if room.left is None or change <= room.left:
            return None
        figures = {name: f"{getattr(room, name):,}" for name in ("limit", "spent", "left")}
        days = {"period": buyer.period, "start": str(period.start), "end": str(period.end)}
        return PeriodLimitExceeded(**words | {"asked": f"{change:,}"}, **figures, **days)

    def write(self, one: Spending, buyer_id: int, change: Decimal, day: date, actor: Actor) -> None:
        start = first_day(self.period(buyer_id, day))
        self.spent[buyer_id, start] = self.spent.get((buyer_id, start), ZERO) + change
        self.entries.append(
            SpendingEntry(
                buyer_id=buyer_id,
                document_kind=one.document.kind,
                document_id=one.document.id,
                document_number=one.document.number,
                amount=change,
                currency=one.currency,
                spent_date=day,
                is_approver=one.is_approver,
                at=self.now,
                actor_label=actor.label,
            )
        )
