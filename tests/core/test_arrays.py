"""Lists as parameters: what goes in comes back, whatever it holds."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

pytestmark = pytest.mark.django_db

TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=12)
AWKWARD = ["", " ", "NULL", "null", 'a"b', "a\\b", "a,b", "{a}", "{}", "é ", "\n", "'", "\\'", "%s", "\u2003"]


def back(values: list[Any], kind: str) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT array(SELECT v FROM unnest(%s::{kind}[]) WITH ORDINALITY AS u(v, n) ORDER BY n)", [values]
        )
        (found,) = cursor.fetchone()
    return list(found)


def test_awkward_texts_come_back_as_they_went() -> None:
    assert back(AWKWARD, "text") == AWKWARD
    assert back([*AWKWARD, None, "z"], "text") == [*AWKWARD, None, "z"]


def test_numbers_days_and_yes_and_no_come_back_as_they_went() -> None:
    assert back([1, -2, 2**62, 0], "bigint") == [1, -2, 2**62, 0]
    assert back([Decimal("1E+3"), Decimal("-0.0100"), Decimal("12.5")], "numeric") == [
        1000,
        Decimal("-0.01"),
        Decimal("12.5"),
    ]
    assert back([date(2026, 2, 28), None], "date") == [date(2026, 2, 28), None]
    assert back([True, False, None], "boolean") == [True, False, None]
    moment = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
    assert back([moment, None], "timestamptz") == [moment, None]


def test_empty_lists_lists_of_gaps_and_lists_of_lists_are_the_drivers_own() -> None:
    assert back([], "bigint") == [] and back([None, None], "text") == [None, None]
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::bigint[][]", [[[1, 2], [3, 4]]])
        assert cursor.fetchone() == ([[1, 2], [3, 4]],)


class AnyTexts(TestCase):
    @given(st.lists(st.none() | TEXTS, max_size=8))
    def test_any_texts_come_back(self, texts: list[str | None]) -> None:
        assert back(texts, "text") == texts
