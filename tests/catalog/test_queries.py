"""Reads of the catalog: parts, suggestions, snapshots, eligibility; and what they cost."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from accounts.states import AccountStatus
from catalog import queries
from catalog.models import Product
from catalog.rules.asks import EligibilityItem, PartMatch, PartQuery, UnitFactor, UnknownUnit
from catalog.rules.kits import kit_availability
from catalog.states import Effect, ProductStatus
from core.quantity import BadQuantity
from tests.factories.accounts import AccountFactory, MembershipFactory
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

pytestmark = pytest.mark.django_db
JUNE = date(2026, 6, 1)


def resolved(code, qualifier="", account_id=None):
    return queries.resolve_parts([PartQuery("k", account_id, code, qualifier)]).get("k")


@pytest.fixture
def valve():
    return ProductFactory(sku="Valve-1", gtin="00012345678905", manufacturer_part="MX 7")


@pytest.mark.parametrize("qualifier", ["VN", "VP", "SK", "sk", "", "ZZ"])
def test_our_own_number_is_found_in_any_case(valve, qualifier):
    assert resolved(" vALVE-1 ", qualifier) == PartMatch(valve.pk, "", "sku")


@pytest.mark.parametrize("qualifier", ["BP", "IN", "CB", "PO", ""])
def test_the_customers_number_is_found_for_that_customer_only(valve, qualifier):
    part = CustomerPartFactory(product=valve, part_number="their-9")
    assert resolved("THEIR-9", qualifier, part.account_id) == PartMatch(valve.pk, "", "customer_part")
    assert resolved("THEIR-9", qualifier, AccountFactory().pk) is None
    assert resolved("THEIR-9", qualifier, None) is None


@pytest.mark.parametrize("qualifier", ["UP", "UK", "EN", "UI", "UA", ""])
@pytest.mark.parametrize("code", ["012345678905", "0012345678905", "00012345678905", "0-12345-67890-5"])
def test_a_barcode_is_found_in_any_of_its_lengths(valve, qualifier, code):
    assert resolved(code, qualifier) == PartMatch(valve.pk, "", "gtin")


def test_the_barcode_of_a_case_means_cases(valve):
    UnitFactory(product=valve, code="CA", gtin="10012345678902")
    assert resolved("10012345678902", "UK") == PartMatch(valve.pk, "CA", "gtin")


@pytest.mark.parametrize("qualifier", ["MG", "MF", ""])
def test_the_makers_number_is_found(valve, qualifier):
    assert resolved("mx 7", qualifier) == PartMatch(valve.pk, "", "maker_part")


def test_a_qualifier_rules_out_the_other_kinds_of_number(valve):
    assert resolved("Valve-1", "BP") is None
    assert resolved("MX 7", "VN") is None
    assert resolved("012345678905", "MG") is None


def test_a_makers_number_of_two_products_is_not_guessed(valve):
    ProductFactory(manufacturer_part="MX 7")
    assert resolved("MX 7") is None


@pytest.mark.parametrize("count", [1, 50, 500])
def test_parts_and_snapshots_cost_the_same_for_any_number(count, django_assert_num_queries):
    ids = [ProductFactory(sku=f"P{n}").pk for n in range(count)]
    with django_assert_num_queries(3):
        matches = queries.resolve_parts([PartQuery(str(n), 1, f"p{n}") for n in range(count)])
        assert len(queries.product_snapshots(ids)) == count
        assert len(queries.products_by_sku(f"p{n}" for n in range(count))) == count
    assert [matches[str(n)].product_id for n in range(count)] == ids


def test_nothing_asked_is_nothing_found(django_assert_num_queries):
    with django_assert_num_queries(0):
        assert queries.resolve_parts([]) == {}
        assert queries.resolve_parts([PartQuery("k", 1, "  ")]) == {}
        assert queries.check_eligibility([], on=JUNE) == []


def test_a_snapshot_converts_units_exactly():
    product = ProductFactory(sku="BOLT", base_unit="EA")
    UnitFactory(product=product, code="ca", numerator=12)
    UnitFactory(product=product, code="THIRD", numerator=1, denominator=3)
    bolt = queries.product_snapshots([product.pk])[product.pk]
    assert bolt.units == {"CA": UnitFactor(12, 1), "THIRD": UnitFactor(1, 3)}
    assert bolt.to_base(Decimal("2.5"), "Ca") == Decimal(30)
    assert bolt.to_base(Decimal(7)) == bolt.to_base(Decimal(7), "ea") == Decimal(7)
    assert bolt.to_base(Decimal(6), "third") == Decimal(2)
    with pytest.raises(BadQuantity):
        bolt.to_base(Decimal(1), "THIRD")
    with pytest.raises(UnknownUnit) as refusal:
        bolt.to_base(Decimal(1), "PAL")
    assert refusal.value.message == "BOLT is not sold by the unit 'PAL'."
    assert refusal.value.remedy == "Units of this product: CA, EA, THIRD."


def test_a_mistyped_sku_gets_suggestions_of_what_is_still_sold():
    ProductFactory(sku="NL-4472", name="Nitrile gloves L")
    ProductFactory(sku="NL-4473", name="Nitrile gloves M")
    ProductFactory(sku="NL-4474", name="Nitrile gloves S", status=ProductStatus.DISCONTINUED)
    ProductFactory(sku="ZZ-1", name="Pump")
    assert queries.suggest_skus("nl-447") == [("NL-4472", "Nitrile gloves L"), ("NL-4473", "Nitrile gloves M")]
    assert queries.suggest_skus("NL-4472", limit=1) == [("NL-4472", "Nitrile gloves L")]
    assert queries.suggest_skus("") == []


def test_searching_puts_skus_that_start_with_the_words_first():
    named = ProductFactory(sku="A1", name="A pump")
    coded = ProductFactory(sku="PUMP-9", name="Thing")
    assert [p.id for p in queries.search_products("pump")] == [coded.pk, named.pk]


def test_without_rules_everybody_may_buy_everything():
    item = EligibilityItem("1", AccountFactory().pk, ProductFactory().pk)
    assert queries.check_eligibility([item], on=JUNE) == []


def test_all_violations_of_all_lines_come_back_at_once():
    account = AccountFactory(status=AccountStatus.SUSPENDED, name="Acme")
    recalled = ProductFactory(status=ProductStatus.RECALLED, sku="R1")
    fine = ProductFactory()
    asked = [EligibilityItem("1", account.pk, recalled.pk), EligibilityItem("2", account.pk, fine.pk)]
    found = queries.check_eligibility(asked, on=JUNE)
    assert [(v.key, v.rule) for v in found] == [
        ("1", "account_status"),
        ("1", "product_recalled"),
        ("2", "account_status"),
    ]
    assert found[0].message == "Acme is suspended and may not buy."
    assert found[1].message == "R1 is recalled."


def test_a_category_rule_reaches_the_products_below_and_a_product_rule_beats_it():
    drugs = CategoryFactory()
    opioids = CategoryFactory(parent=drugs)
    pill, patch = ProductFactory(category=opioids), ProductFactory(category=opioids)
    account = AccountFactory()
    AuthorizationFactory(name="No drugs", category=drugs)
    AuthorizationFactory(name="Patches are fine", effect=Effect.ALLOW, product=patch)
    asked = [EligibilityItem(str(p.pk), account.pk, p.pk) for p in (pill, patch)]
    assert [(v.key, v.rule) for v in queries.check_eligibility(asked, on=JUNE)] == [(str(pill.pk), "No drugs")]


def test_a_licence_opens_what_needs_one_until_it_ends():
    account = AccountFactory()
    product = ProductFactory(regulated_class="CII")
    AuthorizationFactory(name="CII needs DEA", effect=Effect.ALLOW, regulated_class="CII", license_kind="DEA")
    asked = [EligibilityItem("1", account.pk, product.pk)]
    assert [v.rule for v in queries.check_eligibility(asked, on=JUNE)] == ["CII needs DEA"]
    LicenseFactory(account=account, kind="DEA", valid_from=JUNE, valid_to=date(2026, 7, 1))
    assert queries.check_eligibility(asked, on=JUNE) == []
    assert [v.rule for v in queries.check_eligibility(asked, on=date(2026, 7, 1))] == ["CII needs DEA"]


def test_group_rules_follow_the_membership_of_the_day():
    member = MembershipFactory(valid_from=JUNE)
    product = ProductFactory()
    AuthorizationFactory(name="Not this group", group=member.group)
    asked = [EligibilityItem("1", member.account_id, product.pk)]
    assert len(queries.check_eligibility(asked, on=JUNE)) == 1
    assert queries.check_eligibility(asked, on=date(2026, 5, 31)) == []


def test_what_does_not_exist_may_not_be_bought():
    account, product = AccountFactory(), ProductFactory()
    asked = [EligibilityItem("1", 999_999, product.pk), EligibilityItem("2", account.pk, 999_999)]
    found = queries.check_eligibility(asked, on=JUNE)
    assert [(v.key, v.rule) for v in found] == [("1", "unknown_account"), ("2", "unknown_product")]


@pytest.mark.parametrize("count", [1, 50, 500])
def test_eligibility_costs_the_same_for_any_number_of_lines(count, django_assert_num_queries):
    account = AccountFactory()
    asked = [EligibilityItem(str(n), account.pk, ProductFactory().pk) for n in range(count)]
    AuthorizationFactory(name="No")
    with django_assert_num_queries(3):
        assert len(queries.check_eligibility(asked, on=JUNE)) == count
    AuthorizationFactory(name="Drugs need DEA", effect=Effect.ALLOW, category=CategoryFactory(), license_kind="DEA")
    with django_assert_num_queries(5):  # licences and categories are read once a rule asks for them
        assert len(queries.check_eligibility(asked, on=JUNE)) == count


def test_codes_are_scanned_together_each_with_its_answer(valve):
    UnitFactory(product=valve, code="CA", gtin="10012345678902")
    part = CustomerPartFactory(product=valve, part_number="THEIR-9")
    codes = ["(01)10012345678902(17)260700(10)AB1(21)S9", "valve-1", "THEIR-9", "4006381333931", "00012345678906", "?"]
    found = queries.scan(codes, account_id=part.account_id)
    assert [s.code for s in found] == codes
    assert [(s.product.sku, s.unit, s.how) for s in found[:3]] == [
        ("Valve-1", "CA", "gtin"),
        ("Valve-1", "", "sku"),
        ("Valve-1", "", "customer_part"),
    ]
    assert (found[0].lot, found[0].expiry_date, found[0].serial) == ("AB1", date(2026, 7, 31), "S9")
    assert [s.refusal.code for s in found[3:]] == ["unknown_gtin", "bad_check_digit", "not_a_barcode"]
    assert queries.scan(["THEIR-9"])[0].refusal.code == "not_a_barcode", "without the customer it is nobody's number"


def test_a_gtin_of_two_products_is_not_guessed(valve):
    ProductFactory(gtin="012345678905")
    assert queries.scan(["(01)00012345678905"])[0].refusal.message == "No single product has the GTIN 00012345678905."


def test_kits_are_taken_apart_to_the_last_component():
    outer, inner, screw, plate = ProductFactory.create_batch(4)
    KitComponentFactory(kit=outer, component=inner, qty=2)
    KitComponentFactory(kit=outer, component=screw, qty=3)
    KitComponentFactory(kit=inner, component=screw, qty=Decimal("4.5"))
    KitComponentFactory(kit=inner, component=plate)
    kits = queries.kit_components([outer.pk, inner.pk, screw.pk])
    assert {k: {p.component_id: p.qty for p in parts} for k, parts in kits.items()} == {
        outer.pk: {screw.pk: 12, plate.pk: 2},
        inner.pk: {screw.pk: Decimal("4.5"), plate.pk: 1},
    }
    assert kit_availability({screw.pk: Decimal(40), plate.pk: Decimal(5)}, kits[outer.pk]) == 2


def test_substitutes_are_those_of_the_day_that_are_sold_best_first():
    product, first, second, dead = ProductFactory.create_batch(4)
    SubstitutionFactory(product=product, substitute=second, priority=2, ratio=Decimal("0.5"), needs_consent=False)
    SubstitutionFactory(product=product, substitute=first, valid_from=JUNE, valid_to=date(2026, 7, 1))
    SubstitutionFactory(product=product, substitute=dead, priority=3)
    dead.status = ProductStatus.RECALLED
    dead.save()
    found = queries.substitutes([product.pk, first.pk], on=JUNE)
    assert {k: [s.product_id for s in v] for k, v in found.items()} == {product.pk: [first.pk, second.pk]}
    assert (found[product.pk][1].ratio, found[product.pk][1].needs_consent) == (Decimal("0.5"), False)
    assert [s.product_id for s in queries.substitutes([product.pk], on=date(2026, 7, 1))[product.pk]] == [second.pk]


@pytest.mark.parametrize("days", [{"valid_to": JUNE}, {"revoked_date": JUNE}])
def test_a_licence_that_ended_yesterday_or_is_revoked_opens_nothing(days):
    account, product = AccountFactory(), ProductFactory()
    AuthorizationFactory(name="Needs DEA", effect=Effect.ALLOW, product=product, license_kind="DEA")
    LicenseFactory(account=account, kind="dea", **days)
    LicenseFactory(kind="DEA")  # another customer's
    asked = [EligibilityItem("1", account.pk, product.pk)]
    assert queries.check_eligibility(asked, on=date(2026, 5, 31)) == []
    assert [v.rule for v in queries.check_eligibility(asked, on=JUNE)] == ["Needs DEA"]


def test_licences_that_end_soon_are_those_of_each_customers_own_day():
    now = datetime(2026, 6, 1, 2, tzinfo=UTC)  # still 31 May in New York, and 1 June in Tokyo
    here = LicenseFactory(valid_to=JUNE, account__time_zone="America/New_York")
    LicenseFactory(valid_to=JUNE, account__time_zone="Asia/Tokyo")
    soon = LicenseFactory(valid_to=date(2026, 7, 31))
    LicenseFactory(valid_to=date(2026, 8, 1))
    LicenseFactory(valid_to=date(2026, 6, 20), revoked_date=date(2026, 6, 19))
    assert [x.id for x in queries.licences_expiring(now=now)] == [here.pk, soon.pk]
    assert [x.id for x in queries.licences_expiring(now=now, within_days=7)] == [here.pk]


def test_an_allowed_sale_is_explained_too():
    account, product = AccountFactory(), ProductFactory()
    AuthorizationFactory(name="Nobody")
    AuthorizationFactory(name="This one may", effect=Effect.ALLOW, product=product)
    asked = [EligibilityItem("1", account.pk, product.pk), EligibilityItem("2", account.pk, 999_999)]
    found = queries.explain_eligibility(asked, on=JUNE)
    assert (found["1"].is_allowed, found["1"].judgement.rule) == (True, "This one may")
    assert [(x.what, x.why) for x in found["1"].judgement.losers] == [("Nobody", "less specific")]
    assert (found["2"].is_allowed, found["2"].judgement.rule) == (False, "unknown_product")


@pytest.mark.parametrize("count", [1, 50])
def test_the_catalogs_reads_cost_the_same_for_any_number(count, django_assert_num_queries):
    kits = [KitComponentFactory().kit_id for _ in range(count)]
    swaps = [SubstitutionFactory().product_id for _ in range(count)]
    LicenseFactory.create_batch(count, valid_to=date(2026, 6, 20))
    account = AccountFactory()
    AuthorizationFactory(name="Drugs need DEA", effect=Effect.ALLOW, category=CategoryFactory(), license_kind="DEA")
    codes = list(Product.objects.filter(pk__in=kits).values_list("sku", flat=True))
    asked = [EligibilityItem(str(pk), account.pk, pk) for pk in swaps]
    with django_assert_num_queries(2):
        assert all(s.product for s in queries.scan(codes))
    with django_assert_num_queries(1):
        assert len(queries.kit_components(kits)) == count
    with django_assert_num_queries(1):
        assert len(queries.substitutes(swaps, on=JUNE)) == count
    with django_assert_num_queries(2):
        assert len(queries.licences_expiring(now=datetime(2026, 6, 1, 12, tzinfo=UTC))) == count
    with django_assert_num_queries(5):
        assert len(queries.explain_eligibility(asked, on=JUNE)) == count
    with django_assert_num_queries(3):
        assert len(queries.authorizations_of(kits[0], on=JUNE)) == 0
