"""From what a purchase order says to what our order will say: lines per place and date, one part per line."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from integrations.rules.purchase_order import PartNumber, Party, PoLine, PurchaseOrder

OURS_FIRST = ("VN", "VP", "SK", "CB", "BP", "IN", "PO", "UP", "UK", "EN", "UI", "UA", "MG", "MF")
DELIVERY = ("002", "106", "064", "010", "037", "038", "017", "063")
NEVER_BY_ITSELF = frozenset({"BK", "BE", "BH"})  # blanket orders and estimates wait for a person


@dataclass(frozen=True, slots=True)
class WantedLine:
    """One order line to be. `ref` is unique in the order: PO101, made so where the partner repeats himself."""

    line_no: int
    ref: str
    quantity: Decimal
    source: PoLine
    place: str = ""
    on: date | None = None


def wanted_lines(order: PurchaseOrder) -> list[WantedLine]:
    """A line with SDQ or SCH whose parts add up becomes one line per place or date."""
    said = Counter(line.number for line in order.lines)
    wanted: list[WantedLine] = []
    for line in order.lines:
        ref = line.number[:40] if said[line.number] == 1 else f"{line.number[:40]}@{line.position}"
        for n, (quantity, place, on) in enumerate(_parts(line), start=1):
            own = ref if n == 1 else f"{ref}/{n}"
            wanted.append(WantedLine(len(wanted) + 1, own, quantity, line, place, on))
    return wanted


def _parts(line: PoLine) -> list[tuple[Decimal, str, date | None]]:
    on = line.date_of(*DELIVERY)
    place = line.ship_to.ident if line.ship_to else ""
    if line.splits and sum((s.quantity for s in line.splits), Decimal(0)) == line.quantity:
        return [(s.quantity, s.ident, on) for s in line.splits]
    if line.schedule and sum((s.quantity for s in line.schedule), Decimal(0)) == line.quantity:
        return [(s.quantity, place, s.on or on) for s in line.schedule]
    return [(line.quantity, place, on)]


def in_our_order(parts: Sequence[PartNumber]) -> list[PartNumber]:
    """The partner's names for our number first, then his own, then bar codes, then the rest."""
    places = {q: i for i, q in enumerate(OURS_FIRST)}
    return sorted(parts, key=lambda p: places.get(p.qualifier, len(places)))


def agreed_product(products: Iterable[int]) -> int | None:
    """The product all resolved part numbers agree on; None where they disagree or none is known."""
    found = set(products)
    return found.pop() if len(found) == 1 else None


def our_unit(stated: str, unit_map: Mapping[str, str], units: Iterable[str], base: str) -> str | None:
    """Our code for the stated unit, "" for the base unit, None where the product does not have it."""
    unit = unit_map.get(stated, stated).upper()
    if unit in ("", base.upper()):
        return ""
    if unit in {u.upper() for u in units}:
        return unit
    each = {"EA", "PC", "PCE", "UN", "EACH", "C62"}
    return "" if unit in each and base.upper() in each else None


def stated_description(line: PoLine) -> str:
    numbers = ", ".join(f"{p.qualifier} {p.value}".strip() for p in line.parts)
    return f"{line.description} [{numbers}]".strip()[:300]


def order_note(order: PurchaseOrder, limit: int = 4000) -> str:
    """What the partner wrote that has no field of its own."""
    said = list(order.notes)
    if order.terms and order.terms.text:
        said.append(f"Terms: {order.terms.text}")
    if order.freight_terms:
        said.append(f"Freight: {order.freight_terms}")
    if order.contract:
        said.append(f"Contract: {order.contract}")
    said += [f"{q} {v}" for q, v in order.references if v]
    said += [f"Line {line.number}: {note}" for line in order.lines for note in line.notes]
    return "\n".join(said)[:limit]


def address_of(party: Party | None) -> str:
    if party is None:
        return ""
    place = " ".join(p for p in (party.city, party.state, party.postal_code, party.country) if p)
    return ", ".join(p for p in (party.name, *party.more_names, *party.lines, place, party.ident) if p)
