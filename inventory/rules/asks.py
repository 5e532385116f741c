"""What is asked of inventory and what it answers: plain values, shared with the rooms above. Quantities in base units."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import NamedTuple

from accounts.rules.asks import NO_TIER_RANK
from core.explain import Explanation
from core.refs import DocumentRef
from inventory.rules.vendor import shown_code, shown_name
from inventory.states import InboundKind

ZERO = Decimal(0)
NOTHING: Mapping[date, Decimal] = MappingProxyType({})


@dataclass(frozen=True)
class RankSnapshot:
    """What allocation sorts by (domain.md §6), as the demand's opener sees it now.

    Larger priority, SLA penalty and margin band are served first; smaller tier_rank is served first.
    """

    tier_rank: int = NO_TIER_RANK
    priority: int = 0
    sla_penalty: Decimal = ZERO
    is_contract: bool = False
    margin_band: int = 0
    ship_complete_group: str = ""
    unit_margin: Decimal | None = None
    ship_complete: str = ""  # what the document itself says; empty: as the account


@dataclass(frozen=True)
class DemandSpec:
    """A need to be opened. `key` is the caller's; `ref` and `line_no` name the document line for people."""

    key: str
    ref: DocumentRef
    line_no: int
    product_id: int
    qty: Decimal
    account_id: int | None
    requested_date: date
    site_id: int | None = None
    rank: RankSnapshot = RankSnapshot()
    min_shelf_life_days: int = 0
    backorder_allowed: bool = True
    is_blocked: bool = False
    ship_to_id: int | None = None


@dataclass(frozen=True)
class PromiseSlice:
    """`qty` on `delivery_date` (None: no date yet) from `site_id`; `kind` is a PromiseKind."""

    qty: Decimal
    kind: str
    site_id: int | None
    ship_date: date | None
    delivery_date: date | None
    first_delivery_date: date | None = None
    slip_cause: str = ""
    inbound_id: int | None = None
    is_bought: bool = False  # a vendor sends it: not there now; told in previews, stored promises have their site


@dataclass(frozen=True)
class SplitAsk:
    """A line somebody thinks of ordering, in base units."""

    key: int
    product_id: int
    qty: Decimal
    requested_date: date
    ship_to_id: int | None = None
    min_shelf_life_days: int = 0
    weight_kg: Decimal | None = None


@dataclass(frozen=True)
class SplitLine:
    """How it would be promised, in words as well; `why_here` is empty where no sourcing rule decides."""

    slices: tuple[PromiseSlice, ...]
    words: str
    why_here: str = ""


@dataclass(frozen=True)
class ReceiptLine:
    """Stock that arrived: what, where, by which document (counted once per document and balance)."""

    product_id: int
    site_id: int
    qty: Decimal
    source: DocumentRef
    lot_code: str = ""
    expiry_date: date | None = None
    inbound_id: int | None = None


@dataclass(frozen=True)
class InboundSpec:
    """Supply on its way. `qty` is all that was ordered; one per kind, reference, product and site."""

    product_id: int
    site_id: int
    reference: str
    qty: Decimal
    eta_date: date
    confidence_percent: int = 100
    kind: InboundKind = InboundKind.PURCHASE


@dataclass(frozen=True)
class OpenInbound:
    """What is still to come of a supply."""

    inbound_id: int
    product_id: int
    site_id: int
    reference: str
    open_qty: Decimal
    eta_date: date
    ordered_qty: Decimal = ZERO
    confidence_percent: int = 100
    kind: InboundKind = InboundKind.PURCHASE


@dataclass(frozen=True)
class MadePromise:
    """One promise ever made for a part of a demand, current or replaced: what, for when, from where, said when."""

    qty: Decimal
    site: str
    delivery_date: date | None
    made_at: datetime
    is_current: bool
    slip_cause: str = ""


@dataclass(frozen=True)
class Holding:
    """A part of a demand held on a place for people: the kind of claim, the site and lot by code, until when."""

    kind: str
    site: str
    lot: str
    qty: Decimal
    expires_at: datetime | None


@dataclass(frozen=True)
class DemandState:
    """The ledger of one demand."""

    demand_id: int
    product_id: int
    ordered: Decimal
    cancelled: Decimal
    backordered: Decimal
    reserved: Decimal
    allocated: Decimal
    released: Decimal
    picked: Decimal
    shipped: Decimal
    is_blocked: bool = False

    @property
    def open(self) -> Decimal:
        return self.backordered + self.reserved + self.allocated + self.released + self.picked


@dataclass(frozen=True)
class Reservation:
    """What a reserve call got for a demand."""

    demand_id: int
    reserved: Decimal
    backordered: Decimal
    promises: tuple[PromiseSlice, ...]
    explanation: Explanation


@dataclass(frozen=True)
class ClaimedStock:
    """A part of a demand on a balance: what a shipment line is made of."""

    demand_id: int
    claim_id: int
    balance_id: int
    site_id: int
    lot_id: int | None
    product_id: int
    qty: Decimal


