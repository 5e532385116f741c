"""850 to a purchase order: what the samples say, and what a bad line costs."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.rules.po850 import content_hash, read_850, read_date
from integrations.rules.problems import Severity
from integrations.rules.x12 import parse
from tests.integrations.samples import X12, file, manifest, needs_samples, po


def read(lines: str, **kwargs):
    (transaction,) = parse(file(po(lines=lines, **kwargs)).encode()).interchanges[0].transactions
    return read_850(transaction)


def sample(name: str):
    parsed = parse((X12 / name).read_bytes())
    (transaction,) = [t for i in parsed.interchanges for t in i.transactions if t.set_id == "850"]
    reading = read_850(transaction)
    assert reading.order is not None
    return reading.order


def fatal(reading) -> list[tuple[str, str]]:
    return [(p.code, p.where) for p in reading.problems if p.severity is Severity.FATAL]


@needs_samples
@pytest.mark.parametrize("row", [r for r in manifest() if "850" in r["sets"].split()], ids=lambda r: r["file"])
def test_every_850_sample_is_read_as_a_purchase_order(row):
    parsed = parse((X12 / row["file"]).read_bytes())
    orders = [t for i in parsed.interchanges for t in i.transactions if t.set_id == "850"]
    assert orders
    assert all(read_850(t).order is not None for t in orders)


@needs_samples
def test_the_retail_sample_has_six_lines_with_three_numbers_each_and_adds_up_to_its_total():
    order = sample("aaronhuggins__node-x12/850/850.edi")
    assert (order.number, order.kind, order.on) == ("08292233294", "SA", date(2010, 11, 27))
    assert order.requested_date == date(2010, 12, 14)
    assert order.terms.net_days == 46
    assert [line.quantity for line in order.lines] == [120, 220, 126, 76, 72, 696]
    assert [(p.qualifier, p.value) for p in order.lines[0].parts] == [
        ("CB", "065322-117"),
        ("PR", "RO"),
        ("VN", "AB3542"),
    ]
    assert order.party("ST").ident == "0003947268292"
    assert order.party("ST").city == "SOLON"
    assert sum(line.quantity * line.price for line in order.lines) == order.total == Decimal("13045.94")


@needs_samples
def test_a_line_without_number_gets_its_place_and_its_free_text_stays():
    order = sample("aaronhuggins__node-x12/850/850_3.edi")
    assert [line.number for line in order.lines] == ["1"]
    assert order.lines[0].unit == "KI"
    assert order.requested_date == date(2016, 5, 2)
    assert "SAN ANTONIO" in order.notes[0]


@needs_samples
def test_a_six_digit_date_and_two_lines_under_a_wrong_ctt_are_read_with_one_note():
    name = "kputnam__stupidedi/850/003010_PO850_fail_1.edi"
    (transaction,) = parse((X12 / name).read_bytes()).interchanges[0].transactions
    reading = read_850(transaction)
    assert [p.code for p in reading.problems] == ["count_ctt"]
    assert reading.order.on == date(2007, 1, 2)
    assert reading.order.cancel_after == date(2008, 1, 1)
    assert reading.order.currency == "USD"
    assert [line.parts[0].value for line in reading.order.lines] == ["50241 01G00", "50241 05G00"]


@needs_samples
def test_a_line_without_price_has_none_so_ours_applies():
    order = sample("xlate__staedi/850/invoice810_po850_dual.edi")
    assert [line.price for line in order.lines] == [None] * 4
    assert order.release == "1017760"


def test_missing_unit_and_number_and_any_qualifier_are_fine():
    order = read("PO1**5****ZZ*X-1*UP*012345678905~PO1**2**1.5**IN*Y").order
    assert [(line.number, line.unit, line.price) for line in order.lines] == [
        ("1", "", None),
        ("2", "", Decimal("1.5")),
    ]
    assert [p.qualifier for p in order.lines[0].parts] == ["ZZ", "UP"]


def test_a_price_per_hundred_is_divided_and_no_charge_is_zero():
    order = read("PO1*1*5*EA*250*HP*VN*A~PO1*2*5*EA*9*NC*VN*B").order
    assert [line.price for line in order.lines] == [Decimal("2.5"), Decimal(0)]


def test_a_quantity_may_stand_in_sdq_and_ship_tos_may_stand_by_the_line():
    order = read(
        "PO1*1**EA*10**VN*A~SDQ*EA*92*001*3*002*4~PO1*2*5*EA*10**VN*B~N1*ST*DOCK*92*77~N3*ROAD 1~N4*RENO*NV"
    ).order
    assert order.lines[0].quantity == 7
    assert [s.ident for s in order.lines[0].splits] == ["001", "002"]
    assert order.lines[1].ship_to.ident == "77"
    assert order.lines[1].ship_to.city == "RENO"
    assert order.parties == ()


@pytest.mark.parametrize(
    ("lines", "kwargs", "expected"),
    [
        ("PO1*1**EA*10**VN*A", {}, ("no_quantity", "PO1 (segment 3)")),
        ("PO1*1*-5*EA*10**VN*A", {}, ("bad_quantity", "PO1 (segment 3)")),
        ("PO1*1*0*EA*10**VN*A", {}, ("bad_quantity", "PO1 (segment 3)")),
        ("PO1*1*1.00001*EA*10**VN*A", {}, ("bad_quantity", "PO1 (segment 3)")),
        ("PO1*1*99999999999*EA*10**VN*A", {}, ("bad_quantity", "PO1 (segment 3)")),
        ("PO1*1*12A*EA*10**VN*A", {}, ("bad_number", "PO1 (segment 3)")),
        ("PO1*1*1E5*EA*10**VN*A", {}, ("bad_number", "PO1 (segment 3)")),
        ("PO1*1*5*EA*-10**VN*A", {}, ("bad_price", "PO1 (segment 3)")),
        ("PO1*1*5*EA*ten**VN*A", {}, ("bad_number", "PO1 (segment 3)")),
        ("PO1*1*5*EA*10**VN*A", {"number": ""}, ("no_po_number", "BEG (segment 2)")),
        ("PO1*1*5*EA*10**VN*A", {"beg": "01*SA"}, ("purpose", "BEG (segment 2)")),
        ("REF*DP*1", {}, ("missing_po1", "PO1 (segment 5)")),
    ],
)
def test_what_would_make_a_wrong_order_is_fatal_and_names_its_segment(lines, kwargs, expected):
    reading = read(lines, **kwargs)
    assert reading.order is None
    assert fatal(reading) == [expected]


def test_a_set_without_beg_is_no_order():
    (transaction,) = parse(file("ST*850*1~PO1*1*5*EA*10**VN*A~SE*3*1").encode()).interchanges[0].transactions
    assert fatal(read_850(transaction)) == [("missing_beg", "BEG (segment 2)")]


def test_a_bad_date_and_a_line_without_part_number_are_noted_and_the_order_stands():
    reading = read("DTM*002*20261399~PO1*1*5*EA*10")
    assert [p.code for p in reading.problems] == ["bad_date", "no_part_number"]
    assert reading.order.requested_date is None


def test_the_content_hash_ignores_envelopes_and_separators_and_sees_a_changed_quantity():
    def hashed(text):
        return content_hash(parse(text.encode()).interchanges[0].transactions[0])

    base = hashed(file(po()))
    assert base == hashed(file(po(control="0777"), control="000000009").replace("*", "|").replace("~", "\n"))
    assert base != hashed(file(po(lines="PO1*1*6*EA*10**VN*A-1")))


@pytest.mark.parametrize(
    ("text", "century", "expected"),
    [
        ("20260709", "", date(2026, 7, 9)),
        ("010808", "20", date(2001, 8, 8)),
        ("960807", "", date(1996, 8, 7)),
        ("260709", "", date(2026, 7, 9)),
        ("20260230", "", None),
        ("2026-07-09", "", None),
        ("00000000", "", None),
        ("", "", None),
    ],
)
def test_dates_have_six_or_eight_digits(text, century, expected):
    assert read_date(text, century=century) == expected


@given(st.lists(st.lists(st.text(alphabet="ABC0159.-+ é²٣", max_size=9), max_size=9), max_size=8))
@settings(max_examples=200, deadline=None)
def test_any_elements_in_any_segment_give_a_reading(rows):
    names = ("BEG", "PO1", "DTM", "N1", "N4", "SDQ", "CTT", "ITD", "PID", "AMT", "SCH")
    body = [f"{names[i % len(names)]}*{'*'.join(row)}" for i, row in enumerate(rows)]
    parsed = parse(file("~".join(["ST*850*1", *body, "PO1*1*5*EA*10**VN*A", "SE*1*1"])).encode())
    for transaction in parsed.interchanges[0].transactions:
        read_850(transaction)
