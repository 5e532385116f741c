"""Which shipped goods a returned quantity is: the lot must have gone to that customer (domain.md §9)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from core.errors import FieldError
from core.quantity import plain
from fulfillment.states import Disposition

ZERO = Decimal(0)


@dataclass(frozen=True)
class SentPart:
    """A shipped part of an order line that is with the customer: `left` base units of it were not returned yet."""

    shipment_line_id: int
    order_line_id: int
    lot_code: str
    left: Decimal
    shipment_number: str = ""


@dataclass(frozen=True)
class Finding:
    """What the inspector says of a part of a return's line. `lot_code` may be empty where the product has no lots."""

    line_id: int
    qty: Decimal
    disposition: Disposition
    lot_code: str = ""
    note: str = ""


@dataclass(frozen=True)
class Awaiting:
    """A line of the return as the inspector has it: `open` base units were received and not disposed of yet."""

    line_id: int
    order_line_id: int
    sku: str
    open: Decimal


@dataclass(frozen=True)
class Proven:
    """A finding tied to the shipment it left by."""

    finding: Finding
    shipment_line_id: int
    qty: Decimal


def prove(
    findings: Sequence[Finding], awaiting: Iterable[Awaiting], sent: Iterable[SentPart]
) -> tuple[list[Proven], list[FieldError]]:
    """Each finding on the shipped parts it can be, oldest first; every one that cannot be is a problem with its remedy.

    A lot or serial number that was never shipped on that order line is refused; so is more than was received.
    """
    lines = {x.line_id: x for x in awaiting}
    open_left = {x.line_id: x.open for x in lines.values()}
    parts = sorted(sent, key=lambda p: p.shipment_line_id)
    left = {p.shipment_line_id: p.left for p in parts}
    proven: list[Proven] = []
    problems: list[FieldError] = []
    for n, finding in enumerate(findings):
        line = lines.get(finding.line_id)
        where = f"/findings/{n}"
        if line is None:
            problems.append(FieldError(where, "unknown_line", "This line is not part of the return.", "Open it again."))
            continue
        if finding.qty <= 0:
            problems.append(FieldError(where, "not_a_quantity", f"{line.sku}: {plain(finding.qty)} is no quantity."))
            continue
        if finding.qty > open_left[line.line_id]:
            words = f"{line.sku}: {plain(finding.qty)} inspected, {plain(open_left[line.line_id])} wait for it."
            problems.append(FieldError(where, "more_than_received", words, "Receive what came first, or lower it."))
            continue
        of_line = [p for p in parts if p.order_line_id == line.order_line_id]
        fitting = [p for p in of_line if _fits(p, finding)]
        if sum((left[p.shipment_line_id] for p in fitting), ZERO) < finding.qty:
            problems.append(_not_theirs(where, line.sku, finding, of_line))
            continue
        open_left[line.line_id] -= finding.qty
        proven += _spread(finding, fitting, left)
    return proven, problems


def _fits(part: SentPart, finding: Finding) -> bool:
    if finding.lot_code:
        return part.lot_code.upper() == finding.lot_code.strip().upper()
    return not part.lot_code or finding.disposition == Disposition.MISSING  # what is not there cannot be read


def _not_theirs(where: str, sku: str, finding: Finding, sent: Sequence[SentPart]) -> FieldError:
    lots = sorted({p.lot_code for p in sent if p.lot_code and p.left > 0})
    known = f"With the customer are {', '.join(lots)}." if lots else "Nothing of this line is with the customer."
    if not finding.lot_code:
        return FieldError(where, "lot_missing", f"{sku} was shipped by lot: say which came back.", known)
    words = f"{sku}: {plain(finding.qty)} of lot {finding.lot_code} were not shipped to this customer on this order."
    return FieldError(where, "not_shipped_to_them", words, f"Read the label again. {known}")


def _spread(finding: Finding, fitting: Sequence[SentPart], left: dict[int, Decimal]) -> list[Proven]:
    wanted, found = finding.qty, []
    for part in fitting:
        qty = min(wanted, left[part.shipment_line_id])
        if qty > 0:
            left[part.shipment_line_id] -= qty
            wanted -= qty
            found.append(Proven(finding, part.shipment_line_id, qty))
    return found
