"""Exports and result files: what goes out comes back unchanged, and no spreadsheet runs what is in it."""

import csv
import json
from io import BytesIO, StringIO

import openpyxl  # type: ignore[import-untyped]
import pytest
from django.core.management import CommandError, call_command
from hypothesis import given
from hypothesis import strategies as st

from catalog.models import Category, Product
from core.cells import guarded, unguarded
from core.models import Calendar
from core.sheets import sheet, sheets
from integrations.models import Upload
from integrations.results import result_batches, result_header
from integrations.sheet_files import csv_chunks, exported, numbers_of, write_xlsx
from integrations.states import ApplyMode
from inventory.models import SourcingRule, TransitLane
from pricing.models import ChargebackTerms, RebateProgram
from tests.factories.accounts import (
    AccountFactory,
    GroupFactory,
    MembershipFactory,
    ShipToFactory,
    TerritoryFactory,
    TierFactory,
)
from tests.factories.catalog import (
    AuthorizationFactory,
    CategoryFactory,
    CustomerPartFactory,
    KitComponentFactory,
    LicenseFactory,
    ProductFactory,
    SubstitutionFactory,
    UnitFactory,
)
from tests.factories.inventory import SiteFactory
from tests.factories.pools import limit, safety
from tests.factories.pricing import (
    ActivationFactory,
    AdjustmentFactory,
    CommitmentFactory,
    ContractFactory,
    MoneyCommitmentFactory,
    PriceRowFactory,
    SourceFactory,
    TermsFactory,
)
from tests.factories.sheets import applied, outcomes, previewed

TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=40)


@given(TEXTS)
def test_a_guarded_cell_is_never_run_and_gives_its_text_back(text):
    cell = guarded(text)
    assert unguarded(cell) == text
    assert cell[:1] not in ("=", "+", "-", "@", "\t", "\r") or cell.lstrip("+-").replace(".", "", 1).isdecimal()


def as_csv(code):
    of = sheet(code)
    return "".join(csv_chunks([c.label for c in of.columns], exported(of))).encode()


def as_xlsx(code):
    of, target = sheet(code), BytesIO()
    write_xlsx(target, [c.label for c in of.columns], exported(of), numbers_of(of))
    return target.getvalue()


@pytest.fixture
def company():
    """Something in every sheet, with the texts that give spreadsheets ideas."""
    parent = AccountFactory(code="ROOT", name="=1+1", tier=TierFactory(code="Gold"), territory=TerritoryFactory())
    account = AccountFactory(code="0042", name="Søren, \"Æ\" & Sons; 'ltd'", parent=parent, min_line_percent="12.50")
    ShipToFactory(account=account, code="-1", line2="line\nbreak", is_default=True)
    MembershipFactory(account=account, valid_to="2031-01-01")
    category = CategoryFactory(code="C", parent=CategoryFactory(code="P"))
    product = ProductFactory(
        sku="+A", name=" @SUM(A1) ", category=category, standard_cost="123456789012.123456", weight_kg="0.5000",
        gtin="00012345678905", max_order_qty="480",
    )  # fmt: skip
    UnitFactory(product=product, numerator=1, denominator=3)
    KitComponentFactory(kit=product, qty="2.5")
    place = ShipToFactory(
        account=account, code="DOCK", delivery_days=[0, 1, 4], delivery_from="08:30", delivery_to="12:00"
    )
    place.calendar = Calendar.objects.create(code="HALF DAYS", name="Half days")
    place.save()
    CustomerPartFactory(account=account, product=product, part_number="'=x")
    SubstitutionFactory(product=product, valid_from="2026-01-01")
    SubstitutionFactory(product=product)
    AuthorizationFactory(account=account, product=product)
    LicenseFactory(account=account)
    east = SiteFactory(code="EAST")
    listed = SourceFactory(code="=LIST", margin_floor_percent="12.50")
    group = GroupFactory(code="=GPO")
    version = TermsFactory(code="ACME", account=account, on_time_percent="97.50", note="x; y", payment_terms="NET45")
    TermsFactory(code="ACME", version=2, account=None, group=group, valid_from="2027-01-01", valid_to="2028-01-01")
    RebateProgram.objects.create(
        code="R", name="+R", group=group, percent="2.5", category=category, valid_from="2026-01-01"
    )
    ChargebackTerms.objects.create(group=group, price_tolerance="0.01", valid_from="2026-01-01")
    ContractFactory(code="ACME 26", account=account, valid_to="2031-01-01", contract=version)
    PriceRowFactory(source=listed, product=product, unit_price="0.012345")
    PriceRowFactory(source=listed, product=product, min_qty="12.5", tier="GOLD", unit="CS", break_group="G")
    ActivationFactory(source=listed, account=account, valid_to="2031-01-01")
    MoneyCommitmentFactory(source=listed, committed_amount="0.10")
    CommitmentFactory(source=listed, product=product, committed_qty="0.5", consumed_qty="0.25")
    AdjustmentFactory(name="=1", value="0.012345", min_qty="12.5", account=account, category=category)
    AdjustmentFactory(kind="charge", method="amount", currency="USD", source=listed, group=group, product=product)
    TransitLane.objects.create(site=SiteFactory(code="WEST"), region="=Ohio", transit_days=3, cost_per_kg="0.1250")
    SourcingRule.objects.create(
        name="+rule", account=account, product=product, sites=["WEST", "EAST"], max_distance_km=9, distance="soft"
    )
    SiteFactory(code="ACME", kind="vendor")
    applied("vendor_offers", "vendor,sku,vendor's number,cost,at most\nACME,+A,V-1,12.5,40\n")
    limit(12, product=product, account=account, name="=Q", valid_to="2031-01-01")
    safety(product, east, 5)
    applied("receipts", "document,site,product,lot,qty\n@DN-7,EAST,+A,,5\n")
    SiteFactory(code="TRUNK", kind="trunk")
    applied("par_levels", "site,product,par_qty,refill_below_qty\nTRUNK,+A,6,2.5\n")
    applied("inbound", "kind,reference,site,product,ordered_qty,eta_date\npurchase,PO-2,EAST,+A,12,2026-12-24\n")


