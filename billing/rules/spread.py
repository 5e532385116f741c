"""A sum dealt over the invoice lines it is of."""

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from core.money import EXACT, round_amount

ZERO = Decimal(0)


class Billed(NamedTuple):
    """An invoice line with what is left of its amount and the base units that were not given back; 0 units: it bills no
    goods but what goods billed elsewhere cost more."""

    id: int
    left: Decimal
    qty: Decimal = ZERO


def spread(amount: Decimal, lines: Sequence[Billed], currency: str) -> dict[int, Decimal]:
    """{line: part}, none above what is left of it; together at most `amount`. Lines of goods first, so that afterwards a
    unit costs the same whichever line billed it, to the cent; then the others, the first first."""
    goods = [x for x in lines if x.qty > ZERO and x.left > ZERO]
    parts = _evened(min(amount, sum((x.left for x in goods), ZERO)), goods, currency)
    left = amount - sum(parts.values(), ZERO)
    for line in lines:
        part = min(left, line.left - parts.get(line.id, ZERO))
        if part > ZERO:
            parts[line.id] = parts.get(line.id, ZERO) + part
            left -= part
    return parts


def _evened(amount: Decimal, goods: Sequence[Billed], currency: str) -> dict[int, Decimal]:
    """Taken from the lines that cost most a unit, down to one price for all that gave something."""
    dearest = sorted(goods, key=lambda x: (-EXACT.divide(x.left, x.qty), x.id))
    taken, price = _level(amount, dearest)
    parts: dict[int, Decimal] = {}
    exact = given = ZERO
    for line in taken:
        exact += line.left - EXACT.multiply(price, line.qty)
        part = min(round_amount(exact, currency) - given, line.left)
        if part > ZERO:
            parts[line.id] = part
            given += part
    return parts


def _level(amount: Decimal, dearest: Sequence[Billed]) -> tuple[Sequence[Billed], Decimal]:
    """(the lines that give, what a unit costs on them afterwards)."""
    left = qty = ZERO
    for n, line in enumerate(dearest):
        left, qty = left + line.left, qty + line.qty
        price = EXACT.divide(left - amount, qty)
        rest = dearest[n + 1 :]
        if price >= ZERO and (not rest or price >= EXACT.divide(rest[0].left, rest[0].qty)):
            return dearest[: n + 1], price
    return (), ZERO
