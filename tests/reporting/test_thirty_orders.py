"""Every KPI of 30 orders, scored by hand in a table (thirty_orders.csv, one order a row) and added up beside it."""

import csv
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import uuid4

import pytest

from billing.models import (
    CommissionEntry,
    CommissionPlan,
    CommissionStatement,
    CommissionStatementLine,
    Dispute,
    Invoice,
    PlanVersion,
)
from core.models import OverrideEntry
from core.periods import Period
from exceptions_app.models import Case
from fulfillment.models import Shipment
from orders.models import Hold, Order, OrderLine
from orders.services.place import place
from reporting.behind_queries import BEHIND, orders_behind
from reporting.kpi_queries import trends
from reporting.models import KpiDay, LineMeasure, OrderMeasure
from reporting.queries import kpis
from reporting.rules.kpis import ALL
from reporting.services.build_kpis import build_kpis, build_recent_kpis
from tests.factories.accounts import RepFactory, StaffFactory
from tests.factories.doors import browser_of
from tests.factories.exceptions import opened
from tests.factories.flow import PICKER, shipped, stocked_world
from tests.factories.orders import NOW, make_world

pytestmark = pytest.mark.django_db
HERE = Path(__file__).parent
OF_CONTRACTS = {"service_on_time", "service_fill", "late_penalties"}  # test_service_terms.py; a page of their own
ABOVE = 1_000_000_000  # no order of a test has such an id
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
            order_id=ABOVE + n, order_number=f"SO-{n}", account_id=1, channel=row["channel"],
            is_rep_order=row["by_rep"] == "1",
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


@pytest.fixture
def with_money(thirty):
    """What invoices, commissions, overrides and cases say of the same thirty orders."""
    world = stocked_world()
    sent = shipped(world, 1)  # in another month: what foreign keys need
    shipment, invoice = Shipment.objects.get(pk=sent.shipment_id), Invoice.objects.get()
    (line,) = invoice.lines.all()
    rep, plan = RepFactory(), CommissionPlan.objects.create(code="P", name="P")
    version = PlanVersion.objects.create(plan=plan, number=1, valid_from=date(2026, 1, 1))
    for row in thirty:
        n, last, more = int(row["order"]), moment(row["last_shipped"]), row["invoice_hours"]
        order = copy_of(Order.objects.get(pk=sent.order_id), number=f"T-{n}", po_number=f"T-{n}")
        OrderMeasure.objects.filter(order_id=ABOVE + n).update(order_id=order.pk)
        mine = copy_of(shipment, order=order, number=f"SH-{n}", shipped_at=last)
        at = last + timedelta(hours=float(more or 1))
        bill = copy_of(
            invoice, order=order, shipment=mine if more else None, number=f"I-{n}", posted_at=at, issued_date=at.date()
        )
        sold = copy_of(OrderLine.objects.get(order=sent.order_id), order=order, demand=None)
        billed = copy_of(line, invoice=bill, order_line=sold, shipment_line=None, rebills=line)
        if row["disputed"] == "1":
            Dispute.objects.create(invoice=bill, reason="other", amount=1, note="x", opened_at=at, opened_by="x")
        _commission(row, n, rep, version, bill, billed)
        if row["asn"]:
            opened(kind=row["asn"], subject_kind="shipment", subject_id=mine.pk, now=at)
        if row["override"]:
            _override(order, at, *row["override"].split())
        for k in range(int(row["slips"])):
            opened(kind="promise_moved", subject_id=order.pk, cause_key=f"demand:{n}{k}", now=at)
        ended, breached = map(int, row["cases"].split("/"))
        for k in range(ended):
            case = opened(subject_id=order.pk, cause_key=f"{k}", now=at)
            late = at if k < breached else None
            Case.objects.filter(pk=case.pk).update(status="resolved", resolved_at=at, breached_at=late)
    return thirty


def copy_of(row, **changes):
    row = type(row).objects.get(pk=row.pk)
    row.pk, row._state.adding = None, True
    for name, value in (changes | ({"public_id": uuid4()} if hasattr(row, "public_id") else {})).items():
        setattr(row, name, value)
    row.save(force_insert=True)
    return row


