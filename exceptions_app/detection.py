"""What finds a kind of case, and what tells that its cause is gone. Rooms register theirs in `<room>/detectors.py`.

Any room at or above a kind may do so: inventory finds its late supply, orders find the backorders that got old.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from exceptions_app.rules.asks import CaseSnapshot, CaseSpec


@dataclass(frozen=True)
class Detector:
    """`find(now)` gives every cause that holds now, in a constant number of statements; cause keys start with `prefix`.

    A live case of the kind whose cause key starts with it and is not found any more resolves itself.
    """

    kind: str
    prefix: str
    find: Callable[[datetime], Sequence[CaseSpec]]


@dataclass(frozen=True)
class Watch:
    """For kinds that a service or a fact opens: `gone(cases, now)` gives the ids of those whose cause is gone."""

    kind: str
    gone: Callable[[Sequence[CaseSnapshot], datetime], Collection[int]]


_detectors: list[Detector] = []
_watches: list[Watch] = []
_pushed: dict[str, str] = {}


def register(*found: Detector | Watch) -> None:
    """Raises ValueError when two detectors of a kind would resolve each other's cases."""
    for one in found:
        if isinstance(one, Watch):
            _watches.append(one)
            continue
        for other in _detectors:
            if other.kind == one.kind and (other.prefix.startswith(one.prefix) or one.prefix.startswith(other.prefix)):
                raise ValueError(f"two detectors of {one.kind} share causes: {one.prefix!r} and {other.prefix!r}")
        _detectors.append(one)


def pushed(kind: str, by: str) -> None:
    """Say that cases of this kind are opened by a service or a reaction, and by which."""
    _pushed[kind] = by


def detectors() -> tuple[Detector, ...]:
    return tuple(_detectors)


def watches() -> tuple[Watch, ...]:
    return tuple(_watches)


def finders_of(kind: str) -> list[str]:
    """What finds this kind, in words; empty: nothing does."""
    found = [f"looked for as {d.prefix}" for d in _detectors if d.kind == kind]
    return [*found, _pushed[kind]] if kind in _pushed else found
