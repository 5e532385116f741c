"""Kinds of cases. Rooms above declare theirs in `<room>/exception_kinds.py`; this room knows none of their rules."""

from dataclasses import dataclass

from exceptions_app.severity import BY_MONEY_AND_TIER, Rule
from exceptions_app.states import QueueCode, Severity


@dataclass(frozen=True)
class KindSpec:
    """What a kind of trouble is, who owns it and how fast. Minutes are business minutes of the owner's calendar.

    `severity` is where `severity_rule` starts from; an SLA policy that names a severity stands before both.
    """

    code: str
    label: str
    owner_queue: str
    severity: str
    respond_minutes: int
    resolve_minutes: int
    description: str = ""
    severity_rule: Rule = BY_MONEY_AND_TIER
    then_queue: str = ""  # takes a case over that the owner did not answer in time ("rep, then CS")
    least_resolutions: int = 2  # fewer only with a word why
    why_fewer: str = ""  # why one click, or none, is all there is
    awaits: str = ""  # what its cause waits for, a seam still to be built: it has an owner and a clock, no detector

    def __post_init__(self) -> None:
        QueueCode(self.owner_queue)
        if self.then_queue:
            QueueCode(self.then_queue)
        Severity(self.severity)
        if not 0 < self.respond_minutes <= self.resolve_minutes:
            raise ValueError(f"{self.code}: a case is answered before it is resolved, and both take time")


class UnknownKind(LookupError):
    """A case was opened of a kind no room declares."""


_kinds: dict[str, KindSpec] = {}


def declare(*specs: KindSpec) -> None:
    """Called at import of a room's `exception_kinds.py`. Raises ValueError when two specs share a code."""
    for spec in specs:
        if _kinds.setdefault(spec.code, spec) != spec:
            raise ValueError(f"two kinds are called {spec.code!r}")


def kind(code: str) -> KindSpec:
    if code not in _kinds:
        raise UnknownKind(f"{code!r} is declared in no exception_kinds.py")
    return _kinds[code]


def label(code: str) -> str:
    """Also for cases whose kind is no longer declared."""
    return _kinds[code].label if code in _kinds else code.replace("_", " ").capitalize()


def kinds() -> list[KindSpec]:
    return sorted(_kinds.values(), key=lambda spec: spec.code)


def then_queues() -> dict[str, str]:
    """{kind: the team that takes over what its owner did not answer in time}."""
    return {spec.code: spec.then_queue for spec in _kinds.values() if spec.then_queue}
