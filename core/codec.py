"""Frozen dataclasses to JSON and back, by their annotations: facts in the outbox, stored results of keyed
calls.
"""

import dataclasses
import types
import typing
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import Any

_PLAIN = (str, int, bool, type(None))


def dump(value: Any) -> Any:
    """A JSON-ready value. Decimal, date and datetime become strings; unknown types are refused."""
    if type(value) in _PLAIN:  # most values, asked first
        return value
    if isinstance(value, Enum):
        return dump(value.value)
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, datetime | date):
        return value.isoformat()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: dump(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(k): dump(v) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        items = sorted(value) if isinstance(value, set | frozenset) else value
        return [dump(v) for v in items]
    raise TypeError(f"{type(value).__name__} has no JSON form here")


def load(kind: Any, raw: Any) -> Any:
    """`raw` as `kind`.

    A kind is a dataclass, a builtin, Decimal, date, an Enum, tuple[X, ...], tuple[X, Y], list[X], dict[K, X]
    or X | None.
    """
    origin = typing.get_origin(kind)
    if kind is Any or kind is None or kind is type(None):
        return raw
    if origin in (typing.Union, types.UnionType):
        return _load_optional(kind, raw)
    if origin is tuple:
        return _load_tuple(typing.get_args(kind), raw)
    if origin in (list, set, frozenset):
        return origin(load(typing.get_args(kind)[0], item) for item in raw)
    if origin in (dict, Mapping):
        of_key, of_value = typing.get_args(kind)
        return {_load_key(of_key, k): load(of_value, v) for k, v in raw.items()}
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        return kind(**{k: load(t, raw[k]) for k, t in _hints(kind).items() if k in raw})
    return _load_scalar(kind, raw)


def _load_tuple(kinds: tuple[Any, ...], raw: Any) -> tuple[Any, ...]:
    if len(kinds) == 2 and kinds[1] is Ellipsis:
        return tuple(load(kinds[0], item) for item in raw)
    return tuple(load(kind, item) for kind, item in zip(kinds, raw, strict=True))


def _load_key(kind: Any, raw: str) -> Any:
    """JSON has only text as a key."""
    return int(raw) if kind is int else load(kind, raw)


def _load_scalar(kind: Any, raw: Any) -> Any:
    if kind is Decimal:
        return Decimal(raw)
    if kind in (date, datetime):
        return kind.fromisoformat(raw)
    return kind(raw) if isinstance(kind, type) and issubclass(kind, Enum) else raw


def _load_optional(kind: Any, raw: Any) -> Any:
    if raw is None:
        return None
    (inner,) = (a for a in typing.get_args(kind) if a is not type(None))
    return load(inner, raw)


@cache
def _hints(kind: type) -> dict[str, Any]:
    hints = typing.get_type_hints(kind)
    return {f.name: hints[f.name] for f in dataclasses.fields(kind) if f.init}
