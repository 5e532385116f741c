"""Kits by their scarcest component, circles, licences by the day, evidence by its first bytes."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.rules import evidence
from catalog.rules.asks import KitPart
from catalog.rules.circles import closes_circle
from catalog.rules.kits import kit_availability
from catalog.rules.licences import counts, state

JUNE = date(2026, 6, 1)


def test_a_kit_is_had_as_often_as_its_scarcest_component_allows():
    components = [KitPart(1, Decimal(2)), KitPart(2, Decimal("0.5"))]
    assert kit_availability({1: Decimal(7), 2: Decimal(9)}, components) == 3
    assert kit_availability({1: Decimal(70), 2: Decimal("0.4")}, components) == 0
    assert kit_availability({1: Decimal(7)}, components) == 0
    assert kit_availability({1: Decimal(-3), 2: Decimal(9)}, components) == 0
    assert kit_availability({1: Decimal(7)}, []) == 0


stock = st.dictionaries(st.integers(1, 4), st.decimals(0, 1000, places=4), max_size=4)
recipe = st.lists(st.builds(KitPart, st.integers(1, 4), st.decimals("0.0001", 50, places=4)), min_size=1, max_size=4)


@given(stock, recipe)
def test_the_kits_can_be_built_and_one_more_cannot(available, components):
    components = list({part.component_id: part for part in components}.values())
    kits = kit_availability(available, components)
    assert all(part.qty * kits <= available.get(part.component_id, 0) for part in components)
    assert any(part.qty * (kits + 1) > available.get(part.component_id, 0) for part in components)


def test_a_circle_is_seen_however_long_the_way_round():
    below = {1: [2, 3], 2: [4], 4: [5]}
    assert closes_circle(below, above=5, under=1)
    assert closes_circle(below, above=1, under=1)
    assert not closes_circle(below, above=3, under=2)
    assert not closes_circle({7: [8], 8: [7]}, above=1, under=7), "an old circle elsewhere does not hang it"


@pytest.mark.parametrize(
    ("valid_to", "revoked", "on", "found"),
    [
        (None, None, date(2026, 5, 31), "upcoming"),
        (None, None, JUNE, "valid"),
        (date(2026, 8, 1), None, JUNE, "valid"),
        (date(2026, 7, 31), None, JUNE, "expires_soon"),
        (date(2026, 6, 2), None, JUNE, "expires_soon"),
        (date(2026, 6, 2), None, date(2026, 6, 2), "expired"),
        (None, date(2026, 6, 3), date(2026, 6, 2), "valid"),
        (None, date(2026, 6, 3), date(2026, 6, 3), "revoked"),
        (date(2026, 6, 2), date(2026, 6, 1), date(2026, 7, 1), "revoked"),
    ],
)
def test_a_licence_is_judged_on_a_day(valid_to, revoked, on, found):
    judged = state(valid_from=JUNE, valid_to=valid_to, revoked_date=revoked, on=on)
    assert judged == found
    assert counts(judged) == (found in ("valid", "expires_soon"))


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("dea.pdf", b"", "The file is empty."),
        ("dea.pdf", b"MZ\x90\x00" + b"x" * 50, "The file is not a PDF, PNG or JPEG."),
        ("dea.pdf", b"\x7fELF" + b"x" * 50, "The file is not a PDF, PNG or JPEG."),
        ("dea.svg", b"<svg onload=alert(1)>", "The file is not a PDF, PNG or JPEG."),
        ("dea.exe", b"%PDF-1.7", "The file is called .exe but is a PDF."),
        ("dea", b"%PDF-1.7", "The file is called . but is a PDF."),
        ("dea.pdf", b"%PDF-" + b"x" * 1_500_000, "The file has 1,500,005 bytes; at most 1,500,000 are taken."),
    ],
)
def test_a_file_that_proves_nothing_is_refused(name, content, said):
    assert evidence.problem(name, content) == said


@pytest.mark.parametrize("name", ["a.PDF", "b.pdf"])
def test_a_scan_is_taken(name):
    assert evidence.problem(name, b"%PDF-1.7") == ""
    assert evidence.problem("c.jpeg", b"\xff\xd8\xff\xe0") == ""


def test_a_name_is_shown_without_what_could_mean_something():
    assert evidence.shown_name("C:\\tmp\\..\\DEA 2026 (signed).pdf") == "DEA 2026 (signed).pdf"
    assert evidence.shown_name('../../etc/pass"wd\r\nX: y.pdf') == "pass_wd_X_ y.pdf"
    assert evidence.shown_name("///") == "evidence"
    assert len(evidence.shown_name("x" * 500)) == 120
    assert evidence.stored_name(7, "ab" * 32, evidence.PDF) == "licences/7-" + "ab" * 16 + ".pdf"
