"""A sum dealt over the invoice lines it is of."""

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple


class Billed(NamedTuple):
    """An invoice line with what is left of its amount."""

    id: int
    left: Decimal


def spread(amount: Decimal, lines: Sequence[Billed]) -> dict[int, Decimal]:
    """{line: part}, the first line first, none above what is left of it; together at most `amount`."""
    left, parts = amount, {}
    for line in lines:
        part = min(left, line.left)
        if part > 0:
            parts[line.id] = part
            left -= part
    return parts
