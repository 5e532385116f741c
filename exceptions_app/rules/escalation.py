"""Whom a step of a clock is told, and how steps that fire together read. Source: domain.md §11."""

from collections.abc import Sequence
from dataclasses import dataclass

LEVELS = {50: 0, 75: 1, 100: 2}  # percent of the clock → how far up: the person, their manager, on up


def whom_to_tell(threshold: int, chain: Sequence[int]) -> int | None:
    """`chain`: who acts for the owner, then for each manager above. Where it is shorter, its last; None when empty."""
    return chain[min(LEVELS[threshold], len(chain) - 1)] if chain else None


@dataclass(frozen=True)
class Fired:
    """A step that fired: `told` is a person, if there is one."""

    case_id: int
    clock: str
    threshold: int
    is_late: bool
    told: int | None


@dataclass(frozen=True)
class Told:
    """What one person is told about one case at once, however many steps fired."""

    case_id: int
    user_id: int
    is_breach: bool
    is_late: bool
    words: str


def collapsed(steps: Sequence[Fired]) -> list[Told]:
    """One notice per case and person; the steps in the order in which they were due."""
    of: dict[tuple[int, int], list[Fired]] = {}
    for step in steps:
        if step.told is not None:
            of.setdefault((step.case_id, step.told), []).append(step)
    return [
        Told(case_id, user_id, any(s.threshold == 100 for s in fired), any(s.is_late for s in fired), _words(fired))
        for (case_id, user_id), fired in of.items()
    ]


def _words(fired: Sequence[Fired]) -> str:
    """The furthest each clock got: "the time to respond has run out, 75 % of the time to resolve has passed"."""
    furthest: dict[str, int] = {}
    for step in fired:
        furthest[step.clock] = max(step.threshold, furthest.get(step.clock, 0))
    told = (
        f"the time to {clock} has run out" if percent == 100 else f"{percent} % of the time to {clock} has passed"
        for clock, percent in furthest.items()
    )
    late = " (noticed late)" if any(step.is_late for step in fired) else ""
    return ", ".join(told) + late
