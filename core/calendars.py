"""Business calendars: opening hours in local time, holidays, arithmetic in UTC.

A day's segments are made from the local date by zoneinfo and turned into instants before anything is added:
"aware + hours" walks the wall clock and is wrong on the days the clock changes. A local time that the clocks skip is
the moment they jump; one that they show twice is the first of the two.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

HORIZON_DAYS = 3660  # a calendar that is closed for ten years is a mistake, not a wait


class CalendarNeverOpens(ValueError):
    """No opening hour was found within ten years."""


@dataclass(frozen=True)
class BusinessCalendar:
    """`week` maps Monday=0 … Sunday=6 to (opens, closes) local times, in order and apart.

    A segment that closes at 00:00 ends at midnight.
    """

    time_zone: str = "UTC"
    week: Mapping[int, tuple[tuple[time, time], ...]] = field(default_factory=dict)
    holidays: frozenset[date] = frozenset()

    def is_business_day(self, day: date) -> bool:
        return day not in self.holidays and bool(self.week.get(day.weekday()))

    def segments(self, day: date) -> list[tuple[datetime, datetime]]:
        """The day's open intervals as UTC instants, in order."""
        if not self.is_business_day(day):
            return []
        spans = [(self._instant(day, a), self._closing(day, a, b)) for a, b in self.week[day.weekday()]]
        # An hour that the clocks skip in spring may leave a segment without any time in it.
        return [(opens, closes) for opens, closes in spans if opens < closes]

    def add_time(self, start: datetime, duration: timedelta) -> datetime:
        """The instant at which `duration` of open time has passed since `start`.

        Zero: the next open instant.
        """
        left = duration
        for opens, closes in self._segments_from(start):
            begin = max(opens, start)
            if begin + left <= closes:
                return begin + left
            left -= closes - begin
        raise CalendarNeverOpens(self.time_zone)

    def time_between(self, start: datetime, end: datetime) -> timedelta:
        """Open time in [start, end); zero when end is not after start."""
        total = timedelta()
        if end <= start:
            return total
        for opens, closes in self._segments_from(start):
            if opens >= end:
                break
            total += min(closes, end) - max(opens, start)
        return total

    def add_days(self, day: date, count: int) -> date:
        """`count` business days on, or back when negative; 0 gives the same or the next business day."""
        step = timedelta(days=-1 if count < 0 else 1)
        current, left = day, abs(count)
        for _ in range(HORIZON_DAYS):
            if self.is_business_day(current):
                if left == 0:
                    return current
                left -= 1
            current += step
        raise CalendarNeverOpens(self.time_zone)

    def _segments_from(self, start: datetime) -> Iterator[tuple[datetime, datetime]]:
        day = start.astimezone(ZoneInfo(self.time_zone)).date() - timedelta(days=1)
        for offset in range(HORIZON_DAYS):
            for opens, closes in self.segments(day + timedelta(days=offset)):
                if closes > start:
                    yield opens, closes

    def _instant(self, day: date, at: time) -> datetime:
        zone = ZoneInfo(self.time_zone)
        local = datetime.combine(day, at)
        instant = local.replace(tzinfo=zone).astimezone(UTC)
        if instant.astimezone(zone).replace(tzinfo=None) == local:
            return instant
        return _jump(local.replace(tzinfo=zone, fold=1).astimezone(UTC), instant, zone)

    def _closing(self, day: date, opens: time, closes: time) -> datetime:
        return self._instant(day + timedelta(days=1) if closes <= opens else day, closes)


def _jump(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The moment between the two at which the clocks of the zone jump, to the second."""
    was = before.astimezone(zone).utcoffset()
    low, high = 0, int((after - before).total_seconds())
    while high - low > 1:
        middle = (low + high) // 2
        is_before = (before + timedelta(seconds=middle)).astimezone(zone).utcoffset() == was
        low, high = (middle, high) if is_before else (low, middle)
    return before + timedelta(seconds=high)


Week = dict[int, tuple[tuple[time, time], ...]]


def read_week(stated: Mapping[str, Sequence[Sequence[str]]]) -> Week:
    """{"0": [["09:00", "17:00"]], …} as a week. Raises ValueError for what is no day or no time."""
    week: Week = {}
    for day, shifts in stated.items():
        if int(day) not in range(7):
            raise ValueError(f"{day!r} is no day of the week: Monday is 0, Sunday 6")
        week[int(day)] = tuple((time.fromisoformat(opens), time.fromisoformat(closes)) for opens, closes in shifts)
    return week


def week_problems(week: Week) -> list[str]:
    """Why a week cannot be a calendar's: shifts that overlap or stand out of order, also over midnight into Monday."""
    shifts = [
        (day * DAY + _minute(opens), day * DAY + _minute(closes) + (DAY if closes <= opens else 0))
        for day in sorted(week)
        for opens, closes in week[day]
    ]
    if not shifts:
        return []
    after = [*shifts[1:], (shifts[0][0] + 7 * DAY, shifts[0][1] + 7 * DAY)]
    return [
        f"A shift begins on {DAYS[begins // DAY % 7]} at {_clock(begins)} before the one until {_clock(ends)} has ended."
        for (_, ends), (begins, _) in zip(shifts, after, strict=True)
        if begins < ends
    ]


DAY = 24 * 60
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def _minute(at: time) -> int:
    return at.hour * 60 + at.minute


def _clock(minute: int) -> str:
    return f"{minute % DAY // 60:02}:{minute % 60:02}"


ALWAYS_OPEN = BusinessCalendar("UTC", {d: ((time(0), time(0)),) for d in range(7)})
OFFICE_HOURS = BusinessCalendar("UTC", {d: ((time(9), time(17)),) for d in range(5)})
