from datetime import date, timedelta

from reporting.rules.chart import HEIGHT, LEFT, WIDTH, Count, chart, in_steps

FIRST = date(2026, 8, 28)


def days(*finished: int) -> list[Count]:
    return [Count(FIRST + timedelta(days=n), count, count // 2) for n, count in enumerate(finished)]


def test_a_month_is_shown_by_day_and_a_quarter_by_weeks_that_end_with_the_last_day():
    assert len(in_steps(days(*[1] * 30))) == 30
    weeks = in_steps(days(*[2] * 90))
    assert [w.days for w in weeks] == [6] + [7] * 12
    assert (sum(w.finished for w in weeks), sum(w.perfect for w in weeks)) == (180, 90)
    assert weeks[0].label == "6 days from 28 Aug"


def test_a_day_without_orders_has_no_rate():
    assert Count(FIRST, 0, 0).rate is None
    assert Count(FIRST, 8, 6).rate == 75


def test_bars_stand_on_the_floor_inside_the_picture_and_are_as_high_as_they_count():
    drawn = chart(days(4, 0, 2))
    assert [line.value for line in drawn.scale] == [0, 2, 4]
    full, none, half = drawn.bars
    assert (none.finished_height, full.finished_height) == (0, 2 * half.finished_height)
    assert all(bar.finished_y + bar.finished_height == drawn.floor for bar in drawn.bars)
    assert full.x > LEFT and half.x + half.width < WIDTH and drawn.floor < HEIGHT
    assert half.short_label == "30 Aug"


def test_nothing_finished_is_a_scale_without_a_bar():
    drawn = chart(days(0, 0))
    assert [bar.finished_height for bar in drawn.bars] == [0, 0]
    assert [line.value for line in drawn.scale] == [0, 1, 2]


def test_the_scale_ends_at_a_round_number():
    assert [chart(days(most)).scale[-1].value for most in (1, 5, 10, 11, 123, 4_501)] == [2, 6, 10, 20, 200, 5_000]