def _commission(row, n, rep, version, bill, billed):
    """Statement lines paid that day, of one kind each, the customer's last payment so many days before."""
    lines, disputed = map(int, row["commission"].split("/"))
    if not lines:
        return
    paid = datetime(2026, 11, 29, 12, tzinfo=UTC)
    statement = CommissionStatement.objects.create(
        number=f"CS-{n}", rep=rep, currency="USD", period_end=date(2026, 1, 1) + timedelta(days=n), status="paid",
        amount=lines, closed_at=paid, paid_at=paid, paid_by="x",
    )  # fmt: skip
    ask = {"rep": rep, "invoice": bill, "invoice_line": billed, "base_amount": 1, "rate_percent": 1, "split_percent": 1}
    for kind in ("revenue", "overlay")[:lines]:
        CommissionStatementLine.objects.create(
            statement=statement, invoice=bill, invoice_line=billed, kind=kind, amount=1, why="x",
            was_disputed=kind == "revenue" and disputed > 0,
        )  # fmt: skip
        for step, at in (("earned", paid - timedelta(days=int(row["paid_days"]))), ("paid", paid)):
            key = f"{n}:{kind}:{step}"
            CommissionEntry.objects.create(**ask, kind=kind, step=step, version=version, why="x", key=key, at=at)


def _override(order, at, amount, currency):
    OverrideEntry.objects.create(
        kind="price", subject_kind="order", subject_id=order.pk, at=at, actor_label="x", reason_code="x",
        reason="the customer insists", money_effect=-Decimal(amount), currency=currency,
    )  # fmt: skip


def test_every_kpi_is_what_the_table_says(with_money):
    assert len(with_money) == 30
    build_kpis(start=NOVEMBER.start, end=NOVEMBER.end)
    found = {k.code: k.value for k in kpis(NOVEMBER)}
    expected = {row["kpi"]: Decimal(row["value"]) for row in table("thirty_orders_expected.csv")}
    assert {code: found[code] for code in expected} == expected
    assert set(expected) == {d.code for d in ALL} - OF_CONTRACTS


def test_every_kpi_leads_to_the_orders_it_lost_on_the_worst_first(with_money):
    def behind(code):
        return [o.number for o in orders_behind(code, NOVEMBER)]

    def those(column, lost):
        return {f"SO-{r['order']}" for r in with_money if lost(r[column])}

    assert {d.code for d in ALL} - OF_CONTRACTS == BEHIND
    assert set(behind("right_documents")) == those("documents", lambda v: v == "0")
    assert set(behind("perfect_order")) == those("perfect", lambda v: v == "0")
    assert set(behind("disputed_invoices")) == those("disputed", lambda v: v == "1")
    assert set(behind("ship_to_invoice")) == those("invoice_hours", bool)
    slowest = max((r for r in with_money if r["invoice_hours"]), key=lambda r: float(r["invoice_hours"]))
    assert behind("ship_to_invoice")[0] == f"SO-{slowest['order']}"
    assert set(behind("commission_accuracy")) == those("commission", lambda v: not v.endswith("/0"))
    assert set(behind("earned_to_paid")) == those("paid_days", bool)
    assert behind("override_loss") == ["SO-5", "SO-23", "SO-11", "SO-26"]
    assert set(behind("promise_slips")) == those("slips", lambda v: v != "0")
    assert set(behind("case_breaches")) == those("cases", lambda v: not v.endswith("/0"))
    assert behind("nobody_knows") == []


def test_a_day_built_twice_is_the_same_day_and_a_late_fact_changes_it(thirty):
    build_kpis(start=NOVEMBER.start, end=NOVEMBER.end)
    before = list(
        KpiDay.objects.order_by("day", "code").values_list("day", "code", "numerator", "denominator", "counted")
    )
    build_kpis(start=date(2000, 1, 1), end=date(2027, 1, 1))
    again = KpiDay.objects.order_by("day", "code").values_list("day", "code", "numerator", "denominator", "counted")
    assert list(again) == before
    OrderMeasure.objects.filter(order_id=ABOVE + 1).update(is_damaged=True)
    build_recent_kpis(now=datetime(2026, 11, 30, tzinfo=UTC))
    total = sum(n for _, code, n, *_ in again.all() if code == "undamaged")
    assert total == sum(n for _, code, n, *_ in before if code == "undamaged") - 1


def test_the_orders_behind_a_number_are_those_that_lost_it(thirty):
    lost = {f"SO-{r['order']}" for r in thirty if r["otif"] == "0"}
    assert {o.number for o in orders_behind("otif", NOVEMBER)} == lost
    assert {o.number for o in orders_behind("order_fill", NOVEMBER)} == {
        f"SO-{r['order']}" for r in thirty if r["units_first"] != r["units"]
    }


def test_the_weeks_of_the_trend_add_up_to_the_period(with_money):
    build_kpis(start=NOVEMBER.start, end=NOVEMBER.end)
    weeks, found = trends(until=date(2026, 11, 30))
    otif = next(t for t in found if t.definition.code == "otif")
    assert (len(weeks), len(otif.values), otif.total.count) == (12, 12, 30)
    assert next(t.total.value for t in found if t.definition.code == "perfect_order") == Decimal("36.7")
    assert otif.total.numerator == sum(int(r["otif"]) for r in with_money)


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
