"""Fates and acknowledgements: who is taken, who is refused, and what the partner is told."""

from datetime import UTC, datetime
from io import StringIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.rules.fa997 import GroupAnswer, SetAnswer, write_997, write_ta1
from integrations.rules.fate import Fate, judge
from integrations.rules.problems import Severity
from integrations.rules.x12 import parse
from integrations.rules.x12_writer import Control
from tests.integrations.samples import X12, file, manifest, needs_samples, po

CONTROL = Control(interchange=7, group=8, at=datetime(2026, 7, 9, 12, 30, tzinfo=UTC))


def answers_of(interchange, *, strict=False):
    return [
        GroupAnswer(g, tuple(SetAnswer(t, judge(t, g, interchange, strict=strict)) for t in g.transactions))
        for g in interchange.groups
    ]


def answer(text: str, *, strict=False) -> list[str]:
    (interchange,) = parse(text.encode()).interchanges
    written = write_997(interchange, answers_of(interchange, strict=strict), CONTROL)
    return [s for s in written.split(interchange.separators.segment) if s.startswith("AK")]


def fate(text: str, *, strict=False) -> Fate:
    (interchange,) = parse(text.encode()).interchanges
    return answers_of(interchange, strict=strict)[0].sets[0].verdict.fate


def assert_clean(text: str) -> None:
    parsed = parse(text.encode())
    (back,) = parsed.interchanges
    assert parsed.fragments == ()
    assert [p for p in back.problems if p.severity is not Severity.NOTE] == []
    assert all(g.problems == () for g in back.groups)
    assert all(t.problems == () for t in back.transactions)


@needs_samples
@pytest.mark.parametrize("row", [r for r in manifest() if r["standard"] == "X12"], ids=lambda r: r["file"])
def test_the_997_for_every_sample_reads_back_clean_with_an_isa_of_106_characters(row):
    for interchange in parse((X12 / row["file"]).read_bytes()).interchanges:
        written = write_997(interchange, answers_of(interchange), CONTROL)
        assert_clean(written)
        assert written.index("GS") == 106
        assert len(written.encode()) == len(written)
        assert interchange.separators.segment == written[105]


def test_a_clean_order_is_accepted_and_the_answer_names_its_group_and_set():
    assert answer(file(po())) == ["AK1*PO*1", "AK2*850*0001", "AK5*A", "AK9*A*1*1*1"]


def test_the_answer_goes_back_to_the_sender_from_the_receiver():
    (interchange,) = parse(file(po()).encode()).interchanges
    (back,) = parse(write_997(interchange, answers_of(interchange), CONTROL).encode()).interchanges
    assert (back.sender, back.receiver, back.control) == ("US", "SENDER", "000000007")
    assert (back.groups[0].functional_id, back.groups[0].control) == ("FA", "8")


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [("SE*5*0001", "SE*9*0001", "4"), ("SE*5*0001", "SE*5*0009", "3"), ("~SE*5*0001", "", "2")],
)
def test_a_wrong_set_trailer_is_noted_for_a_lenient_partner_and_refused_for_a_strict_one(old, new, code):
    text = file(po()).replace(old, new)
    assert f"AK5*E*{code}" in answer(text)
    assert "AK9*E*1*1*1" in answer(text)
    assert f"AK5*R*{code}" in answer(text, strict=True)
    assert "AK9*R*1*1*0" in answer(text, strict=True)
    assert fate(text, strict=True) is Fate.REJECTED


@pytest.mark.parametrize(
    ("old", "new", "code"), [("GE*1*1", "GE*2*1", "5"), ("GE*1*1", "GE*1*9", "4"), ("GE*1*1~", "", "3")]
)
def test_a_wrong_group_trailer_is_told_in_ak9(old, new, code):
    counted = "2" if new == "GE*2*1" else "1"
    assert answer(file(po()).replace(old, new))[-1] == f"AK9*E*{counted}*1*1*{code}"


def test_one_bad_set_beside_a_good_one_gives_a_partial_acceptance():
    said = answer(file(po(), po("PO2", "PO1*1*-5*EA*10**VN*A", "0002"), "ST*855*0003~SE*2*0003"))
    assert said == [
        "AK1*PO*1",
        "AK2*850*0001",
        "AK5*A",
        "AK2*850*0002",
        "AK3*PO1*3**8",
        "AK4*2**7*-5",
        "AK5*R*5",
        "AK2*855*0003",
        "AK5*R*1",
        "AK9*P*3*3*1",
    ]


def test_a_missing_segment_is_code_3_and_an_unknown_one_code_1():
    assert "AK3*PO1*5**3" in answer(file(po(lines="REF*DP*1")))
    assert "AK3*?!*3**1" in answer(file(po(lines="?!*1~PO1*1*5*EA*10**VN*A")))


def test_a_file_cut_after_its_ctt_is_taken_and_one_with_fewer_lines_than_ctt_is_not():
    whole = file(po())
    assert fate(whole[: whole.index("SE*")]) is Fate.ACCEPTED_WITH_ERRORS
    assert fate(whole[: whole.index("SE*")].replace("CTT*1", "CTT*2")) is Fate.QUARANTINED
    assert fate(whole[: whole.index("CTT*")]) is Fate.QUARANTINED


def test_other_sets_are_ignored_and_say_so():
    assert fate(file("ST*860*0001~BCH*04~SE*3*0001")) is Fate.IGNORED


def test_a_ta1_for_a_duplicate_has_code_025_and_no_group():
    (interchange,) = parse(file(po()).encode()).interchanges
    written = write_ta1(interchange, CONTROL)
    assert written[106:] == "TA1*000000001*260709*1200*R*025~IEA*0*000000007~"
    assert_clean(written)


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_whatever_came_in_the_answer_reads_back_clean(data):
    text = bytearray(file(po(), po("PO2", control="0002")).encode())
    for _ in range(data.draw(st.integers(1, 5))):
        at = data.draw(st.integers(106, len(text)))
        text[at : at + data.draw(st.integers(0, 5))] = data.draw(st.binary(max_size=5))
    for interchange in parse(bytes(text)).interchanges:
        for strict in (False, True):
            if interchange.groups:
                assert_clean(write_997(interchange, answers_of(interchange, strict=strict), CONTROL))


def test_pyx12_reads_our_997_without_an_envelope_error():
    x12file = pytest.importorskip("pyx12.x12file")
    (interchange,) = parse(file(po(), po("PO2", "PO1*1*-5*EA*10**VN*A", "0002")).encode()).interchanges
    source = x12file.X12Reader(StringIO(write_997(interchange, answers_of(interchange), CONTROL)))
    assert len(list(source)) == 14
    assert source.pop_errors() == []
