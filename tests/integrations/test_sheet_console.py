"""The import screens: upload, columns, preview, apply, result; and who may not."""

import csv
import html
import re
from io import BytesIO, StringIO

import openpyxl  # type: ignore[import-untyped]
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from accounts.states import Role
from catalog.models import Product
from core import outbox
from core.testing import drain
from integrations import progress
from integrations.models import Upload
from integrations.services.confirm_upload import confirm_upload
from integrations.services.give_up_upload import give_up_upload
from integrations.services.name_columns import name_columns
from integrations.services.preview_upload import preview_upload
from integrations.states import ApplyMode
from tests.factories.accounts import AccountFactory, ShipToFactory, UserFactory
from tests.factories.catalog import ProductFactory
from tests.factories.sheets import BOT, NOW, applied, kept, previewed

pytestmark = pytest.mark.django_db


@pytest.fixture
def planner(client):
    client.force_login(UserFactory(roles=[Role.PLANNER], is_staff=True))
    return client


def upload(browser, text, sheet="products", name="list.csv"):
    file = SimpleUploadedFile(name, text if isinstance(text, bytes) else text.encode())
    return browser.post(reverse("admin:integrations_upload_add"), {"sheet": sheet, "file": file}, follow=True)


def page_of(browser, row):
    return browser.get(reverse("admin:integrations_upload_change", args=[row.pk])).content.decode()


def test_a_file_goes_from_upload_to_applied_through_the_screens_and_the_jobs(planner):
    ProductFactory(sku="A", name="Old")
    page = upload(planner, "Artikel;Name\nA;New\nB;Thing\n").content.decode()
    assert "Preview the rows" in page and "Artikel" in page
    row = Upload.objects.get()
    planner.post(reverse("admin:integrations_upload_columns", args=[row.pk]), {"column-sku": "0", "column-name": "1"})
    assert 'http-equiv="refresh"' in page_of(planner, row)
    drain(NOW)
    page = page_of(planner, row)
    assert "Apply 2 rows" in page and "http-equiv" not in page
    changed = planner.get(reverse("admin:integrations_upload_change", args=[row.pk]) + "?show=changed").content.decode()
    assert "<del>Old</del> <ins>New</ins>" in changed
    answer = {"mode": "all-or-none", "version": "1"}
    planner.post(reverse("admin:integrations_upload_apply", args=[row.pk]), answer)
    assert Product.objects.get().name == "Old"
    drain(NOW)
    row.refresh_from_db()
    assert (row.state, row.counts) == ("applied", {"created": 1, "updated": 1})
    assert "the 1 updated records as they were" in page_of(planner, row)
    listed = planner.get(reverse("admin:integrations_upload_changelist")).content.decode()
    assert "1 created, 1 updated" in listed


def test_how_far_a_job_is_stands_on_the_page_and_is_told_from_batch_to_batch(planner):
    found = kept("products", "sku,name\n" + "".join(f"S{i},Thing\n" for i in range(4_500)))
    name_columns(upload_id=found.upload_id, columns=found.columns, actor=BOT, now=NOW, queued=False)
    row = Upload.objects.get(pk=found.upload_id)
    heard = []
    preview_upload(upload_id=row.pk, version=row.version, now=NOW, told=lambda *said: heard.append(said))
    assert [rows for _, rows in heard] == [2_000, 4_000, 4_500, 4_500]
    assert [part for part, _ in heard] == sorted(part for part, _ in heard) and heard[-1][0] == 1
    confirm_upload(upload_id=row.pk, version=row.version, mode=ApplyMode.VALID, actor=BOT, now=NOW, queued=False)
    assert 'max="100" value="0"' in page_of(planner, row)
    progress.tell(row.pk, 0.427, 1_900)
    page = page_of(planner, row)
    assert '<progress class="imp-bar" max="100" value="42"' in page and "42 %, 1,900 rows" in page


def test_a_wrong_cell_stands_in_the_preview_with_its_remedy_and_in_the_result_file(planner):
    row = previewed("products", "sku,name,cost\nA,One,twelve\n")
    page = page_of(planner, row)
    assert "&#x27;twelve&#x27; is not a number." in page and "Write a plain number like 1234.5." in page
    file = planner.get(reverse("admin:integrations_upload_result", args=[row.pk, "csv"]) + "?only=error")
    assert b"A,One,twelve,error" in b"".join(file.streaming_content)


