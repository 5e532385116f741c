"""What a cell of a sheet may hold: text in, the one way the product writes that value out.

Everything a sheet compares, stores and exports is such canonical text ("1.5", "yes", "2026-11-28"), so that what is
exported is read back as unchanged. PostgreSQL casts it where it is written (`sql_type`).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from typing import ClassVar
from zoneinfo import available_timezones

from core.money import KEEP_ANOTHER, is_kept, not_kept

LONGEST_SHOWN = 60
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")
_FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")
_PLAIN_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)")
_GROUPED = (re.compile(r"[+-]?\d{1,3}(,\d{3})+\.\d+"), re.compile(r"[+-]?\d{1,3}(\.\d{3})+,\d+"))
_COMMA = re.compile(r"[+-]?\d*,\d+")
_YES, _NO = {"yes", "y", "true", "1", "x", "on"}, {"no", "n", "false", "0", "off"}
_DATES = ("%d.%m.%Y", "%d %b %Y", "%d %B %Y", "%Y%m%d")
_CLOCK = re.compile(r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(:00(\.0+)?)?", re.ASCII)
_DAY_NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
WEEKDAYS = tuple(name[:3].capitalize() for name in _DAY_NAMES)
_DAYS_SQL = "ARRAY['" + "', '".join(WEEKDAYS) + "']"
_FIRST_DAY, _LAST_DAY = date(1900, 1, 1), date(2999, 12, 31)


class BadCell(ValueError):
    """`why` it cannot be taken and the `remedy`, as two sentences."""

    def __init__(self, why: str, remedy: str) -> None:
        super().__init__(why)
        self.why, self.remedy = why, remedy


def shown(text: str) -> str:
    """A wrong value as a message repeats it."""
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"


def tidy(text: str) -> str:
    """Without control characters and without blanks at its ends."""
    return text.strip() if text.isprintable() else _CONTROL.sub(" ", text).strip()


def guarded(text: str) -> str:
    """A cell no spreadsheet runs: an apostrophe before a formula sign. `unguarded` takes exactly that one away."""
    runs = text.lstrip("'")[:1] in _FORMULA_SIGNS if text.lstrip("'") else False
    return f"'{text}" if runs and not _PLAIN_NUMBER.fullmatch(text) else text


def unguarded(text: str) -> str:
    """The text before `guarded`."""
    is_guarded = text[:1] == "'" and text.lstrip("'") != "" and text.lstrip("'")[:1] in _FORMULA_SIGNS
    return text[1:] if is_guarded else text


@dataclass(frozen=True)
class Kind:
    """How a column's cells are read. `read` gets tidied text that is not empty; raises BadCell.

    Where a cast is not enough, `shown_sql` makes the text of a stored value ({0}) and `kept_sql` the value of a text.
    """

    sql_type: ClassVar[str] = "text"
    shown_sql: ClassVar[str] = ""
    kept_sql: ClassVar[str] = ""
    words: ClassVar[str] = "text"

    def read(self, text: str) -> str:
        return text

    def described(self) -> str:
        """For people who fill in the sheet."""
        return self.words


@dataclass(frozen=True)
class Text(Kind):
    longest: int

    def read(self, text: str) -> str:
        if len(text) > self.longest:
            raise BadCell(f"{len(text)} characters, at most {self.longest} fit.", "Shorten it.")
        return text

    def described(self) -> str:
        return f"text, at most {self.longest} characters"


@dataclass(frozen=True)
class Capitals(Text):
    """A code that is kept in capitals, however it is typed."""

    def read(self, text: str) -> str:
        return super().read(text).upper()

    def described(self) -> str:
        return f"{super().described()}, kept in capitals"


@dataclass(frozen=True)
class Choice(Kind):
    """One of the words in `values`, whatever the case; blanks and underscores are the same."""

    values: tuple[str, ...]

    def read(self, text: str) -> str:
        word = text.casefold().replace(" ", "_").replace("-", "_")
        if word not in self.values:
            raise BadCell(f"{shown(text)!r} is none of the values of this column.", f"Use {self.described()}.")
        return word

    def described(self) -> str:
        return " or ".join(filter(None, (", ".join(self.values[:-1]), self.values[-1])))


@dataclass(frozen=True)
class YesNo(Kind):
    sql_type: ClassVar[str] = "boolean"
    words: ClassVar[str] = "yes or no"

    def read(self, text: str) -> str:
        word = text.casefold()
        if word in _YES:
            return "yes"
        if word in _NO:
            return "no"
        raise BadCell(f"{shown(text)!r} is neither yes nor no.", "Write yes or no.")


@dataclass(frozen=True)
class Number(Kind):
    """A decimal number of at most `digits` digits, `places` of them after the point, from `low` to `high`."""

    digits: int
    places: int = 0
    low: Decimal | None = Decimal(0)
    high: Decimal | None = None
    sql_type: ClassVar[str] = "numeric"

    def read(self, text: str) -> str:
        value = _number(text)
        written = plain(value)
        whole, _, after = written.lstrip("-").partition(".")
        if len(after) > self.places:
            raise BadCell(f"{shown(text)} has more than {self.places} decimal places.", "Round it as it should count.")
        if len(whole) > self.digits - self.places:
            raise BadCell(f"{shown(text)} has more digits than this column keeps.", "Check the number.")
        if self.low is not None and value < self.low:
            raise BadCell(f"{shown(text)} is below {plain(self.low)}.", f"Write {plain(self.low)} or more.")
        if self.high is not None and value > self.high:
            raise BadCell(f"{shown(text)} is above {plain(self.high)}.", f"Write {plain(self.high)} or less.")
        return written

    def described(self) -> str:
        kind = f"number, up to {self.places} decimal places" if self.places else "whole number"
        low = "" if self.low is None else f", {plain(self.low)} or more"
        return kind + low + ("" if self.high is None else f", {plain(self.high)} or less")


@dataclass(frozen=True)
class Day(Kind):
    sql_type: ClassVar[str] = "date"
    words: ClassVar[str] = "date as 2026-11-28"

    def read(self, text: str) -> str:
        day = _day(text)
        if not _FIRST_DAY <= day <= _LAST_DAY:
            raise BadCell(f"{shown(text)} lies outside the years 1900 to 2999.", "Check the year.")
        return day.isoformat()


@dataclass(frozen=True)
class Clock(Kind):
    """A time of the day, to the minute."""

    sql_type: ClassVar[str] = "time"
    words: ClassVar[str] = "time of the day as 08:30"
    shown_sql: ClassVar[str] = "coalesce(to_char({0}, 'HH24:MI'), '')"

    def read(self, text: str) -> str:
        found = _CLOCK.fullmatch(text)
        if found is None or int(found["hour"]) > 23 or int(found["minute"]) > 59:
            raise BadCell(
                f"{shown(text)!r} is no time of the day.", "Write it as 08:30, in 24 hours and whole minutes."
            )
        return f"{int(found['hour']):02}:{found['minute']}"


@dataclass(frozen=True)
class Weekdays(Kind):
    """Days of the week, Monday 0 where they are kept: names with commas between them, or from one to another."""

    words: ClassVar[str] = "days as Mon, Tue, Fri or Mon-Fri"
    shown_sql: ClassVar[str] = (
        f"array_to_string(ARRAY(SELECT ({_DAYS_SQL})[day + 1] FROM unnest({{0}}) AS day ORDER BY day), ', ')"
    )
    kept_sql: ClassVar[str] = (
        f"ARRAY(SELECT array_position({_DAYS_SQL}, day) - 1 FROM unnest(string_to_array({{0}}, ', ')) AS day)::smallint[]"
    )

    def read(self, text: str) -> str:
        days: set[int] = set()
        for part in re.split(r"[,;/ ]+", re.sub(r"\s*[-–]\s*", "-", text)):  # what spreadsheets make of it
            first, _, last = part.partition("-")
            start, end = _day_of_week(first, text), _day_of_week(last or first, text)
            days |= {day % 7 for day in range(start, end + 1 if end >= start else end + 8)}
        return ", ".join(WEEKDAYS[day] for day in sorted(days))


def _day_of_week(name: str, text: str) -> int:
    """By the first three letters or the whole name."""
    word = name.casefold().rstrip(".")
    found = next((i for i, day in enumerate(_DAY_NAMES) if len(word) >= 3 and day.startswith(word)), None)
    if found is None:
        raise BadCell(f"{shown(name)!r} in {shown(text)!r} is no day of the week.", "Write days as Mon, Tue, Fri.")
    return found


_zones = cache(available_timezones)  # a walk over the disk


@dataclass(frozen=True)
class TimeZone(Kind):
    words: ClassVar[str] = "time zone like Europe/Berlin"

    def read(self, text: str) -> str:
        if text not in _zones():
            raise BadCell(f"{shown(text)!r} is not a time zone.", "Write one like Europe/Berlin or UTC.")
        return text


@dataclass(frozen=True)
class Letters(Kind):
    """Exactly `count` letters, in capitals: a currency, a country."""

    count: int
    example: str

    def read(self, text: str) -> str:
        if not (len(text) == self.count and text.isascii() and text.isalpha()):
            raise BadCell(f"{shown(text)!r} is not a code of {self.count} letters.", f"Write one like {self.example}.")
        return text.upper()

    def described(self) -> str:
        return f"{self.count} letters like {self.example}"


@dataclass(frozen=True)
class Currency(Letters):
    """A currency that amounts are kept in."""

    count: int = 3
    example: str = "USD"

    def read(self, text: str) -> str:
        code = super().read(text)
        if not is_kept(code):
            raise BadCell(not_kept(code), KEEP_ANOTHER)
        return code


@dataclass(frozen=True)
class Digits(Kind):
    """Digits of one of the `lengths`: a GTIN, a GLN. Leading zeros that a spreadsheet cut are told, never guessed."""

    lengths: tuple[int, ...]
    what: str

    def read(self, text: str) -> str:
        if not (text.isascii() and text.isdigit() and len(text) in self.lengths):
            wanted = " or ".join(map(str, self.lengths))
            remedy = "Format the column as text: a spreadsheet cuts leading zeros and rounds long numbers."
            raise BadCell(f"{shown(text)!r} is not a {self.what} of {wanted} digits.", remedy)
        return text

    def described(self) -> str:
        return f"{self.what}: {' or '.join(map(str, self.lengths))} digits"


def plain(value: Decimal) -> str:
    """Without exponent, sign of zero or trailing zeros."""
    text = f"{value:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("-0", "") else text


def _number(text: str) -> Decimal:
    bare = text.replace(" ", "").replace("\u00a0", "").replace("\u202f", "").replace("'", "")
    if not bare.isascii() or len(bare) > 40:
        raise BadCell(f"{shown(text)!r} is not a number.", "Write a plain number like 1234.5.")
    if _PLAIN_NUMBER.fullmatch(bare):
        return Decimal(bare)
    if _GROUPED[0].fullmatch(bare):
        return Decimal(bare.replace(",", ""))
    if _GROUPED[1].fullmatch(bare):
        return Decimal(bare.replace(".", "").replace(",", "."))
    if _COMMA.fullmatch(bare):
        if len(bare.partition(",")[2]) == 3:
            one, other = bare.replace(",", ""), bare.replace(",", ".")
            raise BadCell(f"{shown(text)} can be read as {one} or as {other}.", "Write it with a point and no comma.")
        return Decimal(bare.replace(",", "."))
    raise BadCell(f"{shown(text)!r} is not a number.", "Write a plain number like 1234.5.")


def _day(text: str) -> date:
    bare = text.removesuffix(" 00:00:00")
    if bare.replace(".", "", 1).isdigit() and len(bare) <= 7:
        why = f"{shown(text)} is a number: that is how a spreadsheet stores a day it does not show as one."
        raise BadCell(why, "Format the column as a date, or write 2026-11-28.")
    try:
        return date.fromisoformat(bare)
    except ValueError:
        return _other_day(bare)


def _other_day(text: str, patterns: Sequence[str] = _DATES) -> date:
    for pattern in patterns:
        try:
            return datetime.strptime(text, pattern).replace(tzinfo=UTC).date()
        except ValueError:
            continue
    if "/" in text:
        raise BadCell(f"{shown(text)!r} can mean two days: which part is the month?", "Write it as 2026-11-28.")
    raise BadCell(f"{shown(text)!r} is not a date.", "Write it as 2026-11-28.")
