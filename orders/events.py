"""What happens to orders. Stream "order:<id>", seq = the order's version."""

from dataclasses import dataclass
from decimal import Decimal

from core.outbox import Fact


@dataclass(frozen=True)
class OrderCaptured(Fact):
    order_id: int
    account_id: int
    channel: str
    unresolved_lines: int


@dataclass(frozen=True)
class OrderSubmitted(Fact):
    order_id: int
    account_id: int
    product_ids: tuple[int, ...]
    lines: int
    total_amount: Decimal
    currency: str
    is_held: bool


@dataclass(frozen=True)
class HoldPlaced(Fact):
    """`rule` and `message` say why; reactions open the case for the reason's owner."""

    hold_id: int
    order_id: int
    order_number: str
    account_id: int
    reason: str
    rule: str
    message: str
    amount: Decimal
    currency: str


@dataclass(frozen=True)
class HoldCleared(Fact):
    hold_id: int
    order_id: int
    order_number: str
    account_id: int
    reason: str
    rule: str
    blocks: tuple[str, ...] = ()


@dataclass(frozen=True)
class LinesReleased(Fact):
    """First release of an order measures what was short: `short_lines` of `lines` were not fully allocated."""

    order_id: int
    account_id: int
    lines: int
    short_lines: int
    is_first: bool


@dataclass(frozen=True)
class LinesCancelled(Fact):
    order_id: int
    account_id: int
    product_ids: tuple[int, ...]


@dataclass(frozen=True)
class CancelDatePassed(Fact):
    """The day until which the customer wanted the order (ISO) is over; `lines` are what was cancelled of it, in words."""

    order_id: int
    order_number: str
    account_id: int
    cancel_after: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class LinesRepriced(Fact):
    """The locked (or, of a draft, the coming) price of lines was overridden."""

    order_id: int
    order_number: str
    account_id: int
    line_nos: tuple[int, ...]


@dataclass(frozen=True)
class OrderAmended(Fact):
    """A revision of a placed order: `changes` in words, `product_ids` of the lines it touched, `money_effect` the change
    of the goods' total. `amended_by_id` is the user, None where a machine did it."""

    order_id: int
    order_number: str
    account_id: int
    revision: int
    product_ids: tuple[int, ...]
    changes: tuple[str, ...]
    money_effect: Decimal
    currency: str
    reason: str
    amended_by: str
    amended_by_id: int | None


@dataclass(frozen=True)
class OrderClosed(Fact):
    order_id: int
    account_id: int


@dataclass(frozen=True)
class OrderUnresolved(Fact):
    """A captured order has lines nobody can match to a product: customer service maps them."""

    order_id: int
    order_number: str
    account_id: int
    codes: tuple[str, ...]


@dataclass(frozen=True)
class CompanyAsked(Fact):
    """An order waits for its customer's own approval: whoever may give it is written to."""

    order_id: int
    order_number: str
    account_id: int
    amount: Decimal
    currency: str
    asked_by: str
    asked_by_id: int | None
    why: str


@dataclass(frozen=True)
class LineSplitInTwo(Fact):
    """What waits of a line is a line of its own: the rest need not wait for it any more."""

    order_id: int
    account_id: int
    product_ids: tuple[int, ...]


@dataclass(frozen=True)
class PromiseKept(Fact):
    """The customer takes the days that hold now for these demands."""

    order_id: int
    order_number: str
    account_id: int
    demand_ids: tuple[int, ...]
