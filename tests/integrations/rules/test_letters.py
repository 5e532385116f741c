"""What a letter about promises says, and when it leaves."""

from datetime import UTC, date, datetime

from integrations.rules.letters import Move, due_at, folded, in_words, kept, next_try, subject_of

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
MAY_1, MAY_4, MAY_9 = date(2026, 5, 1), date(2026, 5, 4), date(2026, 5, 9)


def row(demand, was, now, *, seq=1, cause="late"):
    return kept(Move(demand, demand, f"SKU-{demand}", "5", was, now, cause, seq))


def test_moves_of_a_line_fold_into_one_from_the_first_day_to_the_last_for_the_last_cause():
    (move,) = folded([row(1, MAY_4, MAY_9, seq=2, cause="later still"), row(1, MAY_1, MAY_4, seq=1)])
    assert (move.was, move.now, move.cause) == (MAY_1, MAY_9, "later still")
    assert in_words(move) == "Line 1: 5 of SKU-1, 1 May 2026 → 9 May 2026"


def test_what_is_told_twice_counts_once_and_what_moved_back_is_not_told():
    twice = folded([row(1, MAY_1, MAY_4), row(1, MAY_1, MAY_4)])
    assert len(twice) == 1
    assert folded([row(1, MAY_1, MAY_4, seq=1), row(1, MAY_4, MAY_1, seq=2)]) == []
    assert [m.demand_id for m in folded([row(2, MAY_1, None), row(1, MAY_1, MAY_4)])] == [1, 2]
    assert in_words(folded([row(2, MAY_1, None)])[0]).endswith("→ no date yet")


def test_at_once_is_a_minute_and_daily_is_seven_in_the_morning_where_the_reader_is():
    assert due_at("at_once", now=NOW, time_zone="UTC") == datetime(2026, 3, 2, 12, 1, tzinfo=UTC)
    assert due_at("daily", now=NOW, time_zone="UTC") == datetime(2026, 3, 3, 7, tzinfo=UTC)
    # 12:00 UTC is 04:00 in Los Angeles: the same morning, at 15:00 UTC
    assert due_at("daily", now=NOW, time_zone="America/Los_Angeles") == datetime(2026, 3, 2, 15, tzinfo=UTC)
    # the night of the change to summer time: seven by the clock on the wall is 14:00 UTC
    eve = datetime(2026, 3, 8, 6, tzinfo=UTC)
    assert due_at("daily", now=eve, time_zone="America/Los_Angeles") == datetime(2026, 3, 8, 14, tzinfo=UTC)


def test_the_subject_names_one_order_and_counts_several():
    one, two = folded([row(1, MAY_1, MAY_4)]), folded([row(1, MAY_1, MAY_4), row(2, MAY_1, MAY_9)])
    assert subject_of([("SO-1", one)]) == "Order SO-1: 1 promise moved"
    assert subject_of([("SO-1", one), ("SO-2", two)]) == "2 orders: 3 promises moved"


def test_the_tries_are_two_to_sixteen_minutes_apart():
    assert [(next_try(n, now=NOW) - NOW).seconds // 60 for n in (1, 2, 3, 4)] == [2, 4, 8, 16]
