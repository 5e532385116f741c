"""Resolutions: what mends a kind of case. Rooms register theirs in `<room>/resolutions.py`.

A room above may add a resolution to a kind declared below it (orders adds "re-promise" to inventory's "late supply").
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from exceptions_app.rules.asks import CaseSnapshot
from exceptions_app.rules.ranking import Effect

Preview = Callable[[CaseSnapshot, datetime], Effect]


@dataclass(frozen=True)
class Resolution:
    """One click that mends a kind of case, through the same service as everyone.

    `preview(case, now)` reads and says what would happen. `apply(case, *, actor, now, key)` makes one service call (a
    door verb or a specialist) with `key` as its idempotency key, and refuses with a DomainError.
    """

    kind: str
    code: str
    label: str
    preview: Preview
    apply: Callable[..., object]
    roles: frozenset[str] = frozenset()  # who may, where the service itself does not ask; empty: whoever works on cases
    is_chain: bool = False  # its work is more than one transaction, each safe to repeat; the case ends after it


_resolutions: dict[str, dict[str, Resolution]] = {}


def register(*resolutions: Resolution) -> None:
    for resolution in resolutions:
        of_kind = _resolutions.setdefault(resolution.kind, {})
        if of_kind.setdefault(resolution.code, resolution) is not resolution:
            raise ValueError(f"two resolutions of {resolution.kind} are called {resolution.code!r}")


def of_kind(kind: str) -> list[Resolution]:
    return list(_resolutions.get(kind, {}).values())


def find(kind: str, code: str) -> Resolution | None:
    return _resolutions.get(kind, {}).get(code)
