"""Order files: what is opened, what is refused, and what a damaged one still gives."""

import gzip
import lzma

import openpyxl  # type: ignore[import-untyped]
import pytest

from integrations.order_files import NotAnOrderFile, open_order_file

TEXT = "InvoiceNo,StockCode\n1,A\n\n2,B\n"


def read(path):
    with open_order_file(path) as found:
        return found.header, list(found.rows), found.notes


def write(tmp_path, data, name="orders.csv"):
    path = tmp_path / name
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("pack", [bytes, lzma.compress, gzip.compress])
def test_plain_xz_and_gz_give_the_same_rows_and_blank_lines_do_not_count(tmp_path, pack):
    assert read(write(tmp_path, pack(TEXT.encode()))) == (
        ["InvoiceNo", "StockCode"],
        [(2, ["1", "A"]), (3, ["2", "B"])],
        [],
    )


def test_a_workbook_is_read_and_its_numbers_are_plain(tmp_path):
    book = openpyxl.Workbook()
    for cells in (["InvoiceNo", "Qty"], [536365, 6.0], [None, None], ["C1", -2.5]):
        book.active.append(cells)
    path = tmp_path / "orders.xlsx"
    book.save(path)
    assert read(path) == (["InvoiceNo", "Qty"], [(2, ["536365", "6"]), (3, ["C1", "-2.5"])], [])


def test_semicolons_a_byte_order_mark_and_quotes_are_understood(tmp_path):
    header, rows, _ = read(write(tmp_path, '\ufeffa;b\n"x;1";"two\nlines"\n'.encode()))
    assert (header, rows) == (["a", "b"], [(2, ["x;1", "two\nlines"])])


def test_windows_1252_is_read_with_one_note(tmp_path):
    _, rows, notes = read(write(tmp_path, "a,b\n1,caf\xe9\n2,\xa33\n".encode("cp1252")))
    assert rows == [(2, ["1", "café"]), (3, ["2", "£3"])]
    assert notes == ["Line 2 is not UTF-8; such lines were read as Windows-1252."]


def test_a_truncated_archive_gives_its_good_rows_and_a_note(tmp_path):
    whole = lzma.compress(("a,b\n" + "".join(f"{i},{i * 7919 % 10007}\n" for i in range(200_000))).encode())
    _, rows, notes = read(write(tmp_path, whole[: len(whole) // 2]))
    assert 1_000 < len(rows) < 200_000
    assert all(len(cells) == 2 for _, cells in rows)
    assert "breaks off" in notes[0]


def test_an_endless_line_stops_the_reading_and_not_the_memory(tmp_path):
    _, rows, notes = read(write(tmp_path, b"a,b\n1,2\n" + b"x" * 2_000_000))
    assert rows == [(2, ["1", "2"])]
    assert "1,000,000 characters" in notes[0]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is empty"),
        (b"\n\n", "no heading"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old .xls"),
        (b"PK\x03\x04 not a zip", "damaged"),
        ("a,b\n".encode("utf-16"), "UTF-16"),
        (lzma.compress(TEXT.encode())[:20], "breaks off"),
    ],
)
def test_what_cannot_be_read_at_all_is_refused_in_words(tmp_path, data, words):
    with pytest.raises(NotAnOrderFile, match=words):
        read(write(tmp_path, data))


def test_a_heading_alone_has_no_rows(tmp_path):
    assert read(write(tmp_path, b"a,b\n"))[1] == []


def test_a_field_too_long_for_csv_is_one_unreadable_row_and_the_next_goes_on(tmp_path):
    _, rows, _ = read(write(tmp_path, b"a,b\n1," + b"x" * 200_000 + b"\n2,3\n"))
    assert rows == [(2, None), (3, ["2", "3"])]
