from decimal import Decimal

import pytest

from portal.rules.lines import (
    StatedLine,
    TooMany,
    UnreadableFile,
    decode,
    quantity_of,
    read_fields,
    read_text,
    write_text,
)


def test_a_paste_is_read_whatever_stands_between_item_and_quantity():
    lines = read_text("A-1\t12\nB-2, 5\nC-3;7\nD 4   60\n\nE-5")
    assert [(x.number, x.item, x.qty) for x in lines] == [
        (1, "A-1", "12"),
        (2, "B-2", "5"),
        (3, "C-3", "7"),
        (4, "D 4", "60"),
        (5, "E-5", ""),
    ]


def test_a_heading_row_is_skipped_but_a_product_called_item_is_not():
    assert [x.item for x in read_text("SKU,Qty\nA-1,2")] == ["A-1"]
    assert [x.item for x in read_text("item,3")] == ["item"]


def test_quoted_cells_and_a_byte_order_mark_are_read():
    assert [(x.item, x.qty) for x in read_text('\ufeff"A,1",2')] == [("A,1", "2")]


def test_2001_lines_are_refused_whole_and_2000_are_taken():
    assert len(read_text("\n".join(f"A-{n}\t1" for n in range(2000)))) == 2000
    assert read_text("\n".join(f"A-{n}\t1" for n in range(2001))) == TooMany(2001)


def test_what_is_written_is_read_back_the_same():
    lines = read_fields(["A 1", "", "C,3"], ["2", "", ""])
    assert [(x.number, x.item, x.qty) for x in lines] == [(1, "A 1", "2"), (3, "C,3", "")]
    assert [(x.item, x.qty) for x in read_text(write_text(lines))] == [("A 1", "2"), ("C,3", "")]


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ("12", Decimal("12.0000")),
        ("0.5", Decimal("0.5000")),
        ("", "Say how many."),
        ("0", "The quantity must be more than 0."),
        ("-3", "The quantity must be more than 0."),
        ("ten", "“ten” is not a quantity: write digits, a point for decimals."),
        ("NaN", "“NaN” is not a quantity: write digits, a point for decimals."),
        ("1,5", "“1,5” is not a quantity: write digits, a point for decimals."),
    ],
)
def test_a_quantity_is_a_number_or_a_sentence(stated, expected):
    assert quantity_of(stated) == expected


def test_a_spreadsheet_s_bytes_are_text_in_either_encoding_and_a_binary_file_is_refused():
    assert decode("é,1".encode("cp1252")) == "é,1"
    assert decode("é,1".encode("utf-8-sig")) == "é,1"
    with pytest.raises(UnreadableFile, match="save the sheet as CSV"):
        decode(b"PK\x03\x04\x00\x00")


@pytest.mark.parametrize(
    ("row", "item", "qty"),
    [
        ("ABC-1 x 12", "ABC-1", "12"),
        ("ABC-1 x12", "ABC-1", "12"),
        ("ABC-1 × 2.5", "ABC-1", "2.5"),
        ("ABC-1 X 12", "ABC-1", "12"),
        ("12 x ABC-1", "ABC-1", "12"),
        ("12× ABC-1", "ABC-1", "12"),
        ("BOX X 4", "BOX", "4"),
        ("X-RAY 4", "X-RAY", "4"),
        ("MAX 12", "MAX", "12"),
        ("A x B", "A x", "B"),
    ],
)
def test_a_times_sign_between_item_and_quantity_is_understood(row, item, qty):
    assert read_text(row) == [StatedLine(1, item, qty)]


def test_a_heading_names_the_columns_in_any_order():
    assert read_text("Qty,Note,SKU\n3,now,A-1") == [StatedLine(1, "A-1", "3")]
    assert read_text("SKU,Name,Quantity\nA-1,gloves,3") == [StatedLine(1, "A-1", "3")]
