"""What contracts promise of service against what was kept of it: KPIs by day and the page by contract."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from core.clock import now as real_now
from core.periods import Period
from inventory.models import ServiceShortfall
from reporting.models import KpiDay, LineMeasure, OrderMeasure
from reporting.queries import kpis
from reporting.service_terms import by_contract
from reporting.services.build_kpis import build_kpis
from reporting.services.tell_shortfalls import tell_shortfalls
from tests.factories.accounts import AccountFactory, StaffFactory
from tests.factories.doors import browser_of
from tests.factories.pricing import TermsFactory

pytestmark = pytest.mark.django_db
NOVEMBER = Period(date(2026, 11, 1), date(2026, 12, 1))
FIRST = datetime(2026, 11, 2, 9, tzinfo=UTC)
DAY = timedelta(days=1)


def finished(account, n, *lines, received=FIRST, last=None):
    """An order that finished shipping; a line is (ordered, left first, days late)."""
    last = last or received + 2 * DAY
    measure = OrderMeasure.objects.create(
        order_id=n, order_number=f"SO-{n}", account_id=account.pk, channel="edi", received_at=received,
        submitted_at=received, last_shipped_at=last,
    )  # fmt: skip
    LineMeasure.objects.bulk_create(
        LineMeasure(
            order_line_id=n * 10 + i, measure=measure, product_id=1, ordered_qty=ordered, first_shipped_qty=first,
            shipped_qty=ordered, promised_date=last.date() - late * DAY, last_shipped_date=last.date(), unit_price=1,
        )
        for i, (ordered, first, late) in enumerate(lines)
    )  # fmt: skip


@pytest.fixture
def customers():
    """ACME is promised 90 % on time and 80 % filled until the 10th, then nothing; BETA asks for money alone; the third has
    no contract."""
    acme, beta, third = AccountFactory(code="ACME"), AccountFactory(code="BETA"), AccountFactory()
    TermsFactory(code="K-A", account=acme, on_time_percent=90, fill_percent=80, valid_to=date(2026, 11, 10))
    TermsFactory(
        code="K-A",
        version=2,
        account=acme,
        valid_from=date(2026, 11, 10),
        penalty_per_late_line=0,
        penalty_per_late_day=0,
    )
    TermsFactory(code="K-B", account=beta, penalty_per_late_line=10, penalty_per_late_day=1, currency="EUR")
    finished(acme, 1, (10, 10, 0), (10, 4, 3))
    finished(acme, 2, (20, 20, -1), (5, 0, 0))
    finished(acme, 3, (7, 1, 9), received=FIRST + 8 * DAY)
    finished(beta, 4, (1, 1, 2), (1, 1, 1), last=FIRST + 5 * DAY)
    finished(third, 5, (3, 1, 30))
    return acme, beta


def test_the_kpis_say_how_much_of_what_contracts_promise_was_kept_and_what_lateness_costs(customers):
    build_kpis(start=NOVEMBER.start, end=NOVEMBER.end)
    by_code = {k.code: k for k in kpis(NOVEMBER)}
    # ACME under its first version: 3 of 4 lines in time, 3.6 promised; 34 of 45 units, 36 promised
    on_time, fill = by_code["service_on_time"], by_code["service_fill"]
    assert (on_time.numerator, on_time.denominator, on_time.value, on_time.count) == (
        3,
        Decimal("3.6"),
        Decimal("83.3"),
        4,
    )
    assert (fill.numerator, fill.denominator, fill.value) == (34, 36, Decimal("94.4"))
    assert (on_time.is_on_target, fill.is_on_target) == (False, False)
    money = KpiDay.objects.filter(code__startswith="late_penalties").order_by("day")
    assert list(money.values_list("day", "code", "numerator", "counted")) == [
        (date(2026, 11, 4), "late_penalties USD", 25 + 3 * 5, 1),
        (date(2026, 11, 7), "late_penalties EUR", 2 * 10 + 3, 2),
    ]
    assert by_code["late_penalties"].value == Decimal("40.00")
    before = list(KpiDay.objects.order_by("day", "code").values_list("day", "code", "numerator", "denominator"))
    build_kpis(start=NOVEMBER.start, end=NOVEMBER.end)
    assert list(KpiDay.objects.order_by("day", "code").values_list("day", "code", "numerator", "denominator")) == before


def test_each_version_is_measured_for_its_own_orders_and_what_was_missed_stands_first(
    customers, django_assert_num_queries
):
    with django_assert_num_queries(5):
        rows = by_contract(NOVEMBER)
    found = [
        (name[:4], x.terms.code, x.lines, x.on_time, x.late_days, x.penalty, x.is_on_time, x.is_filled)
        for name, x in rows
    ]
    assert found == [
        ("ACME", "K-A", 4, 3, 3, 40, False, False),
        ("BETA", "K-B", 2, 0, 3, 23, True, True),
        ("ACME", "K-A", 1, 0, 9, 0, True, True),
    ]
    assert [(x.on_time_share, x.fill_share) for _, x in rows] == [
        (Decimal("75.0"), Decimal("75.6")),
        (0, 100),
        (0, Decimal("14.3")),
    ]


def test_the_page_shows_it_and_leads_to_the_orders_that_were_late():
    now = real_now()
    acme = AccountFactory(code="ACME")
    TermsFactory(code="K-A", account=acme, on_time_percent=100, valid_to=date(2099, 1, 1))
    finished(acme, 1, (10, 10, 2), received=now - 3 * DAY)
    finished(AccountFactory(), 2, (10, 10, 2), received=now - 3 * DAY)
    OrderMeasure.objects.update(is_complete=True, is_on_time=False)
    browser = browser_of(StaffFactory(roles=["cs"]))
    (row,) = browser.get("/admin/reporting/kpiday/service/").context_data["rows"]
    assert (row["served"].late_lines, row["served"].penalty) == (1, 35)
    late = browser.get(row["orders_url"]).context_data["cl"].result_list
    assert [measure.order_number for measure in late] == ["SO-1"]


def test_who_is_behind_the_contract_in_force_is_told_to_allocation_and_who_caught_up_is_not(customers):
    assert tell_shortfalls(now=FIRST + 30 * DAY) == 0  # ACME's contract in force promises nothing any more
    gamma = AccountFactory(code="GAMMA")
    TermsFactory(code="K-G", account=gamma, on_time_percent=97, fill_percent=99)
    finished(gamma, 6, (10, 10, 0), (10, 10, 3), (10, 8, 0))  # 2 of 3 lines in time, 28 of 30 units at once
    assert tell_shortfalls(now=FIRST + 30 * DAY) == 1
    row = ServiceShortfall.objects.get()
    told = "on time 66.7 % of 97 %, filled 93.3 % of 99 %"
    assert (row.account_id, row.points, row.words) == (gamma.pk, Decimal("30.34"), told)
    assert tell_shortfalls(now=FIRST + 30 * DAY) == 1  # again
    assert ServiceShortfall.objects.get().pk == row.pk
    LineMeasure.objects.filter(measure__order_id=6).update(promised_date=date(2026, 12, 1), first_shipped_qty=10)
    assert tell_shortfalls(now=FIRST + 30 * DAY) == 0
    assert not ServiceShortfall.objects.exists()


def test_orders_finished_more_than_ninety_days_ago_put_nobody_behind(customers):
    gamma = AccountFactory()
    TermsFactory(code="K-G", account=gamma, on_time_percent=97, valid_to=date(2028, 1, 1))
    finished(gamma, 6, (10, 10, 3))  # finished on 4 November
    assert tell_shortfalls(now=datetime(2027, 2, 2, 9, tzinfo=UTC)) == 1
    assert tell_shortfalls(now=datetime(2027, 2, 3, 9, tzinfo=UTC)) == 0
