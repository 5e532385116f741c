from datetime import date, timedelta

import pytest

from core.chart import HEIGHT, LEFT, WIDTH, Count, chart, drawing, every_day, in_steps
from core.periods import Period

FIRST = date(2026, 8, 28)


def days(*counted: int) -> list[Count]:
    return [Count(FIRST + timedelta(days=n), count, count // 2) for n, count in enumerate(counted)]


def test_a_month_is_shown_by_day_and_a_quarter_by_weeks_that_end_with_the_last_day():
    assert len(in_steps(days(*[1] * 30))) == 30
    weeks = in_steps(days(*[2] * 90))
    assert [w.days for w in weeks] == [6] + [7] * 12
    assert (sum(w.whole for w in weeks), sum(w.part for w in weeks)) == (180, 90)
    assert weeks[0].label == "6 days from 28 Aug"


def test_a_day_on_which_nothing_was_counted_has_no_rate():
    assert Count(FIRST, 0, 0).rate is None
    assert Count(FIRST, 8, 6).rate == 75


def test_bars_stand_on_the_floor_inside_the_picture_and_are_as_high_as_they_count():
    drawn = chart(days(4, 0, 2))
    assert [line.value for line in drawn.scale] == [0, 2, 4]
    full, none, half = drawn.bars
    assert (none.whole_height, full.whole_height) == (0, 2 * half.whole_height)
    assert all(bar.whole_y + bar.whole_height == drawn.floor for bar in drawn.bars)
    assert full.x > LEFT and half.x + half.width < WIDTH and drawn.floor < HEIGHT
    assert half.short_label == "30 Aug"


def test_nothing_whole_is_a_scale_without_a_bar():
    drawn = chart(days(0, 0))
    assert [bar.whole_height for bar in drawn.bars] == [0, 0]
    assert [line.value for line in drawn.scale] == [0, 1, 2]


def test_the_scale_ends_at_a_round_number():
    assert [chart(days(most)).scale[-1].value for most in (1, 5, 10, 11, 123, 4_501)] == [2, 6, 10, 20, 200, 5_000]


def test_days_on_which_nothing_was_counted_stand_between_the_others_and_a_period_has_both_ends():
    found = every_day(Period(FIRST, FIRST + timedelta(days=3)), {FIRST + timedelta(days=1): (4, 1)})
    assert found == [Count(FIRST, 0, 0), Count(FIRST + timedelta(days=1), 4, 1), Count(FIRST + timedelta(days=2), 0, 0)]
    with pytest.raises(ValueError, match="both ends"):
        every_day(Period(FIRST), {})


def test_a_drawing_adds_up_its_days_and_says_when_its_steps_are_weeks():
    month, quarter = drawing(days(*[4] * 30)), drawing(days(*[4] * 90))
    assert (month.is_weekly, month.total) == (False, Count(FIRST, 120, 60, 30))
    assert (quarter.is_weekly, quarter.total) == (True, Count(FIRST, 360, 180, 90))
    assert (len(month.steps), len(quarter.chart.bars)) == (30, 13)
