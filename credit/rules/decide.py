"""May this much more be owed? All rules are evaluated and all that fire are kept (domain.md §4)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from credit.rules.asks import CreditAsk, CreditDecision, CreditReason, ExposureParts
from credit.rules.terms import Terms, is_worse, upfront_amount
from credit.states import CheckPoint, Outcome

ZERO = Decimal(0)
ACTIVE = "active"
# Before release an order that ships beyond the horizon owes nothing yet; from release on everything counts.
PLANNING = frozenset({CheckPoint.ENTRY, CheckPoint.ALLOCATION})


@dataclass(frozen=True)
class Limits:
    """What may be owed, in the account's currency. Periods are half-open: a limit ends on its `_valid_to`."""

    limit: Decimal
    limit_valid_to: date | None = None
    temporary: Decimal = ZERO
    temporary_valid_to: date | None = None
    insured: Decimal = ZERO
    grace_days: int = 0

    def temporary_on(self, day: date) -> Decimal:
        return self.temporary if self.temporary_valid_to is None or day < self.temporary_valid_to else ZERO

    def total(self, day: date) -> Decimal:
        return self.limit + self.temporary_on(day) + self.insured

    def has_expired(self, day: date) -> bool:
        return self.limit_valid_to is not None and day >= self.limit_valid_to + timedelta(days=self.grace_days)


@dataclass(frozen=True)
class Overdue:
    """Open items past their due date: how much, and how many days late the oldest is (0: none)."""

    amount: Decimal = ZERO
    oldest_days: int = 0


@dataclass(frozen=True)
class Standing:
    """One locked credit account as the decision sees it; `parts.open_orders` ends at `horizon_end`, inclusive."""

    account_id: int
    currency: str
    limits: Limits
    parts: ExposureParts
    terms: Terms
    horizon_end: date
    overdue: Overdue = Overdue()
    overdue_days_allowed: int = 30
    overdue_amount_max: Decimal | None = None
    order_value_max: Decimal | None = None
    account_status: str = ACTIVE
    check_at_release: bool = True


@dataclass(frozen=True)
class Case:
    """One ask beside its account, with what earlier asks of the same call took already."""

    ask: CreditAsk
    standing: Standing
    today: date
    point: CheckPoint
    taken: Decimal = ZERO
    prepaid: Decimal = ZERO
    terms: Terms | None = None

    @property
    def is_within_horizon(self) -> bool:
        return self.ask.ship_date <= self.standing.horizon_end

    @property
    def counts(self) -> bool:
        return self.is_within_horizon or self.point not in PLANNING

    @property
    def asked(self) -> Decimal:
        return self.ask.amount if self.counts else ZERO

    @property
    def counted(self) -> Decimal:
        """What exposure holds already and is not to be counted twice; only open orders within the horizon can be."""
        return min(self.ask.already_counted, self.standing.parts.open_orders) if self.is_within_horizon else ZERO

    @property
    def exposure(self) -> Decimal:
        """Everything else that is owed: with what earlier asks took, without what of this one is counted already."""
        return self.standing.parts.total + self.taken - self.counted

    @property
    def is_comparable(self) -> bool:
        """Amounts of two currencies are not compared; currency_is_the_accounts says so."""
        return self.ask.currency == self.standing.currency

    @property
    def effective_terms(self) -> Terms:
        return self.terms or self.standing.terms


def decide(
    asks: Sequence[CreditAsk],
    standings: Mapping[int, Standing],
    terms: Mapping[str, Terms],
    *,
    point: CheckPoint,
    today: date,
) -> list[CreditDecision]:
    """A decision per ask, in order. What an approved ask takes is gone for the next of the same account."""
    taken: dict[int, Decimal] = {}
    prepaid: dict[int, Decimal] = {}
    decisions = []
    for ask in asks:
        account_id = ask.account_id
        standing = standings.get(account_id)
        if standing is None:
            decisions.append(_without_account(ask))
            continue
        case = Case(
            ask,
            standing,
            today,
            point,
            taken=taken.get(account_id, ZERO),
            prepaid=prepaid.get(account_id, ZERO),
            terms=terms.get(ask.terms_code),
        )
        decision = decide_one(case)
        if decision.is_approved or ask.counts_when_held:
            taken[account_id] = case.taken + max(case.asked - case.counted, ZERO)
        if decision.is_approved:
            prepaid[account_id] = case.prepaid + upfront_amount(case.effective_terms, ask.amount)
        decisions.append(decision)
    return decisions


