"""What a receipt of a transfer may say, and what it means. Quantities in base units; totals so far, not differences."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal

from core.errors import FieldError
from core.quantity import is_exact, plain

ZERO = Decimal(0)


@dataclass(frozen=True)
class TransferLineSpec:
    """What is to be moved. `lot_code` is empty for stock without lots."""

    product_id: int
    qty: Decimal
    lot_code: str = ""


@dataclass(frozen=True)
class Arrived:
    """All that has come of a line so far, in good order and damaged. The same again changes nothing."""

    good: Decimal
    damaged: Decimal = ZERO


@dataclass(frozen=True)
class Travelled:
    """A line of a transfer as it stands. `is_unit`: it is one unit with a serial number."""

    line_id: int
    shipped: Decimal
    received: Decimal
    damaged: Decimal
    missing: Decimal = ZERO
    is_unit: bool = False

    @property
    def in_transit(self) -> Decimal:
        return self.shipped - self.received - self.damaged - self.missing


def wrong_arrivals(lines: Mapping[int, Travelled], arrived: Mapping[int, Arrived]) -> list[FieldError]:
    """Everything that cannot be so, line by line."""
    errors = []
    for line_id, came in arrived.items():
        found = lines.get(line_id)
        if found is None:
            errors.append(_wrong(line_id, "unknown_line", "The transfer has no such line.", "Reload the page."))
        elif wrong := _wrong_arrival(found, came):
            errors.append(wrong)
    return errors


def _wrong_arrival(line: Travelled, came: Arrived) -> FieldError | None:
    if not all(is_exact(q) and q >= 0 for q in (came.good, came.damaged)):
        words = "What arrived is zero or more, of at most four decimal places."
        return _wrong(line.line_id, "not_a_quantity", words, "Count it again, in the base unit.")
    if line.is_unit and (came.good % 1 or came.damaged % 1):
        return part_of_a_unit(line.line_id)
    if came.good < line.received or came.damaged < line.damaged:
        known = f"{plain(line.received)} good and {plain(line.damaged)} damaged are booked already."
        return _wrong(line.line_id, "less_than_before", known, "Give all that has come so far; adjust what was wrong.")
    if came.good + came.damaged > line.shipped - line.missing:
        sent = f"Only {plain(line.shipped - line.missing)} were sent."
        return _wrong(line.line_id, "more_than_sent", sent, "Receive what was sent; book a surplus as an adjustment.")
    return None


def part_of_a_unit(line_id: int) -> FieldError:
    words = "The line is one unit with a serial number: a part of it is nowhere."
    return _wrong(line_id, "not_one_unit", words, "Say 1 where it is, or 0 where it is not.")


def wrong_shipments(
    asked: Mapping[int, Decimal], shipped: Mapping[int, Decimal], units: Collection[int] = ()
) -> list[FieldError]:
    """What cannot leave: more than was asked for, less than nothing, a part of one of the numbered `units`, nothing."""
    errors = []
    for line_id, qty in shipped.items():
        if line_id not in asked:
            errors.append(_wrong(line_id, "unknown_line", "The transfer has no such line.", "Reload the page."))
        elif not is_exact(qty) or not ZERO <= qty <= asked[line_id]:
            words = f"Between nothing and {plain(asked[line_id])} can be sent."
            errors.append(_wrong(line_id, "not_what_was_asked", words, "Ask for more by a transfer of its own."))
        elif line_id in units and qty % 1:
            errors.append(part_of_a_unit(line_id))
    if not errors and not any(shipped.values()):
        errors.append(FieldError("/lines", "nothing_sent", "Nothing is sent.", "Cancel the transfer instead."))
    return errors


def _wrong(line_id: int, code: str, message: str, remedy: str) -> FieldError:
    return FieldError(f"/lines/{line_id}", code, message, remedy)
