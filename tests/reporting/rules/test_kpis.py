from decimal import Decimal

import pytest

from reporting.rules.kpis import DEFINITIONS, NO_DATA, hours, kpi, share

BACKORDER = next(d for d in DEFINITIONS if d.code == "backorder")
PERFECT = next(d for d in DEFINITIONS if d.code == "perfect_order")


def test_a_share_is_a_percentage_to_one_place_half_up():
    assert share(1, 3).value == Decimal("33.3")
    assert share(1, 16).value == Decimal("6.3")  # 6.25
    assert (share(2, 3).numerator, share(2, 3).denominator, share(2, 3).count) == (2, 3, 3)


def test_nothing_counted_is_no_data_and_not_zero():
    assert share(0, 0).value is None
    assert hours(None, 0) == NO_DATA
    assert kpi(PERFECT, NO_DATA, share(1, 1)).trend is None
    assert kpi(PERFECT, NO_DATA, NO_DATA).is_on_target is None


@pytest.mark.parametrize(
    ("definition", "now", "before", "on_target", "improving"),
    [
        (BACKORDER, 3, 5, True, True),
        (BACKORDER, 6, 5, False, False),
        (PERFECT, 96, 94, True, True),
        (PERFECT, 90, 90, False, None),
    ],
)
def test_the_target_and_the_trend_know_which_way_is_good(definition, now, before, on_target, improving):
    found = kpi(definition, share(now, 100), share(before, 100))
    assert (found.is_on_target, found.is_improving) == (on_target, improving)
    assert found.trend == Decimal(now - before)


def test_every_kpi_says_how_it_is_counted():
    assert len({d.code for d in DEFINITIONS}) == len(DEFINITIONS) == 11
    assert all(len(d.text) > 40 and d.text.endswith(".") for d in DEFINITIONS)
