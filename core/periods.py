"""Half-open periods [start, end): the day a contract ends is the first day it no longer applies."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Period:
    """Days from `start` up to, not including, `end`. None is open on that side."""

    start: date | None = None
    end: date | None = None

    def __post_init__(self) -> None:
        if self.start and self.end and self.end <= self.start:
            raise ValueError(f"a period must end after it starts ({self.start} to {self.end})")

    def __contains__(self, day: date) -> bool:
        return (self.start is None or self.start <= day) and (self.end is None or day < self.end)

    def __lt__(self, other: "Period") -> bool:
        return self._order() < other._order()

    def _order(self) -> tuple[date, date]:
        return (self.start or date.min, self.end or date.max)

    def overlaps(self, other: "Period") -> bool:
        return _before(self.start, other.end) and _before(other.start, self.end)

    def intersection(self, other: "Period") -> "Period | None":
        if not self.overlaps(other):
            return None
        starts = [s for s in (self.start, other.start) if s]
        ends = [e for e in (self.end, other.end) if e]
        return Period(max(starts, default=None), min(ends, default=None))

    def __str__(self) -> str:
        return f"[{self.start or '…'}, {self.end or '…'})"


def _before(start: date | None, end: date | None) -> bool:
    return start is None or end is None or start < end
