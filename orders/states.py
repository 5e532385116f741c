from enum import StrEnum

from core.lifecycle import Lifecycle


class OrderStatus(StrEnum):
    DRAFT = "draft"
    SUBMITTED = "submitted"
    CLOSED = "closed"
    CANCELLED = "cancelled"


ORDER = Lifecycle(
    "order",
    {
        OrderStatus.DRAFT: {OrderStatus.SUBMITTED, OrderStatus.CANCELLED},
        OrderStatus.SUBMITTED: {OrderStatus.CLOSED, OrderStatus.CANCELLED},
        OrderStatus.CLOSED: set(),
        OrderStatus.CANCELLED: set(),
    },
)


class Channel(StrEnum):
    PORTAL = "portal"
    API = "api"
    CONSOLE = "console"
    EDI = "edi"
    IMPORT = "import"
    CRM = "crm"


class StockHoldEnd(StrEnum):
    """How a draft's hold on goods ended."""

    LET_GO = "let_go"
    CHANGED = "changed"
    RAN_OUT = "ran_out"
    SUBMITTED = "submitted"
    CANCELLED = "cancelled"


class Blocks(StrEnum):
    """What a hold keeps from happening."""

    ALLOCATE = "allocate"
    RELEASE = "release"
    PICK = "pick"
    SHIP = "ship"
    INVOICE = "invoice"


class HoldReason(StrEnum):
    CREDIT = "credit"
    ELIGIBILITY = "eligibility"
    DATA = "data"
    PRICE = "price"
    APPROVAL = "approval"
    MANUAL = "manual"


class PurchaseRuleKind(StrEnum):
    """When a buyer's company wants to be asked first."""

    AMOUNT = "amount"
    NEW_SHIP_TO = "new_ship_to"
    PRODUCT_CLASS = "product_class"


class Gate(StrEnum):
    """The release gates in their order (domain.md §8)."""

    ELIGIBILITY = "eligibility"
    DATA = "data"
    PRICE = "price"
    APPROVAL = "approval"
    CREDIT = "credit"
    ALLOCATION = "allocation"
    SHIP_COMPLETE = "ship_complete"
    DELIVERY_WINDOW = "delivery_window"
    CAPACITY = "capacity"


AT_SUBMIT: tuple[Gate, ...] = (Gate.ELIGIBILITY, Gate.DATA, Gate.PRICE, Gate.APPROVAL, Gate.CREDIT)
AT_RELEASE: tuple[Gate, ...] = tuple(Gate)


class Verdict(StrEnum):
    PASS = "pass"
    HOLD = "hold"
    REJECT = "reject"


REPRICE = "reprice"  # accounts.approvals.request(kind=…)
