"""What accounts tells the rooms above, and what it is asked to make: plain values, no rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time
from decimal import Decimal
from typing import Any, TypeVar

from accounts.states import AccountStatus, ApprovalState, BuyerRole, ShipComplete, SplitKind
from core.periods import Period
from core.refs import DocumentRef

JOINED = "customer_asked"  # in the content of what the house had asked already: {"by", "reason"} of the customer's own
NO_TIER_RANK = 9999  # an account without a service tier is served after every tier

Q = TypeVar("Q")


@dataclass(frozen=True)
class Visible:
    """The accounts somebody may see: all of them, or those in `ids`. Outside it the answer is 404."""

    all: bool = False
    ids: frozenset[int] = frozenset()

    def contains(self, account_id: int | None) -> bool:
        return self.all or account_id in self.ids

    def narrow(self, queryset: Q, field: str = "account_id") -> Q:
        """`queryset` without the rows whose `field` is an account that may not be seen."""
        if self.all:
            return queryset
        narrowed: Q = _rows(queryset).filter(**{f"{field}__in": self.ids})
        return narrowed


def _rows(queryset: Any) -> Any:
    """A queryset, which this file must not import."""
    return queryset


@dataclass(frozen=True)
class AccountSnapshot:
    """An account on a day, with what its tier and its groups of that day add. Percents are 0 to 100."""

    id: int
    code: str
    name: str
    status: AccountStatus
    parent_id: int | None
    tier_id: int | None
    tier_rank: int
    fair_share_weight: Decimal
    order_lock_days: int
    territory_id: int | None
    region: str
    currency: str
    time_zone: str
    po_number_required: bool
    ship_complete: ShipComplete
    min_line_percent: Decimal
    min_order_percent: Decimal
    max_shipments: int | None
    backorders_allowed: bool
    substitution_allowed: bool
    min_shelf_life_days: int
    is_tax_exempt: bool
    group_ids: frozenset[int] = frozenset()
    public_id: str = ""
    over_ship_percent: Decimal = Decimal(0)
    early_days_allowed: int | None = None  # days before the requested date a delivery may come; None: any
    short_close_percent: Decimal = Decimal(0)

    @property
    def may_buy(self) -> bool:
        return self.status == AccountStatus.ACTIVE


@dataclass(frozen=True)
class ShipToSnapshot:
    id: int
    account_id: int
    code: str
    name: str
    line1: str
    line2: str
    city: str
    region: str
    postal_code: str
    country: str
    time_zone: str
    calendar_id: int | None
    is_default: bool
    is_active: bool
    gln: str = ""
    delivery_days: Sequence[int] = ()  # Monday 0; none: any day
    delivery_from: time | None = None
    delivery_to: time | None = None

    @property
    def address_lines(self) -> tuple[str, ...]:
        """As on a label: name, street, city line, country; empty lines left out."""
        city_line = " ".join(p for p in (self.city, self.region, self.postal_code) if p)
        return tuple(p for p in (self.name, self.line1, self.line2, city_line, self.country) if p)


@dataclass(frozen=True)
class RepSplit:
    """`percent` of the commission; REVENUE splits of an account total 100, OVERLAY comes on top."""

    rep_id: int
    kind: SplitKind
    percent: Decimal


@dataclass(frozen=True)
class BuyerSnapshot:
    """Limits are in the currency of the account the buyer belongs to; None is no limit. `account_id` is the account
    asked about, which may be a child of that one."""

    id: int
    user_id: int
    account_id: int
    role: BuyerRole
    order_limit: Decimal | None
    period_limit: Decimal | None
    currency: str = "USD"  # of the limits

    @property
    def may_order(self) -> bool:
        return self.role != BuyerRole.VIEWER


@dataclass(frozen=True)
class Headroom:
    """What a buyer may still spend in the period; None is no limit. `left` is below 0 where approved orders went over."""

    limit: Decimal | None
    spent: Decimal
    period: Period
    currency: str

    @property
    def left(self) -> Decimal | None:
        return None if self.limit is None else self.limit - self.spent


@dataclass(frozen=True)
class Approval:
    """A request for a second pair of eyes, and what became of it."""

    id: int
    kind: str
    subject: DocumentRef
    content_hash: str
    amount: Decimal | None
    currency: str
    state: ApprovalState
    requested_by: int | None
    requested_at: datetime
    expires_at: datetime
    decided_by: int | None = None
    decided_at: datetime | None = None
    reason: str = ""
    note: str = ""
    public_id: str = ""
    margin_points: Decimal | None = None
    account_id: int | None = None
    content: Mapping[str, Any] = field(default_factory=dict)
    requested_label: str = ""
    decided_for: int | None = None
    escalated_to: int | None = None
    escalated_at: datetime | None = None

    @property
    def told_outside(self) -> tuple[str, str]:
        """(who asked, why) for a customer and their rep: their own words, where they asked for what a colleague of the
        house had asked for before."""
        joined = self.content.get(JOINED)
        return (joined["by"], joined["reason"]) if joined else (self.requested_label, self.reason)


@dataclass(frozen=True)
class AccountSpec:
    """An account to be made. Only ACTIVE and PROSPECT can be born."""

    code: str
    name: str
    currency: str = "USD"
    status: AccountStatus = AccountStatus.ACTIVE
    region: str = ""
    time_zone: str = "UTC"
    tier_id: int | None = None
    territory_id: int | None = None
    parent_id: int | None = None
    po_number_required: bool = True
    external_id: str = ""


@dataclass(frozen=True)
class ShipToSpec:
    """An address to be added to an account; `identifiers` of EDI partners go to `edi_code` and `gln`."""

    code: str
    name: str
    line1: str = ""
    line2: str = ""
    city: str = ""
    region: str = ""
    postal_code: str = ""
    country: str = "US"
    time_zone: str = "UTC"
    gln: str = ""
    edi_code: str = ""
    is_default: bool = False
    calendar_id: int | None = None
    delivery_days: Sequence[int] = ()
    delivery_from: time | None = None
    delivery_to: time | None = None
