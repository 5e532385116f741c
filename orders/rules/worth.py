"""What a base unit of an order line is owed for: its locked price, and tax and freight as they were worked out with it.

The estimate is of the line as it was priced; per unit it is kept with so many places that the whole line gives it back
to the cent, whatever part of it is released, shipped or cancelled first.
"""

from decimal import Decimal
from typing import NamedTuple

from core.money import EXACT, line_amount

ZERO = Decimal(0)
PLACES = Decimal("0.000000000001")  # numeric(24, 12): the cent is right for any quantity a line can have


class UnitWorth(NamedTuple):
    """In the order's currency, per base unit."""

    price: Decimal
    tax: Decimal = ZERO
    freight: Decimal = ZERO

    def of(self, qty: Decimal, currency: str) -> Decimal:
        """What `qty` base units will be owed: net, tax and freight, each rounded once to the currency's exponent."""
        return sum((line_amount(qty, part, currency) for part in self if part), ZERO)

    def charges_of(self, qty: Decimal, currency: str) -> Decimal:
        """What of that is tax and freight."""
        return self._replace(price=ZERO).of(qty, currency)


def per_unit(amount: Decimal, qty: Decimal) -> Decimal:
    """An estimate for `qty` base units, for one of them."""
    return EXACT.divide(amount, qty).quantize(PLACES, context=EXACT) if amount and qty else ZERO
