"""What can be wrong with what came in, as data: a problem never stops the reader, it decides a fate later."""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    NOTE = "note"  # worth saying, changes nothing
    ENVELOPE = "envelope"  # counts and control numbers: the partner profile decides
    CONTENT = "content"  # readable, but not by the book: accepted with errors
    FATAL = "fatal"  # cannot be read as an order


@dataclass(frozen=True, slots=True)
class Problem:
    """`segment` is the segment's id, `position` its number in the transaction set (ST = 1, 0 = outside one).

    `element` is the element's number inside the segment (0 = the whole segment), `value` the bad value.
    """

    code: str
    severity: Severity
    text: str
    segment: str = ""
    position: int = 0
    element: int = 0
    value: str = ""

    @property
    def where(self) -> str:
        """`PO1 (segment 7)`, `ISA`, or nothing when the file as a whole is meant."""
        return f"{self.segment} (segment {self.position})" if self.position else self.segment


def worst(problems: "tuple[Problem, ...]") -> Problem | None:
    """The gravest problem, the earliest among equals."""
    order = [Severity.FATAL, Severity.ENVELOPE, Severity.CONTENT, Severity.NOTE]
    return min(problems, key=lambda p: (order.index(p.severity), p.position), default=None)


def fatal(code: str, text: str, segment: str = "", position: int = 0) -> Problem:
    return Problem(code, Severity.FATAL, text, segment, position)


def note(code: str, text: str, segment: str = "") -> Problem:
    return Problem(code, Severity.NOTE, text, segment)


def envelope(code: str, text: str, segment: str, position: int = 0) -> Problem:
    return Problem(code, Severity.ENVELOPE, text, segment, position)
