"""The figures of a replay, read from what the services wrote: a run that was broken off reports as one that was not."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from config.replay.progress import Progress
from core import invariants
from core.periods import Period
from fulfillment.queries import short_pick_count
from orders.queries import hold_count
from reporting.queries import kpis, line_fill


@dataclass(frozen=True)
class Report:
    """`fill_rate`: lines that left in full with their order's first shipment, of all lines; `backorders`: the others.
    `seconds` by the clock; `stages` that ran beside each other add up to more.
    """

    lines: int
    orders: int
    days: int
    stages: Mapping[str, float]
    seconds: float
    fill_rate: float
    kpis: Mapping[str, float | None]
    short_picks: int
    holds: int
    backorders: int
    breaches: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        return {
            "lines": self.lines,
            "orders": self.orders,
            "days": self.days,
            "lines_per_second": round(self.lines / self.seconds, 1) if self.seconds else 0.0,
            "stages": {stage: round(seconds, 3) for stage, seconds in sorted(self.stages.items())},
            "fill_rate": self.fill_rate,
            "kpis": dict(self.kpis),
            "short_picks": self.short_picks,
            "holds": self.holds,
            "backorders": self.backorders,
            "breaches": list(self.breaches),
        }


def report(progress: Progress) -> Report:
    """KPIs and fill over all days replayed, and every invariant of the product."""
    period = Period(progress.days[0].day, progress.days[-1].day + timedelta(days=1))
    fill = line_fill(period)
    return Report(
        fill.lines,
        fill.orders,
        len(progress.days),
        progress.seconds(),
        progress.elapsed,
        round(fill.in_full / fill.lines, 4) if fill.lines else 1.0,
        {k.code: None if k.value is None else float(k.value) for k in kpis(period)},
        short_pick_count(),
        hold_count(),
        fill.lines - fill.in_full,
        tuple(f"{b.name}: {b.detail}" for b in invariants.run()),
    )
