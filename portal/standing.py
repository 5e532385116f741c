"""The customer's credit as a buyer sees it: limit, in use, what is left, and what an order would add."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from credit.queries import exposure
from orders.rules.asks import CreditView

ZERO = Decimal(0)


@dataclass(frozen=True)
class Headroom:
    """`left` is after `asked`; the percents are shares of the whole line, for the meter (0 to 100)."""

    limit: Decimal
    used: Decimal
    asked: Decimal
    currency: str

    @property
    def left(self) -> Decimal:
        return self.limit - self.used - self.asked

    @property
    def is_over(self) -> bool:
        return self.left < 0

    @property
    def is_used_up(self) -> bool:
        """Also without what is asked."""
        return self.used >= self.limit

    @property
    def used_percent(self) -> str:
        return f"{self._share(self.used):.0f}"

    @property
    def this_percent(self) -> str:
        return f"{min(self._share(self.asked), 100 - self._share(self.used)):.0f}"

    def _share(self, part: Decimal) -> Decimal:
        if self.limit <= 0:
            return Decimal(100) if part > 0 else ZERO
        return min(max(part / self.limit * 100, ZERO), Decimal(100))


def headroom(account_id: int, *, on: date, asked: Decimal = ZERO) -> Headroom | None:
    """None: the customer has no credit account. Limit includes temporary and insured parts, and is no more than a head
    above leaves to it."""
    found = exposure([account_id], on=on).get(account_id)
    if found is None:
        return None
    used = found.parts.total
    return Headroom(limit=used + found.headroom, used=used, asked=asked, currency=found.currency)


def headroom_in(seen: CreditView | None, asked: Decimal, currency: str) -> Headroom | None:
    """The same out of what a preview looked at already. Where the order is in another currency than the credit, what it
    asks is what credit counts it as."""
    if seen is None or not seen.has_account:
        return None
    asked = asked if currency == seen.currency else seen.asked
    return Headroom(limit=seen.limit, used=seen.exposure, asked=asked, currency=seen.currency)
