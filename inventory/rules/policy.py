"""An allocation policy as a plain value: which demands it means by each segment, and what it does with them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from types import MappingProxyType
from typing import Any

from inventory.rules.sourcing import Need
from inventory.states import FairWeight, SortKey, Strategy

UNRANKED_REGION = 9_999
LONGEST_WINDOW = 3_650  # days
LONGEST_CODE, LONGEST_NAME = 40, 120  # characters
DEFAULT_KEYS = (
    SortKey.PRIORITY,
    SortKey.TIER,
    SortKey.SLA_PENALTY,
    SortKey.CONTRACT,
    SortKey.MARGIN,
    SortKey.REQUESTED_DATE,
    SortKey.AGE,
)
WORDS = {
    SortKey.PRIORITY: "priority",
    SortKey.TIER: "tier",
    SortKey.SLA_PENALTY: "SLA penalty",
    SortKey.CONTRACT: "contract",
    SortKey.MARGIN: "margin",
    SortKey.REGION: "region",
    SortKey.REQUESTED_DATE: "date",
    SortKey.AGE: "age",
    SortKey.BEHIND: "behind target",
}


@dataclass(frozen=True)
class Filters:
    """All that is given must hold; what is empty or None says nothing. Margin bands are tenths of the price, 0 to 9."""

    tier_ranks: frozenset[int] = frozenset()
    regions: frozenset[str] = frozenset()
    account_ids: frozenset[int] = frozenset()
    group_ids: frozenset[int] = frozenset()
    category_ids: frozenset[int] = frozenset()
    is_contract: bool | None = None
    is_blocked: bool | None = None
    is_behind: bool | None = None  # of the service its contract promises
    min_margin_band: int | None = None
    max_margin_band: int | None = None
    due_within_days: int | None = None
    due_after_days: int | None = None

    @cached_property
    def _regions(self) -> frozenset[str]:
        """Regions are people's words: capitals do not tell two apart."""
        return frozenset(name.lower() for name in self.regions)

    def matches(self, need: Need, today: date) -> bool:
        return self._names(need) and self._kind(need) and self._when(need, today)

    def _names(self, need: Need) -> bool:
        return (
            (not self.tier_ranks or need.tier_rank in self.tier_ranks)
            and (not self.regions or need.terms.region.lower() in self._regions)
            and (not self.account_ids or need.account_id in self.account_ids)
            and (not self.group_ids or not self.group_ids.isdisjoint(need.terms.group_ids))
            and (not self.category_ids or not self.category_ids.isdisjoint(need.terms.category_ids))
        )

    def _kind(self, need: Need) -> bool:
        return (
            self.is_contract in (None, need.is_contract)
            and self.is_blocked in (None, need.is_blocked)
            and self.is_behind in (None, need.terms.behind > 0)
            and (self.min_margin_band is None or need.margin_band >= self.min_margin_band)
            and (self.max_margin_band is None or need.margin_band <= self.max_margin_band)
        )

    def _when(self, need: Need, today: date) -> bool:
        days = (need.requested_date - today).days
        return (self.due_within_days is None or days <= self.due_within_days) and (
            self.due_after_days is None or days > self.due_after_days
        )


@dataclass(frozen=True)
class Segment:
    """Demands that are treated alike. `is_fair`: those of an equal sort key share by `weight` what there is."""

    name: str
    strategy: Strategy = Strategy.GAIN
    filters: Filters = Filters()
    sort_keys: tuple[SortKey, ...] = DEFAULT_KEYS
    is_fair: bool = False
    weight: FairWeight = FairWeight.DEMAND
    who: str = "everyone"  # the filters as people wrote them

    @cached_property
    def rule(self) -> str:
        return ", ".join(WORDS[key] for key in self.sort_keys)

    @property
    def asks_targets(self) -> bool:
        """Whether it looks at the service contracts promise."""
        return SortKey.BEHIND in self.sort_keys or self.filters.is_behind is not None

    def rule_for(self, need: Need) -> str:
        """The rule as a reason says it: with the figures where the customer is behind and that counts."""
        told = need.terms.behind_words
        return f"{self.rule} ({told})" if told and self.asks_targets else self.rule


REST = Segment("everyone else")


