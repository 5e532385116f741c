"""Every KPI of 30 orders, scored by hand in a table (thirty_orders.csv, one order a row) and added up beside it."""

import csv
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from core.periods import Period
from orders.models import Hold
from orders.services.place import place
from reporting.kpi_queries import trends
from reporting.models import KpiDay, LineMeasure, OrderMeasure
from reporting.queries import kpis, orders_behind
from reporting.services.build_kpis import build_kpis, build_recent_kpis
from tests.factories.accounts import StaffFactory
from tests.factories.doors import browser_of
from tests.factories.flow import PICKER
from tests.factories.orders import NOW, make_world

pytestmark = pytest.mark.django_db
HERE = Path(__file__).parent
NOVEMBER = Period(date(2026, 11, 1), date(2026, 12, 1))


def table(name):
    with (HERE / name).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def moment(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.fixture
def thirty():
    rows = table("thirty_orders.csv")
    for row in rows:
        n, received, last = int(row["order"]), moment(row["received"]), moment(row["last_shipped"])
        measure = OrderMeasure.objects.create(
            order_id=n, order_number=f"SO-{n}", account_id=1, channel=row["channel"], is_rep_order=row["by_rep"] == "1",
            received_at=received, submitted_at=received, first_released_at=received + timedelta(hours=1),
            release_lines=int(row["n_lines"]), short_lines=int(row["short_lines"]), last_shipped_at=last,
            shipment_ids=list(range(int(row["shipments"]))), invoice_ids=list(range(int(row["invoices"]))),
            is_disputed=row["disputed"] == "1", is_damaged=row["damaged"] == "1",
            held_seconds=3600 * int(row["held_hours"]),
        )  # fmt: skip
        lines = []
        for i, text in enumerate(row["lines"].split(" ")):
            ordered, first, shipped, cancelled, promised, price = text.split("/")
            lines.append(
                LineMeasure(
                    order_line_id=n * 10 + i, measure=measure, product_id=1, ordered_qty=ordered, cancelled_qty=cancelled,
                    first_shipped_qty=first, shipped_qty=shipped, promised_date=promised, last_shipped_date=last.date(),
                    unit_price=price,
                )
            )  # fmt: skip
        LineMeasure.objects.bulk_create(lines)
    return rows


def test_every_kpi_is_what_the_table_says(thirty):
    assert len(thirty) == 30
    build_kpis(start=NOVEMBER.start, end=NOVEMBER.end)
    found = {k.code: k.value for k in kpis(NOVEMBER)}
    expected = {row["kpi"]: Decimal(row["value"]) for row in table("thirty_orders_expected.csv")}
    assert {code: found[code] for code in expected} == expected


def test_a_day_built_twice_is_the_same_day_and_a_late_fact_changes_it(thirty):
    build_kpis(start=NOVEMBER.start, end=NOVEMBER.end)
    before = list(
        KpiDay.objects.order_by("day", "code").values_list("day", "code", "numerator", "denominator", "counted")
    )
    build_kpis(start=date(2000, 1, 1), end=date(2027, 1, 1))
    again = KpiDay.objects.order_by("day", "code").values_list("day", "code", "numerator", "denominator", "counted")
    assert list(again) == before
    OrderMeasure.objects.filter(order_id=1).update(is_damaged=True)
    build_recent_kpis(now=datetime(2026, 11, 30, tzinfo=UTC))
    total = sum(n for _, code, n, *_ in again.all() if code == "undamaged")
    assert total == sum(n for _, code, n, *_ in before if code == "undamaged") - 1


def test_the_orders_behind_a_number_are_those_that_lost_it(thirty):
    lost = {f"SO-{r['order']}" for r in thirty if r["otif"] == "0"}
    assert {o.number for o in orders_behind("otif", NOVEMBER)} == lost
    assert {o.number for o in orders_behind("order_fill", NOVEMBER)} == {
        f"SO-{r['order']}" for r in thirty if r["units_first"] != r["units"]
    }


def test_the_weeks_of_the_trend_add_up_to_the_period(thirty):
    build_kpis(start=NOVEMBER.start, end=NOVEMBER.end)
    weeks, found = trends(until=date(2026, 11, 30))
    otif = next(t for t in found if t.definition.code == "otif")
    assert (len(weeks), len(otif.values), otif.total.count) == (12, 12, 30)
    assert otif.total.numerator == sum(int(r["otif"]) for r in thirty)


def test_hours_under_two_holds_count_once():
    world = make_world()
    order_id = place(world.draft(1), actor=PICKER, now=NOW).order_id
    received, last = NOW, NOW + timedelta(hours=10)
    OrderMeasure.objects.create(
        order_id=order_id, order_number="SO", account_id=1, channel="edi", received_at=received, submitted_at=received,
        last_shipped_at=last, is_complete=True,
    )  # fmt: skip
    for start, end in ((1, 4), (3, 5), (8, 20)):
        Hold.objects.create(
            order_id=order_id, reason="manual", blocks=["release"], rule="by hand", placed_at=NOW + timedelta(hours=start),
            placed_by="x", cleared_at=NOW + timedelta(hours=end), cleared_by="x",
        )  # fmt: skip
    build_kpis(start=NOW.date(), end=NOW.date() + timedelta(days=2))
    assert OrderMeasure.objects.get().held_seconds == 6 * 3600
    net = KpiDay.objects.get(code="cycle_time_net")
    assert net.numerator == 4 * 3600


def test_the_trends_page_and_its_button(thirty):
    browser = browser_of(StaffFactory(roles=["operator"]))
    assert browser.post("/admin/reporting/kpiday/build/").status_code == 302
    assert "On time in full" in browser.get("/admin/reporting/kpiday/trends/").content.decode()
