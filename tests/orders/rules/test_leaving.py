"""Gates 6, 8 and 9 as pure functions: every edge of lot life, window, hours and the site's day."""

from dataclasses import replace
from datetime import UTC, date, datetime, time

import pytest

from inventory.rules.ready import ReadyStock, SiteLoad, with_lines
from orders.rules import leaving
from tests.orders.rules.test_gates import ADDRESS, line, order, state

TODAY = date(2026, 3, 2)
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
STOCK = ReadyStock(1, 5, "RENO", "L1", None, True, 0, TODAY, date(2026, 3, 4))


def one(**more):
    """A line of ten that is allocated, as demand 1."""
    return line(1, demand=state(10, allocated=10), **more)


def ready(**more):
    return {1: [replace(STOCK, **more)]}


@pytest.mark.parametrize(
    ("more", "fault"),
    [
        ({}, ""),
        ({"expiry_date": date(2026, 3, 4)}, ""),  # on the day it arrives it is good still
        ({"expiry_date": date(2026, 3, 3)}, "lot L1 expires on 2026-03-03, before it would arrive on 2026-03-04"),
        ({"expiry_date": date(2026, 4, 3), "min_shelf_life_days": 30}, ""),
        (
            {"expiry_date": date(2026, 4, 2), "min_shelf_life_days": 30},
            "lot L1 expires on 2026-04-02, 29 days after it would arrive on 2026-03-04; the customer wants 30",
        ),
        ({"is_usable": False}, "lot L1 was recalled, or its stock is not good any more"),
        ({"is_usable": False, "lot_code": ""}, "stock at RENO was recalled, or its stock is not good any more"),
    ],
)
def test_a_lot_that_was_good_when_it_was_allocated_is_asked_again(more, fault):
    assert replace(STOCK, **more).fault == fault
    (result,) = leaving.allocation(order(one()), [one()], ready(**more))
    assert (result.rule, result.is_pass) == (("lot_not_good", False) if fault else ("allocation", True))
    assert result.message == (f"Line 1: {fault}. Allocate again." if fault else "1 of 1 lines have stock allocated.")


def test_a_bad_lot_of_a_line_that_does_not_go_holds_nothing():
    assert leaving.allocation(order(one()), [], ready(is_usable=False))[0].is_pass


def test_it_leaves_by_the_cancel_after_date_with_cut_off_and_lead_days_counted():
    wanted = order(one(), cancel_after_date=TODAY)
    assert leaving.delivery_window(wanted, TODAY)[0].is_pass
    assert leaving.delivery_window(wanted, TODAY, going=[one()], ready=ready())[0].is_pass
    (late,) = leaving.delivery_window(wanted, TODAY, going=[one()], ready=ready(ships_on=date(2026, 3, 3)))
    assert (late.rule, late.message) == (
        "past_cancel_date",
        "Released now it leaves on 2026-03-03; the order is to be cancelled after 2026-03-02.",
    )
    (past,) = leaving.delivery_window(wanted, date(2026, 3, 3))
    assert past.message == "The order was to be cancelled after 2026-03-02."


@pytest.mark.parametrize(
    ("days", "wanted", "message"),
    [
        (None, 31, ""),
        (0, 4, ""),
        (0, 5, "Line 1 would arrive on 2026-03-04; the customer takes it not before 2026-03-05."),
        (2, 6, ""),
        (2, 7, "Line 1 would arrive on 2026-03-04; the customer takes it at most 2 days before 2026-03-07."),
    ],
)
def test_too_early_is_as_many_days_as_the_account_says(days, wanted, message):
    asked = one(requested_date=date(2026, 3, wanted))
    (result,) = leaving.delivery_window(order(asked), TODAY, going=[asked], ready=ready(), early_days=days)
    assert (result.rule, result.message) == ("too_early", message) if message else result.is_pass


@pytest.mark.parametrize(("hour", "arrives", "is_held"), [(15, 2, False), (16, 2, True), (16, 4, False)])
def test_what_arrives_today_does_so_before_the_last_hour_of_its_place(hour, arrives, is_held):
    places = {3: replace(ADDRESS, delivery_from=time(6), delivery_to=time(8), time_zone="America/Los_Angeles")}
    (result,) = leaving.delivery_window(
        order(one()), TODAY, going=[one()], ready=ready(arrives_on=date(2026, 3, arrives)), ship_tos=places,
        now=NOON.replace(hour=hour),
    )  # fmt: skip
    assert result.is_pass is not is_held
    if is_held:
        assert result.message == "Line 1 would arrive today; Dock takes goods in until 08:00, and it is past that."


def test_a_site_is_given_no_more_lines_than_it_handles_with_those_it_has():
    loads = {5: SiteLoad("RENO", TODAY, 3, released=1)}
    two = [one(), line(2, demand=state(10, allocated=10, demand_id=2))]
    at = {1: [STOCK, replace(STOCK, lot_code="L2")], 2: [replace(STOCK, demand_id=2)]}  # two lots are one line
    assert leaving.lines_by_site(two, at) == {5: 2}
    assert leaving.capacity(two, at, loads)[0].is_pass
    (full,) = leaving.capacity(two, at, with_lines(loads, {5: 1, 6: 9}))
    assert (full.rule, full.message) == (
        "site_capacity",
        "RENO handles 3 lines a day; for 2026-03-02 2 are released already and the order has 2 for it.",
    )
    (never,) = leaving.capacity(two, at, {5: SiteLoad("RENO", TODAY, 1)})
    assert never.message == (
        "RENO handles 1 line a day and the order alone has 2 for it: no day can take it whole. Source some of its lines"
        " from another site, split the order, or have the site's figure raised."
    )
    assert leaving.capacity(two, at, {})[0].is_pass  # it sets no limit
    assert leaving.capacity(two[:1], at, with_lines(loads, {5: 1}))[0].is_pass
