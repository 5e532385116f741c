"""Reference data from files: what is new, changed, unchanged or wrong, and what applying it does and does not do."""

from decimal import Decimal

import pytest

from accounts.models import Account, GroupMembership, ShipTo
from accounts.states import AccountStatus
from catalog.models import Category, Product
from core import journal
from core.actors import Actor
from core.errors import InvalidInput, NotPermitted, Stale
from core.refs import DocumentRef
from integrations.models import Upload, UploadRow
from integrations.services.apply_upload import apply_upload
from integrations.services.confirm_upload import ImportUnderWay, NothingToApply, RowsAreWrong, confirm_upload
from integrations.services.name_columns import name_columns
from integrations.services.preview_upload import preview_upload
from integrations.states import ApplyMode
from tests.factories.accounts import AccountFactory, GroupFactory, MembershipFactory, ShipToFactory, TierFactory
from tests.factories.catalog import CategoryFactory, ProductFactory, UnitFactory
from tests.factories.sheets import BOT, NOW, applied, confirmed, kept, outcomes, previewed, problems, workbook

pytestmark = pytest.mark.django_db


def test_rows_are_new_changed_or_unchanged_and_a_preview_writes_nothing():
    ProductFactory(sku="A", name="Old name")
    ProductFactory(sku="B", name="Thing")
    upload = previewed("products", "sku,name\na,New name\nB,Thing\nC,Third\n")
    assert outcomes(upload) == {2: "changed", 3: "unchanged", 4: "new"}
    assert upload.counts == {"changed": 1, "unchanged": 1, "new": 1}
    row = UploadRow.objects.get(upload=upload, number=2)
    assert (row.before["name"], row.after["name"]) == ("Old name", "New name")
    assert Product.objects.get(sku="A").name == "Old name" and Product.objects.count() == 2


def test_applying_writes_all_rows_and_the_journal_says_what_changed():
    old = ProductFactory(sku="A", name="Old name", standard_cost=Decimal("4"))
    upload = applied("products", "SKU;Name;Standard cost;Weight\nA;New name;4,5;\nC;Third;12.25;0.5\n")
    assert (upload.state, upload.counts) == ("applied", {"updated": 1, "created": 1})
    old.refresh_from_db()
    assert (old.name, old.standard_cost, old.weight_kg) == ("New name", Decimal("4.5"), None)
    made = Product.objects.get(sku="C")
    assert (made.standard_cost, made.base_unit, made.order_multiple) == (Decimal("12.25"), "EA", 1)
    assert made.public_id and made.public_id != old.public_id
    (entry,) = journal.timeline(DocumentRef("product", old.pk))
    assert entry.data["changed"] == {"name": ["Old name", "New name"], "standard_cost": ["4", "4.5"]}
    assert entry.summary == f"product A changed name, standard_cost: import {upload.pk}, file.csv"


def test_the_same_file_a_second_time_is_recognised_and_changes_nothing():
    data = "code,name\nC1,First\n"
    first = applied("accounts", data)
    again = kept("accounts", data)
    assert again.earlier_id == first.pk
    upload = previewed("accounts", data)
    assert upload.counts == {"unchanged": 1}
    with pytest.raises(NothingToApply):
        confirmed(upload)


def test_a_column_the_file_lacks_stays_as_it_is_and_an_empty_cell_empties_only_what_may_be_empty():
    AccountFactory(code="C1", name="One", region="NV", currency="EUR", external_id="77")
    upload = applied("accounts", "code,region,currency\nC1,,\n")
    assert upload.counts == {"updated": 1}
    row = Account.objects.get(code="C1")
    assert (row.region, row.currency, row.external_id, row.name) == ("", "EUR", "77", "One")


def test_everything_wrong_with_a_row_is_told_at_once_with_its_column():
    upload = previewed(
        "products",
        "sku,name,standard_cost,shelf_life_days,tracking,gtin,category\nA,,twelve,3.5,barcode,123,NO-SUCH\nB,Good,,,,,\n",
    )
    assert outcomes(upload) == {2: "error", 3: "new"}
    found = dict(problems(upload)[2])
    assert found["standard_cost"] == "'twelve' is not a number."
    assert found["shelf_life_days"] == "3.5 has more than 0 decimal places."
    assert found["tracking"] == "'barcode' is none of the values of this column."
    assert found["gtin"] == "'123' is not a GTIN of 8 or 12 or 13 or 14 digits."
    assert found["category"] == "There is no category NO-SUCH."
    assert found["name"] == "This may not be empty."


def test_all_or_none_refuses_while_a_row_is_wrong_and_valid_rows_takes_the_good_ones():
    upload = previewed("products", "sku,name\nA,Good\nB,\n")
    with pytest.raises(RowsAreWrong):
        confirmed(upload)
    assert Product.objects.count() == 0
    upload = confirmed(upload, ApplyMode.VALID)
    assert (upload.state, upload.counts) == ("applied", {"created": 1, "error": 1})
    assert [p.sku for p in Product.objects.all()] == ["A"]


