"""850 segments to a PurchaseOrder. Problems are data; only what would make a wrong order is fatal.

Sources: ASC X12 850 (versions 002001 to 005010 read alike), the VICS and aerospace guides behind the samples.
"""

import hashlib
import re
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from integrations.rules.problems import Problem, Severity
from integrations.rules.purchase_order import (
    PartNumber,
    Party,
    PoLine,
    PurchaseOrder,
    Split,
    StatedDate,
    Terms,
)
from integrations.rules.x12_tree import Segment, Transaction

MAX_LINES = 10_000
NEW_ORDER_PURPOSES = {"", "00", "05", "06", "07", "15", "18"}
PURPOSES = {"01": "cancels", "02": "adds to", "03": "deletes from", "04": "changes", "22": "informs about"}
_PER = {"PN": Decimal(10), "HP": Decimal(100), "TP": Decimal(1000)}  # PO105: price per ten, hundred, thousand
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)")
_SEGMENT_ID = re.compile(r"[A-Z][A-Z0-9]{1,2}")
_MAX_QUANTITY = Decimal("9999999999.9999")
_MAX_PRICE = Decimal("999999999999")


@dataclass(frozen=True)
class Reading:
    """`order` is None where a problem is fatal."""

    order: PurchaseOrder | None
    problems: tuple[Problem, ...]


def read_850(transaction: Transaction) -> Reading:
    """Never raises. The transaction's own envelope problems are not repeated here."""
    return _Reader(transaction).read()


def content_hash(transaction: Transaction) -> str:
    """SHA-256 of what the set says: no control numbers, no separators, no counts of segments."""
    body = [s for s in transaction.segments if s.id not in ("ST", "SE")]
    return hashlib.sha256("\n".join("\t".join(_trimmed(s.elements)) for s in body).encode()).hexdigest()


def _trimmed(elements: tuple[str, ...]) -> tuple[str, ...]:
    while elements and not elements[-1]:
        elements = elements[:-1]
    return elements


