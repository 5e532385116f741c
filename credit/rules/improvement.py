"""When is an account's held order worth another look? When the same order would find more room than before."""

from decimal import Decimal
from typing import NamedTuple


class Movement(NamedTuple):
    """What one batch of postings did to an account, per bucket, signed."""

    open_order: Decimal
    released: Decimal
    shipped: Decimal
    receivable: Decimal
    unapplied: Decimal


def improvement(moved: Movement) -> str:
    """The cause, or an empty string. An order's way to the invoice only moves exposure along: no improvement."""
    if moved.unapplied > 0:
        return "payment"
    if moved.receivable < 0:
        return "receivable settled"
    moved_along = moved.released > 0 or moved.shipped > 0 or moved.receivable > 0
    fell = moved.open_order < 0 or moved.released < 0 or moved.shipped < 0
    total = moved.open_order + moved.released + moved.shipped + moved.receivable - moved.unapplied
    if fell and total < 0 and not moved_along:
        return "cancellation"
    return ""
