"""Reference data from files: what is new, changed, unchanged or wrong, and what applying it does and does not do."""

from datetime import time
from decimal import Decimal

import pytest

from accounts.models import Account, GroupMembership, ShipTo
from accounts.states import AccountStatus
from catalog.models import Category, KitComponent, License, Product, ProductUnit, Substitution
from core import journal
from core.actors import Actor
from core.errors import InvalidInput, NotPermitted, Stale
from core.models import Calendar
from core.refs import DocumentRef
from integrations.models import Upload, UploadRow
from integrations.services.apply_upload import apply_upload
from integrations.services.confirm_upload import ImportUnderWay, NothingToApply, RowsAreWrong, confirm_upload
from integrations.services.name_columns import name_columns
from integrations.services.preview_upload import preview_upload
from integrations.states import ApplyMode
from tests.factories.accounts import AccountFactory, GroupFactory, MembershipFactory, ShipToFactory, TierFactory
from tests.factories.catalog import (
    AuthorizationFactory,
    CategoryFactory,
    KitComponentFactory,
    LicenseFactory,
    ProductFactory,
    SubstitutionFactory,
    UnitFactory,
)
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
    with pytest.raises(ImportUnderWay, match=r"ann\.csv, by Holdfast, test, is being applied"):
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
    upload = applied("accounts", "code,name,parent\nB,B,\nA,A,A\n")
    assert upload.state == "refused" and "an account is not its own parent" in upload.problem
    assert Account.objects.count() == 0


def test_substitutions_that_overlap_are_told():
    first, second = ProductFactory(sku="A"), ProductFactory(sku="B")
    SubstitutionFactory(product=first, substitute=second, valid_from="2026-01-01")
    data = "sku,substitute,from,to\nB,A,,2026-03-01\nA,B,2026-06-01,\nB,A,2026-02-01,\nB,A,2026-03-01,\n"
    upload = applied("substitutions", data, ApplyMode.VALID)
    assert outcomes(upload) == {2: "created", 3: "error", 4: "error", 5: "created"}
    assert problems(upload)[3] == [("valid_from", "It overlaps a substitution on record.")]
    assert problems(upload)[4] == [("valid_from", "It overlaps row 2.")]
    assert Substitution.objects.count() == 3


def test_a_largest_order_is_compared_with_the_smallest_on_record():
    ProductFactory(sku="A", min_order_qty=5)
    upload = previewed("products", "sku,name,max_order_qty\nA,Other,4\nB,Two,4\n")
    assert outcomes(upload) == {2: "error", 3: "new"}
    assert problems(upload)[2] == [("max_order_qty", "The largest order 4 is below the smallest 5.")]


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


# --- GTINs ----------------------------------------------------------------------------------------------------------
ONE, TWO, THREE = "00012345678905", "4006381333931", "5901234123457"


def test_a_gtin_needs_its_check_digit():
    upload = previewed("products", f"sku,name,gtin\nA,One,00012345678904\nB,Two,00000000000000\nC,Three,{ONE}\n")
    assert outcomes(upload) == {2: "error", 3: "error", 4: "new"}
    assert problems(upload)[2] == [
        ("gtin", "The check digit of the GTIN 00012345678904 is wrong: it ends in 4, the others give 5.")
    ]
    assert problems(upload)[3] == [("gtin", "A GTIN is not all zeros.")]


def test_a_gtin_of_another_product_or_packaging_is_refused_in_any_spelling():
    ProductFactory(sku="OWNER", gtin=ONE)
    UnitFactory(product=ProductFactory(sku="BOX"), code="CA", gtin=TWO)
    upload = previewed("products", f"sku,name,gtin\nA,One,{ONE[2:]}\nB,Two,0{TWO}\n")
    assert outcomes(upload) == {2: "error", 3: "error"}
    assert "is that of OWNER already" in problems(upload)[2][0][1] and "is that of BOX CA" in problems(upload)[3][0][1]
    units = previewed(
        "product_units", f"sku,unit,factor,gtin\nOWNER,CA,12,{ONE}\nBOX,CA,12,{TWO}\nBOX,PAL,96,{THREE}\n"
    )
    assert outcomes(units) == {2: "error", 3: "unchanged", 4: "new"}


def test_one_gtin_twice_in_a_file_is_told_at_both_rows_however_far_apart():
    rows = "".join(f"S{i},Thing,\n" for i in range(2_500))
    upload = previewed("products", f"sku,name,gtin\nA,One,{ONE}\n{rows}B,Two,{ONE[2:]}\n")
    assert problems(upload) == {n: [("gtin", "2 rows have this GTIN: rows 2, 2503.")] for n in (2, 2503)}
    assert upload.counts == {"new": 2_500, "error": 2}


