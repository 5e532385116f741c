"""When money is due (domain.md §4, PaymentTerms)."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from core.calendars import BusinessCalendar
from core.money import EXACT, round_amount, round_up

ZERO = Decimal(0)
HUNDRED = Decimal(100)


@dataclass(frozen=True)
class Terms:
    code: str
    name: str
    net_days: int = 30
    is_end_of_month: bool = False
    is_prepayment: bool = False
    deposit_percent: Decimal = ZERO
    discount_days: int = 0
    discount_percent: Decimal = ZERO
    month_cutoff_day: int = 0
    calendar: BusinessCalendar | None = None
    is_discount_on_goods: bool = False


@dataclass(frozen=True)
class Discount:
    """What may be kept by who pays until then."""

    until: date
    amount: Decimal


def due_date(terms: Terms, invoiced: date) -> date:
    """`net_days` after the invoice, or after the end of its month (of the next one for invoices after the cut-off day);
    on a day the terms' calendar is closed, the next it is open. Prepayment is due at once."""
    if terms.is_prepayment:
        return invoiced
    due = _start(terms, invoiced) + timedelta(days=terms.net_days)
    return due if terms.calendar is None else terms.calendar.add_days(due, 0)


def discount(
    terms: Terms, invoiced: date, amount: Decimal, goods: Decimal | None = None, *, currency: str
) -> Discount | None:
    """`discount_percent` of the invoice's amount, or of what its goods come to where the terms say so, rounded half up to
    the currency's exponent, for who pays within `discount_days`."""
    if terms.is_prepayment or not terms.discount_percent or not terms.discount_days:
        return None
    until = _start(terms, invoiced) + timedelta(days=terms.discount_days)
    until = until if terms.calendar is None else terms.calendar.add_days(until, 0)
    base = goods if terms.is_discount_on_goods and goods is not None else amount
    return Discount(until, round_amount(_percent_of(base, terms.discount_percent), currency))


def _start(terms: Terms, invoiced: date) -> date:
    if not terms.is_end_of_month:
        return invoiced
    last = end_of_month(invoiced)
    is_late = terms.month_cutoff_day and invoiced.day > terms.month_cutoff_day
    return end_of_month(last + timedelta(days=1)) if is_late else last


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


def upfront_amount(terms: Terms, amount: Decimal, currency: str) -> Decimal:
    """What must be on account before release, rounded up to the currency's exponent so that it always covers the percent."""
    return round_up(_percent_of(amount, upfront_percent(terms)), currency)


def _percent_of(amount: Decimal, percent: Decimal) -> Decimal:
    return EXACT.divide(EXACT.multiply(amount, percent), HUNDRED)
