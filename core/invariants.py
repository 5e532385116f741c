"""What must always be true.

Rooms register checks; `manage.py check_invariants` and a schedule run them all.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

Check = Callable[[], Iterable[str]]


@dataclass(frozen=True)
class Breach:
    name: str
    detail: str


_checks: dict[str, Check] = {}


def register(name: str, check: Check) -> None:
    """`name` is the sentence that holds; `check()` yields one detail line per breach, a constant number of
    queries.
    """
    if name in _checks and _checks[name] is not check:
        raise ValueError(f"two checks are named {name!r}")
    _checks[name] = check


def names() -> list[str]:
    return sorted(_checks)


def run(only: Iterable[str] | None = None) -> list[Breach]:
    """Every breach of every check (or of those named), in the checks' name order."""
    chosen = sorted(_checks) if only is None else sorted(only)
    return [Breach(name, detail) for name in chosen for detail in _checks[name]()]
