"""Resolutions: what mends a kind of case. Rooms register theirs in `<room>/resolutions.py`.

A room above may add a resolution to a kind declared below it (orders adds "re-promise" to inventory's "late supply").
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from exceptions_app.rules.asks import CaseSnapshot
from exceptions_app.rules.ranking import Effect

Preview = Callable[[CaseSnapshot, datetime], Effect]


@dataclass(frozen=True)
class Resolution:
    """One click that mends a kind of case, through the same service as everyone.

    `preview(case, now)` reads and says what would happen. `apply(case, *, actor, now, key)` makes one service call (a
    door verb or a specialist) with `key` as its idempotency key, and refuses with a DomainError; Asked ends no case.
    """

    kind: str
    code: str
    label: str
    preview: Preview
    apply: Callable[..., object]
    roles: frozenset[str] = frozenset()  # who may, where the service itself does not ask; empty: whoever works on cases
    ends_case: bool = (
        False  # its service ends the case itself, because the cause is gone with it; done before, it refuses
    )
    is_chain: bool = (
        False  # its work is transactions of its own, safe to repeat (it draws a number): the case ends after
    )


@dataclass(frozen=True)
class Asked:
    """What `apply` gives where the action only asked somebody (an approval), or left something in the way: the case goes on
    until that is decided or gone, and its history says `words`."""

    words: str


@dataclass(frozen=True)
class Family:
    """Clicks of one sort of which there are several, or none: each substitute, each site, each order that could lend.

    `members(case, now)` gives those that make sense now, the best first, a constant number of statements for all; their
    codes are "<code>:<which>", stable while what they name is there.
    """

    kind: str
    code: str
    members: Callable[[CaseSnapshot, datetime], Sequence[Resolution]]


_resolutions: dict[str, dict[str, Resolution | Family]] = {}


def register(*resolutions: Resolution | Family) -> None:
    for resolution in resolutions:
        of_kind = _resolutions.setdefault(resolution.kind, {})
        if of_kind.setdefault(resolution.code, resolution) is not resolution:
            raise ValueError(f"two resolutions of {resolution.kind} are called {resolution.code!r}")


def of_kind(kind: str) -> list[Resolution]:
    """Those that stand for every case of the kind: without the families."""
    return [one for one in _resolutions.get(kind, {}).values() if isinstance(one, Resolution)]


def offered(kind: str) -> int:
    """How many ways there are to mend a kind; a family is one."""
    return len(_resolutions.get(kind, {}))


def of_case(case: CaseSnapshot, now: datetime) -> list[Resolution]:
    """All that could be done about this case, the members of families among them."""
    found: list[Resolution] = []
    for one in _resolutions.get(case.kind, {}).values():
        found += one.members(case, now) if isinstance(one, Family) else [one]
    return found


def find(case: CaseSnapshot, code: str, now: datetime) -> Resolution | None:
    """The one called so, if it is registered, or if its family offers it now."""
    one = _resolutions.get(case.kind, {}).get(code.partition(":")[0])
    if isinstance(one, Family):
        return next((member for member in one.members(case, now) if member.code == code), None)
    return one if one is not None and one.code == code else None
