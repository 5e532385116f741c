"""What a returned quantity is worth: its part of the line, so that the parts add up to the line to the cent."""

from dataclasses import dataclass
from decimal import Decimal

from core.money import EXACT, round_amount

ZERO = Decimal(0)


@dataclass(frozen=True)
class CreditedLine:
    """An invoice line and what was given back of it before: base units and money (of quantities and of price)."""

    qty: Decimal
    amount: Decimal
    credited_qty: Decimal = ZERO
    credited_amount: Decimal = ZERO

    @property
    def open_qty(self) -> Decimal:
        return self.qty - self.credited_qty

    @property
    def open_amount(self) -> Decimal:
        return self.amount - self.credited_amount


def worth(line: CreditedLine, qty: Decimal, currency: str) -> Decimal:
    """What `qty` more units given back are worth: their share of what is left of the line. The last units take all
    that is left, so that a line credited in any parts is credited to the cent, never above."""
    if qty >= line.open_qty:
        return line.open_amount
    share = EXACT.divide(EXACT.multiply(line.open_amount, qty), line.open_qty)
    return min(round_amount(share, currency), line.open_amount)
