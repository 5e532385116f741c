"""What finds a kind of case, and what tells that its cause is gone. Rooms register theirs in `<room>/detectors.py`.

Any room at or above a kind may do so: inventory finds its late supply, orders find the backorders that got old.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from exceptions_app.rules.asks import CaseSnapshot, CaseSpec

Cause = CaseSpec | CaseSnapshot  # both name kind, subject and cause_key


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


@dataclass(frozen=True)
class Worth:
    """What causes of a kind put at risk, where whoever finds them does not know prices: `of(causes)` gives (amount,
    currency; empty: not known) for each, in their order, in one statement. Asked when a case opens and at every look, so
    that it stays true.
    """

    kind: str
    of: Callable[[Sequence[Cause]], Sequence[tuple[Decimal, str]]]


_worths: dict[str, Worth] = {}
_detectors: list[Detector] = []
_watches: list[Watch] = []
_pushed: dict[str, str] = {}
_ended: dict[str, str] = {}
_stays: dict[str, str] = {}


def register(*found: Detector | Watch | Worth) -> None:
    """Raises ValueError when two detectors of a kind would resolve each other's cases, or two know its worth."""
    for one in found:
        if isinstance(one, Worth):
            if _worths.setdefault(one.kind, one) is not one:
                raise ValueError(f"two say what cases of {one.kind} are worth")
            continue
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


def ended(kind: str, by: str) -> None:
    """Say which fact or verb resolves pushed cases of this kind when their cause is gone, where no Watch does."""
    _ended[kind] = by


def stays(kind: str, why: str) -> None:
    """Say why pushed cases of this kind wait for a person, also when their cause is gone."""
    _stays[kind] = why


def detectors() -> tuple[Detector, ...]:
    return tuple(_detectors)


def watches() -> tuple[Watch, ...]:
    return tuple(_watches)


def valued(specs: Sequence[CaseSpec]) -> list[CaseSpec]:
    """The same causes with what they put at risk, of the kinds somebody above knows the worth of."""
    found = list(specs)
    for kind in sorted({spec.kind for spec in specs} & _worths.keys()):
        places = [n for n, spec in enumerate(specs) if spec.kind == kind]
        for n, (amount, currency) in zip(places, _worths[kind].of([specs[n] for n in places]), strict=True):
            if currency:  # known
                found[n] = replace(specs[n], money_at_risk=amount, currency=currency)
    return found


def worth_of(kind: str, cases: Sequence[CaseSnapshot]) -> dict[int, tuple[Decimal, str]]:
    """{case id: what it puts at risk now}; those of which nobody knows are absent."""
    if kind not in _worths or not cases:
        return {}
    asked = zip((case.id for case in cases), _worths[kind].of(cases), strict=True)
    return {case_id: worth for case_id, worth in asked if worth[1]}


def finders_of(kind: str) -> list[str]:
    """What finds this kind, in words; empty: nothing does."""
    found = [f"looked for as {d.prefix}" for d in _detectors if d.kind == kind]
    return [*found, _pushed[kind]] if kind in _pushed else found


def enders_of(kind: str) -> list[str]:
    """What resolves this kind's cases when their cause is gone, or why nothing does, in words; empty: nobody thought of
    it. What a detector found, it ends; what was pushed needs a Watch, a fact or verb, or the reason."""
    found = [f"not found any more as {d.prefix}" for d in _detectors if d.kind == kind and kind not in _pushed]
    found += [f"looked after by {w.gone.__name__}" for w in _watches if w.kind == kind]
    return [*found, *(said[kind] for said in (_ended, _stays) if kind in said)]
