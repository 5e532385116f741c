"""Who acts for whom: the absent are skipped, their delegates followed, and nobody is asked twice."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Person:
    """`delegate` is who stands in during the absence that holds now."""

    id: int
    reports_to: int | None = None
    is_active: bool = True
    is_away: bool = False
    delegate: int | None = None

    @property
    def is_present(self) -> bool:
        return self.is_active and not self.is_away


def acting_for(user_id: int, people: Mapping[int, Person]) -> int | None:
    """The person, or, while they are away or gone, the delegate, or whoever they report to, and so on up; None where
    nobody is there. A delegate comes before the manager, also the delegate's own delegate."""
    waiting, seen = [user_id], set[int]()
    while waiting:
        person = people.get(waiting.pop())
        if person is None or person.id in seen:
            continue
        if person.is_present:
            return person.id
        seen.add(person.id)
        waiting += [other for other in (person.reports_to, person.delegate) if other is not None]
    return None


def escalation_chain(user_id: int, people: Mapping[int, Person]) -> list[int]:
    """Whom to tell, in order: who acts for the person, then for each manager above; each of them once."""
    chain: list[int] = []
    walked: set[int] = set()
    step: int | None = user_id
    while step is not None and step in people and step not in walked:
        walked.add(step)
        acting = acting_for(step, people)
        if acting is not None and acting not in chain:
            chain.append(acting)
        step = people[step].reports_to
    return chain