@pytest.mark.parametrize(
    ("data", "words"),
    [(b"", "Choose a file"), (b"PK\x03\x04 no", "damaged"), (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old .xls")],
)
def test_a_file_that_is_none_is_refused_in_words_and_nothing_is_kept(planner, data, words):
    page = upload(planner, data, name="list.xlsx").content.decode()
    assert words in page or (data == b"" and "empty" in page)
    assert Upload.objects.count() == 0


def test_nobody_imports_a_sheet_of_another_desk(planner):
    assert "may not import Accounts" in upload(planner, "code,name\nC,One\n", sheet="accounts").content.decode()
    row = previewed("accounts", "code,name\nC,One\n")
    planner.post(reverse("admin:integrations_upload_apply", args=[row.pk]), {"mode": "valid", "version": "1"})
    row.refresh_from_db()
    assert row.state == "previewed"
    assert "Apply 1 row" not in page_of(planner, row)


def test_exports_and_empty_sheets_are_files(planner):
    AccountFactory(code="C1", name="=1+1")
    exported = planner.get(reverse("admin:integrations_upload_export_sheet", args=["accounts", "csv"]))
    assert b"C1,'=1+1" in b"".join(exported.streaming_content)
    empty = planner.get(reverse("admin:integrations_upload_export_sheet", args=["accounts", "xlsx"]) + "?empty")
    assert b"".join(empty.streaming_content)[:2] == b"PK"
    assert planner.get(reverse("admin:integrations_upload_export_sheet", args=["nothing", "csv"])).status_code == 404


def lines_of(response):
    text = b"".join(response.streaming_content).decode().removeprefix("\ufeff")
    return list(csv.reader(StringIO(text)))


def test_a_list_exports_what_it_shows_as_a_sheet_that_imports_again_unchanged(planner):
    AccountFactory(code="A1", name="=Acme", region="NV", currency="EUR")
    AccountFactory(code="A2", name="Acme Two", currency="USD")
    AccountFactory(code="B1", name="Other", currency="EUR")
    page = planner.get(reverse("admin:accounts_account_changelist") + "?q=acme&currency=EUR").content.decode()
    (address,) = re.findall(r'href="([^"]+/export/accounts\.csv[^"]*)"', page)
    rows = lines_of(planner.get(html.unescape(address)))
    assert [r[:2] for r in rows[1:]] == [["A1", "'=Acme"]]
    again = b"".join(planner.get(html.unescape(address)).streaming_content)
    assert previewed("accounts", again).counts == {"unchanged": 1}
    workbook = planner.get(html.unescape(address).replace(".csv", ".xlsx"))
    cells = openpyxl.load_workbook(BytesIO(b"".join(workbook.streaming_content))).active
    assert [row[0].value for row in cells] == ["Account code", "A1"]


def test_a_list_without_filters_exports_everything_and_a_wrong_filter_nothing(planner):
    for code in ("A1", "A2"):
        AccountFactory(code=code)
    address = reverse("admin:integrations_upload_export_sheet", args=["accounts", "csv"])
    assert len(lines_of(planner.get(address))) == 3
    assert len(lines_of(planner.get(address + "?status__exact=closed"))) == 1
    assert planner.get(address + "?no_such_field=1").status_code in (302, 404)


def test_two_sheets_of_one_list_are_both_offered(planner):
    ShipToFactory(account=AccountFactory(code="A1"), code="S1", name="Dock")
    page = planner.get(reverse("admin:accounts_shipto_changelist")).content.decode()
    assert "export/ship_tos.csv" in page and "export/receiving.xlsx" in page


@pytest.mark.parametrize("rows", [1, 120])
def test_the_page_takes_the_same_statements_for_one_row_and_for_many(planner, rows, django_assert_max_num_queries):
    row = applied("products", "sku,name\n" + "".join(f"S{i},Thing\n" for i in range(rows)))
    with django_assert_max_num_queries(8):
        page_of(planner, row)


def test_an_import_whose_job_died_is_refused_and_others_go_on():
    row = previewed("products", "sku,name\nA,One\n")
    confirm_upload(upload_id=row.pk, version=1, mode=ApplyMode.VALID, actor=BOT, now=NOW)
    (job_id,) = outbox.lease_due(now=NOW)
    assert give_up_upload(job_id=job_id, now=NOW) is True
    row.refresh_from_db()
    assert row.state == "refused" and "Operations has a case" in row.problem
    assert give_up_upload(job_id=job_id, now=NOW) is False
    assert applied("products", "sku,name\nB,Two\n").state == "applied"