def test_two_products_may_swap_their_gtins_in_one_file():
    ProductFactory(sku="A", gtin=ONE)
    ProductFactory(sku="B", gtin=TWO)
    upload = applied("products", f"sku,gtin\nA,{TWO}\nB,{ONE}\n")
    assert upload.counts == {"updated": 2}
    assert dict(Product.objects.values_list("sku", "gtin")) == {"A": TWO, "B": ONE}


def test_a_part_number_of_one_customer_twice_in_a_file_is_told_and_of_two_customers_is_not():
    AccountFactory(code="C1")
    AccountFactory(code="C2")
    ProductFactory(sku="A")
    ProductFactory(sku="B")
    upload = previewed("customer_parts", "account,part_number,sku\nC1,x-1,A\nc1,X-1,B\nC2,X-1,A\n")
    assert outcomes(upload) == {2: "error", 3: "error", 4: "new"}
    assert problems(upload)[3] == [("part_number", "2 rows are about the same record: rows 2, 3.")]


# --- what the console's verbs enforce, files keep to as well ---------------------------------------------------------
def test_a_recall_and_its_end_stay_on_the_product_s_own_page_and_a_withdrawal_is_journalled_as_its_verb_does():
    ProductFactory(sku="A", status="recalled")
    ProductFactory(sku="B", status="active")
    gone = ProductFactory(sku="C", status="active")
    upload = applied(
        "products", "sku,name,status\nA,A,active\nB,B,recalled\nC,C,discontinued\nD,D,recalled\n", ApplyMode.VALID
    )
    assert outcomes(upload) == {2: "error", 3: "error", 4: "updated", 5: "error"}
    assert problems(upload)[2] == [("status", "A recall and the end of one need a reason.")]
    assert journal.timeline(DocumentRef("product", gone.pk))[0].verb == "became_discontinued"


def test_an_account_s_life_moves_as_its_table_says():
    AccountFactory(code="C1", name="One", status=AccountStatus.CLOSED)
    AccountFactory(code="C2", name="Two", status=AccountStatus.ACTIVE)
    new = AccountFactory(code="C3", name="Three", status=AccountStatus.PROSPECT)
    upload = applied("accounts", "code,status\nC1,active\nC2,prospect\nC3,active\n", ApplyMode.VALID)
    assert outcomes(upload) == {2: "error", 3: "error", 4: "updated"}
    assert journal.timeline(DocumentRef("account", new.pk))[0].verb == "became_active"


def test_a_revoked_licence_stays_as_it_was():
    licence = LicenseFactory(account=AccountFactory(code="C1"), kind="DEA", number="N1", valid_from="2026-01-01")
    License.objects.filter(pk=licence.pk).update(revoked_date="2026-06-01", revoked_reason="withdrawn")
    upload = applied(
        "licenses",
        "account,kind,number,from,to\nC1,DEA,N1,2026-01-01,2031-01-01\nC1,DEA,N2,2026-01-01,\n",
        ApplyMode.VALID,
    )
    assert problems(upload)[2] == [("number", "The licence N1 was revoked and stays as it was.")]
    assert outcomes(upload)[3] == "created" and License.objects.get(pk=licence.pk).valid_to is None


def test_a_rule_that_denies_asks_for_no_licence():
    AuthorizationFactory(name="No", effect="deny")
    upload = previewed("authorizations", "rule,effect,license_kind\nNo,deny,DEA\nYes,allow,DEA\n")
    assert outcomes(upload) == {2: "error", 3: "new"}
    assert problems(upload)[2][0][0] == "license_kind"


def test_units_and_identifiers_are_kept_in_capitals():
    ProductFactory(sku="A")
    AccountFactory(code="C1")
    GroupFactory(code="GPO")
    applied("product_units", "sku,unit,factor\nA,pal,96\n")
    assert ProductUnit.objects.get().code == "PAL"
    applied("memberships", "account,group,from,identifier,identifier_kind\nC1,GPO,2026-01-01,ab 12,other\n")
    assert GroupMembership.objects.get().identifier == "AB 12"


