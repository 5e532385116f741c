from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from core.calendars import BusinessCalendar
from inventory.rules.asks import PromiseSlice
from inventory.rules.promise import (
    Coverage,
    Move,
    Peg,
    SiteTimes,
    dates_for,
    earliest_ship_date,
    fresh_slices,
    peg_inbound,
    renew,
    ship_date_after,
    trim,
)
from inventory.states import PromiseKind

WEEKDAYS = BusinessCalendar(
    "America/Los_Angeles", {d: ((time(8), time(17)),) for d in range(5)}, frozenset({date(2026, 11, 26)})
)
RENO = SiteTimes(1, WEEKDAYS, "America/Los_Angeles", time(14), lead_days=1, transit_days=3)
MONDAY = date(2026, 11, 23)


def at(day, hour, minute=0):
    """A local time in Reno (UTC−8 in November)."""
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC) + timedelta(hours=8)


def test_before_the_cut_off_it_ships_after_the_lead_day_and_after_it_a_day_later():
    assert earliest_ship_date(RENO, now=at(23, 13, 59)) == date(2026, 11, 24)
    assert earliest_ship_date(RENO, now=at(23, 14)) == date(2026, 11, 25)


def test_weekends_and_holidays_are_not_worked():
    assert earliest_ship_date(RENO, now=at(25, 15)) == date(
        2026, 11, 30
    )  # Thursday is a holiday, lead day Friday→Monday
    assert earliest_ship_date(RENO, now=at(28, 9)) == date(2026, 12, 1)  # Saturday: starts Monday
    assert ship_date_after(RENO, date(2026, 11, 28)) == date(2026, 12, 1)


def test_the_day_is_the_sites_own_day():
    assert earliest_ship_date(RENO, now=datetime(2026, 11, 24, 1, tzinfo=UTC)) == date(
        2026, 11, 25
    )  # Monday 17:00 there


def test_it_ships_as_late_as_the_requested_date_allows_and_on_a_working_day():
    dates = dates_for(RENO, earliest=date(2026, 11, 24), requested=date(2026, 12, 9))
    assert dates == (date(2026, 12, 4), date(2026, 12, 9))  # 9 Dec − 3 days is a Sunday


def test_a_requested_date_that_cannot_be_met_is_scheduled_forward():
    assert dates_for(RENO, earliest=date(2026, 11, 24), requested=MONDAY) == (date(2026, 11, 24), date(2026, 11, 27))


def test_forty_now_from_stock_twenty_with_the_inbound_and_five_without_a_date():
    cover = Coverage(MONDAY, {1: Decimal(40)}, [Peg(7, 1, date(2026, 11, 30), Decimal(20))], Decimal(5))
    slices = fresh_slices(cover, {1: RENO}, now=at(23, 9))
    assert [(s.qty, s.kind, s.ship_date, s.delivery_date, s.inbound_id) for s in slices] == [
        (40, PromiseKind.STOCK, date(2026, 11, 24), date(2026, 11, 27), None),
        (20, PromiseKind.INBOUND, date(2026, 12, 1), date(2026, 12, 4), 7),
        (5, PromiseKind.NONE, None, None, None),
    ]


def test_inbound_is_given_in_order_earliest_first_and_never_twice():
    first, second = Peg(1, 1, MONDAY, Decimal(5)), Peg(2, 1, MONDAY + timedelta(days=3), Decimal(5))
    pegs, uncovered = peg_inbound([(10, Decimal(7)), (11, Decimal(7))], [second, first])
    assert [(p.inbound_id, p.qty) for p in pegs[10]] == [(1, 5), (2, 2)]
    assert [(p.inbound_id, p.qty) for p in pegs[11]] == [(2, 3)]
    assert uncovered == {10: 0, 11: 4}


def promised(qty, kind, day, *, site_id=1, first=None, inbound_id=None, cause=""):
    return PromiseSlice(Decimal(qty), kind, site_id, day, day, first or day, cause, inbound_id)


DAY1, DAY2, DAY3 = (MONDAY + timedelta(days=n) for n in (1, 2, 9))


def test_stock_that_stays_claimed_keeps_its_date_though_today_would_give_a_later_one():
    was = promised(5, PromiseKind.STOCK, DAY1)
    renewal = renew([was], [promised(5, PromiseKind.STOCK, DAY3)], cause="x")
    assert renewal.slices == (was,)
    assert renewal.moves == ()


