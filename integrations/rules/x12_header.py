"""The ISA and the characters: which encoding, which separators.

Separators are found by counting elements, never by byte 106: short, padded and wrapped ISAs are read.
"""

import re
from dataclasses import dataclass

from integrations.rules.problems import Problem, fatal, note
from integrations.rules.x12_tree import BLANKS, Separators

_MAX_ISA = 600  # an ISA has 106 characters; padding and newlines may double it a few times
_RAN_INTO_GS = re.compile(r"[^A-Za-z0-9 ]\s*(GS|ISB|ISE|TA1|ST|IEA)$")


def decode(data: bytes) -> tuple[str, tuple[Problem, ...]]:
    """UTF-8 or UTF-16 by their marks, UTF-8 by trying, Latin-1 as the fallback; NUL is taken out."""
    notes = []
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        text = data.decode("utf-16", errors="replace")
        notes.append(note("encoding_utf16", "The file is UTF-16; it was read as such."))
    else:
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = data.decode("latin-1").removeprefix("\u00ef\u00bb\u00bf")
            notes.append(note("encoding_latin1", "The file is not UTF-8; it was read as Latin-1."))
    if "\0" in text:
        text = text.replace("\0", "")
        notes.append(note("nul_characters", "NUL characters were taken out."))
    return text.replace("\ufeff", ""), tuple(notes)


@dataclass(frozen=True, slots=True)
class Header:
    isa: tuple[str, ...]
    separators: Separators
    end: int
    notes: tuple[Problem, ...]


def read_isa(text: str, here: int) -> Header | Problem:
    """Split the ISA by its own element separator; what follows the sixteenth gives the other two."""
    element = text[here + 3]
    parts = text[here : here + _MAX_ISA].split(element, 16)
    cut = next((i for i, part in enumerate(parts[:16]) if _RAN_INTO_GS.search(part)), None)
    if len(parts) < 17 or cut is not None:
        count = cut if cut is not None else len(parts) - 1
        return fatal("short_isa", f"The ISA segment has {count} of its 16 elements.", "ISA")
    component, segment, used = _tail(parts[16])
    if not segment:
        return fatal("truncated", "The file ends inside the ISA segment.", "ISA")
    end = here + sum(len(p) + 1 for p in parts[:16]) + used
    isa = (*(p.strip(BLANKS).replace("\r", "").replace("\n", "") for p in parts[:16]), component)
    repetition = isa[11] if len(isa[11]) == 1 and not isa[11].isalnum() else ""
    return Header(isa, Separators(element, component, segment, repetition), end, _isa_notes(parts))


def _tail(tail: str) -> tuple[str, str, int]:
    """From what follows the 16th separator: (component separator, segment terminator, characters used)."""
    if re.match(r"[ \t]*\r?\n\s*[A-Z]{2,3}\b", tail):  # ISA16 is empty and the line's end ends the segment
        return "", "\n", tail.index("\n") + 1
    start = len(tail) - len(tail.lstrip(BLANKS))
    component, rest = tail[start : start + 1], tail[start + 1 :]
    blank = len(rest) - len(rest.lstrip(" \t"))
    end = rest[blank : blank + 1]
    if not end:
        return component, "", 0
    if _stands_for_the_end(component, end, tail):
        return "", component, start + 1
    if end == "\r":
        crlf = rest[blank : blank + 2] == "\r\n"
        return component, "\n" if crlf else "\r", start + 1 + blank + (2 if crlf else 1)
    if end.isalnum():  # `…*P*~GS*…`: ISA16 is empty, its terminator stands where it should be
        return "", component, start + 1
    return component, end, start + 1 + blank + 1


def _stands_for_the_end(component: str, end: str, tail: str) -> bool:
    """True for `*~<newline>GS…~<newline>`: the tilde ends segments, there is no component separator."""
    lines = [line.rstrip(BLANKS) for line in tail.splitlines()[1:-1] if line.strip(BLANKS)]
    return end in "\r\n" and bool(lines) and all(line.endswith(component) for line in lines)


_WIDTHS = (3, 2, 10, 2, 10, 2, 15, 2, 15, 6, 4, 1, 5, 9, 1, 1)


def _isa_notes(parts: list[str]) -> tuple[Problem, ...]:
    odd = [f"ISA{n:02}" for n, (part, width) in enumerate(zip(parts, _WIDTHS, strict=False)) if len(part) != width]
    if not odd:
        return ()
    return (note("isa_widths", f"{', '.join(odd)} not of fixed width; read by element count.", "ISA"),)
