"""Within one unit of work each id is asked for once; outside, every time."""

import pytest

from core.memo import once_per_unit
from core.testing import unit

pytestmark = pytest.mark.django_db


def asking() -> tuple[list[set[int]], object]:
    asked: list[set[int]] = []

    @once_per_unit
    def names(ids, *, on):
        asked.append(set(ids))
        return {i: f"{i} on {on}" for i in ids if i != 9}

    return asked, names


def test_three_questions_about_two_ids_ask_the_database_twice_and_never_again_for_an_absent_one():
    asked, names = asking()
    with unit():
        assert names([1, 9], on=5) == {1: "1 on 5"}
        assert names([9, 1], on=5) == {1: "1 on 5"}
        assert names([1, 2], on=5) == {1: "1 on 5", 2: "2 on 5"}
    assert asked == [{1, 9}, {2}]


def test_another_day_is_another_question():
    asked, names = asking()
    with unit():
        names([1], on=5)
        names([1], on=6)
    assert asked == [{1}, {1}]


def test_nothing_is_kept_from_one_unit_to_the_next_or_outside_of_one():
    asked, names = asking()
    for _ in range(2):
        with unit():
            names([1], on=5)
    names([1], on=5)
    names([1], on=5)
    assert len(asked) == 4
