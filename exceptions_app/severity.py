"""How grave a case is, from what is known about it, and why. Source: issue "severity rule"; domain.md §11.

A kind declares where it starts and the rule; the rule moves it by steps on the scale low, medium, high, critical.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from exceptions_app.states import Severity

DAYS_LATE = "days_late"  # the piece of evidence that says how many days late the customer, or the supply, is
MUCH, LITTLE = Decimal(25_000), Decimal(250)  # where no SLA policy says otherwise
_SCALE = tuple(Severity)
_ZERO = Decimal(0)


@dataclass(frozen=True)
class Weighed:
    """What a rule looks at. `at_risk` is in `currency`, `amount` the same in `unit`, the company's own, in which whoever
    weighs a case exchanges at the rate of the day (None: no rate, or nothing known); `much` and `little` of it move a case
    by a step; `tier_rank` is 1 for the customers served first, None without a tier; `evidence` is all that was seen.
    """

    at_risk: Decimal = _ZERO
    currency: str = ""
    amount: Decimal | None = None
    unit: str = "USD"
    much: Decimal = MUCH
    little: Decimal = LITTLE
    tier_rank: int | None = None
    evidence: Mapping[str, Any] = field(default_factory=dict)

    @property
    def days_late(self) -> int:
        """Whole days; 0 when nobody said."""
        late = self.evidence.get(DAYS_LATE, 0)
        return late if isinstance(late, int) else 0


@dataclass(frozen=True)
class Grade:
    """`why` reads as a sentence: where it started and what moved it."""

    severity: Severity
    why: str


Rule = Callable[[Severity, Weighed], Grade]


def moved(start: Severity, steps: int) -> Severity:
    """So many steps graver (milder when negative); the scale's ends hold."""
    return _SCALE[min(max(_SCALE.index(start) + steps, 0), len(_SCALE) - 1)]


def as_declared(start: Severity, seen: Weighed) -> Grade:
    """For kinds where neither money nor the customer matters: safety, broken truths."""
    return Grade(start, f"{start.value}, as every case of this kind")


@dataclass(frozen=True)
class Steps:
    """One step graver from much at risk (the case's SLA policy says how much, else `MUCH`), for tiers up to `first_ranks`,
    and from `late_days` late (0: lateness does not count); one step milder where something, but little, is at risk.
    """

    first_ranks: int = 1
    late_days: int = 0

    def __call__(self, start: Severity, seen: Weighed) -> Grade:
        reasons = [*self._by_money(seen), *self._by_tier(seen), *self._by_days(seen)]
        severity = moved(start, sum(step for step, _ in reasons))
        words = [f"{'graver' if step > 0 else 'milder'}: {why}" for step, why in reasons]
        return Grade(severity, "; ".join([f"starts {start.value}", *words]))

    def _by_money(self, seen: Weighed) -> list[tuple[int, str]]:
        if seen.amount is None:
            return []
        told = f"{seen.at_risk:,} {seen.currency} at risk"
        if seen.amount >= seen.much:
            return [(1, f"{told}, {_plain(seen.much)} {seen.unit} or more")]
        is_little = _ZERO < seen.amount < seen.little
        return [(-1, f"{told}, less than {_plain(seen.little)} {seen.unit}")] if is_little else []

    def _by_tier(self, seen: Weighed) -> list[tuple[int, str]]:
        is_first = seen.tier_rank is not None and seen.tier_rank <= self.first_ranks
        return [(1, "a customer of the first tier")] if is_first else []

    def _by_days(self, seen: Weighed) -> list[tuple[int, str]]:
        if not self.late_days or seen.days_late < self.late_days:
            return []
        return [(1, f"{seen.days_late} days late, {self.late_days} or more")]


def _plain(limit: Decimal) -> str:
    """ "25,000", "99.50": cents only where there are some."""
    return f"{limit:,.0f}" if limit == limit.to_integral_value() else f"{limit:,.2f}"


BY_MONEY_AND_TIER = Steps()
