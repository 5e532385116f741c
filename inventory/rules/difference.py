"""What a plan changes (domain.md §6, stage 14): who gains and loses, which promises slip, margin, service at risk."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import TypeVar

ZERO = Decimal(0)
K = TypeVar("K", int, str)


@dataclass(frozen=True)
class Change:
    """One demand before and after: what it holds (firm and soft), and the last day promised for it (None: no date)."""

    demand_id: int
    product_id: int
    account_id: int | None
    document: str
    line_no: int
    tier_rank: int
    region: str
    requested_date: date
    open_qty: Decimal
    before: Decimal
    after: Decimal
    was: date | None
    now: date | None
    firm_lost: Decimal = ZERO
    unit_margin: Decimal | None = None
    currency: str = ""
    stage: str = ""
    why: str = ""
    segment: str = ""
    sla_penalty: Decimal = ZERO  # what the contract makes a line cost that is late, in the customer's currency

    @property
    def delta(self) -> Decimal:
        return self.after - self.before

    @property
    def slips(self) -> bool:
        """Whether a day that was promised moves back, or away."""
        return self.was is not None and (self.now is None or self.now > self.was)

    @property
    def is_late(self) -> bool:
        return self.now is None or self.now > self.requested_date

    @property
    def margin(self) -> Decimal:
        """Margin served sooner (or given up), in the customer's currency."""
        return ZERO if self.unit_margin is None else (self.delta * self.unit_margin).quantize(Decimal("0.01"))

    @property
    def at_risk(self) -> Decimal:
        """The contractual penalty of the line, where it is promised late."""
        return self.sla_penalty if self.is_late else ZERO

    @property
    def is_moved(self) -> bool:
        return self.delta != 0 or self.was != self.now


@dataclass(frozen=True)
class Part:
    """The changes of one tier, region or segment of a policy in sums. `late` demands are promised after the day they
    asked for; `margin` is served sooner (or given up) and `at_risk` the penalties of late lines, both by currency.
    """

    gained: Decimal
    lost: Decimal
    slips: int
    late: int
    demands: int
    margin: Mapping[str, Decimal] = field(default_factory=dict)
    at_risk: Mapping[str, Decimal] = field(default_factory=dict)
    late_under_contract: int = 0


@dataclass(frozen=True)
class Summary:
    moved: int
    slips: int
    margin: Mapping[str, Decimal]  # by currency
    whole: Part
    tiers: Mapping[int, Part]
    regions: Mapping[str, Part]
    segments: Mapping[str, Part] = field(default_factory=dict)


def summary(changes: Iterable[Change]) -> Summary:
    some = list(changes)
    whole = _part(some)
    return Summary(
        sum(c.is_moved for c in some), sum(c.slips for c in some), whole.margin, whole,
        _parts(some, lambda c: c.tier_rank), _parts(some, lambda c: c.region), _parts(some, lambda c: c.segment),
    )  # fmt: skip


def _parts(some: Iterable[Change], key: Callable[[Change], K]) -> dict[K, Part]:
    found: dict[K, list[Change]] = defaultdict(list)
    for change in some:
        found[key(change)].append(change)
    return {k: _part(found[k]) for k in sorted(found)}


def _part(some: list[Change]) -> Part:
    return Part(
        sum((c.delta for c in some if c.delta > 0), ZERO), sum((-c.delta for c in some if c.delta < 0), ZERO),
        sum(c.slips for c in some), sum(c.is_late for c in some), len(some),
        _by_currency((c.currency, c.margin) for c in some), _by_currency((c.currency, c.at_risk) for c in some),
        sum(c.at_risk > 0 for c in some),
    )  # fmt: skip


def _by_currency(amounts: Iterable[tuple[str, Decimal]]) -> dict[str, Decimal]:
    found: dict[str, Decimal] = defaultdict(Decimal)
    for currency, amount in amounts:
        if amount:
            found[currency] += amount
    return dict(sorted(found.items()))