@pytest.mark.django_db
@pytest.mark.parametrize("code", [s.code for s in sheets()])
@pytest.mark.parametrize("form", [as_csv, as_xlsx])
def test_an_exported_sheet_imports_again_as_unchanged(company, code, form):
    upload = previewed(code, form(code), name=f"file.{form.__name__}")
    assert upload.counts == {"unchanged": sheet(code).source.count()} and upload.counts["unchanged"] > 0


NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1, max_size=60).filter(
    str.strip
)


@pytest.mark.django_db
def test_any_text_survives_an_export_and_an_import():
    @given(st.lists(NAMES, min_size=1, max_size=5))
    def check(names):
        Category.objects.all().delete()
        Category.objects.bulk_create(Category(code=f"C{i}", name=n) for i, n in enumerate(names))
        assert previewed("categories", as_csv("categories")).counts == {"unchanged": len(names)}

    check()


@pytest.mark.django_db
def test_an_export_takes_one_statement_for_each_batch_and_one_more(django_assert_num_queries):
    Product.objects.bulk_create(Product(sku=f"S{i}", name=f"Thing {i}") for i in range(300))
    with django_assert_num_queries(2):
        assert sum(len(b) for b in exported(sheet("products"))) == 300


@pytest.mark.django_db
def test_the_result_file_is_mended_and_imported_as_it_is():
    upload = applied("products", "sku,name,standard_cost\nA,Good,1\nB,=cmd,1\nC,Third,x\n", ApplyMode.VALID)
    text = "".join(csv_chunks(result_header(upload, sheet("products")), result_batches(upload, sheet("products"))))
    rows = list(csv.reader(StringIO(text.removeprefix("\ufeff"))))
    assert rows[0] == ["sku", "name", "standard_cost", "result", "problems"]
    assert [r[3] for r in rows[1:]] == ["created", "error", "error"]
    assert (
        rows[2][1] == "'=cmd" and "is a formula" in rows[2][4] and "standard cost: 'x' is not a number." in rows[3][4]
    )
    mended = applied("products", text.replace("Third,x", "Third,7"), ApplyMode.VALID)
    assert outcomes(mended) == {2: "unchanged", 3: "created", 4: "created"}


@pytest.mark.django_db
def test_importing_the_values_before_undoes_an_update():
    ProductFactory(sku="A", name="Before", standard_cost=None)
    upload = applied("products", "sku,name,standard_cost\nA,After,4\nB,New,4\n")
    of = sheet("products")
    text = "".join(csv_chunks(result_header(upload, of, before=True), result_batches(upload, of, before=True)))
    assert applied("products", text).counts == {"updated": 1}
    assert list(Product.objects.order_by("sku").values_list("sku", "name", "standard_cost")) == [
        ("A", "Before", None),
        ("B", "New", 4),
    ]


# --- commands -------------------------------------------------------------------------------------------------------
def run(*args):
    out = StringIO()
    call_command(*args, stdout=out, stderr=StringIO())
    return out.getvalue()


@pytest.mark.django_db
def test_the_commands_export_preview_and_apply(tmp_path):
    ProductFactory(sku="A", name="Old")
    path = tmp_path / "products.xlsx"
    run("export_sheet", "products", "-o", str(path))
    assert openpyxl.load_workbook(path).active["A2"].value == "A"
    assert json.loads(run("import_sheet", "products", str(path), "--json"))["unchanged"] == 1
    change = tmp_path / "change.csv"
    change.write_text("Artikel;Name\nA;New\nB;\n")
    mapped = ("import_sheet", "products", str(change), "--map", "sku=Artikel", "--json")
    assert json.loads(run(*mapped))["applied"] is False
    refused = json.loads(run(*mapped, "--apply", "all-or-none"))
    assert (refused["applied"], refused["error"]) == (False, 1) and Product.objects.get().name == "Old"
    done = json.loads(run(*mapped, "--apply", "valid"))
    assert (done["applied"], done["after"], done["same_file_before"]) == (True, {"updated": 1, "error": 1}, True)
    assert Product.objects.get().name == "New"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("nothing", "x.csv"), "There is no sheet nothing"),
        (("products", "absent.csv"), "No such file"),
        (("products", "bad.csv"), "No column of the file is SKU"),
        (("products", "bad.csv", "--map", "sku=Nope"), "no heading 'Nope'"),
        (("products", "empty.csv"), "is empty"),
    ],
)
def test_a_command_that_cannot_do_it_says_why_with_code_2(tmp_path, monkeypatch, args, words):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.csv").write_text("Artikel\nA\n")
    (tmp_path / "empty.csv").write_text("")
    with pytest.raises(CommandError, match=words) as refused:
        run("import_sheet", *args)
    assert refused.value.returncode == 2 and not Upload.objects.filter(state="applied").exists()
