"""What happens to shipments. Stream "shipment:<id>", seq = the shipment's version."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from core.outbox import Fact


@dataclass(frozen=True)
class ShipmentReleased(Fact):
    shipment_id: int
    shipment_number: str
    order_id: int
    site_id: int


@dataclass(frozen=True)
class ReleaseAsked(Fact):
    """Orders of a run wait to be released. Stream "release_run:<id>", seq = how many batches were asked for."""

    run_id: int
    batch: int


@dataclass(frozen=True)
class RecallAsked(Fact):
    """The warehouse is to give a released shipment back: its system hears of it by this."""

    recall_id: int
    shipment_id: int
    shipment_number: str
    order_id: int
    site_id: int
    note: str


@dataclass(frozen=True)
class RecallAnswered(Fact):
    """`state` is accepted or refused."""

    recall_id: int
    shipment_id: int
    shipment_number: str
    order_id: int
    state: str
    answer: str


@dataclass(frozen=True)
class VendorAsked(Fact):
    """A vendor is to send a shipment of ours. Stream "shipment:<id>", as of the facts that follow."""

    vendor_order_id: int
    vendor_order_number: str
    shipment_id: int
    order_id: int
    site_id: int


@dataclass(frozen=True)
class VendorConfirmed(Fact):
    """The vendor says what it sends and when (an ISO day); `days_late` behind the day we promised, 0 when not."""

    vendor_order_id: int
    vendor_order_number: str
    shipment_id: int
    shipment_number: str
    order_id: int
    account_id: int
    ship_date: str
    days_late: int


@dataclass(frozen=True)
class VendorShort(Fact):
    """The vendor confirmed (or, `is_sent`, sent) less of a product than it was asked for; the rest is open again."""

    shipment_id: int
    shipment_number: str
    order_id: int
    account_id: int
    product_id: int
    short_qty: Decimal
    is_sent: bool = False


@dataclass(frozen=True)
class PickShort(Fact):
    shipment_id: int
    shipment_number: str
    order_id: int
    account_id: int
    product_id: int
    site_id: int
    short_qty: Decimal
    reason: str


@dataclass(frozen=True)
class RestWithinTolerance(Fact):
    """What a pick left of an order line, base units, is no more than its account wants sent after it."""

    order_id: int
    order_line_id: int
    rest_qty: Decimal


@dataclass(frozen=True)
class ShipmentShipped(Fact):
    shipment_id: int
    shipment_number: str
    order_id: int
    account_id: int
    shipped_at: datetime


@dataclass(frozen=True)
class ShippedOverCredit(Fact):
    """Goods of an account left that credit does not pass as it stands; `over` its limit, in its currency. They were picked,
    so they went; its next release waits."""

    account_id: int
    shipment_id: int
    shipment_number: str
    order_id: int
    message: str
    over: Decimal
    currency: str


@dataclass(frozen=True)
class ShipmentDelivered(Fact):
    """`damages` in words, one per damaged line; `days_late` behind the day it was first promised for, 0 when in time."""

    shipment_id: int
    shipment_number: str
    order_id: int
    account_id: int
    delivered_at: datetime
    days_late: int
    damages: tuple[str, ...] = ()


@dataclass(frozen=True)
class DeliveryRefused(Fact):
    """The customer did not take it; the goods come back as this return."""

    shipment_id: int
    shipment_number: str
    order_id: int
    account_id: int
    return_id: int
    why: str


@dataclass(frozen=True)
class ReturnRequested(Fact):
    return_id: int
    account_id: int


@dataclass(frozen=True)
class ReturnAuthorized(Fact):
    """Stream "return:<id>", seq = the return's version, as of all facts of returns."""

    return_id: int
    account_id: int
    outcome: str


@dataclass(frozen=True)
class ReturnRejected(Fact):
    return_id: int
    account_id: int


@dataclass(frozen=True)
class ReturnDispositioned(Fact):
    """All of it was inspected: what is credited can be, and a replacement be ordered."""

    return_id: int
    account_id: int
    outcome: str
    is_damaged: bool = False
