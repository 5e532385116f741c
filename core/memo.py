"""Snapshots of reference data are read once per unit of work, however many rooms ask for them.

A unit of work lasts milliseconds and does not change reference data it has read, so the second answer could only be
the first one. Outside a unit of work nothing is kept.
"""

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from core import uow

P = ParamSpec("P")
V = TypeVar("V")
Fetch = Callable[Concatenate[Iterable[int], P], dict[int, V]]


def once_per_unit(fetch: Fetch[P, V]) -> Fetch[P, V]:
    """For a batch query `fetch(ids, **scope) -> {id: value}`: ask only for ids not asked for before, also absent ones."""

    @wraps(fetch)
    def call(ids: Iterable[int], *args: P.args, **scope: P.kwargs) -> dict[int, V]:
        unit = uow.current()
        if unit is None:
            return fetch(ids, *args, **scope)
        key = (fetch.__module__, fetch.__qualname__, args, tuple(sorted(scope.items())))
        known: dict[int, V | None] = unit.memo.setdefault(key, {})
        wanted = set(ids)
        if missing := wanted - known.keys():
            found = fetch(missing, *args, **scope)
            known.update((i, found.get(i)) for i in missing)
        return {i: value for i in wanted if (value := known[i]) is not None}

    return call
