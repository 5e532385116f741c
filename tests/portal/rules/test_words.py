from datetime import date
from decimal import Decimal

from portal.rules.words import Slice, slices_of, when

TODAY = date(2026, 11, 22)
THIRD = date(2026, 12, 3)


def test_forty_in_stock_and_twenty_inbound_meet_sixty():
    slices = slices_of(Decimal(60), Decimal(40), [(THIRD, Decimal(140))], TODAY)
    assert slices == [Slice(Decimal(40), TODAY), Slice(Decimal(20), THIRD)]
    assert when(slices, TODAY).words == "40 now, 20 on 3 Dec"


def test_all_in_stock_says_so_and_asks_nothing_of_inbound():
    slices = slices_of(Decimal(12), Decimal(40), [(THIRD, Decimal(140))], TODAY)
    assert slices == [Slice(Decimal(12), TODAY)]
    assert when(slices, TODAY) == when([Slice(Decimal(1), TODAY)], TODAY)
    assert when(slices, TODAY).tone == "ok"


def test_what_nothing_covers_is_said_not_hidden():
    slices = slices_of(Decimal(60), Decimal(0), [(THIRD, Decimal(20))], TODAY)
    assert when(slices, TODAY).words == "20 on 3 Dec, 40 without a date"
    assert when(slices_of(Decimal(60), Decimal(0), [], TODAY), TODAY).words == "No date yet"


def test_a_negative_balance_promises_nothing():
    assert slices_of(Decimal(5), Decimal(-3), [(THIRD, Decimal(5))], TODAY) == [Slice(Decimal(5), THIRD)]
    assert when([Slice(Decimal(5), THIRD)], TODAY).words == "Ships 3 Dec"