def test_what_loses_its_stock_moves_keeps_its_first_date_and_says_why():
    renewal = renew(
        [promised(5, PromiseKind.STOCK, DAY1)],
        [promised(2, PromiseKind.STOCK, DAY2), promised(3, PromiseKind.INBOUND, DAY3, inbound_id=7)],
        cause="taken by a higher tier",
    )
    assert [(s.qty, s.delivery_date, s.first_delivery_date, s.slip_cause) for s in renewal.slices] == [
        (2, DAY1, DAY1, ""),
        (3, DAY3, DAY1, "taken by a higher tier"),
    ]
    assert renewal.moves == (Move(Decimal(3), DAY1, DAY3, "taken by a higher tier"),)


def test_a_first_date_after_none_is_not_a_move():
    none = PromiseSlice(Decimal(4), PromiseKind.NONE, None, None, None)
    renewal = renew([none], [promised(4, PromiseKind.STOCK, DAY2)], cause="x")
    assert [(s.delivery_date, s.first_delivery_date, s.slip_cause) for s in renewal.slices] == [(DAY2, DAY2, "")]
    assert renewal.moves == ()


def test_stock_that_comes_before_its_inbound_date_moves_the_promise_forward_without_a_cause():
    was = promised(4, PromiseKind.INBOUND, DAY3, inbound_id=7)
    renewal = renew([was], [promised(4, PromiseKind.STOCK, DAY2)], cause="x")
    assert [(s.delivery_date, s.first_delivery_date, s.slip_cause) for s in renewal.slices] == [(DAY2, DAY3, "")]
    assert renewal.moves == (Move(Decimal(4), DAY3, DAY2, "stock came in for it"),)


def test_what_waits_for_the_same_delivery_on_a_later_day_says_so_whoever_looked():
    was = promised(4, PromiseKind.INBOUND, DAY2, inbound_id=7)
    (slipped,) = renew([was], [promised(4, PromiseKind.INBOUND, DAY3, inbound_id=7)], cause="x").slices
    assert (slipped.delivery_date, slipped.slip_cause) == (DAY3, "the delivery it waits for has another date")
    (other,) = renew([was], [promised(4, PromiseKind.INBOUND, DAY3, inbound_id=8)], cause="x").slices
    assert (other.delivery_date, other.slip_cause) == (DAY3, "x")


def test_what_ships_or_is_cancelled_takes_from_its_own_ground_the_latest_date_first():
    current = [
        promised(5, PromiseKind.STOCK, DAY1),
        promised(4, PromiseKind.INBOUND, DAY2, inbound_id=1),
        promised(4, PromiseKind.INBOUND, DAY3, inbound_id=2),
    ]
    left = trim(current, stock={1: Decimal(2)}, backordered=Decimal(5))
    assert [(s.qty, s.delivery_date) for s in left] == [(2, DAY1), (4, DAY2), (1, DAY3)]


kinds = st.sampled_from([PromiseKind.STOCK, PromiseKind.INBOUND, PromiseKind.NONE])


@st.composite
def slices(draw):
    kind = draw(kinds)
    if kind == PromiseKind.NONE:
        return PromiseSlice(Decimal(draw(st.integers(1, 9))), kind, None, None, None)
    day = MONDAY + timedelta(days=draw(st.integers(0, 9)))
    inbound_id = draw(st.integers(1, 2)) if kind == PromiseKind.INBOUND else None
    return promised(draw(st.integers(1, 9)), kind, day, site_id=draw(st.integers(1, 2)), inbound_id=inbound_id)


@given(st.lists(slices(), max_size=4), st.lists(slices(), max_size=4))
def test_renewing_covers_exactly_what_is_open_and_repeating_it_changes_nothing(current, fresh):
    renewal = renew(current, fresh, cause="x")
    assert sum(s.qty for s in renewal.slices) == sum(s.qty for s in fresh)
    for kind in PromiseKind:
        assert sum(s.qty for s in renewal.slices if s.kind == kind) == sum(s.qty for s in fresh if s.kind == kind)
    again = renew(renewal.slices, fresh, cause="y")
    assert sum(s.qty for s in again.slices) == sum(s.qty for s in renewal.slices)
