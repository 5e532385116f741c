"""The tree an X12 file is read into: interchange, group, set, segment; and what was no interchange."""

from dataclasses import dataclass
from functools import cached_property

from integrations.rules.problems import Problem

BLANKS = " \t\r\n"


@dataclass(frozen=True, slots=True)
class Separators:
    """One character each. `repetition` is empty below version 00402."""

    element: str
    component: str
    segment: str
    repetition: str = ""


@dataclass(frozen=True, slots=True)
class Segment:
    """`position` counts from ST = 1 inside the set. Elements are trimmed; `[n]` past the end is empty."""

    id: str
    position: int
    elements: tuple[str, ...]

    def __getitem__(self, number: int) -> str:
        return self.elements[number] if number < len(self.elements) else ""

    def __len__(self) -> int:
        return len(self.elements)


@dataclass(frozen=True)
class Transaction:
    """One transaction set, ST to SE. Segments stay text until asked for: a 20 MB file has 700,000."""

    set_id: str
    control: str
    texts: tuple[str, ...]
    separators: Separators
    problems: tuple[Problem, ...] = ()

    @cached_property
    def segments(self) -> tuple[Segment, ...]:
        return tuple(_segment(t, i, self.separators) for i, t in enumerate(self.texts, start=1))

    @property
    def text(self) -> str:
        """For people: one segment a line."""
        return "\n".join(self.texts)


@dataclass(frozen=True)
class Group:
    """A functional group, GS to GE; `gs` holds GS01…GS08 at 1…8 (padded with empty strings)."""

    gs: tuple[str, ...]
    transactions: tuple[Transaction, ...]
    problems: tuple[Problem, ...] = ()
    counted: int = 0  # GE01 as sent, or what was received where GE01 is not a number

    @property
    def functional_id(self) -> str:
        return self.gs[1]

    @property
    def sender(self) -> str:
        return self.gs[2]

    @property
    def receiver(self) -> str:
        return self.gs[3]

    @property
    def control(self) -> str:
        return self.gs[6]

    @property
    def version(self) -> str:
        return self.gs[8]


@dataclass(frozen=True)
class Interchange:
    """ISA to IEA. `isa[n]` is ISA-n, trimmed; `text` the characters it was read from."""

    isa: tuple[str, ...]
    separators: Separators
    groups: tuple[Group, ...]
    text: str
    problems: tuple[Problem, ...] = ()

    @property
    def sender_qualifier(self) -> str:
        return self.isa[5]

    @property
    def sender(self) -> str:
        return self.isa[6]

    @property
    def receiver_qualifier(self) -> str:
        return self.isa[7]

    @property
    def receiver(self) -> str:
        return self.isa[8]

    @property
    def date(self) -> str:
        return self.isa[9]

    @property
    def time(self) -> str:
        return self.isa[10]

    @property
    def control(self) -> str:
        return self.isa[13]

    @property
    def transactions(self) -> tuple[Transaction, ...]:
        return tuple(t for g in self.groups for t in g.transactions)


@dataclass(frozen=True)
class Fragment:
    """Part of a file that is no X12 interchange, with the reason."""

    text: str
    problem: Problem


@dataclass(frozen=True)
class ParsedFile:
    interchanges: tuple[Interchange, ...]
    fragments: tuple[Fragment, ...]
    problems: tuple[Problem, ...] = ()


def _segment(text: str, position: int, separators: Separators) -> Segment:
    elements = tuple(e.strip(BLANKS) for e in text.split(separators.element))
    return Segment(elements[0], position, elements)