@dataclass
class _Loop:
    """What a header or a line gathers while its segments pass."""

    dates: list[StatedDate] = field(default_factory=list)
    parties: list[Party] = field(default_factory=list)
    references: list[tuple[str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass
class _OpenLine(_Loop):
    segment: Segment = field(default_factory=lambda: Segment("PO1", 0, ("PO1",)))
    descriptions: list[str] = field(default_factory=list)
    pack: tuple[str, ...] = ()
    splits: list[Split] = field(default_factory=list)
    schedule: list[Split] = field(default_factory=list)
    backorder_code: str = ""


class _Reader:
    def __init__(self, transaction: Transaction) -> None:
        self.segments = transaction.segments
        self.problems: list[Problem] = []
        self.beg: Segment | None = None
        self.header = _Loop()
        self.lines: list[_OpenLine] = []
        self.currency = self.freight = ""
        self.terms: Terms | None = None
        self.total: Decimal | None = None
        self.ctt: Segment | None = None

    def read(self) -> Reading:
        for segment in self.segments:
            self._take(segment)
        lines = tuple(line for n, raw in enumerate(self.lines, start=1) if (line := self._line(raw, n)))
        self._check_counts(lines)
        order = self._order(lines)
        fatal = any(p.severity is Severity.FATAL for p in self.problems)
        return Reading(None if fatal else order, tuple(self.problems))

    # --- segments -------------------------------------------------------------------------------------------
    def _take(self, s: Segment) -> None:
        loop: _Loop = self.lines[-1] if self.lines else self.header
        match s.id:
            case "BEG":
                self.beg = self.beg or s
            case "CUR":
                self.currency = s[2].upper() or self.currency
            case "DTM":
                self._date(s, loop)
            case "N1":
                loop.parties.append(Party(s[1], s[2], s[3], s[4]))
            case "N2" | "N3" | "N4":
                self._address(s, loop)
            case "REF" | "N9":
                loop.references.append((s[1], s[2] or s[3]))
            case "MSG" | "NTE" | "MTX":
                loop.notes.append(s[1] if s.id == "MSG" else s[2])
            case "ITD":
                self.terms = Terms(self._quiet(s[3]), _int(s[5]), _int(s[7]), s[12])
            case "FOB":
                self.freight = " ".join(e for e in (s[1], s[3]) if e)
            case "AMT":
                self.total = self._quiet(s[2]) if s[1] in ("TT", "1", "GV") and self.ctt else self.total
            case "CTT":
                self.ctt = s
            case "PO1":
                self.lines.append(_OpenLine(segment=s))
            case _:
                self._line_detail(s)

    def _line_detail(self, s: Segment) -> None:
        if not _SEGMENT_ID.fullmatch(s.id):
            self._flag("odd_segment", Severity.CONTENT, f"{s.id[:12]!r} is not a segment id.", s)
        if not self.lines:
            return
        line = self.lines[-1]
        if s.id == "PID":
            line.descriptions.append(s[5])
        elif s.id == "PO4":
            line.pack = _trimmed(s.elements[1:])
        elif s.id == "SDQ":
            line.splits += self._places(s)
        elif s.id == "SCH":
            self._schedule(s, line)
        elif s.id == "IT8":
            line.backorder_code = s[7]

    def _date(self, s: Segment, loop: _Loop) -> None:
        text = s[2] if s[2] else s[6]
        on = read_date(text, century=s[5])
        if on is not None:
            loop.dates.append(StatedDate(s[1], on))
        elif text:
            self._flag("bad_date", Severity.CONTENT, f"DTM02 {text!r} is not a date; it was left out.", s, 2)

    def _address(self, s: Segment, loop: _Loop) -> None:
        if not loop.parties:
            self._flag("stray_address", Severity.CONTENT, f"{s.id} came before any N1.", s)
            return
        p = loop.parties.pop()
        names, lines = p.more_names, p.lines
        if s.id == "N2":
            names += tuple(e for e in s.elements[1:] if e)
        elif s.id == "N3":
            lines += tuple(e for e in s.elements[1:] if e)
        place = (p.city, p.state, p.postal_code, p.country) if s.id != "N4" else (s[1], s[2], s[3], s[4])
        loop.parties.append(Party(p.code, p.name, p.qualifier, p.ident, names, lines, *place))

    def _places(self, s: Segment) -> list[Split]:
        pairs = zip(s.elements[3::2], s.elements[4::2], strict=False)
        found = [(i, self._number(q, s, "quantity", 4)) for i, q in pairs if i]
        return [Split(q, s[1], s[2], ident) for ident, q in found if q is not None and q > 0]

    def _schedule(self, s: Segment, line: _OpenLine) -> None:
        quantity = self._number(s[1], s, "quantity", 1)
        if quantity is not None and quantity > 0:
            line.schedule.append(Split(quantity, s[2], on=read_date(s[6], century="")))

    # --- what they make -------------------------------------------------------------------------------------
    def _line(self, raw: _OpenLine, place: int) -> PoLine | None:
        s = raw.segment
        quantity = self._quantity(raw)
        price = self._price(s)
        if quantity is None:
            return None
        pairs = zip(s.elements[6::2], s.elements[7::2], strict=False)
        parts = tuple(PartNumber(q, v) for q, v in pairs if v)
        if not parts:
            self._flag("no_part_number", Severity.CONTENT, "The line names no part number.", s)
        return PoLine(
            position=s.position,
            number=s[1] or str(place),
            quantity=quantity,
            unit=s[3].upper() or (raw.splits[0].unit.upper() if raw.splits else ""),
            price=price,
            basis=s[5],
            parts=parts,
            description=" ".join(d for d in raw.descriptions if d),
            pack=raw.pack,
            dates=tuple(raw.dates),
            ship_to=next((p for p in raw.parties if p.code == "ST"), None),
            splits=tuple(raw.splits),
            schedule=tuple(raw.schedule),
            references=tuple(raw.references),
            notes=tuple(n for n in raw.notes if n),
            backorder_code=raw.backorder_code,
        )

    def _quantity(self, raw: _OpenLine) -> Decimal | None:
        """PO102, or what SDQ or SCH add up to where PO102 is empty; above zero and within numeric(14,4)."""
        s, stated = raw.segment, raw.segment[2]
        parts = raw.splits or raw.schedule
        if not stated and parts:
            return sum((p.quantity for p in parts), Decimal(0))
        if not stated:
            self._flag("no_quantity", Severity.FATAL, "PO102, the quantity, is missing.", s, 2)
            return None
        quantity = self._number(stated, s, "quantity", 2)
        if quantity is not None and not 0 < quantity <= _MAX_QUANTITY:
            self._flag("bad_quantity", Severity.FATAL, f"PO102 {stated!r} is not a quantity to order.", s, 2)
            return None
        return quantity

    def _price(self, s: Segment) -> Decimal | None:
        if not s[4] or s[5] == "NC":
            return None if s[5] != "NC" else Decimal(0)
        price = self._number(s[4], s, "price", 4)
        if price is None:
            return None
        if not 0 <= price <= _MAX_PRICE:
            self._flag("bad_price", Severity.FATAL, f"PO104 {s[4]!r} is not a price.", s, 4)
            return None
        return (price / _PER.get(s[5], Decimal(1))).quantize(Decimal("0.000001"), ROUND_HALF_UP)

    def _check_counts(self, lines: tuple[PoLine, ...]) -> None:
        if self.ctt is None or not self.lines:
            return
        stated, hashed = _int(self.ctt[1]), self._quiet(self.ctt[2])
        if stated is not None and stated != len(self.lines):
            said = f"CTT01 says {stated}, {len(self.lines)} PO1 lines were received."
            self._flag("count_ctt", Severity.ENVELOPE, said, self.ctt, 1)
        total = sum((line.quantity for line in lines), Decimal(0))
        if hashed and len(lines) == len(self.lines) and hashed != total:
            self._flag(
                "hash_ctt",
                Severity.ENVELOPE,
                f"CTT02 says {hashed}, the quantities are {total}.",
                self.ctt,
                2,
            )

    def _order(self, lines: tuple[PoLine, ...]) -> PurchaseOrder | None:
        beg = self.beg
        if beg is None:
            self._missing("missing_beg", "BEG", "There is no BEG segment, so no purchase order number.")
            return None
        if not beg[3]:
            self._flag("no_po_number", Severity.FATAL, "BEG03, the purchase order number, is missing.", beg, 3)
        if beg[1] not in NEW_ORDER_PURPOSES:
            said = f"BEG01 {beg[1]} {PURPOSES.get(beg[1], 'is not a new order for')} PO {beg[3]}; do this by hand."
            self._flag("purpose", Severity.FATAL, said, beg, 1)
        if not self.lines:
            self._missing("missing_po1", "PO1", "There is no PO1 segment, so nothing is ordered.")
        if len(self.lines) > MAX_LINES:
            self._flag("too_many_lines", Severity.FATAL, f"More than {MAX_LINES:,} lines.", self.lines[-1].segment)
        on = read_date(beg[5], century="")
        if beg[5] and on is None:
            self._flag("bad_date", Severity.CONTENT, f"BEG05 {beg[5]!r} is not a date; it was left out.", beg, 5)
        return PurchaseOrder(
            purpose=beg[1],
            kind=beg[2],
            number=beg[3],
            release=beg[4],
            on=on,
            contract=beg[6],
            currency=self.currency,
            dates=tuple(self.header.dates),
            parties=tuple(self.header.parties),
            terms=self.terms,
            freight_terms=self.freight,
            references=tuple(self.header.references),
            notes=tuple(n for n in self.header.notes if n),
            lines=lines,
            total=self.total,
        )

    # --- values ---------------------------------------------------------------------------------------------
    def _number(self, text: str, s: Segment, what: str, element: int) -> Decimal | None:
        value = self._quiet(text)
        if value is None:
            said = f"{s.id}{element:02} {text[:30]!r} is not a {what}."
            self._flag("bad_number", Severity.FATAL, said, s, element)
            return None
        if what == "quantity" and value != value.quantize(Decimal("0.0001")):
            self._flag("bad_quantity", Severity.FATAL, f"{text!r} has more than 4 decimals.", s, element)
            return None
        return value

    def _quiet(self, text: str) -> Decimal | None:
        fits = len(text) <= 20 and text.isascii() and _NUMBER.fullmatch(text)
        return Decimal(text) if fits else None

    def _missing(self, code: str, segment: str, said: str) -> None:
        place = len(self.segments) if segment == "PO1" else 2
        self.problems.append(Problem(code, Severity.FATAL, said, segment, place))

    def _flag(self, code: str, severity: Severity, text: str, s: Segment, element: int = 0) -> None:
        value = s[element] if element else ""
        self.problems.append(Problem(code, severity, text, s.id[:12], s.position, element, value))


def _int(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else None


def read_date(text: str, *, century: str) -> date | None:
    """CCYYMMDD, or YYMMDD with its century beside it (DTM05) or guessed: 70 to 99 are the nineteen hundreds."""
    if not (text.isascii() and text.isdigit()) or len(text) not in (6, 8, 12):
        return None
    if len(text) == 6:
        guessed = "19" if text >= "70" else "20"
        text = (century if len(century) == 2 and century.isdigit() else guessed) + text
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:8]))
    except ValueError:
        return None
