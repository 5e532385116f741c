from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from accounts.models import User
from billing.events import InvoicePosted
from core.periods import Period
from core.testing import race
from fulfillment.events import ShipmentShipped
from orders.events import LinesReleased, OrderSubmitted
from reporting import sources
from reporting.behind_queries import orders_behind
from reporting.models import LineMeasure, OrderMeasure
from reporting.queries import days, kpis
from reporting.services.record_invoiced import record_invoiced
from reporting.services.record_released import record_released
from reporting.services.record_shipped import record_shipped
from reporting.services.record_submitted import record_submitted
from reporting.sources import LineSource, OrderSource

pytestmark = pytest.mark.django_db

RECEIVED = datetime(2026, 11, 2, 9, tzinfo=UTC)
NOVEMBER = Period(date(2026, 11, 1), date(2026, 12, 1))
ZERO, TEN = Decimal(0), Decimal(10)


class Warehouse:
    """Orders as the rooms below would tell of them."""

    def __init__(self) -> None:
        self.orders: dict[int, OrderSource] = {}
        self.first: dict[int, dict[int, Decimal]] = {}

    def order(self, pk: int, *, lines: int = 2, channel: str = "edi", by_rep: bool = False) -> None:
        found = tuple(LineSource(pk * 10 + n, n, TEN, ZERO, ZERO, date(2026, 11, 4)) for n in range(1, lines + 1))
        self.orders[pk] = OrderSource(pk, f"SO-{pk}", 1, channel, by_rep, RECEIVED, RECEIVED, found)
        self.submit(pk)

    def submit(self, pk: int) -> None:
        lines = len(self.orders[pk].lines)
        record_submitted(OrderSubmitted(pk, 1, (1,), lines, Decimal(5), "USD", False), now=RECEIVED)

    def release(self, pk: int, *, short: int = 0, is_first: bool = True) -> None:
        lines = len(self.orders[pk].lines)
        record_released(LinesReleased(pk, 1, lines, short, is_first), now=RECEIVED + timedelta(hours=1))

    def ship(self, pk: int, qty: int = 10, *, at: datetime = RECEIVED + timedelta(hours=20), shipment: int = 1) -> None:
        order = self.orders[pk]
        lines = tuple(replace(line, shipped_qty=Decimal(qty)) for line in order.lines)
        self.orders[pk] = replace(order, lines=lines)
        self.first.setdefault(pk, {line.order_line_id: line.shipped_qty for line in lines})
        record_shipped(ShipmentShipped(pk * 10 + shipment, "SH", pk, 1, at), now=at)

    def invoice(self, pk: int, number: int = 1) -> None:
        record_invoiced(InvoicePosted(pk * 10 + number, "IN", pk, 1, 1, Decimal(5), "USD"), now=RECEIVED)


@pytest.fixture
def warehouse(monkeypatch):
    made = Warehouse()
    monkeypatch.setattr(sources, "order_sources", lambda ids, **_: {i: made.orders[i] for i in ids if i in made.orders})
    monkeypatch.setattr(
        sources, "first_shipped", lambda ids: {k: v for i in ids for k, v in made.first.get(i, {}).items()}
    )
    return made


def november():
    return {k.code: k for k in kpis(NOVEMBER)}


def value(code):
    return november()[code].value


def test_an_order_shipped_in_time_in_full_and_invoiced_is_perfect(warehouse):
    warehouse.order(1)
    warehouse.release(1)
    warehouse.ship(1)
    warehouse.invoice(1)
    found = november()
    assert (found["perfect_order"].value, found["perfect_order"].count) == (Decimal("100.0"), 1)
    assert (found["cycle_time_median"].value, found["cycle_time_p90"].value) == (Decimal("20.0"), Decimal("20.0"))
    assert (found["backorder"].value, found["fill"].value) == (Decimal("0.0"), Decimal("100.0"))
    assert orders_behind("perfect_order", NOVEMBER) == []


def test_late_short_and_uninvoiced_orders_each_count_against_their_own_component(warehouse):
    for pk in (1, 2, 3, 4):
        warehouse.order(pk)
        warehouse.ship(pk, at=RECEIVED + timedelta(days=9) if pk == 1 else RECEIVED + timedelta(hours=20))
        if pk != 2:
            warehouse.invoice(pk)
    LineMeasure.objects.filter(order_line_id=31).update(shipped_qty=6, cancelled_qty=4)
    assert (value("on_time"), value("in_full"), value("right_documents")) == (Decimal("75.0"),) * 3
    assert value("perfect_order") == Decimal("25.0")
    assert [o.number for o in orders_behind("on_time", NOVEMBER)] == ["SO-1"]
    assert [o.number for o in orders_behind("right_documents", NOVEMBER)] == ["SO-2"]
    assert [o.number for o in orders_behind("in_full", NOVEMBER)] == ["SO-3"]
    assert {o.number for o in orders_behind("perfect_order", NOVEMBER)} == {"SO-1", "SO-2", "SO-3"}


