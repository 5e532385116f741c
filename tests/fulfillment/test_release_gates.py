"""Gates 6, 8 and 9 on real stock: a site's day is shared by all batches, a lot is asked again, windows are kept."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from core.calendars import ALWAYS_OPEN
from core.testing import drain
from fulfillment.models import Shipment
from fulfillment.services.answer_recall import accept_recall
from fulfillment.services.ask_recall import ask_recall
from fulfillment.services.release_orders import release_orders
from inventory.models import Site, SiteDay
from inventory.rules.promise import SiteTimes, working_day
from inventory.services.allocate import allocate
from inventory.services.save_site import save_site
from orders.gates import evaluate_gates
from orders.services.place import place
from orders.states import Gate
from tests.factories.flow import PICKER, breaches, placed, stocked_world
from tests.factories.inventory import NOW as RECEIVED
from tests.factories.inventory import stock
from tests.factories.orders import CLERK, NOW, TODAY, make_world
from tests.properties.test_credit_machine import BOSS

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def send(*order_ids, now=NOW):
    """The gates that refused, by order."""
    outcomes = release_orders(order_ids=order_ids, actor=PICKER, now=now)
    return [[str(r.gate) for r in o.refused] for o in outcomes]


def handles(lines, **more):
    Site.objects.filter(code="RENO").update(lines_per_day=lines, **more)


def counted():
    return {str(row.day): row.lines for row in SiteDay.objects.order_by("day")}


def test_a_day_of_a_site_is_shared_by_the_orders_of_a_batch_and_by_all_batches_of_the_day():
    world = stocked_world(products=2, limit=100_000)
    orders = [placed(world, 1, 1), placed(world, 1), placed(world, 1, 1), placed(world, 1), placed(world, 1)]
    handles(4)
    assert send(*orders[:3]) == [[], [], ["capacity"]]  # 2 and 1, and 2 more are too many
    assert counted() == {"2026-03-02": 3}
    said = evaluate_gates([orders[2]], [Gate.CAPACITY], now=NOW)[orders[2]][0]
    assert said.message == (
        "RENO handles 4 lines a day; for 2026-03-02 3 are released already and the order has 2 for it."
    )
    assert send(orders[3], orders[4]) == [[], ["capacity"]]
    assert send(orders[2], orders[4], now=NOW + DAY) == [[], []]
    assert counted() == {"2026-03-02": 4, "2026-03-03": 3}
    assert breaches() == []


def test_a_limit_set_at_noon_has_what_went_in_the_morning_and_not_what_came_back_or_went_the_day_before():
    world = stocked_world(products=2, limit=100_000)
    orders = [placed(world, 1, 1), placed(world, 1), placed(world, 1), placed(world, 1), placed(world, 1)]
    assert send(orders[1], now=NOW - DAY) == [[]]
    assert send(orders[0], orders[2]) == [[], []]
    recall = ask_recall(shipment_id=release_shipments(orders[2])[0], note="wrong address on it", actor=BOSS, now=NOW)
    accept_recall(recall_id=recall, actor=BOSS, now=NOW)
    drain(NOW)
    assert counted() == {}  # nobody counted: the site had no limit
    site = Site.objects.get(code="RENO")
    site.lines_per_day = 3
    save_site(row=site, actor=BOSS, now=NOW + timedelta(minutes=1))
    drain(NOW + timedelta(minutes=1))
    assert counted() == {"2026-03-02": 2}
    assert send(orders[3], orders[4]) == [[], ["capacity"]]
    save_site(row=site, actor=BOSS, now=NOW + timedelta(minutes=2))  # limited already: its count goes on
    drain(NOW + timedelta(minutes=2))
    assert counted() == {"2026-03-02": 3}
    for limit in (None, 5):  # released meanwhile, without a limit
        site.lines_per_day = limit
        save_site(row=site, actor=BOSS, now=NOW + timedelta(minutes=3 + bool(limit)))
        if limit is None:
            assert send(orders[4]) == [[]]
    drain(NOW + timedelta(minutes=5))
    assert counted() == {"2026-03-02": 4}
    assert breaches() == []


def test_what_comes_after_the_cut_off_is_work_of_the_next_day_and_a_recall_makes_room_on_the_day_it_was():
    world = stocked_world(limit=100_000)
    first, second, third = placed(world, 1), placed(world, 1), placed(world, 1)
    handles(1, cutoff_time=time(13))
    assert send(first) == [[]]
    assert send(second) == [["capacity"]]
    assert send(second, now=NOW + timedelta(hours=1)) == [[]]
    assert counted() == {"2026-03-02": 1, "2026-03-03": 1}
    (shipment,) = release_shipments(first)
    recall = ask_recall(shipment_id=shipment, note="wrong address on it", actor=BOSS, now=NOW)
    accept_recall(recall_id=recall, actor=BOSS, now=NOW + timedelta(hours=2))
    assert counted() == {"2026-03-02": 0, "2026-03-03": 1}
    assert send(third) == [[]]
    assert breaches() == []


def release_shipments(order_id):
    return Shipment.objects.filter(order_id=order_id).values_list("pk", flat=True)


def test_a_site_without_a_limit_is_not_counted():
    world = stocked_world()
    assert send(placed(world, 1)) == [[]]
    assert counted() == {}


@pytest.mark.parametrize(
    ("moment", "day"),
    [("2026-03-02T15:59", "2026-03-02"), ("2026-03-02T16:00", "2026-03-03"), ("2026-03-03T03:00", "2026-03-02")],
)
def test_the_day_a_site_works_on_what_reaches_it_is_its_own(moment, day):
    """In Nevada, eight hours behind UTC: closed at eight in the morning, and the third of March begins at eight UTC."""
    site = SiteTimes(1, ALWAYS_OPEN, "America/Los_Angeles", time(8))
    now = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    if moment == "2026-03-03T03:00":
        site = SiteTimes(1, ALWAYS_OPEN, "America/Los_Angeles")
    assert working_day(site, now=now) == date.fromisoformat(day)


def test_a_lot_that_grew_too_old_while_its_order_waited_does_not_go():
    world = make_world(stock=None, min_shelf_life_days=30)
    world.site.transit_days = 2
    world.site.save()
    (product,) = world.products
    product.tracking = "lot"
    product.save()
    stock(product, world.site, 5, lot="OLD", expiry=RECEIVED.date() + timedelta(days=40))
    order = place(world.draft(3), actor=CLERK, now=RECEIVED)
    allocate(trigger_key="first", product_ids=[product.pk], actor=CLERK, now=RECEIVED)
    waited = RECEIVED + timedelta(days=9)
    (outcome,) = release_orders(order_ids=[order.order_id], actor=PICKER, now=waited)
    (refused,) = outcome.refused
    assert (refused.gate, refused.rule) == ("allocation", "lot_not_good")
    assert refused.message == (
        "Line 1: lot OLD expires on 2027-01-02, 29 days after it would arrive on 2026-12-04; the customer wants 30."
        " Allocate again."
    )
    assert release_orders(order_ids=[order.order_id], actor=PICKER, now=waited - DAY)[0].is_released


def test_an_account_that_takes_nothing_early_is_sent_its_order_so_that_it_arrives_on_the_day():
    world = stocked_world()
    type(world.account).objects.update(early_days_allowed=0)
    wanted = TODAY + timedelta(days=5)
    order = place(world.draft(1, requested_date=wanted), actor=PICKER, now=NOW)
    allocate(trigger_key="all", product_ids=None, actor=CLERK, now=NOW)
    transit = world.site.transit_days
    assert send(order.order_id, now=NOW + (4 - transit) * DAY) == [["delivery_window"]]
    assert send(order.order_id, now=NOW + (5 - transit) * DAY) == [[]]