def test_rows_about_the_same_record_are_both_named_and_neither_is_taken():
    upload = previewed("products", "sku,name\nA,One\nB,Two\na,Other\n")
    assert outcomes(upload) == {2: "error", 3: "new", 4: "error"}
    assert problems(upload)[2] == problems(upload)[4] == [("sku", "2 rows are about the same record: rows 2, 4.")]


def test_what_changed_after_the_preview_is_told_and_never_overwritten():
    ProductFactory(sku="A", name="Old")
    ProductFactory(sku="B", name="Old")
    upload = previewed("products", "sku,name\nA,New\nB,New\nC,New\n")
    Product.objects.filter(sku="A").update(name="Somebody's")
    ProductFactory(sku="c", name="Somebody's")
    upload = confirmed(upload, ApplyMode.VALID)
    assert outcomes(upload) == {2: "moved", 3: "updated", 4: "moved"}
    assert dict(Product.objects.values_list("sku", "name")) == {"A": "Somebody's", "B": "New", "c": "Somebody's"}


def test_all_or_none_writes_nothing_when_one_row_changed_after_the_preview():
    ProductFactory(sku="A", name="Old")
    upload = previewed("products", "sku,name\nA,New\nB,New\n")
    Product.objects.filter(sku="A").update(name="Somebody's")
    upload = confirmed(upload)
    assert (upload.state, upload.counts) == ("previewed", {"moved": 1, "new": 1})
    assert "Nothing was written" in upload.problem and Product.objects.count() == 1
    with pytest.raises(RowsAreWrong):
        confirmed(upload)


def test_a_code_that_is_gone_since_the_preview_is_not_written_as_nothing():
    tier = TierFactory(code="GOLD")
    AccountFactory(code="C1", name="One")
    upload = previewed("accounts", "code,tier\nC1,gold\n")
    tier.delete()
    upload = confirmed(upload, ApplyMode.VALID)
    assert outcomes(upload) == {2: "moved"}


def test_two_people_importing_the_same_sheet_at_once_get_a_clear_answer():
    first = previewed("products", "sku,name\nA,One\n", name="ann.csv")
    second = previewed("products", "sku,name\nB,Two\n", name="bob.csv")
    other = previewed("accounts", "code,name\nC1,One\n")
    confirm_upload(upload_id=first.pk, version=1, mode=ApplyMode.VALID, actor=BOT, now=NOW, queued=False)
    with pytest.raises(ImportUnderWay, match=r"ann\.csv, by test, is being applied"):
        confirmed(second)
    assert confirmed(other).state == "applied"
    apply_upload(upload_id=first.pk, version=1, actor=BOT, now=NOW)
    assert confirmed(second).counts == {"created": 1}


def test_a_preview_or_an_import_done_twice_is_done_once():
    upload = previewed("products", "sku,name\nA,One\n")
    assert preview_upload(upload_id=upload.pk, version=1, now=NOW).made is False
    confirmed(upload)
    assert apply_upload(upload_id=upload.pk, version=1, actor=BOT, now=NOW).made is False
    assert Product.objects.count() == 1


def test_an_older_preview_cannot_be_confirmed():
    upload = previewed("products", "sku,name\nA,One\n")
    name_columns(upload_id=upload.pk, columns=upload.columns, actor=BOT, now=NOW, queued=False)
    with pytest.raises(Stale):
        confirm_upload(upload_id=upload.pk, version=1, mode=ApplyMode.VALID, actor=BOT, now=NOW)


def test_columns_are_recognised_by_other_words_and_can_be_named():
    found = kept("products", "\ufeffArtikel;Item No;Description\nx;A;Thing\n")
    assert found.columns == {"sku": 1, "name": 2}
    upload = previewed("products", "Artikel;Bezeichnung\nA;Thing\n", columns={"sku": 0, "name": 1})
    assert outcomes(upload) == {2: "new"}


def test_a_file_without_the_key_or_with_a_column_chosen_twice_is_refused_before_it_is_read():
    found = kept("products", "Artikel;Bezeichnung\nA;Thing\n")
    with pytest.raises(InvalidInput, match="No column of the file is SKU"):
        name_columns(upload_id=found.upload_id, columns={"name": 1}, actor=BOT, now=NOW)
    with pytest.raises(InvalidInput, match="is chosen twice"):
        name_columns(upload_id=found.upload_id, columns={"sku": 1, "name": 1}, actor=BOT, now=NOW)


def test_a_new_row_needs_the_required_columns_and_a_known_one_does_not():
    ProductFactory(sku="A")
    upload = previewed("products", "sku,standard_cost\nA,4\nB,4\n")
    assert problems(upload) == {3: [("", "It is new, and the file has no column Name.")]}


def test_only_who_keeps_the_sheet_may_import_it():
    with pytest.raises(NotPermitted):
        kept("products", "sku,name\nA,One\n", actor=Actor("Ann", user_id=7, roles=frozenset({"cs"})))
    assert Upload.objects.count() == 0


