"""What a vendor's answer means: what is short, how late it is, what it leaves us (domain.md §9)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from core.errors import FieldError
from core.money import round_amount
from core.quantity import is_exact, plain

ZERO, HUNDRED = Decimal(0), Decimal(100)


@dataclass(frozen=True)
class Asked:
    """A line of a vendor order. `key` is the line's id."""

    key: int
    qty: Decimal


def confirmed(lines: Iterable[Asked], said: Mapping[int, Decimal]) -> tuple[dict[int, Decimal], list[FieldError]]:
    """({line: what the vendor sends of it}, what is wrong with the answer). Lines it does not name are confirmed in full."""
    asked = {line.key: line.qty for line in lines}
    wrong = [
        FieldError(f"/lines/{key}", *_fault(asked.get(key), qty))
        for key, qty in said.items()
        if key not in asked or not is_exact(qty) or not ZERO <= qty <= asked[key]
    ]
    return {key: said.get(key, qty) for key, qty in asked.items()}, wrong


def _fault(asked: Decimal | None, qty: Decimal) -> tuple[str, str, str]:
    if asked is None:
        return "unknown_line", "This line is not part of the vendor's order.", "Reload it."
    words = f"{plain(qty)} is not between 0 and {plain(asked)}, with at most four decimal places."
    return "bad_quantity", words, "Ask the vendor again."


def days_late(promised: date | None, ship_date: date) -> int:
    """Calendar days behind the day it was to leave; 0 when it is not late or no day was promised."""
    return 0 if promised is None else max(0, (ship_date - promised).days)


def margin(unit_price: Decimal, unit_cost: Decimal, qty: Decimal, currency: str) -> tuple[Decimal, Decimal | None]:
    """(what a line leaves us at the vendor's cost, in percent of the price). Percent None where the price is nothing."""
    amount = round_amount((unit_price - unit_cost) * qty, currency)
    percent = None if unit_price == 0 else (unit_price - unit_cost) * HUNDRED / unit_price
    return amount, percent
