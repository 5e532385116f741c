"""The 846 inventory advice: what this customer can have of each product now, and more by when.

Source: ASC X12 846, version 004010. QTY01 33 is the quantity available for sale; each SCH adds what can be promised
from a day on (SCH05 018, available), so that QTY and the SCHs of a line sum to what can be promised in the end.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from core.quantity import plain
from integrations.rules.x12_tree import Interchange, Separators
from integrations.rules.x12_writer import Control, Writer

VERSION = "004010"
OURS = Separators("*", ">", "~")
GTIN_QUALIFIERS = {12: "UP", 13: "EN", 14: "UK"}
NAME_LENGTH = 80  # PID05


@dataclass(frozen=True)
class Parties:
    """Qualifier and id of both ends of the interchange, and the ids of the group."""

    our_qualifier: str
    our_id: str
    their_qualifier: str
    their_id: str
    their_gs_id: str
    seller: str = ""
    buyer: str = ""
    buyer_code: str = ""


@dataclass(frozen=True)
class AdviceLine:
    """`available` now, in `unit` as the customer calls it; `later` are the further quantities by day."""

    sku: str
    part_number: str
    gtin: str
    name: str
    unit: str
    available: Decimal
    later: tuple[tuple[date, Decimal], ...] = ()


def increments(points: Sequence[tuple[date, Decimal]], now: Decimal) -> tuple[tuple[date, Decimal], ...]:
    """What each day adds to what was there before, of cumulative points; days that add nothing are left out."""
    found, before = [], now
    for day, qty in points:
        if qty > before:
            found.append((day, qty - before))
            before = qty
    return tuple(found)


def write_846(lines: Sequence[AdviceLine], parties: Parties, control: Control, *, reference: str) -> str:
    """One interchange with one group (IB) and one set."""
    out = Writer(OURS)
    out.isa(_from_us(parties), control)
    when = (control.at.strftime("%Y%m%d"), control.at.strftime("%H%M"))
    receiver = parties.their_gs_id or parties.their_id
    out.add("GS", "IB", parties.our_id, receiver, *when, str(control.group), "X", VERSION)
    start = out.count
    out.add("ST", "846", "0001")
    out.add("BIA", "00", "SI", reference, *when)
    if parties.seller:
        out.add("N1", "SU", parties.seller)
    out.add("N1", "BY", parties.buyer, "91", parties.buyer_code)
    for number, line in enumerate(lines, start=1):
        _write_line(out, number, line)
    out.add("CTT", str(len(lines)))
    out.add("SE", str(out.count - start + 1), "0001")
    out.add("GE", "1", str(control.group))
    out.add("IEA", "1", f"{control.interchange % 10**9:09}")
    return out.text()


def _write_line(out: Writer, number: int, line: AdviceLine) -> None:
    known = [("VP", line.sku), ("BP", line.part_number), (GTIN_QUALIFIERS.get(len(line.gtin), ""), line.gtin)]
    pairs = [text for qualifier, code in known if qualifier and code for text in (qualifier, code)]
    out.add("LIN", str(number), *pairs)
    out.add("PID", "F", "", "", "", line.name[:NAME_LENGTH])
    out.add("QTY", "33", plain(line.available), line.unit)
    for day, qty in line.later:
        out.add("SCH", plain(qty), line.unit, "", "", "018", f"{day:%Y%m%d}")


def _from_us(parties: Parties) -> Interchange:
    """The interchange they might have sent us: the writer answers it, with the ends changed over."""
    isa = [""] * 17
    isa[5], isa[6], isa[7], isa[8] = parties.their_qualifier, parties.their_id, parties.our_qualifier, parties.our_id
    isa[12], isa[15] = "00401", "P"
    return Interchange(tuple(isa), OURS, (), "")
