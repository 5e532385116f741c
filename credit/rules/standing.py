"""One credit account as the decision sees it, and one ask beside it: plain values."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal

from core.periods import Period
from credit.rules.asks import CreditAsk, ExposureParts
from credit.rules.rulebook import Rule
from credit.rules.terms import Terms, upfront_amount
from credit.states import AdditionKind, CheckPoint, Level, RuleKind

ZERO = Decimal(0)
ACTIVE = "active"
# Before release an order that ships beyond the horizon owes nothing yet; from release on everything counts.
PLANNING = frozenset({CheckPoint.ENTRY, CheckPoint.ALLOCATION})
EVERYWHERE = frozenset(CheckPoint)


@dataclass(frozen=True, slots=True)
class Addition:
    """What may be owed beside the limit, over a half-open period."""

    kind: AdditionKind
    amount: Decimal
    period: Period


@dataclass(frozen=True)
class Limits:
    """What may be owed, in the account's currency. Periods are half-open: a limit ends on its `limit_valid_to`."""

    limit: Decimal
    limit_valid_to: date | None = None
    additions: tuple[Addition, ...] = ()
    grace_days: int = 0

    def added(self, kind: AdditionKind, day: date) -> Decimal:
        return sum((x.amount for x in self.additions if x.kind == kind and day in x.period), ZERO)

    def total(self, day: date) -> Decimal:
        return self.limit + sum((self.added(kind, day) for kind in AdditionKind), ZERO)

    def has_expired(self, day: date, grace_days: int) -> bool:
        return self.limit_valid_to is not None and day >= self.limit_valid_to + timedelta(days=grace_days)


@dataclass(frozen=True)
class Overdue:
    """Open items past their due date: how much, and how many days late the oldest is (0: none)."""

    amount: Decimal = ZERO
    oldest_days: int = 0


@dataclass(frozen=True)
class Family:
    """A head and all below it, however deep: what they owe together, beside the head's limits."""

    head_id: int
    name: str
    limits: Limits
    parts: ExposureParts


@dataclass(frozen=True)
class OnTerms:
    """What of an account's exposure is of documents with terms of their own: `gone` is released or shipped."""

    terms: Terms
    gone: Decimal
    receivable: Decimal

    def spoken_for(self, currency: str) -> Decimal:
        """What of the cash on account was paid for it before it left, and is not applied to its invoice yet; of a deposit,
        the invoice's receipts say what is open."""
        owed = self.gone + (self.receivable if self.terms.is_prepayment else ZERO)
        return upfront_amount(self.terms, max(owed, ZERO), currency)


@dataclass(frozen=True)
class Standing:
    """One locked credit account; `parts.open_orders` ends at `horizon_end`, inclusive. `rules` are all about it.

    `overdue_days_allowed`, `overdue_amount_max` and `order_value_max` are the account's own figures (None: it has none).
    """

    account_id: int
    currency: str
    limits: Limits
    parts: ExposureParts
    terms: Terms
    horizon_end: date
    overdue: Overdue = Overdue()
    overdue_days_allowed: int | None = None
    overdue_amount_max: Decimal | None = None
    order_value_max: Decimal | None = None
    account_status: str = ACTIVE
    check_points: frozenset[CheckPoint] = EVERYWHERE
    rules: tuple[Rule, ...] = ()
    families: tuple[Family, ...] = ()  # the nearest head's first
    on_terms: tuple[OnTerms, ...] = ()  # what has terms of its own; loaded where something is paid in advance

    @property
    def spoken_for(self) -> Decimal:
        """What of the cash on account other goods have: those on terms of their own by these, the rest by the account's."""
        gone = self.parts.released + self.parts.shipped - sum((x.gone for x in self.on_terms), ZERO)
        receivable = self.parts.receivable - sum((x.receivable for x in self.on_terms), ZERO)
        return sum((x.spoken_for(self.currency) for x in (OnTerms(self.terms, gone, receivable), *self.on_terms)), ZERO)

    @property
    def settings(self) -> Iterator[Rule]:
        """The account's own figures as rules."""
        days = self.overdue_days_allowed
        figures = {
            RuleKind.OLDEST_OPEN_ITEM: None if days is None else Decimal(days),
            RuleKind.OVERDUE_AMOUNT: self.overdue_amount_max,
            RuleKind.ORDER_VALUE_MAX: self.order_value_max,
        }
        return (Rule(kind, level=Level.SETTING, value=v) for kind, v in figures.items() if v is not None)


@dataclass(frozen=True)
class Case:
    """One ask beside its account, with what earlier asks of the same call took already."""

    ask: CreditAsk
    standing: Standing
    today: date
    point: CheckPoint
    taken: Decimal = ZERO
    families_taken: Mapping[int, Decimal] = field(default_factory=dict)  # by head
    prepaid: Decimal = ZERO
    terms: Terms | None = None
    agreed: Terms | None = None

    @property
    def as_it_stands(self) -> "Case":
        """The account without what is asked: nothing more, on its own terms. What it counts already stays left out."""
        return replace(
            self, ask=replace(self.ask, amount=ZERO, terms_code="", agreed_terms_code=""), terms=None, agreed=None
        )

    @property
    def is_within_horizon(self) -> bool:
        return self.ask.ship_date <= self.standing.horizon_end

    @property
    def counts(self) -> bool:
        return self.is_within_horizon or self.point not in PLANNING

    @property
    def asked(self) -> Decimal:
        """Nothing where no rate says what the order adds."""
        return self.ask.amount if self.counts and self.is_comparable else ZERO

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
        """Amounts of two currencies are not compared; the fact of the currencies says so."""
        return self.ask.currency == self.standing.currency

    @property
    def agreed_terms(self) -> Terms:
        """Of the document's contract, else of the account."""
        return self.agreed or self.standing.terms

    @property
    def effective_terms(self) -> Terms:
        return self.terms or self.standing.terms
