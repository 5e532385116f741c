"""A life is a table: which state may follow which. A status changes only through it; core.triggers guards it in SQL."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from enum import StrEnum
from typing import Generic, TypeVar

from core.errors import Refused

S = TypeVar("S", bound=StrEnum)


class IllegalTransition(Refused):
    template = "A {life} that is {current} cannot become {target}."
    remedy_template = "Allowed from here: {allowed}."


class Lifecycle(Generic[S]):
    """`Lifecycle("order", {DRAFT: {SUBMITTED, CANCELLED}, …})`. States missing as keys are terminal."""

    def __init__(self, name: str, table: Mapping[S, AbstractSet[S]]) -> None:
        self.name = name
        targets = {t for ts in table.values() for t in ts}
        self.table: dict[S, frozenset[S]] = {s: frozenset(table.get(s, ())) for s in {*table, *targets}}

    def allows(self, current: S, target: S) -> bool:
        return target in self.table[current]

    def require(self, current: S, target: S) -> S:
        """`target`, or IllegalTransition with the states that are allowed from here."""
        if not self.allows(current, target):
            allowed = ", ".join(sorted(self.table[current])) or "none, it is final"
            raise IllegalTransition(life=self.name, current=str(current), target=str(target), allowed=allowed)
        return target

    def is_terminal(self, state: S) -> bool:
        return not self.table[state]

    def reachable(self, start: S) -> frozenset[S]:
        seen, todo = {start}, [start]
        while todo:
            for following in self.table[todo.pop()] - seen:
                seen.add(following)
                todo.append(following)
        return frozenset(seen)

    def pairs(self) -> list[tuple[str, str]]:
        return sorted((str(a), str(b)) for a, bs in self.table.items() for b in bs)
