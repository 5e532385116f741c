"""What is asked of fulfillment and what it answers: plain values, shared with the rooms above."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from fulfillment.rules.standing import shipment_standing


@dataclass(frozen=True)
class RecallView:
    """A shipment that was asked back, and what the warehouse said."""

    id: int
    shipment_public_id: UUID
    shipment_number: str
    order_number: str
    site: str
    state: str
    note: str
    asked_at: datetime
    asked_by: str
    respond_by: datetime
    answer: str
    answered_at: datetime | None


@dataclass(frozen=True)
class RefusedGate:
    """Why an order was not released: the gate's own words."""

    gate: str
    rule: str
    message: str


@dataclass(frozen=True)
class ReleaseOutcome:
    """What release did for one order: the shipments sent to the warehouse, or the gates that said no."""

    order_id: int
    shipment_ids: tuple[int, ...]
    refused: tuple[RefusedGate, ...] = ()

    @property
    def is_released(self) -> bool:
        return bool(self.shipment_ids)


@dataclass(frozen=True)
class PickReport:
    """What was found of a shipment, in base units by shipment line; lines not named were picked in full."""

    shipment_id: int
    picks: Mapping[int, Decimal] = field(default_factory=dict)
    short_reason: str = ""


@dataclass(frozen=True)
class Departure:
    """A shipment that left, and with whom."""

    shipment_id: int
    carrier: str = ""
    tracking_number: str = ""


@dataclass(frozen=True)
class BillableLine:
    """A shipped quantity not yet invoiced, in base units."""

    shipment_line_id: int
    order_line_id: int
    product_id: int
    qty: Decimal


@dataclass(frozen=True)
class ShipmentLineView:
    id: int
    order_line_id: int
    product_id: int
    lot_code: str
    qty: Decimal
    picked_qty: Decimal | None
    shipped_qty: Decimal
    invoiced_qty: Decimal
    short_reason: str


@dataclass(frozen=True)
class ShipmentView:
    id: int
    public_id: str
    number: str
    order_id: int
    account_id: int
    site_id: int
    status: str
    carrier: str
    tracking_number: str
    released_at: datetime
    shipped_at: datetime | None
    lines: tuple[ShipmentLineView, ...] = ()
    packed_at: datetime | None = None
    delivered_at: datetime | None = None
    service: str = ""
    service_name: str = ""
    service_why: str = ""
    consignment: str = ""
    is_usage: bool = False  # used from a trunk or a consignment: it was there before

    @property
    def words(self) -> str:
        """What its status is called at every door."""
        return shipment_standing(self.status, is_usage=self.is_usage).words


@dataclass(frozen=True)
class ReturnLineSpec:
    order_line_id: int
    qty: Decimal
    external_ref: str = ""


@dataclass(frozen=True)
class ReturnSpec:
    """A return to be requested. `external_id` makes it happen once per account ("C536379")."""

    account_id: int
    external_id: str
    reason: str
    lines: tuple[ReturnLineSpec, ...]


@dataclass(frozen=True)
class Requested:
    external_id: str
    return_id: int
    is_duplicate: bool
