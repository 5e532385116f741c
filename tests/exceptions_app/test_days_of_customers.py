"""What detectors call a day is the customer's: at half past eleven in the evening it is still today there, whatever the
day in UTC; and half past midnight it is tomorrow already."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from core.testing import drain
from exceptions_app.services.detect import detect_all
from inventory.models import Demand, Promise
from orders.models import Order
from orders.services.place import place
from tests.factories.accounts import TierFactory
from tests.factories.flow import stocked_world
from tests.factories.orders import CLERK, NOW, TODAY, allocated, make_world

pytestmark = pytest.mark.django_db
ZONES = ["America/Los_Angeles", "Asia/Tokyo"]
DAY = timedelta(days=1)


def half_hours_around_midnight(days: int, zone: str) -> tuple[datetime, datetime]:
    """23:30 of the day so many days after TODAY, and 00:30 of the next, where the customer is."""
    there = datetime.combine(TODAY + days * DAY, datetime.min.time(), ZoneInfo(zone))
    before, after = there + timedelta(hours=23, minutes=30), there + timedelta(hours=24, minutes=30)
    assert before.astimezone(UTC).date() != before.date() or after.astimezone(UTC).date() != after.date()
    return before.astimezone(UTC), after.astimezone(UTC)


def found(kind: str, now: datetime) -> int:
    return detect_all(now=now, only=kind)[0].found


@pytest.mark.parametrize("zone", ZONES)
def test_a_backorder_is_old_from_the_eighth_day_of_the_customer_on(zone):
    place(make_world(stock=4, time_zone=zone).draft(10, requested_date=TODAY), actor=CLERK, now=NOW)
    before, after = half_hours_around_midnight(7, zone)
    assert (found("aged_backorder", before), found("aged_backorder", after)) == (0, 1)


@pytest.mark.parametrize("zone", ZONES)
def test_an_order_is_stuck_from_the_day_on_that_its_customer_asked_for(zone):
    world = stocked_world()
    world.account.time_zone = zone
    world.account.save()
    place(world.draft(3, requested_date=TODAY + 6 * DAY), actor=CLERK, now=NOW)
    drain(NOW)
    Demand.objects.update(requested_date=TODAY + 6 * DAY)
    before, after = half_hours_around_midnight(5, zone)
    assert (found("order_stuck", before), found("order_stuck", after)) == (0, 1)


@pytest.mark.parametrize("zone", ZONES)
def test_a_cancel_date_is_near_from_seven_days_before_on(zone):
    place(make_world(stock=10, time_zone=zone).draft(5), actor=CLERK, now=NOW)
    Order.objects.update(cancel_after_date=TODAY + 17 * DAY)
    Promise.objects.update(delivery_date=TODAY + 20 * DAY)
    before, after = half_hours_around_midnight(9, zone)
    assert (found("cancel_date_at_risk", before), found("cancel_date_at_risk", after)) == (0, 1)


@pytest.mark.parametrize("zone", ZONES)
def test_a_conflict_counts_from_seven_days_before_the_day_asked_for(zone):
    gold, plain = TierFactory(rank=1), TierFactory(rank=5)
    world = make_world(stock=10, tier=plain, time_zone=zone)
    allocated(world, 10)
    world.account.tier = gold
    world.account.save()
    order = place(world.draft(4, requested_date=TODAY + 17 * DAY), actor=CLERK, now=NOW)
    Demand.objects.filter(ref_id=order.order_id).update(requested_date=TODAY + 17 * DAY)
    before, after = half_hours_around_midnight(9, zone)
    assert (found("allocation_conflict", before), found("allocation_conflict", after)) == (0, 1)