def test_an_account_with_addresses_has_a_default_one_whatever_its_file_says():
    AccountFactory(code="C1")
    AccountFactory(code="C2")
    rows = "".join(f"C1,A{n},Dock,no\n" for n in range(2_100)) + "C1,LAST,Dock,yes\nC2,B1,Dock,no\nC2,B2,Dock,no\n"
    upload = applied("ship_tos", f"account,code,name,default\n{rows}")
    assert upload.counts == {"created": 2_103}
    defaults = ShipTo.objects.filter(is_default=True).values_list("account__code", "code")
    assert dict(defaults) == {"C1": "LAST", "C2": "B1"}


def test_the_default_address_is_not_closed_by_a_file_that_does_not_name_the_default():
    ShipToFactory(account=AccountFactory(code="C1"), code="D", name="Dock", is_default=True)
    upload = previewed("ship_tos", "account,code,active\nC1,D,no\n")
    assert problems(upload) == {2: [("is_active", "The default address is in use.")]}


# --- kits, receiving times --------------------------------------------------------------------------------------------
def test_kit_components_are_made_and_changed():
    kit, bolt = ProductFactory(sku="KIT"), ProductFactory(sku="BOLT")
    KitComponentFactory(kit=kit, component=bolt, qty=2)
    ProductFactory(sku="NUT")
    data = "kit,component,quantity\nkit,bolt,2.5\nKIT,NUT,\nKIT,NONE,1\nKIT,NUTS,0\n"
    upload = applied("kits", data, ApplyMode.VALID)
    assert outcomes(upload) == {2: "updated", 3: "created", 4: "error", 5: "error"}
    assert dict(problems(upload)[5]) == {
        "component": "There is no product NUTS.",
        "qty": "0 is below 0.0001.",
    }
    assert dict(KitComponent.objects.values_list("component__sku", "qty")) == {"BOLT": Decimal("2.5"), "NUT": 1}


def test_a_kit_that_would_contain_itself_is_told_at_the_row_that_closes_the_circle():
    a, b = ProductFactory(sku="A"), ProductFactory(sku="B")
    ProductFactory(sku="C")
    KitComponentFactory(kit=a, component=b)
    upload = previewed("kits", "kit,component\nB,C\nC,A\nC,C\n")
    assert outcomes(upload) == {2: "new", 3: "error", 4: "error"}
    assert problems(upload)[3] == [("component", "A contains C already.")]
    assert problems(upload)[4] == [("component", "A kit is no component of itself.")]


def test_a_circle_closed_by_rows_far_apart_refuses_the_whole_import():
    parts = [ProductFactory(sku=f"P{i}") for i in range(2_100)]
    for sku in ("A", "B"):
        ProductFactory(sku=sku)
    rows = "".join(f"A,{p.sku}\n" for p in parts)
    upload = applied("kits", f"kit,component\nA,B\n{rows}B,A\n")
    assert (upload.state, KitComponent.objects.count()) == ("refused", 0)
    assert "contains" in upload.problem and "the kit would contain itself" in upload.problem


def test_receiving_times_of_an_address_are_set_by_a_file():
    place = ShipToFactory(account=AccountFactory(code="C1"), code="DOCK", name="Dock")
    ShipToFactory(account=place.account, code="GATE", name="Gate")
    Calendar.objects.create(code="SHORT", name="Short days")
    data = (
        "account,code,delivery days,deliver from,deliver until,receiving calendar\n"
        "C1,DOCK,Mon-Wed; friday,8:30,16:00,short\nC1,GATE,Mon,16:00,08:00,\nC1,GONE,Mon,,,\n"
        "C1,DOCK2,Someday,25:00,,NONE\n"
    )
    upload = applied("receiving", data, ApplyMode.VALID)
    assert outcomes(upload) == {2: "updated", 3: "error", 4: "error", 5: "error"}
    assert problems(upload)[3] == [("delivery_to", "The window ends at 08:00, before it starts.")]
    assert problems(upload)[4] == [("code", "C1 has no address GONE.")]
    assert [c for c, _ in problems(upload)[5]] == ["delivery_days", "delivery_from", "calendar"]
    place.refresh_from_db()
    assert (place.delivery_days, place.delivery_from, place.delivery_to) == ([0, 1, 2, 4], time(8, 30), time(16))
    assert place.calendar.code == "SHORT" and ShipTo.objects.count() == 2
    emptied = applied("receiving", "account,code,delivery days,deliver from,deliver until\nC1,DOCK,,,\n")
    place.refresh_from_db()
    assert emptied.counts == {"updated": 1}
    assert (place.delivery_days, place.delivery_from, place.delivery_to) == ([], None, None)
