"""Envelopes: every sample, every oddity we were told of, and bytes nobody told us of."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from integrations.rules.x12 import MAX_BYTES, parse
from tests.integrations.samples import X12, file, isa, manifest, needs_samples, po


def codes(problems):
    return [p.code for p in problems]


def only(text: str):
    parsed = parse(text.encode())
    assert len(parsed.interchanges) == 1
    assert not parsed.fragments
    return parsed.interchanges[0]


def sets_of(text: str) -> list[str]:
    return [t.set_id for i in parse(text.encode()).interchanges for t in i.transactions]


@needs_samples
@pytest.mark.parametrize("row", manifest(), ids=lambda r: r["file"])
def test_every_sample_gives_the_interchanges_groups_and_sets_its_manifest_counts(row):
    parsed = parse((X12 / row["file"]).read_bytes())
    if row["standard"] == "EDIFACT":
        assert parsed.interchanges == ()
        assert codes(f.problem for f in parsed.fragments) == ["edifact"]
        return
    groups = [g for i in parsed.interchanges for g in i.groups]
    found = (len(parsed.interchanges), len(groups), [t.set_id for g in groups for t in g.transactions])
    assert found == (int(row["n_interchanges"]), int(row["n_groups"]), row["sets"].split())
    assert parsed.fragments == ()


@needs_samples
@pytest.mark.parametrize("row", [r for r in manifest() if "SE01" in r["issues"]], ids=lambda r: r["file"])
def test_samples_with_a_wrong_segment_count_say_so_and_keep_all_segments(row):
    parsed = parse((X12 / row["file"]).read_bytes())
    (wrong,) = [t for i in parsed.interchanges for t in i.transactions]
    stated, received = row["issues"].split("SE01=")[1].split(";")[0].split("!=")
    assert codes(wrong.problems) == ["count_se"]
    assert len(wrong.texts) == int(received)
    assert stated in wrong.problems[0].text


@needs_samples
def test_a_group_trailer_with_another_control_number_is_one_problem_of_that_group():
    parsed = parse((X12 / "xlate__staedi/997/invalid997_min.edi").read_bytes())
    (group,) = parsed.interchanges[0].groups
    assert codes(group.problems) == ["control_ge"]
    assert group.transactions[0].problems == ()


def test_a_clean_file_has_no_problem_and_its_separators_come_from_the_isa():
    found = only(file(po(), po("PO2", control="0002")))
    assert (found.separators.element, found.separators.component, found.separators.segment) == ("*", ">", "~")
    assert [t.control for t in found.transactions] == ["0001", "0002"]
    assert found.problems == ()
    assert all(t.problems == () for t in found.transactions)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("byte order mark", lambda t: "\ufeff" + t),
        ("newline after each terminator", lambda t: t.replace("~", "~\n")),
        ("CRLF and blank lines", lambda t: t.replace("~", "~\r\n\r\n")),
        ("newline as terminator", lambda t: t.replace("~", "\n")),
        ("CRLF as terminator", lambda t: t.replace("~", "\r\n")),
        ("CR as terminator", lambda t: t.replace("~", "\r")),
        ("indentation", lambda t: t.replace("~", "~\n        ")),
        ("trailing spaces", lambda t: t.replace("~", " ~  \n")),
        ("newline inside the ISA", lambda t: t.replace("*260709", "\n*260709", 1)),
        ("padding inside the ISA", lambda t: t.replace("*260709", "      *  260709", 1)),
        ("short ISA elements", lambda t: t.replace(" " * 10, " ").replace("SENDER         ", "SENDER", 1)),
        ("no component separator", lambda t: t.replace("*T*>~", "*T*~", 1).replace("~", "~\n")),
        ("no component separator, newline", lambda t: t.replace("*T*>~", "*T*~", 1).replace("~", "\n")),
        ("other separators", lambda t: t.replace("*", "|").replace("~", "\x1c").replace(">", ":")),
        ("control characters", lambda t: t.replace("*", "\x1d").replace("~", "\x1e").replace(">", "\x1f")),
        ("end of file mark", lambda t: t + "\r\n\x1a"),
        ("last terminator missing", lambda t: t[:-1]),
        ("lines wrapped at 80", lambda t: "\n".join(t[i : i + 80] for i in range(0, len(t), 80))),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_file_is_read_the_same_however_it_is_laid_out(name, change):
    plain = only(file(po()))
    odd = only(change(file(po())))
    assert [s.elements for s in odd.transactions[0].segments] == [s.elements for s in plain.transactions[0].segments]
    assert odd.sender == "SENDER"
    assert odd.control == "000000001"
    assert odd.transactions[0].problems == ()
    assert odd.groups[0].problems == ()
    assert set(codes(odd.problems)) <= {"isa_widths"}


def test_utf16_latin1_and_nul_are_read_with_a_note():
    text = file(po(lines="PO1*1*5*EA*10**VN*Müller"))
    for data, note in (
        (text.encode("utf-16"), "encoding_utf16"),
        (text.encode("latin-1"), "encoding_latin1"),
        (text.encode("utf-16-le").replace(b"\xfc\x00", b"u\x00"), "nul_characters"),
    ):
        parsed = parse(data)
        assert codes(parsed.problems) == [note]
        assert len(parsed.interchanges[0].transactions) == 1
    assert parse(text.encode("latin-1")).interchanges[0].transactions[0].segments[2][7] == "Müller"


def test_two_interchanges_with_different_separators_and_several_groups_are_all_read():
    two = file(po(), control="000000002").replace("*", "|").replace("~", "!")
    mixed = isa() + "~GS*IN*A*B*20260709*1200*1*X*004010~ST*810*1~BIG*1~SE*3*1~GE*1*1~"
    mixed += f"GS*PO*A*B*20260709*1200*2*X*004010~{po()}~GE*1*2~IEA*2*000000001~"
    assert sets_of(two + "\n\n" + mixed) == ["850", "810", "850"]


def test_mixed_sets_in_one_group_each_stand_alone():
    assert sets_of(file(po(), "ST*855*0002~SE*2*0002", po("PO3", control="0003"))) == ["850", "855", "850"]


@pytest.mark.parametrize(
    ("text", "where", "code"),
    [
        (file(po()).replace("SE*5*", "SE*9*"), "set", "count_se"),
        (file(po()).replace("SE*5*0001", "SE*5*0002"), "set", "control_se"),
        (file(po()).replace("~SE*5*0001", ""), "set", "missing_se"),
        (file(po()).replace("GE*1*1", "GE*2*1"), "group", "count_ge"),
        (file(po()).replace("GE*1*1", "GE*1*9"), "group", "control_ge"),
        (file(po()).replace("GE*1*1~", ""), "group", "missing_ge"),
        (
            file(po()).replace("GS*PO*SENDER*US*20260709*1200*1*X*004010~", "").replace("GE*1*1~", ""),
            "group",
            "missing_gs",
        ),
        (file(po()).replace("IEA*1*", "IEA*3*"), "interchange", "count_iea"),
        (file(po()).replace("IEA*1*000000001", "IEA*1*000000009"), "interchange", "control_iea"),
        (file(po()).replace("IEA*1*000000001~", ""), "interchange", "missing_iea"),
        (file(po()).replace("GE*1*1~IEA*1*000000001~", ""), "group", "missing_ge"),
        (file("BEG*00*SA*1**20260709"), "set", "missing_st"),
    ],
)
def test_a_broken_envelope_is_one_problem_at_its_own_level_and_the_set_is_still_there(text, where, code):
    found = only(text)
    levels = {
        "interchange": found.problems,
        "group": found.groups[0].problems,
        "set": found.transactions[0].problems,
    }
    assert code in codes(levels[where])
    assert len(found.transactions) == 1
    assert len(found.transactions[0].texts) >= 1


def test_a_control_number_with_leading_zeros_is_the_same_number():
    assert only(file(po()).replace("SE*5*0001", "SE*5*1").replace("GE*1*1", "GE*1*01")).groups[0].problems == ()


def test_a_file_cut_inside_a_line_is_truncated_but_the_set_before_it_is_whole():
    whole = file(po(), po("PO2", control="0002"))
    cut = only(whole[: whole.index("PO2") + 25])
    assert codes(cut.transactions[0].problems) == []
    assert "truncated" in codes(cut.transactions[1].problems)


def test_an_interchange_without_trailer_ends_where_the_next_begins():
    first = file(po()).replace("IEA*1*000000001~", "")
    parsed = parse((first + file(po("PO2"), control="000000002")).encode())
    assert [i.control for i in parsed.interchanges] == ["000000001", "000000002"]
    assert "missing_iea" in codes(parsed.interchanges[0].problems)
    assert parsed.interchanges[1].problems == ()


def test_isb_and_ise_are_noted_and_harm_nothing():
    found = only(file(po()).replace("~GS*", "~ISB*1~ISE*200601*0515*04~GS*", 1))
    assert codes(found.problems) == ["service_segment"] * 2
    assert len(found.transactions) == 1


@pytest.mark.parametrize(
    ("data", "code", "says"),
    [
        (b"", "empty_file", "empty"),
        (b" \r\n \r\n", "empty_file", "empty"),
        (b"UNA:+.? 'UNB+UNOA:3+1'", "edifact", "EDIFACT is not read yet."),
        (b"GS*PO*A*B~ST*850*1~", "missing_isa", "no ISA"),
        (b"ST*850*1~BEG*00*SA*1~", "missing_isa", "no ISA"),
        (b"hello, here is my order", "not_x12", "hello"),
        (isa()[:40].encode(), "short_isa", "6 of its 16"),
        (b"ISA*00*00*ZZ*A*ZZ*B~GS*PO*A*B*20260709*1200*1*X*004010~ST*850*1~SE*2*1~", "short_isa", "of its 16"),
        (isa().encode(), "truncated", "inside the ISA"),
        (b"%PDF-1.4 \x00\xff\xfe", "not_x12", "PDF"),
        (b"x" * (MAX_BYTES + 1), "too_large", "20 MB"),
    ],
)
def test_what_is_no_interchange_is_one_fragment_with_a_clear_reason(data, code, says):
    parsed = parse(data)
    assert parsed.interchanges == ()
    assert codes(f.problem for f in parsed.fragments) == [code]
    assert says in parsed.fragments[0].problem.text


def test_junk_between_two_interchanges_is_kept_apart_and_both_are_read():
    parsed = parse((file(po()) + "!! printer line !!\n" + file(po("PO2"), control="000000002")).encode())
    assert len(parsed.interchanges) == 2
    assert codes(f.problem for f in parsed.fragments) == ["not_x12"]


@given(st.binary(max_size=400))
@example(b"ISA" + b"*" * 20)
@example(b"ISA*" + b"0*" * 15 + b"\n")
@settings(max_examples=300, deadline=None)
def test_any_bytes_at_all_give_an_answer_and_never_a_traceback(data):
    parsed = parse(data)
    assert parsed.interchanges or parsed.fragments


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_a_real_file_with_bytes_changed_cut_or_put_in_gives_an_answer(data):
    text = bytearray(file(po(), po("PO2", control="0002")).encode())
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(text)))
        text[at : at + data.draw(st.integers(0, 9))] = data.draw(st.binary(max_size=6))
    parsed = parse(bytes(text))
    assert parsed.interchanges or parsed.fragments
    for transaction in (t for i in parsed.interchanges for t in i.transactions):
        assert len(transaction.segments) == len(transaction.texts)
