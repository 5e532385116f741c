"""What is asked of credit, what it answers, and what it is told: plain values, shared with the rooms above."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from core.money import EXACT, round_down
from core.refs import DocumentRef
from credit.states import Judgement, Level, Outcome, RuleKind

NO_RATE = "no_exchange_rate"
ACCOUNT = "account"  # the kind of document where an account is asked about as it stands, and no order


@dataclass(frozen=True, slots=True)
class CountedPart:
    """What exposure holds already of one document on one ship date, in the document's currency, and the day whose rate
    counts it."""

    currency: str
    rate_date: date
    amount: Decimal


@dataclass(frozen=True)
class CreditAsk:
    """May `amount` (tax and freight included) more be owed for this document?

    `already_counted` is what exposure holds already and this decision leaves out: the order's own open part (a
    submitted order at release), and what waits behind it. `counts_when_held`: the caller posts it whatever the answer,
    so that the next ask of the account finds it in the exposure as it would after a call of its own. `terms_are_agreed`:
    somebody with the authority gave the document these terms, so that they are not held for being worse. What they are
    worse than are the terms of the contract it was priced by (`agreed_terms_code`), else the account's.

    Where something is in another currency than the account's, credit counts by rate: the ask at that of `rate_date`
    (None: today), ship date by ship date (`amounts`), and what is `counted` already each at its own. Then `stated` is
    what was asked, in its currency, and `rate` what it was multiplied by.
    """

    account_id: int
    doc: DocumentRef
    amount: Decimal
    currency: str
    ship_date: date
    already_counted: Decimal = Decimal(0)
    terms_code: str = ""
    counts_when_held: bool = False
    terms_are_agreed: bool = False
    agreed_terms_code: str = ""
    rate_date: date | None = None
    amounts: tuple[Decimal, ...] = ()
    counted: tuple[CountedPart, ...] = ()
    charges: Decimal = Decimal(0)  # what of `amount` is tax and freight
    stated: tuple[Decimal, str] | None = None
    rate: Decimal | None = None


@dataclass(frozen=True)
class CreditReason:
    """A rule that fired: all that fire are kept, not only the first."""

    rule: str
    message: str
    is_blocking: bool = True
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RuleResult:
    """What one rule said, also when it passed; `level`: how specific the row is that set its figure or switched it off."""

    rule: str
    judgement: Judgement
    message: str
    level: Level = Level.BUILT_IN
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class CreditDecision:
    """`exposure` is everything else: the limit is passed when `exposure` + `asked` > `limit`.

    `reasons` are the rules that fired, `results` all of them; `words` is the sum the limit was compared with.
    """

    account_id: int
    doc: DocumentRef
    outcome: Outcome
    exposure: Decimal
    limit: Decimal
    available: Decimal
    asked: Decimal
    currency: str
    reasons: tuple[CreditReason, ...] = ()
    results: tuple[RuleResult, ...] = ()
    words: str = ""
    terms_code: str = ""  # the terms it was decided on: the document's own, else the account's
    rate: Decimal | None = None  # of the document's currency to the account's, where they differ
    stated_currency: str = ""  # the document's, where it is another than the account's

    @property
    def over(self) -> Decimal:
        """How much more than the limit would be owed; 0: it fits."""
        return max(self.exposure + self.asked - self.limit, Decimal(0))

    @property
    def room(self) -> Decimal:
        """What may still be owed beside `exposure`: by the account's own limit and by that of every head above it."""
        together = [
            r.data["limit"] - r.data["exposure"] for r in self.results if r.rule == RuleKind.GROUP_LIMIT and r.data
        ]
        return min([self.limit - self.exposure, *together])

    @property
    def fits(self) -> Decimal:
        """What of the document may still be owed, in its own currency."""
        if self.rate is None:
            return self.available
        return round_down(EXACT.divide(self.available, self.rate), self.stated_currency)

    @property
    def is_approved(self) -> bool:
        return self.outcome == Outcome.APPROVED


@dataclass(frozen=True)
class PostingSpec:
    """A signed movement into a bucket. `key` makes it happen once ("order:12:r3:open").

    `amount` is in `currency` (empty: the account's). One in another is counted by the rate of `rate_date`: the day the
    document was made, which all that follows of it keeps, so that it leaves at the rate it came by (None: as the
    document's postings before, else today).

    `terms_code`: the document's own terms, where it has any; what is paid in advance by them is told apart by it. Of an
    invoice its first posting says it, what follows belongs to it.
    """

    account_id: int
    doc: DocumentRef
    bucket: str
    amount: Decimal
    key: str
    due_date: date | None = None
    ship_date: date | None = None
    currency: str = ""
    rate_date: date | None = None
    terms_code: str = ""


@dataclass(frozen=True)
class ExposureParts:
    """Exposure on a day within the account's horizon, part by part."""

    receivable: Decimal
    shipped: Decimal
    released: Decimal
    open_orders: Decimal
    unapplied: Decimal

    @property
    def total(self) -> Decimal:
        return self.receivable + self.shipped + self.released + self.open_orders - self.unapplied
