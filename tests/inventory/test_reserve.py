"""Reserving: nothing twice, everything explained, the same number of statements for one line and for many."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.errors import NotFound
from core.models import Calendar, CalendarHoliday
from core.testing import unit
from inventory.models import Claim, StockBalance
from inventory.queries import demand_states
from inventory.services.open_demands import open_demands
from inventory.services.reserve import reserve
from tests.factories.inventory import (
    NOW,
    TODAY,
    InboundFactory,
    SiteFactory,
    StockedProductFactory,
    breaches,
    open_and_reserve,
    spec,
    stock,
)

pytestmark = pytest.mark.django_db


def test_ten_wanted_of_seven_reserves_seven_and_backorders_three():
    product, site = StockedProductFactory(), SiteFactory()
    balance_id = stock(product, site, 7)
    (got,) = open_and_reserve([spec(product, 10)])
    assert (got.reserved, got.backordered) == (7, 3)
    assert StockBalance.objects.get(pk=balance_id).reserved_qty == 7
    assert "7 of 10" in got.explanation.outcome
    assert breaches() == []


def test_forty_ship_now_and_twenty_come_with_the_inbound():
    product, site = StockedProductFactory(), SiteFactory(transit_days=2)
    stock(product, site, 40)
    inbound = InboundFactory(product=product, site=site, ordered_qty=50, eta_date=TODAY + timedelta(days=10))
    (got,) = open_and_reserve([spec(product, 60)])
    assert [(p.qty, p.kind, p.delivery_date) for p in got.promises] == [
        (40, "stock", TODAY + timedelta(days=3)),
        (20, "inbound", TODAY + timedelta(days=12)),
    ]
    (after,) = open_and_reserve([spec(product, 40)])
    assert [(p.qty, p.kind, p.inbound_id) for p in after.promises] == [(30, "inbound", inbound.pk), (10, "none", None)]
    assert breaches() == []


def test_two_lines_of_one_product_share_one_truth():
    product, site = StockedProductFactory(), SiteFactory()
    stock(product, site, 10)
    got = open_and_reserve([spec(product, 6), spec(product, 6)])
    assert [(g.reserved, g.backordered) for g in got] == [(6, 0), (4, 2)]
    assert breaches() == []


def test_an_expired_reservation_of_another_counts_as_free_though_nobody_swept_it():
    product, site = StockedProductFactory(), SiteFactory()
    stock(product, site, 5)
    (quote,) = open_and_reserve([spec(product, 5)], expires_at=NOW + timedelta(hours=1))
    (early,) = open_and_reserve([spec(product, 2)], now=NOW + timedelta(minutes=59))
    assert early.reserved == 0
    (late,) = open_and_reserve([spec(product, 2)], now=NOW + timedelta(hours=1))
    assert late.reserved == 2
    state = demand_states([quote.demand_id])[quote.demand_id]
    assert (state.reserved, state.backordered) == (0, 5)
    assert breaches() == []


def test_reserving_again_prolongs_the_quote_and_takes_what_came_meanwhile():
    product, site = StockedProductFactory(), SiteFactory()
    stock(product, site, 3)
    (quote,) = open_and_reserve([spec(product, 5)], expires_at=NOW + timedelta(hours=1))
    stock(product, site, 4)
    with unit():
        again = reserve([quote.demand_id], now=NOW + timedelta(minutes=5))[quote.demand_id]
    assert (again.reserved, again.backordered) == (5, 0)
    assert Claim.objects.get(demand_id=quote.demand_id).expires_at is None
    assert breaches() == []


@pytest.mark.parametrize("wanted", [Decimal("0.5"), 5])  # 0.5: all in stock; 5: short, with inbound to promise from
def test_reserve_takes_at_most_eight_statements_for_1_50_and_500_lines(wanted):
    site = SiteFactory()
    products = StockedProductFactory.create_batch(500)
    for product in products:
        stock(product, site, 3)
        InboundFactory(product=product, site=site)
    counts = {}
    for lines in (1, 50, 500):
        with unit():
            ids = list(open_demands([spec(p, wanted) for p in products[:lines]], now=NOW).values())
            with CaptureQueriesContext(connection) as captured:
                reserve(ids, now=NOW)
        counts[lines] = len(captured)
    assert len(set(counts.values())) == 1, counts
    assert counts[500] <= 8, counts
    assert breaches() == []


def test_a_sites_calendar_cut_off_and_holidays_make_the_promised_dates():
    week = {str(d): [["08:00", "17:00"]] for d in range(5)}
    calendar = Calendar.objects.create(code="reno", name="Reno", time_zone="America/Los_Angeles", week=week)
    CalendarHoliday.objects.create(calendar=calendar, date=TODAY + timedelta(days=1))
    site = SiteFactory(
        calendar=calendar, time_zone="America/Los_Angeles", cutoff_time="14:00", lead_days=1, transit_days=3
    )
    product = StockedProductFactory()
    stock(product, site, 9)
    in_time, late = NOW.replace(hour=21, minute=59), NOW.replace(hour=22)
    promised = [
        open_and_reserve([spec(product, 1, requested_date=TODAY)], now=t)[0].promises[0] for t in (in_time, late)
    ]
    assert [p.ship_date for p in promised] == [TODAY + timedelta(days=2), TODAY + timedelta(days=3)]
    assert [p.delivery_date for p in promised] == [TODAY + timedelta(days=5), TODAY + timedelta(days=6)]


def test_reserving_an_unknown_demand_is_an_error_that_changes_nothing():
    with pytest.raises(NotFound), unit():
        reserve([0], now=NOW)
