"""Money is applied to the oldest due invoice first, to the cent, and never to more than is open."""

from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from billing.rules.apply import Application, OpenInvoice, age, apply_oldest_first

DAY = date(2026, 11, 23)
cents = st.decimals(min_value=Decimal("0.01"), max_value=Decimal("99999.99"), places=2)
invoices = st.lists(st.tuples(st.integers(0, 200), cents)).map(
    lambda raw: [OpenInvoice(n, DAY - timedelta(days=d), a) for n, (d, a) in enumerate(raw, 1)]
)


def test_150_pays_the_older_100_whole_and_50_of_the_younger_and_nothing_of_the_third():
    open_invoices = [
        OpenInvoice(2, date(2026, 11, 1), Decimal("80.00")),
        OpenInvoice(1, date(2026, 10, 1), Decimal("100.00")),
        OpenInvoice(3, date(2026, 12, 1), Decimal("10.00")),
    ]
    assert apply_oldest_first(Decimal("150.00"), open_invoices) == [
        Application(1, Decimal("100.00")),
        Application(2, Decimal("50.00")),
    ]


def test_what_is_left_stays_on_account():
    assert apply_oldest_first(Decimal("150.00"), [OpenInvoice(1, DAY, Decimal("100.00"))]) == [
        Application(1, Decimal("100.00"))
    ]
    assert apply_oldest_first(Decimal("150.00"), []) == []


@given(cents, invoices)
def test_never_more_than_came_in_never_more_than_is_open_and_no_zero_applications(amount, found):
    applied = apply_oldest_first(amount, found)
    by_id = {i.id: i.open_amount for i in found}
    assert sum((a.amount for a in applied), Decimal(0)) == min(amount, sum(by_id.values(), Decimal(0)))
    assert all(0 < a.amount <= by_id[a.invoice_id] for a in applied)


def test_ageing_puts_30_days_into_the_first_month_and_31_into_the_second():
    found = [OpenInvoice(n, DAY - timedelta(days=d), Decimal(1)) for n, d in enumerate((-5, 0, 1, 30, 31, 60, 90, 91))]
    assert [(b.label, b.amount) for b in age(found, on=DAY)] == [
        ("Not due", 2),
        ("1–30 days", 2),
        ("31–60 days", 2),
        ("61–90 days", 1),
        ("Over 90", 1),
    ]


@given(invoices)
def test_every_open_cent_is_aged_exactly_once(found):
    assert sum(b.amount for b in age(found, on=DAY)) == sum(i.open_amount for i in found)
