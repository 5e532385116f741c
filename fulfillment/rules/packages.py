"""What lies in which package, and whether a shipment may leave with it. Quantities in base units."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from core.errors import FieldError
from core.quantity import plain

ZERO = Decimal(0)
CM3_IN_M3 = Decimal(1_000_000)


@dataclass(frozen=True)
class Packable:
    """A picked shipment line: `left` of it lies in no package yet."""

    line_id: int
    product_id: int
    sku: str
    lot_code: str
    picked: Decimal
    packed: Decimal

    @property
    def left(self) -> Decimal:
        return self.picked - self.packed

    @property
    def name(self) -> str:
        return f"{self.sku} of {self.lot_code}" if self.lot_code else self.sku


@dataclass(frozen=True)
class Scanned:
    """A code as the catalog read it: a product, the base units one of it is, and the lot or serial number it carries."""

    code: str
    product_id: int
    sku: str
    qty: Decimal
    lot_code: str = ""


def place(
    scanned: Scanned, lines: Sequence[Packable], times: Decimal
) -> tuple[Mapping[int, Decimal], FieldError | None]:
    """{shipment line: base units} of what was scanned `times` times, oldest line first; or why it does not belong here.

    A code that carries a lot or serial number goes to the line of that lot alone: another one was not picked.
    """
    of_product = [x for x in lines if x.product_id == scanned.product_id]
    if not of_product:
        return {}, _refusal("not_in_shipment", f"{scanned.sku} is not in this shipment.", "Put it aside.")
    lots = sorted({x.lot_code for x in of_product if x.lot_code})
    if scanned.lot_code and lots:
        of_product = [x for x in of_product if x.lot_code.upper() == scanned.lot_code.upper()]
        if not of_product:
            words = f"{scanned.sku} {scanned.lot_code} was not picked for this shipment; {', '.join(lots)} was."
            return {}, _refusal("another_lot", words, "Fetch the one that was picked, or confirm the pick short.")
    elif len(lots) > 1:
        words = f"{scanned.sku} was picked of {', '.join(lots)}, and the code says none of them."
        return {}, _refusal("which_lot", words, "Scan the code with the lot, or type the quantity at its line.")
    wanted = scanned.qty * times
    room = sum((x.left for x in of_product), ZERO)
    if wanted > room:
        words = f"{plain(wanted)} of {scanned.sku} scanned, {plain(room)} still lie unpacked."
        return {}, _refusal("more_than_picked", words, "Count again; what is too much goes back to its place.")
    found: dict[int, Decimal] = {}
    for line in of_product:
        if (qty := min(wanted, line.left)) > 0:
            found[line.line_id] = qty
            wanted -= qty
    return found, None


def too_much(quantities: Mapping[int, Decimal], lines: Iterable[Packable]) -> list[FieldError]:
    """What cannot be put into a package: a line of another shipment, nothing, or more than lies unpacked."""
    known = {x.line_id: x for x in lines}
    errors = []
    for line_id, qty in quantities.items():
        line = known.get(line_id)
        if line is None:
            errors.append(FieldError(f"/lines/{line_id}", "unknown_line", "This line is not in the shipment."))
        elif not ZERO < qty <= line.left:
            words = f"{plain(qty)} of {line.name} cannot be packed; {plain(line.left)} still lie unpacked."
            errors.append(FieldError(f"/lines/{line_id}", "more_than_picked", words, "Give that much or less."))
    return errors


def cube_m3(length: Decimal | None, width: Decimal | None, height: Decimal | None) -> Decimal | None:
    """Of three sides in centimetres; None where one is not known."""
    if length is None or width is None or height is None:
        return None
    return length * width * height / CM3_IN_M3


def _refusal(code: str, words: str, remedy: str) -> FieldError:
    return FieldError("/code", code, words, remedy)
