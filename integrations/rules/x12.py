"""X12 envelopes, read leniently: every interchange, group and set of a file, and what is wrong with each.

Nothing here raises on bad input: what cannot be read becomes a `Fragment` with its reason, everything else a
tree with `problems`. Source: ASC X12.5 (interchange control structure), X12.6 (segments), and the samples.
"""

import re
from dataclasses import dataclass, field

from integrations.rules.problems import Problem, envelope, fatal, note
from integrations.rules.x12_header import Header, decode, read_isa
from integrations.rules.x12_tree import BLANKS, Fragment, Group, Interchange, ParsedFile, Transaction

MAX_BYTES = 20 * 1024 * 1024
_ISA = re.compile(r"ISA([^A-Za-z0-9 \r\n])")
_NEXT_ISA = re.compile(r"(?<![A-Za-z0-9])ISA([^A-Za-z0-9 \r\n])[A-Za-z0-9 ]{0,4}\1")
_NEW_LINE_ISA = re.compile(r"[\r\n][ \t]*(?=ISA([^A-Za-z0-9 \r\n])[A-Za-z0-9 ]{0,4}\1)")
_EDIFACT = re.compile(r"UN[ABGH][^A-Za-z0-9 ]")
_X12_START = re.compile(r"(GS|ST|BEG|SE|GE|IEA|TA1)[^A-Za-z0-9 ]")


def parse(data: bytes) -> ParsedFile:
    """Read a whole file. Never raises; an empty file is one fragment saying so."""
    if len(data) > MAX_BYTES:
        return ParsedFile((), (Fragment("", too_large(len(data))),))
    text, notes = decode(data)
    interchanges: list[Interchange] = []
    fragments: list[Fragment] = []
    here = _skip(text, 0)
    while here < len(text):
        here = _skip(text, _one_piece(text, here, interchanges, fragments))
    if not interchanges and not fragments:
        fragments.append(Fragment("", fatal("empty_file", "The file is empty.")))
    return ParsedFile(tuple(interchanges), tuple(fragments), notes)


def too_large(size: int | None) -> Problem:
    """The refusal of a file over the limit; `size` in bytes where it is known."""
    said = f"{size:,} bytes" if size else "the file"
    return fatal("too_large", f"{said}: more than the {MAX_BYTES // 2**20} MB limit. Ask for smaller interchanges.")


def _skip(text: str, here: int) -> int:
    """Past blank lines, spaces and an end-of-file mark of old."""
    while here < len(text) and text[here] in " \t\r\n\x1a":
        here += 1
    return here


def _one_piece(text: str, here: int, interchanges: list[Interchange], fragments: list[Fragment]) -> int:
    """Read the interchange or the fragment that starts at `here`; returns where it ends."""
    if _ISA.match(text, here):
        header = read_isa(text, here)
        if isinstance(header, Problem):
            return _fragment(text, here, here + 3, header, fragments)
        interchange, end = _Reader(text, here, header).read()
        interchanges.append(interchange)
        return end
    return _fragment(text, here, here, None, fragments)


def _fragment(text: str, here: int, search: int, problem: Problem | None, into: list[Fragment]) -> int:
    found = _NEXT_ISA.search(text, search)
    end = found.start() if found else len(text)
    piece = text[here:end]
    if piece.strip(BLANKS + "~'!|\x1c\x1d\x1e\x85"):
        into.append(Fragment(piece[:20_000], problem or _why_not_x12(piece)))
    return end


def _why_not_x12(piece: str) -> Problem:
    if _EDIFACT.match(piece):
        return fatal("edifact", "EDIFACT is not read yet.", piece[:3])
    found = _X12_START.match(piece)
    if found:
        return fatal("missing_isa", "There is no ISA envelope, so sender and separators are unknown.", found[1])
    return fatal("not_x12", f"This is not X12: it starts with {piece[:12]!r}, not with ISA.")


@dataclass
class _OpenSet:
    texts: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    set_id: str = ""
    control: str = ""


