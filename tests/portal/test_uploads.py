"""Files a buyer uploads: a workbook is read like a CSV, every bad row stays with its reason, nothing runs or unpacks far."""

import csv
import io
import re
import zipfile

import openpyxl  # type: ignore[import-untyped]
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from orders.models import Order
from tests.factories.doors import browser_of, buyer_for
from tests.factories.orders import make_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return make_world(products=3, stock=100)


@pytest.fixture
def browser(world):
    return browser_of(buyer_for(world.account))


def text_of(response):
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def workbook(rows, *, merge=""):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    if merge:
        book.active.merge_cells(merge)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def upload(browser, raw, name="order.xlsx", **more):
    return browser.post(
        "/quick-order/", {"mode": "file", "file": SimpleUploadedFile(name, raw), "do": "preview", **more}
    )


def test_a_workbook_is_read_like_a_csv_and_says_how_much_was_read(world, browser):
    a, b, _ = (p.sku for p in world.products)
    page = text_of(upload(browser, workbook([["SKU", "Qty"], [a, 2], [b, 3.0]])))
    assert "2 lines read from order.xlsx." in page
    assert "2 lines ready" in page
    assert "$50.00" in page


def test_the_heading_says_which_column_is_which_and_other_columns_are_told(world, browser):
    a, b, _ = (p.sku for p in world.products)
    rows = [["Line", "Description", "Part number", "Quantity"], [1, "gloves", a, 2], [2, "needles", b, 3]]
    page = text_of(upload(browser, workbook(rows)))
    assert "$50.00" in page
    assert "2 lines say something in other columns too; only item and quantity were read." in page


def test_every_bad_row_is_reported_and_the_good_ones_are_kept(world, browser):
    a, b, _ = (p.sku for p in world.products)
    rows = [["SKU", "Qty"], [a, 2], ["NO-SUCH", 1], [b, "ten"], [None, 5], [b, None]]
    answer = upload(browser, workbook(rows))
    page = text_of(answer)
    assert "4 lines need your attention. The other one is ready." in page
    for why in (
        "Line 2: No product has the number NO-SUCH",
        "Line 3: “ten” is not",
        "Line 4: Say which",
        "Line 5: Say how",
    ):
        assert why in page
    form = {"text": f"{a}\t2\nNO-SUCH\t1\n{b}\tten\n\t5\n{b}\t", "do": "problems"}
    problems = browser.post("/quick-order/", form)
    assert problems["Content-Disposition"] == 'attachment; filename="problem-lines.csv"'
    found = list(csv.DictReader(io.StringIO(problems.content.decode("utf-8-sig"))))
    assert [(r["Item"], r["Quantity"], r["Line"]) for r in found] == [
        ("NO-SUCH", "1", "2"),
        (b, "ten", "3"),
        ("", "5", "4"),
        (b, "", "5"),
    ]


def test_the_problem_lines_mended_are_read_again_as_they_are_and_run_nothing(world, browser):
    a = world.products[0].sku
    problems = browser.post("/quick-order/", {"text": f"=cmd()\t1\n{a}X\t2", "do": "problems"}).content.decode(
        "utf-8-sig"
    )
    assert "'=cmd()" in problems
    mended = problems.replace(f"{a}X", a)
    page = text_of(upload(browser, mended.encode("utf-8-sig"), "problem-lines.csv"))
    assert "1 line needs your attention. The other one is ready." in page


def test_a_formula_is_never_run_and_a_merged_cell_is_an_empty_one(world, browser):
    a, b, _ = (p.sku for p in world.products)
    page = text_of(upload(browser, workbook([["SKU", "Qty"], [a, "=1+1"], [b, 2]])))
    assert "Line 1: Say how many." in page
    merged = text_of(upload(browser, workbook([["SKU", "Qty"], [a, 2], [None, 3]], merge="A2:A3")))
    assert "Line 2: Say which item." in merged


def test_a_file_s_lines_follow_those_already_there(world, browser):
    a, b, _ = (p.sku for p in world.products)
    page = text_of(upload(browser, workbook([["SKU", "Qty"], [b, 3]]), text=f"{a}\t2"))
    assert "2 lines ready" in page
    assert "$50.00" in page


@pytest.mark.parametrize(
    ("raw", "name", "says"),
    [
        (workbook([]), "order.xlsx", "the first sheet is empty"),
        (workbook([["SKU", "Qty"]]), "order.xlsx", "no line below it"),
        (b"  \n ", "order.csv", "it is empty"),
        (b"\xd0\xcf\x11\xe0" + b"x" * 600, "order.xls", "old .xls workbook: save it as .xlsx or .csv"),
        (workbook([["a", 1]])[:-40], "order.xlsx", "damaged"),
    ],
)
def test_a_file_that_cannot_be_read_is_named_with_what_to_do(browser, raw, name, says):
    page = text_of(upload(browser, raw, name))
    assert f"The file {name} cannot be read" in page
    assert says in page
    assert "Traceback" not in page


def test_a_workbook_under_another_name_is_read_and_another_zip_is_not(world, browser):
    page = text_of(upload(browser, workbook([["SKU", "Qty"], [world.products[0].sku, 2]]), "order.csv"))
    assert "1 line ready" in page
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        packed.writestr("word/document.xml", "<a/>")
    assert "it is a zip file and no workbook" in text_of(upload(browser, out.getvalue(), "letter.docx"))


def test_a_zip_bomb_is_refused_before_it_is_unpacked(browser):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/workbook.xml", b"0" * 60 * 1024 * 1024)
    assert len(out.getvalue()) < 100_000
    page = text_of(upload(browser, out.getvalue(), "bomb.xlsx"))
    assert "it unpacks to more than 40 MB: save it as .csv" in page


def test_an_entity_bomb_in_a_sheet_is_refused(browser):
    raw = workbook([["SKU", "Qty"], ["A", 1]])
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for item in source.infolist():
            data = source.read(item)
            if item.filename == "xl/worksheets/sheet1.xml":
                entities = b"".join(b'<!ENTITY l%d "%s">' % (n, b"&l%d;" % (n - 1) * 10) for n in range(1, 9))
                doctype = b'<!DOCTYPE w [<!ENTITY l0 "lol">' + entities + b"]>"
                data = doctype + data.replace(b"<v>1</v>", b"<v>&l8;</v>")
            packed.writestr(item, data)
    page = text_of(upload(browser, out.getvalue()))
    assert "cannot be read" in page


def test_5000_rows_are_refused_whole_with_their_number(browser):
    rows = [["SKU", "Qty"], *([f"A-{n}", 1] for n in range(5000))]
    page = text_of(upload(browser, workbook(rows)))
    assert "There are 5000 lines; one order takes 2000. Nothing was read" in page
    many = "SKU,Qty\n" + "A,1\n" * 25_000
    assert "There are more than 20000 lines" in text_of(upload(browser, many.encode(), "long.csv"))


def test_no_file_is_asked_for_and_nothing_is_ordered(browser):
    page = text_of(browser.post("/quick-order/", {"mode": "file", "do": "preview"}))
    assert "Choose a CSV or XLSX file first." in page
    assert Order.objects.count() == 0