def test_an_order_that_is_still_open_is_not_counted_yet(warehouse):
    warehouse.order(1)
    warehouse.ship(1, 4)
    assert november()["perfect_order"].count == 0
    warehouse.ship(1, 10, at=RECEIVED + timedelta(days=1), shipment=2)
    warehouse.invoice(1)
    found = november()
    assert (found["perfect_order"].count, found["perfect_order"].value) == (1, Decimal("0.0"))  # one invoice of two
    assert found["fill"].value == Decimal("40.0")
    warehouse.invoice(1, number=2)
    assert value("perfect_order") == Decimal("100.0")


def test_facts_told_twice_and_out_of_order_change_nothing(warehouse):
    warehouse.order(1)
    warehouse.ship(1)
    warehouse.invoice(1)
    before = list(OrderMeasure.objects.values()), list(LineMeasure.objects.order_by("id").values())
    warehouse.ship(1)
    warehouse.invoice(1)
    warehouse.submit(1)
    assert (list(OrderMeasure.objects.values()), list(LineMeasure.objects.order_by("id").values())) == before


def test_only_the_first_release_says_what_was_short(warehouse):
    warehouse.order(1, lines=4)
    warehouse.release(1, short=1)
    warehouse.release(1, short=4)
    warehouse.release(1, short=3, is_first=False)
    found = november()["backorder"]
    assert (found.value, found.numerator, found.denominator) == (Decimal("25.0"), 1, 4)
    assert [o.number for o in orders_behind("backorder", NOVEMBER)] == ["SO-1"]


def test_rep_adoption_counts_only_what_reps_ordered(warehouse):
    warehouse.order(1, channel="api", by_rep=True)
    warehouse.order(2, channel="console", by_rep=True)
    warehouse.order(3, channel="portal")
    assert value("rep_adoption") == Decimal("50.0")
    assert [o.number for o in orders_behind("rep_adoption", NOVEMBER)] == ["SO-2"]


def test_without_statements_commission_accuracy_has_no_data(warehouse):
    found = november()["commission_accuracy"]
    assert (found.value, found.count) == (None, 0)


def test_the_trend_compares_with_the_period_before(warehouse):
    warehouse.order(1)
    warehouse.ship(1)  # not invoiced: not perfect
    december = Period(date(2026, 12, 1), date(2026, 12, 31))
    warehouse.order(2)
    warehouse.ship(2, at=datetime(2026, 12, 2, tzinfo=UTC))
    LineMeasure.objects.filter(measure__order_id=2).update(promised_date=date(2026, 12, 4))
    warehouse.invoice(2)
    perfect = next(k for k in kpis(december) if k.code == "perfect_order")
    assert (perfect.value, perfect.trend) == (Decimal("100.0"), Decimal("100.0"))


def test_the_kpis_take_eight_statements_however_many_orders(warehouse, django_assert_num_queries):
    for pk in range(1, 21):
        warehouse.order(pk)
        warehouse.ship(pk)
    with django_assert_num_queries(8):
        kpis(NOVEMBER)


def test_every_day_is_in_the_chart_also_an_empty_one(warehouse):
    warehouse.order(1)
    warehouse.ship(1)
    warehouse.invoice(1)
    found = days(Period(date(2026, 11, 2), date(2026, 11, 5)))
    assert [(d.day.day, d.whole, d.part) for d in found] == [(2, 0, 0), (3, 1, 1), (4, 0, 0)]


def test_a_period_has_two_ends():
    with pytest.raises(ValueError, match="both ends"):
        kpis(Period(date(2026, 11, 1), None))


@pytest.mark.django_db(transaction=True)
def test_shipments_measured_at_once_all_count(warehouse):
    warehouse.order(1)
    order = warehouse.orders[1]
    warehouse.orders[1] = replace(order, lines=tuple(replace(line, shipped_qty=TEN) for line in order.lines))
    facts = [ShipmentShipped(n, "SH", 1, 1, RECEIVED + timedelta(hours=n)) for n in (1, 2, 3)]
    assert race(*[lambda fact=fact: record_shipped(fact, now=RECEIVED) for fact in facts]) == [None] * 3
    measure = OrderMeasure.objects.get()
    assert sorted(measure.shipment_ids) == [1, 2, 3]
    assert measure.last_shipped_at == RECEIVED + timedelta(hours=3)


def person(*roles: str) -> User:
    return User.objects.create(username=roles[0], email=f"{roles[0]}@example.com", is_staff=True, roles=list(roles))


def test_the_dashboard_shows_values_targets_and_no_data_in_words(client, warehouse):
    client.force_login(person("cs"))
    page = client.get("/admin/")
    text = page.content.decode()
    assert page.status_code == 200
    for words in ("Perfect order rate", "No data", "Seams that must not leak", "EDI waiting", "How it is counted"):
        assert words in text


def test_the_orders_behind_a_number_are_a_list(client, warehouse):
    warehouse.order(1)
    client.force_login(person("cs"))
    assert client.get("/admin/reporting/ordermeasure/?behind=on_time").status_code == 200
    assert "SO-1" in client.get("/admin/reporting/ordermeasure/").content.decode()
    client.force_login(person("buyer"))
    assert client.get("/admin/reporting/ordermeasure/").status_code == 403