@dataclass
class _OpenGroup:
    gs: tuple[str, ...]
    transactions: list[Transaction] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    counted: int | None = None


class _Reader:
    """One interchange, segment by segment. `read` returns it and where in the text it ends."""

    def __init__(self, text: str, start: int, header: Header) -> None:
        self.text, self.start, self.header = text, start, header
        self.seps = header.separators
        self.groups: list[Group] = []
        self.problems: list[Problem] = list(header.notes)
        self.group: _OpenGroup | None = None
        self.open: _OpenSet | None = None
        self.closed_by_iea = False

    def read(self) -> tuple[Interchange, int]:
        end = self._walk(self.header.end)
        if not self.closed_by_iea:
            self.problems.append(envelope("missing_iea", "The interchange has no IEA trailer.", "IEA"))
        self._close_group(None)
        text = self.text[self.start : end]
        return Interchange(self.header.isa, self.seps, tuple(self.groups), text, tuple(self.problems)), end

    def _walk(self, here: int) -> int:
        """Take segments until IEA, the next ISA or the end of the text."""
        size, terminator = len(self.text), self.seps.segment
        while here < size:
            found = self.text.find(terminator, here)
            stop, after = (size, size) if found < 0 else (found, found + 1)
            raw = self.text[here:stop]
            if "ISA" in raw and (cut := self._next_interchange(raw)) is not None:
                self._take(self._clean(raw[:cut]), ended=False)
                self._cut_short()
                return here + cut
            self._take(self._clean(raw), ended=found >= 0)
            here = after
            if self.closed_by_iea:
                return here
        self._cut_short()
        return size

    def _next_interchange(self, raw: str) -> int | None:
        """Where in this segment's text the next interchange starts, None if it does not."""
        lead = len(raw) - len(raw.lstrip(BLANKS))
        if _ISA.match(raw, lead):
            return lead
        found = _NEW_LINE_ISA.search(raw)
        return found.end() if found else None

    def _clean(self, raw: str) -> str:
        return raw.strip(BLANKS + "\x1a").replace("\r", "").replace("\n", "")

    def _take(self, text: str, *, ended: bool) -> None:
        if not text:
            return
        head = text.split(self.seps.element, 1)[0].strip(BLANKS)
        takers = {"GS": self._gs, "ST": self._st, "SE": self._se, "GE": self._ge, "IEA": self._iea}
        if head in takers:
            takers[head](text)
        elif self.open is not None:
            self.open.texts.append(text)
            if not ended:
                self.open.problems.append(
                    fatal("truncated", "The file ends inside this segment.", head[:3], len(self.open.texts))
                )
        elif head in ("ISB", "ISE", "TA1") and self.group is None:
            self.problems.append(note("service_segment", f"{head} was read and not acted on.", head))
        else:
            self._stray(text, head)

    def _elements(self, text: str, least: int) -> tuple[str, ...]:
        elements = [e.strip(BLANKS) for e in text.split(self.seps.element)]
        return tuple(elements + [""] * (least - len(elements)))

    def _stray(self, text: str, head: str) -> None:
        """Segments between sets: kept as a set of their own that cannot be read; nothing is dropped."""
        self.open = _OpenSet([text])
        said = f"The segment {head[:12]!r} stands outside a transaction set (no ST before it)."
        self.open.problems.append(fatal("missing_st", said, head[:3], 1))

    def _gs(self, text: str) -> None:
        self._close_group(envelope("missing_ge", "The group has no GE trailer.", "GE"))
        self.group = _OpenGroup(self._elements(text, 9))

    def _st(self, text: str) -> None:
        self._close_set(envelope("missing_se", "The set has no SE trailer.", "SE"))
        elements = self._elements(text, 3)
        self.open = _OpenSet([text], [], elements[1], elements[2])
        if not elements[1]:
            self.open.problems.append(fatal("missing_set_id", "ST01 is empty: which set is this?", "ST", 1))
        if not elements[2]:
            self.open.problems.append(envelope("missing_set_control", "ST02 is empty.", "ST", 1))

    def _se(self, text: str) -> None:
        if self.open is None:
            self._stray(text, "SE")
            self._close_set(None)
            return
        self.open.texts.append(text)
        elements, count = self._elements(text, 3), len(self.open.texts)
        if _number(elements[1]) != count:
            said = f"SE01 says {elements[1] or 'nothing'}, {count} segments were received."
            self.open.problems.append(envelope("count_se", said, "SE", count))
        if not _same(elements[2], self.open.control):
            said = f"SE02 {elements[2]!r} is not ST02 {self.open.control!r}."
            self.open.problems.append(envelope("control_se", said, "SE", count))
        self._close_set(None)

    def _ge(self, text: str) -> None:
        self._close_set(envelope("missing_se", "The set has no SE trailer.", "SE"))
        if self.group is None:
            self.problems.append(envelope("missing_gs", "A GE trailer came without its GS.", "GE"))
            return
        elements, received = self._elements(text, 3), len(self.group.transactions)
        self.group.counted = _number(elements[1])
        if self.group.counted != received:
            said = f"GE01 says {elements[1] or 'nothing'}, {received} sets were received."
            self.group.problems.append(envelope("count_ge", said, "GE"))
        if not _same(elements[2], self.group.gs[6]):
            said = f"GE02 {elements[2]!r} is not GS06 {self.group.gs[6]!r}."
            self.group.problems.append(envelope("control_ge", said, "GE"))
        self._close_group(None)

    def _iea(self, text: str) -> None:
        self._close_group(envelope("missing_ge", "The group has no GE trailer.", "GE"))
        elements, received = self._elements(text, 3), len(self.groups)
        if _number(elements[1]) != received:
            said = f"IEA01 says {elements[1] or 'nothing'}, {received} groups were received."
            self.problems.append(envelope("count_iea", said, "IEA"))
        if not _same(elements[2], self.header.isa[13]):
            said = f"IEA02 {elements[2]!r} is not ISA13 {self.header.isa[13]!r}."
            self.problems.append(envelope("control_iea", said, "IEA"))
        self.closed_by_iea = True

    def _cut_short(self) -> None:
        """The text ended without IEA. An open set is whole only if its CTT came; else lines may be missing."""
        if self.open is not None:
            whole = any(t.startswith("CTT" + self.seps.element) for t in self.open.texts[-4:])
            se = envelope("missing_se", "The set has no SE trailer; its CTT was received.", "SE")
            lost = fatal("truncated", "The file ends inside this set.", "SE", len(self.open.texts))
            self._close_set(se if whole else lost)
        self._close_group(envelope("missing_ge", "The group has no GE trailer.", "GE"))

    def _close_set(self, problem: Problem | None) -> None:
        if self.open is None:
            return
        if problem is not None:
            self.open.problems.append(problem)
        if self.group is None:
            self.group = _OpenGroup(("GS", *[""] * 8))
            self.group.problems.append(envelope("missing_gs", "The set came without a GS group header.", "GS"))
        done = self.open
        self.group.transactions.append(
            Transaction(done.set_id, done.control, tuple(done.texts), self.seps, tuple(done.problems))
        )
        self.open = None

    def _close_group(self, problem: Problem | None) -> None:
        self._close_set(problem and envelope("missing_se", "The set has no SE trailer.", "SE"))
        if self.group is None:
            return
        if problem is not None:
            self.group.problems.append(problem)
        done = self.group
        counted = len(done.transactions) if done.counted is None else done.counted
        self.groups.append(Group(done.gs, tuple(done.transactions), tuple(done.problems), counted))
        self.group = None


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 12 else None


def _same(one: str, other: str) -> bool:
    """Control numbers are numbers where both are digits: 0001 is 1."""
    left, right = _number(one), _number(other)
    return left == right if left is not None and right is not None else one == other
