"""What is asked of orders and what it answers: plain values, shared with the rooms above and the doors."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from core.errors import FieldError
from core.explain import Explanation
from core.refs import DocumentRef
from inventory.rules.asks import ClaimedStock, DemandState, PromiseSlice
from orders.rules.stock_holds import GoodsHeld
from orders.rules.worth import UnitWorth
from orders.states import Gate, Verdict
from pricing.rules.asks import PriceResult

ZERO = Decimal(0)


@dataclass(frozen=True)
class AgreedLine:
    """A price per base unit agreed for a line before it is ordered, and the document that says so: of what replaces goods,
    the line they were sold on (kind "sold_line")."""

    ref: DocumentRef
    unit_price: Decimal


@dataclass(frozen=True)
class LineDraft:
    """A line as it was asked for. `qty` is in `unit` (empty: the product's base unit), `stated_price` per `unit`.

    A line without `product_id` is unresolved: it keeps what the customer wrote in `stated_code`.
    `external_ref` is the line's identity in its source, so that a second delivery adds only what is new.
    """

    line_no: int
    qty: Decimal
    unit: str = ""
    product_id: int | None = None
    stated_code: str = ""
    stated_description: str = ""
    stated_price: Decimal | None = None
    requested_date: date | None = None
    ship_to_id: int | None = None
    external_ref: str = ""
    agreed: AgreedLine | None = None


@dataclass(frozen=True)
class OrderDraft:
    """An order as it was asked for. `currency` empty: the account's. `external_id` is its identity in the channel."""

    account_id: int
    channel: str
    currency: str
    lines: tuple[LineDraft, ...]
    po_number: str = ""
    release_number: str = ""
    ship_to_id: int | None = None
    requested_date: date | None = None
    cancel_after_date: date | None = None
    terms_code: str = ""
    note: str = ""
    external_id: str = ""
    received_at: datetime | None = None
    on_behalf_of: int | None = None


@dataclass(frozen=True)
class Captured:
    """`unresolved`: the line numbers nobody could match. On a duplicate, `added` lines were new to the order and
    `late` ones came too late: the order had left the draft state, so they were not taken.
    """

    order_id: int
    public_id: str
    number: str
    is_duplicate: bool
    unresolved: tuple[int, ...] = ()
    added: int = 0
    late: tuple[int, ...] = ()


@dataclass(frozen=True)
class GateResult:
    """What one gate says of one order. `problems` point at lines; `rule` names the hold it would place."""

    gate: Gate
    verdict: Verdict
    rule: str
    message: str
    explanation: Explanation
    problems: tuple[FieldError, ...] = ()

    @property
    def is_pass(self) -> bool:
        return self.verdict == Verdict.PASS


@dataclass(frozen=True)
class HoldView:
    """An open hold: what it blocks, why, and which roles may clear it."""

    hold_id: int
    order_id: int
    reason: str
    blocks: tuple[str, ...]
    rule: str
    message: str
    explanation: Mapping[str, Any]
    clearable_by: tuple[str, ...]
    is_forced: bool
    placed_at: datetime
    placed_by: str


@dataclass(frozen=True)
class LineOutcome:
    """What a line got when it was submitted. Quantities in base units; `unit_price` is locked."""

    line_no: int
    product_id: int
    qty: Decimal
    unit_price: Decimal
    amount: Decimal
    reserved: Decimal
    backordered: Decimal
    promises: tuple[PromiseSlice, ...] = ()


@dataclass(frozen=True)
class Submitted:
    order_id: int
    number: str
    total: Decimal
    currency: str
    holds: tuple[HoldView, ...]
    lines: tuple[LineOutcome, ...]

    @property
    def is_held(self) -> bool:
        return bool(self.holds)


@dataclass(frozen=True)
class LinePreview:
    """What a line would cost and when it would come. `promises` is what submit would promise now: nothing is reserved.

    `split` says it in words, `why_here` why from there (where a sourcing rule decides). `limits` says what
    keeps stock that is there from the customer, where some of the line has to wait.
    """

    line_no: int
    product_id: int | None
    sku: str
    qty: Decimal
    price: PriceResult | None
    promises: tuple[PromiseSlice, ...] = ()
    problems: tuple[FieldError, ...] = ()
    limits: str = ""
    split: str = ""
    why_here: str = ""


@dataclass(frozen=True)
class CreditView:
    """Credit as it stands, read without a lock: the decision proper is taken at submit."""

    is_approved: bool
    exposure: Decimal
    limit: Decimal
    available: Decimal
    asked: Decimal
    currency: str
    messages: tuple[str, ...] = ()
    has_account: bool = True


@dataclass(frozen=True)
class Preview:
    """What submit would do. `problems` are input errors and rejecting gates; `holds` the results that would hold."""

    lines: tuple[LinePreview, ...]
    goods: Decimal
    tax: Decimal
    freight: Decimal
    total: Decimal
    currency: str
    credit: CreditView | None
    holds: tuple[GateResult, ...]
    problems: tuple[FieldError, ...]

    @property
    def can_submit(self) -> bool:
        return not self.problems


@dataclass(frozen=True)
class ReleasedLine:
    """A part of an order line now in the warehouse's hands: what a shipment line is made of."""

    order_line_id: int
    stock: ClaimedStock
    unit_price: Decimal
    worth: UnitWorth


@dataclass(frozen=True)
class Part:
    """What of an order is to be released first: the lines named, lines worth at most `amount` together, or neither: as
    much as credit bears."""

    line_nos: frozenset[int] | None = None
    amount: Decimal | None = None


@dataclass(frozen=True)
class ReleaseGrant:
    """`claims` is empty when the order may not go; `refused` says which gates said so."""

    order_id: int
    account_id: int
    ship_to_id: int | None
    gate_results: tuple[GateResult, ...]
    claims: tuple[ReleasedLine, ...] = ()
    refused: tuple[GateResult, ...] = ()
    number: str = ""
    line_ship_tos: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LineLedger:
    """Base units; nothing cancelled or shipped (None) before the order is submitted."""

    line_id: int
    product_id: int | None
    demand_id: int | None
    ordered: Decimal
    cancelled: Decimal | None
    shipped: Decimal | None


@dataclass(frozen=True, slots=True)
class OrderLedger:
    order_id: int
    number: str
    account_id: int
    channel: str
    on_behalf_of_id: int | None
    received_at: datetime
    submitted_at: datetime | None
    lines: tuple[LineLedger, ...]


@dataclass(frozen=True)
class LockedPrice:
    """The price an invoice copies: per base unit, locked at submit."""

    order_line_id: int
    order_id: int
    order_number: str
    account_id: int
    unit_price: Decimal
    currency: str
    terms_code: str
    submitted_at: datetime | None = None
    unit_tax: Decimal = Decimal(0)
    unit_freight: Decimal = Decimal(0)

    @property
    def worth(self) -> UnitWorth:
        """What credit counts for a base unit: the price, and tax and freight as estimated."""
        return UnitWorth(self.unit_price, self.unit_tax, self.unit_freight)

    @property
    def submitted_on(self) -> date | None:
        """In UTC: the day whose exchange rate counts what becomes of it."""
        return self.submitted_at.astimezone(UTC).date() if self.submitted_at else None


@dataclass(frozen=True)
class LineRef:
    """An order line by name."""

    line_id: int
    line_no: int
    order_id: int
    order_number: str
    sku: str


@dataclass(frozen=True)
class ToldLine:
    """An order line with whom to tell of it: who placed the order, and the reps of the line's splits."""

    line_no: int
    sku: str
    order_id: int
    order_number: str
    po_number: str
    account_id: int
    entered_by_id: int | None
    rep_ids: tuple[int, ...] = ()


@dataclass(frozen=True)
class DraftChanges:
    """What an edit of a draft changes; None keeps the value. `lines`, when given, replaces all lines. `cleared` names
    dates that are to be none."""

    po_number: str | None = None
    release_number: str | None = None
    ship_to_id: int | None = None
    requested_date: date | None = None
    cancel_after_date: date | None = None
    note: str | None = None
    lines: tuple[LineDraft, ...] | None = None
    cleared: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Edited:
    """`held`: what the draft holds of its goods after the change; None where it holds nothing."""

    order_id: int
    number: str
    version: int
    held: GoodsHeld | None = None


@dataclass(frozen=True)
class CancelOutcome:
    """`cancelled` per line number in base units; what is released already cannot be cancelled and is not in it."""

    order_id: int
    number: str
    status: str
    cancelled: Mapping[int, Decimal]


@dataclass(frozen=True)
class Progress:
    """Derived from the quantity ledger, never typed in. Each state is none, partial or full; sums in base units."""

    order_id: int
    allocation: str
    shipment: str
    ordered: Decimal = ZERO
    cancelled: Decimal = ZERO
    backordered: Decimal = ZERO
    reserved: Decimal = ZERO
    allocated: Decimal = ZERO
    released: Decimal = ZERO
    picked: Decimal = ZERO
    shipped: Decimal = ZERO
    delivered: Decimal = ZERO


@dataclass(frozen=True)
class LineDetail:
    """A line as a page shows it: what was asked, what it costs and why, how far it is and when it comes.

    `why_this_quantity` is allocation's last explanation of the line, in words; empty before its first run.
    """

    line_id: int
    line_no: int
    product_id: int | None
    sku: str
    name: str
    stated_code: str
    stated_description: str
    qty: Decimal
    unit: str
    unit_qty: Decimal
    stated_price: Decimal | None
    unit_price: Decimal | None
    amount: Decimal
    price_trace: Mapping[str, Any]
    state: DemandState | None
    promises: tuple[PromiseSlice, ...] = ()
    why_this_quantity: str = ""
    splits: tuple[tuple[int, str, Decimal], ...] = ()
