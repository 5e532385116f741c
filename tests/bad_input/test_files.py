"""Bad files: every row accounted for, the good ones go on, memory stays bounded, never a traceback.

The memory that a large file needs is measured while it is read:
`OMS_BIG_FILE_MB=100 ./run test tests/bad_input` (3 MB unless told otherwise).
"""

import gzip
import json
import lzma
import os
import tracemalloc
import zipfile
from io import StringIO

import openpyxl  # type: ignore[import-untyped]
import pytest
from django.core.management import CommandError, call_command

from integrations.models import EdiTransaction, InboxFile, UploadRow
from orders.models import Order
from tests.factories.accounts import AccountFactory
from tests.factories.catalog import ProductFactory

pytestmark = pytest.mark.django_db
MEGABYTES = int(os.environ.get("OMS_BIG_FILE_MB", "3"))
ROOM = 40  # megabytes of Python objects at most, however large the file
HEADER = "InvoiceNo,StockCode,Quantity,UnitPrice,CustomerID\n"


@pytest.fixture(autouse=True)
def master_data():
    AccountFactory(code="C1")
    ProductFactory(sku="A")


def imported(path, *args):
    out = StringIO()
    call_command("import_orders", str(path), *args, "--json", stdout=out, stderr=StringIO())
    found = json.loads(out.getvalue())
    assert found["rows"] == found["imported"] + found["rejected"]
    assert found["rejected"] == sum(found["rejected_by_reason"].values())
    return found


def read_or_refused(path):
    try:
        return imported(path, "--dry-run")
    except CommandError as refused:
        return {"refused": str(refused), "code": refused.returncode}


def received(path, *args):
    out = StringIO()
    call_command("edi_receive", str(path), *args, "--json", stdout=out, stderr=StringIO())
    return json.loads(out.getvalue())


@pytest.mark.parametrize(
    "row",
    [
        "1,NO-SUCH,1,2.5,C1",
        "1,A,-1,2.5,C1",
        "1,A,0,2.5,C1",
        "1,A,ten,2.5,C1",
        "1,A,1e999,2.5,C1",
        "1,A,NaN,2.5,C1",
        "1,A,1,-2.5,C1",
        "1,A,1,Infinity,C1",
        "1,A,1,2.5,",
        "1,A,1,2.5,NOBODY",
        "1,A",
        "1,A,1,2.5,C1,too,many",
        "x" * 5000 + ",A,1,2.5,C1",
        "1," + "y" * 5000 + ",1,2.5,C1",
        '1,"never closed,1,2.5,C1',
    ],
)
def test_one_bad_row_is_rejected_with_a_reason_and_the_good_rows_go_on(tmp_path, row):
    path = tmp_path / "orders.csv"
    path.write_text(f"{HEADER}7,A,5,2.5,C1\n{row}\n")
    found = imported(path)
    assert found["imported"] >= 1
    assert Order.objects.get(po_number="7").lines.get().qty == 5
    if "too,many" not in row:
        assert found["rejected"] == 1, found


def test_latin_1_utf_16_and_a_byte_order_mark_are_read_or_refused_in_words(tmp_path):
    good = f"{HEADER}7,A,5,2.5,C1\n"
    for n, raw in enumerate(
        (b"\xef\xbb\xbf" + good.encode(), good.encode("utf-16"), good.replace("7", "é").encode("cp1252"))
    ):
        path = tmp_path / f"{n}.csv"
        path.write_bytes(raw)
        found = read_or_refused(path)
        assert found.get("rows") == 1 or (found["code"] == 2 and len(found["refused"]) > 20)


@pytest.mark.parametrize(
    "raw", [b"", b"\x00" * 5000, b"PK\x03\x04broken", b"\xd0\xcf\x11\xe0old", b"\n\n\n", b"\xff" * 9000]
)
def test_what_is_no_order_file_is_misuse_with_a_sentence(tmp_path, raw):
    path = tmp_path / "orders.csv"
    path.write_bytes(raw)
    with pytest.raises(CommandError) as refused:
        imported(path)
    assert refused.value.returncode == 2
    assert len(str(refused.value)) > 15
    assert Order.objects.count() == 0


def test_unknown_columns_are_named_with_those_there_are(tmp_path):
    path = tmp_path / "orders.csv"
    path.write_text("colour,shape\nred,round\n")
    with pytest.raises(CommandError, match="colour"):
        imported(path)
    path.write_text(f"{HEADER}7,A,5,2.5,C1\n")
    with pytest.raises(CommandError, match="Nope"):
        imported(path, "--map", "sku=Nope")


