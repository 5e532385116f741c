"""Lanes, carriers and receiving days, by example: when it leaves and when it is taken in."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pytest

from core.calendars import BusinessCalendar, CalendarNeverOpens
from inventory.rules.network import Destination, Lane, Network, receiving_days
from inventory.rules.promise import Peg, SiteTimes, dates_for, is_past_cutoff, peg_inbound, ship_date_after

MONDAY = date(2026, 11, 23)
DAY = ((time(8), time(17)),)
WEEKDAYS = BusinessCalendar("UTC", dict.fromkeys(range(5), DAY))
TUESDAYS = BusinessCalendar("UTC", {1: DAY})


def on(days):
    return MONDAY + timedelta(days=days)


def network(*lanes, **site):
    return Network({1: SiteTimes(1, **site)}, lanes, {9: WEEKDAYS, 8: TUESDAYS})


def test_the_lane_to_the_region_beats_the_lane_to_everywhere_else_and_the_sites_own_days():
    net = network(Lane(1, "West", 1), Lane(1, "", 5), transit_days=9)
    assert [net.times_to(Destination(region))[1].transit_days for region in ("West", "East")] == [1, 5]
    assert network(transit_days=9).times_to(Destination("West"))[1].transit_days == 9


def test_days_on_the_way_are_the_carriers_own_where_it_has_a_calendar():
    site = network(Lane(1, "", 2, calendar_id=9)).times_to(Destination())[1]
    assert dates_for(site, earliest=on(3), requested=on(3)) == (on(3), on(7))  # Thursday, Friday, Monday
    assert dates_for(site, earliest=on(0), requested=on(7)) == (on(3), on(7))  # as late as it allows


def test_goods_leave_when_the_carrier_comes():
    site = network(Lane(1, "", 1, calendar_id=8), calendar=WEEKDAYS).times_to(Destination())[1]
    assert ship_date_after(site, on(2)) == on(8)


def test_the_customers_closed_day_moves_delivery_before_it_or_after_it_when_it_is_too_late():
    site = network(transit_days=1).times_to(Destination(days=(1, 3)))[1]
    assert dates_for(site, earliest=on(0), requested=on(4)) == (on(2), on(3))  # Friday wanted, Thursday taken in
    assert dates_for(site, earliest=on(3), requested=on(4)) == (on(3), on(8))  # arrives Friday, taken in Tuesday


def test_a_receiving_calendar_and_days_close_together_and_a_place_that_never_opens_says_nothing():
    assert receiving_days(WEEKDAYS, (1, 6)).week.keys() == {1}
    assert receiving_days(WEEKDAYS, (6,)) is None
    assert receiving_days(None, ()) is None


def test_a_site_and_a_carrier_that_never_meet_are_a_mistake_that_is_said():
    sundays = BusinessCalendar("UTC", {6: DAY})
    site = SiteTimes(1, calendar=WEEKDAYS, carrier=sundays)
    with pytest.raises(CalendarNeverOpens):
        ship_date_after(site, MONDAY)


def test_past_the_cut_off_is_said_on_working_days_only():
    site = SiteTimes(1, calendar=WEEKDAYS, cutoff_time=time(14))
    assert is_past_cutoff(site, now=datetime(2026, 11, 23, 14, tzinfo=UTC))
    assert not is_past_cutoff(site, now=datetime(2026, 11, 23, 13, 59, tzinfo=UTC))
    assert not is_past_cutoff(site, now=datetime(2026, 11, 28, 15, tzinfo=UTC))


def test_inbound_at_a_site_outside_the_route_is_left_to_the_next():
    pegs, uncovered = peg_inbound(
        [(10, Decimal(7)), (11, Decimal(7))],
        [Peg(1, 1, on(1), Decimal(5)), Peg(2, 2, on(2), Decimal(9))],
        {10: (2,)},
    )
    assert [(p.inbound_id, p.qty) for p in pegs[10]] == [(2, 7)]
    assert [(p.inbound_id, p.qty) for p in pegs[11]] == [(1, 5), (2, 2)]
    assert uncovered == {10: 0, 11: 0}
