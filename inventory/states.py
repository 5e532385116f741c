from enum import StrEnum

from core.lifecycle import Lifecycle

# The document kind of what a cart or quote holds for a time: its demands take what is there and never wait for more.
STOCK_HOLD = "stock_hold"


class SiteKind(StrEnum):
    DC = "dc"
    HUB = "hub"
    THIRD_PARTY = "third_party"
    TRUNK = "trunk"
    CONSIGNMENT = "consignment"
    QUARANTINE = "quarantine"
    VENDOR = "vendor"


class StockStatus(StrEnum):
    AVAILABLE = "available"
    QUALITY = "quality"
    DAMAGED = "damaged"
    EXPIRED = "expired"
    RECALLED = "recalled"


class MovementKind(StrEnum):
    RECEIPT = "receipt"
    SHIP = "ship"
    ADJUST = "adjust"
    COUNT = "count"
    TRANSFER_OUT = "transfer_out"
    TRANSFER_IN = "transfer_in"
    CONSUMPTION = "consumption"
    RETURN = "return"
    SCRAP = "scrap"
    STATUS = "status"


class ClaimKind(StrEnum):
    """What holds stock. Soft claims may expire; released and picked ones are untouchable."""

    SOFT = "soft"
    HARD = "hard"
    RELEASED = "released"
    PICKED = "picked"


class ClaimState(StrEnum):
    OPEN = "open"
    CLOSED = "closed"


class ClaimEnd(StrEnum):
    """How a claim ended."""

    SHIPPED = "shipped"
    FREED = "freed"
    SHORT = "short"
    EXPIRED = "expired"


class InboundKind(StrEnum):
    PURCHASE = "purchase"
    TRANSFER = "transfer"
    PRODUCTION = "production"
    RETURN = "return"


class PromiseKind(StrEnum):
    STOCK = "stock"  # from stock on hand
    INBOUND = "inbound"  # from dated supply
    NONE = "none"  # no date can be promised yet


class Strategy(StrEnum):
    """What an allocation run may do to the demands of a segment, in the order they are served."""

    WIN = "win"  # in full, before everyone
    GAIN = "gain"  # keeps all it holds, may get more
    IMPROVE = "improve"  # keeps what it holds but for a win, may get more
    REDISTRIBUTE = "redistribute"  # gives all back and is dealt anew
    FILL = "fill"  # at most what it held
    LOSE = "lose"  # gives all back
    SKIP = "skip"  # is not touched


class SortKey(StrEnum):
    PRIORITY = "priority"
    TIER = "tier"
    SLA_PENALTY = "sla_penalty"
    CONTRACT = "contract"  # contract before spot
    MARGIN = "margin"  # the better band first
    REGION = "region"  # as the policy ranks regions: the last absorbs the delay
    REQUESTED_DATE = "requested_date"
    AGE = "age"
    BEHIND = "behind_target"  # whose contract promises more service than was kept: the furthest behind first


class FairWeight(StrEnum):
    """What a fair share is proportional to."""

    DEMAND = "demand"
    EQUAL = "equal"
    HISTORY = "history"
    TIER = "tier"


class Fulfilment(StrEnum):
    """What a demand is for, as sourcing rules tell demands apart."""

    ORDER = "order"  # goods to a customer
    FILL_UP = "fill_up"  # stock for a trunk or a consignment


class Hardness(StrEnum):
    """How a sourcing constraint binds."""

    OFF = "off"
    SOFT = "soft"  # broken where the quantity cannot be had otherwise
    HARD = "hard"  # never broken


class TransferStatus(StrEnum):
    REQUESTED = "requested"
    SHIPPED = "shipped"
    SHORT = "short"  # some of it came, the rest is looked for
    CLOSED = "closed"
    CANCELLED = "cancelled"


TRANSFER = Lifecycle(
    "transfer",
    {
        TransferStatus.REQUESTED: {TransferStatus.SHIPPED, TransferStatus.CANCELLED},
        TransferStatus.SHIPPED: {TransferStatus.SHORT, TransferStatus.CLOSED},
        TransferStatus.SHORT: {TransferStatus.CLOSED},
    },
)


class CountStatus(StrEnum):
    OPEN = "open"
    APPROVAL = "approval"  # counted; the variance waits for a second pair of eyes
    POSTED = "posted"
    CANCELLED = "cancelled"


COUNT = Lifecycle(
    "count",
    {
        CountStatus.OPEN: {CountStatus.APPROVAL, CountStatus.POSTED, CountStatus.CANCELLED},
        CountStatus.APPROVAL: {CountStatus.OPEN, CountStatus.POSTED, CountStatus.CANCELLED},
    },
)


class UsageStatus(StrEnum):
    RECORDED = "recorded"  # a fact; no order bills it yet
    BILLED = "billed"  # an order and a shipment stand for it


USAGE = Lifecycle("usage", {UsageStatus.RECORDED: {UsageStatus.BILLED}})


class OfferStatus(StrEnum):
    OFFERED = "offered"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


OFFER = Lifecycle(
    "offer",
    {
        OfferStatus.OFFERED: {
            OfferStatus.ACCEPTED, OfferStatus.DECLINED, OfferStatus.WITHDRAWN, OfferStatus.EXPIRED,
        }
    },
)  # fmt: skip


class DisputeStatus(StrEnum):
    OPEN = "open"
    SETTLED = "settled"


DISPUTE = Lifecycle("dispute", {DisputeStatus.OPEN: {DisputeStatus.SETTLED}})


class DisputeOutcome(StrEnum):
    """Whose number holds."""

    SENDER = "sender"  # the receiver found it: what was sent is right
    RECEIVER = "receiver"  # the sender loaded another number: what was said is right
    COUNT = "count"  # neither: what is not there is written off, and a count at the receiver says what is


# Where stock is ours but in somebody else's hands.
FIELD_KINDS = frozenset({SiteKind.TRUNK, SiteKind.CONSIGNMENT})
# What a person may move stock to by hand. Expired and recalled are left by the end of a recall only, and never by
# wish: whoever wants such goods in another status quarantines them first.
STATUS_MOVES: dict[StockStatus, frozenset[StockStatus]] = {
    StockStatus.AVAILABLE: frozenset({StockStatus.QUALITY, StockStatus.DAMAGED}),
    StockStatus.QUALITY: frozenset({StockStatus.AVAILABLE, StockStatus.DAMAGED}),
    StockStatus.DAMAGED: frozenset({StockStatus.QUALITY}),
    StockStatus.EXPIRED: frozenset({StockStatus.DAMAGED}),
    StockStatus.RECALLED: frozenset({StockStatus.DAMAGED}),
}


class PoolKind(StrEnum):
    PROTECTION = "protection"  # a floor: others leave it alone
    QUOTA = "quota"  # a ceiling: its members take no more


class PoolState(StrEnum):
    ACTIVE = "active"
    INACTIVE = "inactive"  # it and what is below it count for nothing
    NEUTRAL = "neutral"  # a quota that counts and does not limit


class PoolWho(StrEnum):
    ACCOUNT = "account"
    GROUP = "group"
    TIER = "tier"
    REGION = "region"
    BELOW = "below"  # everybody the pools below it name
    EVERYBODY = "everybody"


class AmountKind(StrEnum):
    NUMBER = "number"
    PERCENT = "percent"  # of the supply; below another pool, of its amount
    RATIO = "ratio"  # among the pools beside it, of what those with numbers and percents leave
