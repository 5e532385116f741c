"""A list as a file: every value readable, nothing a spreadsheet would run, and a word where rows are missing."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from core.exports import cell, csv_lines


@pytest.mark.parametrize("text", ["=1+1", "+49 30", "-x", "@SUM(A1)", "\t=1", "\r=1"])
def test_a_text_that_begins_like_a_formula_gets_an_apostrophe(text):
    assert cell(text) == "'" + text


def test_numbers_stay_numbers_and_nothing_is_an_empty_cell():
    assert cell(Decimal("-12.50")) == "-12.50"
    assert cell(Decimal("1E+3")) == "1000"
    assert cell(-3) == "-3"
    assert cell(None) == ""
    assert cell(datetime(2026, 11, 25, 9, 30, tzinfo=UTC)) == "2026-11-25T09:30:00+00:00"


def test_the_file_says_when_it_holds_only_the_first_rows():
    lines = list(csv_lines(["Order"], [("SO-1",), ("SO-2",), ("SO-3",)], cap=2))
    assert lines[:3] == ["\ufeffOrder\r\n", "SO-1\r\n", "SO-2\r\n"]
    assert lines[3] == "Only the first 2 rows are in this file: narrow the list to get the others.\r\n"
    assert len(lines) == 4


def test_a_file_of_exactly_the_cap_says_nothing():
    assert len(list(csv_lines(["Order"], [("SO-1",), ("SO-2",)], cap=2))) == 3
