from datetime import date
from decimal import Decimal

from portal.rules.plan import Delivery, deliveries
from portal.rules.words import Slice

TODAY, LATER = date(2026, 11, 20), date(2026, 12, 3)


def part(qty, day):
    return Slice(Decimal(qty), day)


def test_split_goes_by_day_and_what_has_no_date_is_last():
    lines = [(part(40, TODAY), part(20, LATER)), (part(5, TODAY),), (part(1, None),)]
    assert deliveries(lines, is_whole=False) == [Delivery(TODAY, 2), Delivery(LATER, 1), Delivery(None, 1)]


def test_complete_waits_for_the_last_and_has_no_date_while_a_part_has_none():
    lines = [(part(40, TODAY), part(20, LATER)), (part(5, TODAY),)]
    assert deliveries(lines, is_whole=True) == [Delivery(LATER, 2)]
    assert deliveries([*lines, (part(1, None),)], is_whole=True) == [Delivery(None, 3)]


def test_no_lines_have_no_dates():
    assert deliveries([], is_whole=False) == deliveries([()], is_whole=True) == []
