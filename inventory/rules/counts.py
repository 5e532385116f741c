"""What a count found against the books, and what that is worth."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

ZERO = Decimal(0)
CENT = Decimal("0.01")


@dataclass(frozen=True)
class FoundStock:
    """Goods that were on no line of the count. `lot_code` is empty for stock without lots."""

    product_id: int
    qty: Decimal
    lot_code: str = ""


@dataclass(frozen=True)
class Counted:
    """A counted line. `moved_since` is what came (left, negative) by movements after it was counted."""

    line_id: int
    balance_id: int
    product_id: int
    counted: Decimal
    on_hand: Decimal
    moved_since: Decimal = ZERO
    cost: Decimal | None = None

    @property
    def variance(self) -> Decimal:
        """More (less, negative) than the books say now, had nothing moved since the count."""
        return self.counted + self.moved_since - self.on_hand

    @property
    def worth(self) -> Decimal:
        """The size of the variance at standard cost; a product without a cost is worth nothing here."""
        return (abs(self.variance) * (self.cost or ZERO)).quantize(CENT)


def worth(lines: Iterable[Counted]) -> Decimal:
    """Losses and gains do not make up for each other."""
    return sum((line.worth for line in lines), ZERO)


def fingerprint(lines: Iterable[Counted]) -> str:
    """What an approval is given for: every figure counted and every variance."""
    parts = sorted((x.line_id, f"{x.counted:.4f}", f"{x.variance:.4f}") for x in lines)
    return hashlib.sha256(repr(parts).encode()).hexdigest()