def decide_one(case: Case) -> CreditDecision:
    reasons = tuple(reason for rule in RULES if (reason := rule(case)) is not None)
    if case.point == CheckPoint.RELEASE and not case.standing.check_at_release:
        reasons = tuple(replace(reason, is_blocking=False) for reason in reasons)
    limit = case.standing.limits.total(case.today)
    return CreditDecision(
        account_id=case.ask.account_id,
        doc=case.ask.doc,
        outcome=Outcome.HELD if any(reason.is_blocking for reason in reasons) else Outcome.APPROVED,
        exposure=case.exposure,
        limit=limit,
        available=limit - case.exposure,
        asked=case.asked,
        currency=case.standing.currency,
        reasons=reasons,
    )


def account_is_active(case: Case) -> CreditReason | None:
    status = case.standing.account_status
    if status == ACTIVE:
        return None
    return _reason("account_status", f"The account is {status}.", status=status)


def currency_is_the_accounts(case: Case) -> CreditReason | None:
    if case.is_comparable:
        return None
    asked, ours = case.ask.currency, case.standing.currency
    words = f"The order is in {asked}, the credit account in {ours}, and there is no rate for the day."
    return _reason("currency_mismatch", words, asked=asked, account=ours)


def limit_is_kept(case: Case) -> CreditReason | None:
    limit, after = case.standing.limits.total(case.today), case.exposure + case.asked
    if not case.is_comparable or after <= limit:
        return None
    currency = case.standing.currency
    words = f"Exposure would be {after:,} {currency}: {after - limit:,} over the limit of {limit:,}."
    return _reason("credit_limit", words, limit=limit, exposure=case.exposure, asked=case.asked, over=after - limit)


def limit_is_in_force(case: Case) -> CreditReason | None:
    limits = case.standing.limits
    if not limits.has_expired(case.today):
        return None
    words = f"The credit limit ended on {limits.limit_valid_to}."
    return _reason("limit_expired", words, valid_to=limits.limit_valid_to, grace_days=limits.grace_days)


def oldest_item_is_young(case: Case) -> CreditReason | None:
    days, allowed = case.standing.overdue.oldest_days, case.standing.overdue_days_allowed
    if days <= allowed:
        return None
    words = f"The oldest open item is {days} days overdue; {allowed} are allowed."
    return _reason("oldest_open_item", words, days=days, allowed=allowed)


def overdue_amount_is_small(case: Case) -> CreditReason | None:
    overdue, allowed = case.standing.overdue.amount, case.standing.overdue_amount_max
    if allowed is None or overdue <= allowed:
        return None
    words = f"{overdue:,} {case.standing.currency} are overdue; {allowed:,} are allowed."
    return _reason("overdue_amount", words, amount=overdue, allowed=allowed)


def order_is_not_too_large(case: Case) -> CreditReason | None:
    allowed, amount = case.standing.order_value_max, case.ask.amount
    if allowed is None or not case.is_comparable or amount <= allowed:
        return None
    words = f"The order is worth {amount:,} {case.standing.currency}; one order may be {allowed:,}."
    return _reason("order_value_max", words, amount=amount, allowed=allowed)


def terms_are_not_worse(case: Case) -> CreditReason | None:
    agreed = case.standing.terms
    if not case.ask.terms_code or case.ask.terms_code == agreed.code:
        return None
    if case.terms is None:
        words = f"The payment terms {case.ask.terms_code} are not known here; the account has {agreed.name}."
        return _reason("terms_unknown", words, asked=case.ask.terms_code, agreed=agreed.code)
    if not is_worse(case.terms, agreed, case.today):
        return None
    words = f"The order asks for {case.terms.name}; the account has {agreed.name}."
    return _reason("terms_worse", words, asked=case.terms.code, agreed=agreed.code)


def prepayment_has_arrived(case: Case) -> CreditReason | None:
    """Cash on account pays it. At entry it is not due yet: the order may be taken, not released."""
    due = upfront_amount(case.effective_terms, case.ask.amount)
    there = case.standing.parts.unapplied - case.prepaid
    if case.point in PLANNING or due <= there:
        return None
    words = f"{case.effective_terms.name}: {due:,} is due before release, {max(there, ZERO):,} is on account."
    return _reason("prepayment_due", words, due=due, on_account=there)


RULES: tuple[Callable[[Case], CreditReason | None], ...] = (
    account_is_active,
    currency_is_the_accounts,
    limit_is_kept,
    limit_is_in_force,
    oldest_item_is_young,
    overdue_amount_is_small,
    order_is_not_too_large,
    terms_are_not_worse,
    prepayment_has_arrived,
)


def _without_account(ask: CreditAsk) -> CreditDecision:
    reason = _reason("no_credit_account", "The account has no credit account: finance opens one first.")
    return CreditDecision(ask.account_id, ask.doc, Outcome.HELD, ZERO, ZERO, ZERO, ask.amount, ask.currency, (reason,))


def _reason(rule: str, message: str, **data: Any) -> CreditReason:
    return CreditReason(rule, message, True, data)