@dataclass(frozen=True)
class Policy:
    """How one run decides. The first segment that matches a demand has it; who matches none keeps and may gain.

    `lock_days`: wanted within so many days (or the tier's own, if more), a demand keeps what it holds. `uses_lots`: whole
    order multiples from each site. `order_cap_percent`: what one order may take of a product's stock. `passes`: how often
    orders that miss their minimum give back and the rest is dealt again; None: minimums are left to the release gate.
    `borrow_after_days`: demands wanted later than that may lend to earlier ones, if supply comes by their date.
    `margin_edges` are the bands (0 to 9) at which a coarser margin class begins. `may_take_promises`: a run may take a
    confirmed promise away without an approval.
    """

    code: str = "default"
    name: str = "Default"
    version: int = 0
    segments: tuple[Segment, ...] = ()
    lock_days: int = 0
    uses_lots: bool = False
    order_cap_percent: Decimal | None = None
    passes: int | None = None
    borrow_after_days: int | None = None
    region_ranks: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    margin_edges: tuple[int, ...] = ()
    may_take_promises: bool = False

    @property
    def is_plain(self) -> bool:
        """Whether it does no more than deal what is free by the default order: such runs need not know who is who."""
        return (
            not self.segments
            and not self.uses_lots
            and self.order_cap_percent is None
            and self.passes is None
            and self.borrow_after_days is None
        )

    def segment_of(self, need: Need, today: date) -> tuple[int, Segment]:
        """Its place among the segments, and the segment itself."""
        for place, segment in enumerate(self.segments):
            if segment.filters.matches(need, today):
                return place, segment
        return len(self.segments), REST

    def is_locked(self, need: Need, today: date) -> bool:
        days = max(self.lock_days, need.terms.lock_days)
        return days > 0 and need.requested_date <= today + timedelta(days=days)

    def region_rank(self, need: Need) -> int:
        return self._ranks.get(need.terms.region.lower(), UNRANKED_REGION)

    @cached_property
    def _ranks(self) -> Mapping[str, int]:
        return {name.lower(): rank for name, rank in self.region_ranks.items()}

    def sort_key(self, segment: Segment, need: Need) -> tuple[Any, ...]:
        """Smallest first, without the tie-break by id: equal keys are one fair-share class."""
        return tuple(_KEYS[key](self, need) for key in segment.sort_keys)

    def margin_class(self, need: Need) -> int:
        return sum(need.margin_band >= edge for edge in self.margin_edges) if self.margin_edges else need.margin_band


DEFAULT = Policy()
_KEYS: Mapping[SortKey, Callable[[Policy, Need], Any]] = {
    SortKey.PRIORITY: lambda _, n: -n.priority,
    SortKey.TIER: lambda _, n: n.tier_rank,
    SortKey.SLA_PENALTY: lambda _, n: -n.sla_penalty,
    SortKey.CONTRACT: lambda _, n: not n.is_contract,
    SortKey.MARGIN: lambda p, n: -p.margin_class(n),
    SortKey.REGION: lambda p, n: p.region_rank(n),
    SortKey.REQUESTED_DATE: lambda _, n: n.requested_date,
    SortKey.AGE: lambda _, n: n.opened_at,
    SortKey.BEHIND: lambda _, n: -n.terms.behind,
}


def problems(policy: Policy) -> list[tuple[str, str]]:
    """[(field, what is wrong)] of a policy somebody wrote; [] is a policy that can run."""
    found = [] if policy.code.strip() else [("code", "A policy needs a code.")]
    if not policy.name.strip():
        found.append(("name", "A policy needs a name."))
    if len(policy.code.strip()) > LONGEST_CODE:
        found.append(("code", f"A code has at most {LONGEST_CODE} characters."))
    if len(policy.name) > LONGEST_NAME:
        found.append(("name", f"A name has at most {LONGEST_NAME} characters."))
    if not 0 <= policy.lock_days <= LONGEST_WINDOW:
        found.append(("lock_days", f"A lock window is between 0 and {LONGEST_WINDOW} days."))
    if policy.borrow_after_days is not None and not 0 <= policy.borrow_after_days <= LONGEST_WINDOW:
        found.append(("borrow_after_days", f"Orders lend that are wanted after 0 to {LONGEST_WINDOW} days."))
    if not _is_share(policy.order_cap_percent):
        found.append(("order_cap_percent", "A cap is more than 0 and at most 100 percent."))
    if policy.passes is not None and not 0 <= policy.passes <= 10:
        found.append(("passes", "Between 0 and 10 passes."))
    if list(policy.margin_edges) != sorted({e for e in policy.margin_edges if 1 <= e <= 9}):
        found.append(("margin_edges", "Margin edges are rising numbers from 1 to 9."))
    found += [(f"segments.{n}", words) for n, s in enumerate(policy.segments) for words in _segment_problems(s)]
    return found + _doubled(policy.segments)


def _is_share(percent: Decimal | None) -> bool:
    """More than 0 and at most 100; what is no number at all is neither."""
    return percent is None or (percent.is_finite() and 0 < percent <= 100)


def _segment_problems(segment: Segment) -> list[str]:
    found = [] if segment.name.strip() else ["A segment needs a name."]
    if not segment.sort_keys:
        found.append(f"{segment.name}: name at least one thing to sort by.")
    if len(set(segment.sort_keys)) < len(segment.sort_keys):
        found.append(f"{segment.name}: sorts by the same thing twice.")
    if segment.is_fair and segment.strategy not in FAIR:
        found.append(f"{segment.name}: only demands that may gain share fairly, not {segment.strategy}.")
    f = segment.filters
    if f.min_margin_band is not None and f.max_margin_band is not None and f.min_margin_band > f.max_margin_band:
        found.append(f"{segment.name}: its lowest margin band is above its highest.")
    if f.due_within_days is not None and f.due_after_days is not None and f.due_within_days <= f.due_after_days:
        found.append(f"{segment.name}: nothing is due within {f.due_within_days} and after {f.due_after_days} days.")
    return found


FAIR = frozenset({Strategy.GAIN, Strategy.IMPROVE, Strategy.REDISTRIBUTE})


def _doubled(segments: Sequence[Segment]) -> list[tuple[str, str]]:
    names = [s.name for s in segments]
    return [
        (f"segments.{n}", f"Another segment is called {name}.") for n, name in enumerate(names) if name in names[:n]
    ]