@pytest.mark.parametrize("pack", [gzip.compress, lzma.compress])
def test_a_packed_file_that_breaks_off_gives_the_rows_it_had(tmp_path, pack):
    rows = "".join(f"{n},A,1,2.5,C1\n" for n in range(20_000))
    path = tmp_path / "orders.csv.packed"
    raw = pack((HEADER + rows).encode())
    path.write_bytes(raw[: len(raw) // 2])
    found = read_or_refused(path)
    assert found.get("rows", 0) > 0 or found["code"] == 2


def test_a_workbook_that_unpacks_to_a_thousand_times_its_size_is_refused(tmp_path):
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr("xl/worksheets/sheet1.xml", b"0" * 50_000_000)
    with pytest.raises(CommandError) as refused:
        imported(path)
    assert refused.value.returncode == 2


def memory_of(call):
    tracemalloc.start()
    try:
        result = call()
        return result, tracemalloc.get_traced_memory()[1] / 2**20
    finally:
        tracemalloc.stop()


def filled(path, head, piece, megabytes=MEGABYTES):
    with path.open("wb") as target:
        target.write(head)
        block = piece * (2**20 // len(piece) + 1)
        for _ in range(megabytes):
            target.write(block)
    return path


@pytest.mark.parametrize(
    "piece", [b"x", b"\x00", b'"', b"9,A,zz," + b"0" * 900 + b",C1\n"], ids=["no line end", "NUL", "quotes", "bad rows"]
)
def test_a_huge_order_file_is_streamed(tmp_path, piece):
    path = filled(tmp_path / "huge.csv", HEADER.encode() + b"7,A,5,2.5,C1\n", piece)
    found, peak = memory_of(lambda: read_or_refused(path))
    assert peak < ROOM, f"{peak:.0f} MB for a file of {MEGABYTES} MB"
    assert found.get("imported", 1) == 1 or "refused" in found


@pytest.mark.parametrize("piece", [b"x", b"\x00", b"~"], ids=["letters", "NUL", "ends"])
def test_a_huge_edi_file_is_quarantined_not_fallen_over(tmp_path, piece):
    head = b"ISA*00*          *00*          *ZZ*SENDER         *ZZ*US             *260101*1200*U*00401*000000001*0*P*>~"
    path = filled(tmp_path / "huge.edi", head, piece, min(MEGABYTES, 4))
    found = received(path)
    assert found["files"] == 1
    assert found["orders_created"] == 0
    assert found["interchanges"] or found["quarantined"] or found["acknowledgements"]
    assert Order.objects.count() == 0


@pytest.mark.parametrize(
    "raw", [b"", b"\x00", b"ISA", b"hello", b"\xff\xfe\x00", b"ISA*00*" * 9, b"GS*PO~ST*850*1~SE*1*1~"]
)
def test_what_is_no_edi_is_kept_and_quarantined_with_a_reason(tmp_path, raw):
    path = tmp_path / "odd.edi"
    path.write_bytes(raw)
    found = received(path)
    assert found["orders_created"] == 0
    assert found["quarantined"] and found["quarantined"][0]["reason"]
    assert EdiTransaction.objects.filter(order__isnull=False).count() == 0
    assert InboxFile.objects.count() <= 1


# --- reference data -------------------------------------------------------------------------------------------------
def sheet_read(path, *args):
    out = StringIO()
    try:
        call_command("import_sheet", "products", str(path), *args, "--json", stdout=out, stderr=StringIO())
    except CommandError as refused:
        return {"refused": str(refused), "code": refused.returncode}
    return json.loads(out.getvalue())


@pytest.mark.parametrize(
    "row",
    [
        "B",
        "B,Thing,1,too,many",
        "B," + "x" * 5000 + ",1",
        "B,Thing,1e999",
        "B,Thing,NaN",
        "B,Thing,-1",
        "B,=1+1,1",
        "B,#REF!,1",
        ",Thing,1",
        'B,"never closed,1',
        "B," + "y" * 200_000 + ",1",
        "A,Again,1",
    ],
)
def test_a_bad_row_of_a_sheet_is_told_and_the_good_rows_go_on(tmp_path, row):
    path = tmp_path / "products.csv"
    path.write_text(f"sku,name,cost\nC,Thing,2\nA,Thing,2\n{row}\n")
    found = sheet_read(path, "--apply", "valid")
    assert found["error"] >= 1 and found["applied"] is True and "code" not in found
    assert found["rows"] == found["new"] + found["changed"] + found["unchanged"] + found["error"]


def test_more_rows_than_are_taken_are_refused_before_one_is_read_closely(tmp_path, monkeypatch):
    monkeypatch.setattr("integrations.services.preview_upload.MOST_ROWS", 3)
    path = tmp_path / "products.csv"
    path.write_text("sku,name\n" + "".join(f"S{i},Thing\n" for i in range(4)))
    assert sheet_read(path) == {
        "refused": "products.csv has more than 3 rows. Split it into files of fewer rows.", "code": 2,
    }  # fmt: skip
    assert UploadRow.objects.count() == 0
    path.write_text("sku,name\n" + "".join(f"S{i},Thing\n" for i in range(3)))
    assert sheet_read(path)["new"] == 3


def test_a_file_of_too_many_bytes_is_refused_with_the_limit(tmp_path, monkeypatch):
    monkeypatch.setattr("integrations.services.keep_upload.LARGEST", 1_000)
    path = tmp_path / "products.csv"
    path.write_text("sku,name\n" + "S,Thing\n" * 200)
    found = sheet_read(path)
    assert found["code"] == 2 and "has 1,609 bytes; at most 1,000 are taken. Split it" in found["refused"]


def test_wrong_types_are_counted_by_row_and_told_by_cell(tmp_path):
    path = tmp_path / "products.csv"
    path.write_text("sku,name,cost,shelf life days,tracking\nB,Thing,twelve,3.5,barcode\nC,Thing,1.5,30,lot\n")
    found = sheet_read(path)
    assert (found["rows"], found["new"], found["error"]) == (2, 1, 1)
    wrong = UploadRow.objects.get(outcome="error").problems
    assert [(p["column"], p["why"]) for p in wrong] == [
        ("standard_cost", "'twelve' is not a number."),
        ("shelf_life_days", "3.5 has more than 0 decimal places."),
        ("tracking", "'barcode' is none of the values of this column."),
    ]


def test_formulas_of_a_workbook_are_told_and_never_taken_by_their_last_result(tmp_path):
    book = openpyxl.Workbook()
    for cells in (["SKU", "Name", "Cost"], ["B", "Thing", "=1+1"], ["C", '=CONCAT("a","b")', 2], ["D", "Thing", 3]):
        book.active.append(cells)
    book.save(tmp_path / "formulas.xlsx")
    found = sheet_read(tmp_path / "formulas.xlsx", "--apply", "valid")
    assert (found["new"], found["error"], found["after"]) == (1, 2, {"created": 1, "error": 2})


def test_the_same_key_twice_is_wrong_in_both_rows(tmp_path):
    path = tmp_path / "products.csv"
    path.write_text("sku,name\nB,One\nC,Two\nb,Three\nB,Four\n")
    found = sheet_read(path, "--apply", "valid")
    assert (found["new"], found["error"], found["after"]) == (1, 3, {"created": 1, "error": 3})


def test_a_second_upload_of_the_same_file_says_so_and_changes_nothing(tmp_path):
    path = tmp_path / "products.csv"
    path.write_text("sku,name\nB,One\nC,Two\n")
    assert sheet_read(path, "--apply", "all-or-none")["after"] == {"created": 2}
    again = sheet_read(path, "--apply", "all-or-none")
    assert (again["same_file_before"], again["unchanged"], again["applied"]) == (True, 2, False)
    assert again["problem"] == "No row of the file is new or changes anything."


def test_merged_cells_are_told_row_by_row(tmp_path):
    book = openpyxl.Workbook()
    for cells in (["SKU", "Name"], ["B", "Thing"], ["C", "Shared"], ["D", None], ["E", "Last"]):
        book.active.append(cells)
    book.active.merge_cells("B3:B4")
    book.save(tmp_path / "merged.xlsx")
    found = sheet_read(tmp_path / "merged.xlsx")
    assert (found["new"], found["error"]) == (2, 2)


@pytest.mark.parametrize("name", ["bomb.xlsx", "torn.xlsx", "old.xls", "wide.csv"])
def test_a_sheet_that_is_no_table_is_refused_in_words(tmp_path, name):
    path = tmp_path / name
    if name == "bomb.xlsx":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
            packed.writestr("xl/worksheets/sheet1.xml", b"0" * 50_000_000)
    else:
        path.write_bytes(
            {"torn.xlsx": b"PK\x03\x04", "old.xls": b"\xd0\xcf\x11\xe0    ", "wide.csv": b"a," * 500}[name]
        )
    refused = sheet_read(path)
    assert refused["code"] == 2 and "Traceback" not in refused["refused"]


def test_many_rows_need_no_more_memory(tmp_path):
    path = tmp_path / "products.csv"
    with path.open("w") as file:
        file.write("sku,name\n")
        for i in range(MEGABYTES * 20_000):
            file.write(f"SKU-{i:09},Thing with a name of some length {i:09}\n")
    tracemalloc.start()
    found = sheet_read(path)
    peak = tracemalloc.get_traced_memory()[1] / 1_000_000
    tracemalloc.stop()
    assert (found["new"], found["error"]) == (MEGABYTES * 20_000, 0)
    assert peak < ROOM
