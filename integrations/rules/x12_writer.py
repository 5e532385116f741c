"""Writing X12: segments in given separators, and an ISA of exactly 106 characters."""

from dataclasses import dataclass
from datetime import datetime

from integrations.rules.x12_tree import Interchange, Separators


@dataclass(frozen=True)
class Control:
    """Our own control numbers for what we send, and the moment it is written."""

    interchange: int
    group: int
    at: datetime


class Writer:
    """Joins elements to segments; a separator in a value becomes a space, other alphabets a question mark."""

    def __init__(self, separators: Separators) -> None:
        self.element, self.segment = separators.element, separators.segment
        taken = {separators.element, separators.segment}
        self.component = separators.component or next(c for c in ">:^|" if c not in taken)
        self.repetition = separators.repetition
        marks = {self.element, self.component, self.segment, self.repetition, "\r", "\n"} - {""}
        self._blank = str.maketrans(dict.fromkeys(marks, " "))
        self._parts: list[str] = []

    @property
    def count(self) -> int:
        return len(self._parts)

    def add(self, name: str, *elements: str) -> None:
        values = [self._plain(e) for e in elements]
        while values and not values[-1]:
            values.pop()
        self._parts.append(self.element.join([name, *values]) + self.segment)

    def isa(self, theirs: Interchange, control: Control) -> None:
        """Exactly 106 characters with its terminator: every element at its fixed width."""
        four = ("00", " " * 10, "00", " " * 10)
        us = (_wide(theirs.receiver_qualifier, 2, "ZZ"), _wide(theirs.receiver, 15))
        them = (_wide(theirs.sender_qualifier, 2, "ZZ"), _wide(theirs.sender, 15))
        when = (control.at.strftime("%y%m%d"), control.at.strftime("%H%M"))
        version = theirs.isa[12] if theirs.isa[12].isdigit() and len(theirs.isa[12]) == 5 else "00401"
        number, usage = (
            f"{control.interchange % 10**9:09}",
            theirs.isa[15] if theirs.isa[15] in ("T", "P") else "P",
        )
        mark = self.repetition or "U"
        fields = (
            *four,
            *(self._plain(i) for i in us + them),
            *when,
            mark,
            version,
            number,
            "0",
            usage,
            self.component,
        )
        self._parts.append(self.element.join(["ISA", *fields]) + self.segment)

    def text(self) -> str:
        return "".join(self._parts)

    def _plain(self, value: str) -> str:
        return value.translate(self._blank).encode("ascii", "replace").decode().replace("\0", " ")


def _wide(text: str, width: int, instead: str = "") -> str:
    return (text or instead).ljust(width)[:width]
