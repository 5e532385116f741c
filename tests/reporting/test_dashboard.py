"""The first page: five numbers with what is behind them, for the period the address names."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.cache import cache
from django.urls import reverse

from core.clock import now as real_now
from exceptions_app.models import Case
from inventory.services.allocate import allocate
from orders.services.place import place
from reporting.models import LineMeasure, OrderMeasure
from reporting.queries import open_holds, release_queue
from reporting.services.build_kpis import build_recent_kpis
from tests.factories.accounts import StaffFactory
from tests.factories.exceptions import opened
from tests.factories.flow import shipped, stocked_world
from tests.factories.orders import CLERK, make_world

pytestmark = pytest.mark.django_db
HEADLINES = [
    "Perfect order rate",
    "Order cycle time, median",
    "Backorder rate",
    "Sales-rep adoption",
    "Commission accuracy",
]


@pytest.fixture
def desk(client):
    cache.clear()
    client.force_login(StaffFactory(roles=["cs"]))
    return client


def test_five_numbers_stand_first_and_what_was_never_counted_says_so(desk):
    page = desk.get(reverse("admin:index"))
    assert [card["kpi"].label for card in page.context_data["cards"]] == HEADLINES
    assert page.content.decode().count("No data yet") == 5
    assert not any(card["url"] for card in page.context_data["cards"])


def test_the_address_chooses_the_period_and_nonsense_is_thirty_days(desk):
    days = {
        asked: desk.get(reverse("admin:index"), {"days": asked}).context_data["window_days"]
        for asked in ("7", "90", "x", "31")
    }
    assert days == {"7": 7, "90": 90, "x": 30, "31": 30}


def test_a_number_leads_to_its_orders_slowest_first_behind_a_cycle_time(desk):
    world, now = stocked_world(), real_now()
    shipped(world, 4, now=now)
    shipped(world, 2, now=now)
    slow = OrderMeasure.objects.order_by("pk").first()
    OrderMeasure.objects.filter(pk=slow.pk).update(
        received_at=slow.last_shipped_at.replace(year=slow.last_shipped_at.year - 1)
    )
    cards = {card["kpi"].code: card for card in desk.get(reverse("admin:index"), {"days": 7}).context_data["cards"]}
    assert cards["cycle_time_median"]["kpi"].count == 2
    rows = desk.get(cards["cycle_time_median"]["url"]).context_data["cl"].result_list
    assert rows[0].pk == slow.pk and len(rows) == 2
    assert len(desk.get(cards["perfect_order"]["url"]).context_data["cl"].result_list) == 0


def test_what_lines_add_up_to_is_kept_beside_the_order_whoever_writes_a_line():
    world = stocked_world()
    shipped(world, 4, now=real_now())
    measure = OrderMeasure.objects.get()
    assert (measure.is_complete, measure.is_in_full, measure.ordered_qty) == (True, True, Decimal(4))
    LineMeasure.objects.update(shipped_qty=3)
    measure.refresh_from_db()
    assert (measure.is_complete, measure.is_in_full) == (False, False)


def test_allocated_goods_wait_in_the_release_queue_and_a_hold_keeps_its_part_back(desk):
    now = real_now()
    for limit in (1_000, 10):
        world = make_world(products=1, stock=100, limit=limit)
        place(world.draft(3), actor=CLERK, now=now)
        allocate(trigger_key=f"limit {limit}", actor=CLERK, now=now)
    (queue,) = release_queue()
    (held,) = open_holds()
    assert (held.reason, held.orders, held.amount) == ("credit", 1, Decimal(30))
    assert (queue.currency, queue.orders, queue.amount) == (
        "USD",
        1 + queue.held_orders,
        Decimal(30) + queue.held_amount,
    )
    assert "Cash in the release queue" in desk.get(reverse("admin:index")).content.decode()


def test_the_breach_rate_is_drawn_of_the_cases_resolved_and_is_the_rate_its_number_says(desk):
    now = real_now()
    day_before = now - timedelta(days=1)
    assert "No case was resolved in these days." in desk.get(reverse("admin:index")).content.decode()
    for n, (ended, breached) in enumerate([(day_before, now), (day_before, None), (day_before, None), (now, None)]):
        case = opened(now=day_before, subject_id=n)
        Case.objects.filter(pk=case.pk).update(status="resolved", resolved_at=ended, breached_at=breached)
    opened(now=now, subject_id=9)  # not resolved: not counted
    build_recent_kpis(now=now)
    page = desk.get(reverse("admin:index"), {"days": "7"})
    drawn, shown = page.context_data["too_late"], " ".join(page.content.decode().split())
    assert [(step.whole, step.part) for step in drawn.steps] == [(0, 0)] * 5 + [(3, 1), (1, 0)]
    said = 'role="img" aria-label="4 cases resolved, 1 of them past a clock, 25.0 %; the table has every number"'
    assert said in shown
    assert '<td class="num">3</td><td class="num">1</td><td class="num">33.3</td>' in shown
    cards = {part["kpi"].code: part["kpi"] for card in page.context_data["cards"] for part in card["parts"]}
    assert (cards["case_breaches"].value, cards["case_breaches"].count) == (Decimal("25.0"), 4)


def test_the_two_charts_have_a_name_of_their_own_for_their_numbers(desk):
    page = desk.get(reverse("admin:index"), {"days": "90"}).content.decode()
    names = ("The numbers of orders finished", "The numbers of the breach rate")
    assert [page.count(f'role="region" aria-label="{name}"') for name in names] == [1, 1]
    assert page.count('<th scope="col">Week</th>') == 2
