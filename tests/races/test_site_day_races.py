"""Two batches that want the last place of a site's day."""

import pytest

from core.testing import drain, race
from fulfillment.services.release_orders import release_orders
from inventory.models import Site, SiteDay
from tests.factories.flow import NOW, PICKER, breaches, placed, stocked_world

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.races]


def test_of_eight_batches_at_once_for_eight_customers_as_many_go_as_the_site_handles():
    worlds = [stocked_world() for _ in range(8)]
    orders = [placed(world, 1) for world in worlds]
    Site.objects.update(lines_per_day=3)
    sent = race(*[lambda i=i: release_orders(order_ids=[i], actor=PICKER, now=NOW)[0] for i in orders])
    assert [x.is_released for x in sent].count(True) == 3
    assert {str(r.gate) for x in sent for r in x.refused} == {"capacity"}
    assert SiteDay.objects.get().lines == 3
    drain(NOW)
    assert breaches() == []


def test_two_batches_of_many_in_opposite_orders_take_every_place_once_and_do_not_block_each_other():
    worlds = [stocked_world() for _ in range(6)]
    orders = [placed(world, 1) for world in worlds]
    Site.objects.update(lines_per_day=5)
    batches = [orders[:4], orders[:1:-1]]
    race(*[lambda b=b: release_orders(order_ids=b, actor=PICKER, now=NOW) for b in batches])
    assert SiteDay.objects.get().lines == 5
    drain(NOW)
    assert breaches() == []
