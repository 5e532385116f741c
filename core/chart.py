"""The geometry of a chart: counted bars per day or week, drawn by templates/admin/parts/day_chart.html as SVG beside a
table of every number. Pure, in view units."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from core.periods import Period

WIDTH, HEIGHT = 640, 220
LEFT, TOP, BOTTOM = 40, 12, 26  # room for the scale, above the bars, for the days
MOST_BARS = 31
WEEK = 7
LABELS = 7


@dataclass(frozen=True)
class Count:
    """What was counted in `days` days from `day` on (the whole), and the part of it a rate is of."""

    day: date
    whole: int
    part: int
    days: int = 1

    @property
    def label(self) -> str:
        return (
            f"{self.day.day} {self.day:%b}" if self.days == 1 else f"{self.days} days from {self.day.day} {self.day:%b}"
        )

    @property
    def rate(self) -> float | None:
        """Percent; of nothing there is no rate."""
        return 100 * self.part / self.whole if self.whole else None


@dataclass(frozen=True)
class Bar:
    count: Count
    x: float
    width: float
    whole_y: float
    whole_height: float
    part_y: float
    part_height: float
    label_x: float
    short_label: str


@dataclass(frozen=True)
class Line:
    """A line of the scale: how many, and where."""

    value: int
    y: float


@dataclass(frozen=True)
class Chart:
    bars: tuple[Bar, ...]
    scale: tuple[Line, ...]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    floor: int = HEIGHT - BOTTOM


@dataclass(frozen=True)
class Drawing:
    """A chart, the steps its table shows, and what they add up to."""

    steps: tuple[Count, ...]
    chart: Chart
    total: Count

    @property
    def is_weekly(self) -> bool:
        return any(step.days > 1 for step in self.steps)


def every_day(period: Period, found: Mapping[date, tuple[int, int]]) -> list[Count]:
    """Each day of the period (both ends needed) with its (whole, part), also those on which nothing was counted."""
    if period.start is None or period.end is None:
        raise ValueError("a chart is of a period with both ends")
    days = [period.start + timedelta(days=n) for n in range((period.end - period.start).days)]
    return [Count(day, *found.get(day, (0, 0))) for day in days]


def drawing(counts: Sequence[Count]) -> Drawing:
    """Of at least one day."""
    steps = in_steps(counts)
    return Drawing(tuple(steps), chart(steps), _sum(counts))


def in_steps(counts: Sequence[Count]) -> list[Count]:
    """Days while they are few; of more days, weeks that end with the last one (the first may be shorter)."""
    if len(counts) <= MOST_BARS:
        return list(counts)
    first = len(counts) % WEEK
    edges = [*([0] if first else []), *range(first, len(counts), WEEK), len(counts)]
    return [_sum(counts[a:b]) for a, b in pairwise(edges)]


def _sum(part: Sequence[Count]) -> Count:
    return Count(part[0].day, sum(c.whole for c in part), sum(c.part for c in part), len(part))


def chart(counts: Sequence[Count]) -> Chart:
    """Every bar is the whole, its filled piece the part; the scale begins at zero."""
    top = _round_up(max((c.whole for c in counts), default=0))
    room, slot = HEIGHT - TOP - BOTTOM, (WIDTH - LEFT) / max(1, len(counts))
    every = -(-len(counts) // LABELS)  # a label for so many bars, counted from the last

    def bar(n: int, count: Count) -> Bar:
        high, filled = room * count.whole / top, room * count.part / top
        floor, x, width = HEIGHT - BOTTOM, LEFT + n * slot + slot * 0.15, slot * 0.7
        label = f"{count.day.day} {count.day:%b}" if (len(counts) - 1 - n) % every == 0 else ""
        measures = (x, width, floor - high, high, floor - filled, filled, x + width / 2)
        x, width, top_y, high, filled_y, filled, middle = (round(v, 1) for v in measures)
        return Bar(count, x, width, top_y, high, filled_y, filled, middle, label)

    lines = tuple(Line(top * n // 2, round(HEIGHT - BOTTOM - room * n / 2, 1)) for n in range(3))
    return Chart(tuple(bar(n, c) for n, c in enumerate(counts)), lines)


def _round_up(most: int) -> int:
    """The scale's end: an even number of one figure and zeros, at least 2."""
    if most <= 2:
        return 2
    size = 10 ** (len(str(most)) - 1)
    step = size if most > 10 else 2
    return -(-most // step) * step