def test_a_million_statements_are_not_needed(django_assert_max_num_queries):
    rows = "".join(f"S{i},Thing {i}\n" for i in range(2_000))
    with django_assert_max_num_queries(60):
        upload = applied("products", f"sku,name\n{rows}")
    assert upload.counts == {"created": 2_000}


# --- what the rooms check -------------------------------------------------------------------------------------------
def test_parents_may_come_later_in_the_file_and_lost_ones_are_told():
    data = "code,name,parent\nLEAF,Leaf,branch\nBRANCH,Branch,ROOT\nROOT,Root,\nLOST,Lost,NOWHERE\nCHILD,Child,LOST\n"
    upload = applied("categories", data, ApplyMode.VALID)
    assert outcomes(upload) == {2: "created", 3: "created", 4: "created", 5: "error", 6: "error"}
    assert Category.objects.get(code="LEAF").parent.parent.code == "ROOT"


def test_a_circle_of_parents_is_refused_whole():
    CategoryFactory(code="A")
    upload = applied("categories", "code,name,parent\nA,A,B\nB,B,A\n")
    assert (upload.state, Category.objects.count()) == ("refused", 1)
    assert "leads back to itself" in upload.problem


def test_an_account_is_not_closed_by_a_file():
    AccountFactory(code="C1", name="One", status=AccountStatus.ACTIVE)
    AccountFactory(code="C2", name="Two", status=AccountStatus.PROSPECT)
    upload = previewed("accounts", "code,name,status\nC1,One,closed\nC2,Two,active\nC3,Three,suspended\n")
    assert outcomes(upload) == {2: "error", 3: "changed", 4: "error"}


def test_the_base_unit_of_a_product_on_record_stays():
    ProductFactory(sku="A", base_unit="EA")
    upload = previewed("products", "sku,base_unit\nA,CASE\n")
    assert problems(upload) == {2: [("base_unit", "The base unit of a product on record stays EA.")]}


def test_a_default_address_moves_only_when_the_old_one_stops_being_it():
    account = AccountFactory(code="C1")
    ShipToFactory(account=account, code="OLD", name="Old", is_default=True)
    bad = previewed("ship_tos", "account,code,name,default\nC1,NEW,New,yes\n")
    assert problems(bad) == {2: [("is_default", "C1 has the default address OLD already.")]}
    good = applied("ship_tos", "account,code,name,default\nC1,NEW,New,yes\nC1,OLD,Old,no\n")
    assert good.state == "applied"
    assert ShipTo.objects.get(account=account, is_default=True).code == "NEW"


def test_memberships_that_overlap_are_told():
    account, group = AccountFactory(code="C1"), GroupFactory(code="GPO")
    MembershipFactory(account=account, group=group, valid_from="2026-01-01", valid_to="2026-07-01")
    upload = applied(
        "memberships",
        "account,group,from,to\nC1,GPO,2026-06-01,\nC1,GPO,2026-07-01,2026-09-01\nC1,GPO,2026-08-01,\nC1,GPO,2027-01-01,2026-12-31\n",
        ApplyMode.VALID,
    )
    assert outcomes(upload) == {2: "error", 3: "created", 4: "error", 5: "error"}
    assert GroupMembership.objects.count() == 2


def test_a_unit_is_not_the_base_unit_again_and_its_factor_is_positive():
    ProductFactory(sku="A", base_unit="EA")
    UnitFactory(product=ProductFactory(sku="B"), code="CA", numerator=12)
    upload = applied("product_units", "sku,unit,factor\nA,EA,1\nA,CA,0\nA,PAL,480\nB,ca,24\n", ApplyMode.VALID)
    assert outcomes(upload) == {2: "error", 3: "error", 4: "created", 5: "updated"}


def test_a_rule_of_the_database_refuses_the_whole_and_says_which():
    CategoryFactory(code="lower")
    ProductFactory(sku="A")
    upload = previewed("products", "sku,name\nA,Other\nB,Two\n")
    Product.objects.filter(sku="A").update(min_order_qty=5)
    upload = confirmed(previewed("products", "sku,name,max_order_qty\nA,Other,4\nB,Two,\n"))
    assert upload.state == "refused" and "the largest order is not below the smallest" in upload.problem
    assert not Product.objects.filter(sku="B").exists()


# --- workbooks ------------------------------------------------------------------------------------------------------
def test_a_workbook_s_formulas_errors_and_day_numbers_are_told_cell_by_cell():
    AccountFactory(code="C1")
    GroupFactory(code="GPO")
    data = workbook(
        ["Account", "Group", "From", "Identifier", "Identifier kind"],
        ["C1", "GPO", 46351, "#N/A", "other"],
        ["=A2", "GPO", "2026-11-25", "", ""],
        ["C1", "GPO", NOW.replace(tzinfo=None, hour=0), 1100001234567, "other"],
    )
    upload = previewed("memberships", data, name="file.xlsx")
    found = problems(upload)
    assert [c for c, _ in found[2]] == ["valid_from", "identifier"]
    assert found[3][0] == ("account", "=A2 is a formula.")
    assert outcomes(upload)[4] == "new"
