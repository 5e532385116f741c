"""Which orders are released by themselves: policies by rank, the first that an order fits decides."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

from fulfillment.states import PolicyEffect

ZERO = Decimal(0)


@dataclass(frozen=True)
class Candidate:
    """A submitted order with stock allocated hard. `value` is the order's, `allocated` what could go now in base units of
    all its lines, `going_value` what that is worth."""

    order_id: int
    number: str
    account_id: int
    tier_id: int | None
    currency: str
    version: int
    value: Decimal
    allocated: Decimal = ZERO
    going_value: Decimal = ZERO
    requested_date: date | None = None
    site_ids: frozenset[int] = frozenset()
    is_held: bool = False


@dataclass(frozen=True)
class Policy:
    """None and empty: any. Days and times are told in `time_zone`; a window is half-open."""

    id: int
    name: str
    rank: int
    effect: PolicyEffect = PolicyEffect.RELEASE
    account_id: int | None = None
    tier_id: int | None = None
    site_id: int | None = None
    currency: str = ""
    min_value: Decimal | None = None
    max_value: Decimal | None = None
    weekdays: frozenset[int] = frozenset(range(7))
    from_time: time | None = None
    to_time: time | None = None
    time_zone: str = "UTC"

    def fits(self, order: Candidate) -> bool:
        return (
            self.account_id in (None, order.account_id)
            and self.tier_id in (None, order.tier_id)
            and (self.site_id is None or order.site_ids == {self.site_id})
            and self.currency in ("", order.currency)
            and (self.min_value is None or order.value >= self.min_value)
            and (self.max_value is None or order.value <= self.max_value)
        )

    def is_open(self, now: datetime) -> bool:
        here = now.astimezone(ZoneInfo(self.time_zone))
        begins, ends = self.from_time or time.min, self.to_time
        at = here.time().replace(tzinfo=None)
        return here.weekday() in self.weekdays and begins <= at and (ends is None or at < ends)


def policy_for(order: Candidate, policies: Iterable[Policy], now: datetime) -> Policy | None:
    """The policy by which the order goes now. The first that fits decides: one that says wait, or whose hours these are
    not, keeps the order for later, whatever those behind it say."""
    first = min((p for p in policies if p.fits(order)), key=lambda p: (p.rank, p.id), default=None)
    if first is None or first.effect == PolicyEffect.WAIT or not first.is_open(now):
        return None
    return first
