"""When money is due (domain.md §4, PaymentTerms)."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_CEILING, Decimal

ZERO = Decimal(0)
HUNDRED = Decimal(100)
CENT = Decimal("0.01")


@dataclass(frozen=True)
class Terms:
    code: str
    name: str
    net_days: int = 30
    is_end_of_month: bool = False
    is_prepayment: bool = False
    deposit_percent: Decimal = ZERO


def due_date(terms: Terms, invoiced: date) -> date:
    """`net_days` after the invoice, or after the end of its month; prepayment is due at once."""
    if terms.is_prepayment:
        return invoiced
    start = end_of_month(invoiced) if terms.is_end_of_month else invoiced
    return start + timedelta(days=terms.net_days)


def end_of_month(day: date) -> date:
    following = (day.replace(day=28) + timedelta(days=4)).replace(day=1)
    return following - timedelta(days=1)


def is_worse(asked: Terms, agreed: Terms, on: date) -> bool:
    """Worse for us: money comes later, or less of it comes before the goods leave."""
    if due_date(asked, on) > due_date(agreed, on):
        return True
    return upfront_percent(asked) < upfront_percent(agreed)


def upfront_percent(terms: Terms) -> Decimal:
    return HUNDRED if terms.is_prepayment else terms.deposit_percent


def upfront_amount(terms: Terms, amount: Decimal) -> Decimal:
    """What must be on account before release, rounded up to the cent so that it always covers the percent."""
    return (amount * upfront_percent(terms) / HUNDRED).quantize(CENT, rounding=ROUND_CEILING)
