"""Lists as array parameters, written whole: bulk statements send tens of thousands of plain values in each.

The driver writes an array value by value and asks of each whether it needs quotes. A list of one plain type does not need
to be asked: this is the same text, or the same array in other quotes, for a tenth of the time.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from types import NoneType
from typing import Any

import psycopg
from psycopg.types.array import ListDumper


def _quoted(texts: Iterable[str]) -> str:
    """In quotes every text is itself: the empty one, one with a comma, and the word NULL."""
    return ",".join('"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"' for text in texts)


# One value, and many with commas between. A text is itself where it stands alone; in an array it is quoted.
_ONE: Mapping[type, Callable[[Any], str]] = {
    int: str,
    Decimal: str,
    date: date.isoformat,
    datetime: datetime.isoformat,
    bool: lambda value: "t" if value else "f",
    str: str,
}
_WRITTEN: Mapping[type, Callable[[Iterable[Any]], str]] = {
    int: lambda values: ",".join(map(str, values)),
    Decimal: lambda values: ",".join(map(str, values)),
    date: lambda values: ",".join(map(str, values)),
    datetime: lambda values: ",".join(value.isoformat() for value in values),
    bool: lambda values: ",".join("t" if value else "f" for value in values),
    str: _quoted,
}


def written(values: Sequence[Any]) -> str | None:
    """The array as PostgreSQL reads it; None for values that are not of one plain type. Gaps (None) are allowed."""
    if len(values) == 1:  # of a claim of one line most are
        return _of_one(values[0])
    kinds = set(map(type, values))
    gaps = NoneType in kinds
    kinds.discard(NoneType)
    if not kinds:
        return "{" + ",".join("NULL" for _ in values) + "}"
    write = _WRITTEN.get(next(iter(kinds))) if len(kinds) == 1 else None
    if write is None:
        return None
    if not gaps:
        return "{" + write(values) + "}"
    return "{" + ",".join("NULL" if v is None else write((v,)) for v in values) + "}"


def plain_text(value: Any) -> str | None:
    """One value of a plain type by itself."""
    return None if value is None else _ONE[type(value)](value)


def _of_one(value: Any) -> str | None:
    if value is None:
        return "{NULL}"
    if type(value) is str:
        return "{" + _quoted((value,)) + "}"
    write = _ONE.get(type(value))
    return None if write is None else "{" + write(value) + "}"


class PlainListDumper(ListDumper):
    """As the driver's, but at once where all values are of one plain type."""

    def dump(self, obj: list[Any]) -> bytes | bytearray | memoryview | None:
        text = written(obj)
        return super().dump(obj) if text is None else text.encode(self._encoding)

    @property
    def _encoding(self) -> str:
        return self.connection.info.encoding if self.connection else "utf-8"


def register() -> None:
    """For all connections made from now on."""
    psycopg.adapters.register_dumper(list, PlainListDumper)