@dataclass(frozen=True)
class Shorted:
    """What a picker did not find of a released claim; it is backordered again."""

    demand_id: int
    claim_id: int
    product_id: int
    site_id: int
    qty: Decimal


@dataclass(frozen=True)
class DemandChange:
    """What changed about a demand since it was opened; None leaves a part as it is."""

    rank: RankSnapshot | None = None
    is_blocked: bool | None = None
    requested_date: date | None = None
    ship_complete_group: str | None = None
    ship_complete: str | None = None


@dataclass(frozen=True)
class DemandAmendment:
    """What the customer wants of a demand now, in base units: `less` or `more` of it, by another date, to another
    address (None: as it was). `is_weighed_again`: its order changed as a whole, so that where it is served from is
    planned again with all that is not released; `ship_complete` is then how the order says it ships.
    """

    less: Decimal = ZERO
    more: Decimal = ZERO
    requested_date: date | None = None
    ship_to_id: int | None = None
    is_weighed_again: bool = False
    ship_complete: str = ""

    @property
    def is_promised_anew(self) -> bool:
        return self.requested_date is not None or self.ship_to_id is not None


@dataclass(frozen=True)
class SiteSnapshot:
    id: int
    code: str
    name: str
    kind: str
    region: str
    time_zone: str
    rank: int
    lead_days: int
    transit_days: int
    is_active: bool
    lines_per_day: int | None = None  # None: no limit

    @property
    def shown_name(self) -> str:
        """What a customer reads as the place goods come from."""
        return shown_name(self.kind, self.name)

    @property
    def shown_code(self) -> str:
        return shown_code(self.kind, self.code)


@dataclass(frozen=True)
class AvailabilityQuery:
    """What can this account have, from where, by when? `ignore_demand_ids`: an order never blocks itself.

    `on` is today where the customer is; a lot counts if it lives `min_shelf_life_days` beyond its delivery, which is
    `delivery_date` or, where that is sooner than the site can deliver, today and its transit days.
    Reservations that ran out by `now` (the database's clock when None) count as free, swept or not. Trunks,
    consignments and vendors are only looked at when `site_ids` names them.
    """

    product_ids: tuple[int, ...]
    account_id: int | None
    on: date
    site_ids: tuple[int, ...] | None = None
    min_shelf_life_days: int = 0
    ignore_demand_ids: tuple[int, ...] = ()
    now: datetime | None = None
    delivery_date: date | None = None


class SiteAvailability(NamedTuple):
    """A named tuple, because a long list makes thousands of them: six times faster than a frozen dataclass."""

    site_id: int
    site_code: str
    on_hand: Decimal = ZERO
    reserved: Decimal = ZERO
    allocated: Decimal = ZERO
    released: Decimal = ZERO
    unusable: Decimal = ZERO
    protected: Decimal = ZERO
    available: Decimal = ZERO
    in_transit: Mapping[date, Decimal] = NOTHING
    safety: Decimal = ZERO


class KeptFor(NamedTuple):
    """`qty` that a protection keeps for others until `until` (the first day it no longer does; None: no end)."""

    name: str
    qty: Decimal
    until: date | None


class AtpPoint(NamedTuple):
    """From `day` on, `qty` can be promised in all (cumulative available to promise)."""

    day: date
    qty: Decimal


@dataclass(frozen=True)
class Availability:
    """Never one number. `available` is what this account can have now; `atp` grows with dated inbound.

    `unusable` is of bad status, recalled, or does not live long enough for this customer; `protected` is kept for others
    (`kept_for` names the largest first), `safety` is kept for nobody below the tier it is open to. `quota_left` is the
    most the account may take by its quotas, `order_cap` the most one order may; None: no limit. `available` and `atp`
    are within all but the cap.
    """

    product_id: int
    sites: tuple[SiteAvailability, ...] = ()
    on_hand: Decimal = ZERO
    reserved: Decimal = ZERO
    allocated: Decimal = ZERO
    released: Decimal = ZERO
    unusable: Decimal = ZERO
    protected: Decimal = ZERO
    in_transit: Mapping[date, Decimal] = field(default_factory=dict)
    available: Decimal = ZERO
    atp: tuple[AtpPoint, ...] = ()
    safety: Decimal = ZERO
    quota_left: Decimal | None = None
    order_cap: Decimal | None = None
    kept_for: tuple[KeptFor, ...] = ()


@dataclass(frozen=True)
class AllocationOutcome:
    run_id: int
    demands: int
    allocated: Decimal
    still_short: Decimal
    product_ids: tuple[int, ...]
    planned_again: int = 0  # products that moved between the plan and the locks
    failed_wins: int = 0  # demands that had to be served in full on their day, and are not
    by_parts: int = 0  # orders to be judged whole whose lines were in several shards
