"""Console screens of the catalog: each lists, searches, adds and changes, and shows a refusal in its form."""

from datetime import date, timedelta

import pytest
from django.contrib import admin
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from accounts.states import Role
from catalog.models import (
    AuthorizationRule,
    Category,
    CustomerPartNumber,
    KitComponent,
    License,
    Product,
    ProductUnit,
    Substitution,
)
from core import clock, journal, refs
from core.refs import DocumentRef
from tests.factories.accounts import AccountFactory, BuyerFactory, StaffFactory
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
FACTORIES = {
    AuthorizationRule: AuthorizationFactory,
    Category: CategoryFactory,
    CustomerPartNumber: CustomerPartFactory,
    KitComponent: KitComponentFactory,
    License: LicenseFactory,
    Product: ProductFactory,
    ProductUnit: UnitFactory,
    Substitution: SubstitutionFactory,
}


def at(model, page, *args):
    return reverse(f"admin:catalog_{model._meta.model_name}_{page}", args=args)


@pytest.fixture
def operator(client):
    client.force_login(StaffFactory(roles=[Role.OPERATOR]))
    return client


def errors(response):
    assert response.status_code == 200, "the form came back"
    return response.context["adminform"].form.errors


@pytest.mark.parametrize("model", FACTORIES, ids=lambda m: m.__name__)
def test_every_screen_lists_searches_and_opens(operator, model, django_assert_max_num_queries):
    row = FACTORIES[model].create_batch(12)[0]
    assert len(admin.site._registry[model].list_display) <= 7
    with django_assert_max_num_queries(14):
        assert operator.get(at(model, "changelist")).status_code == 200
    assert operator.get(at(model, "changelist") + "?q=nothing-like-this").status_code == 200
    assert operator.get(at(model, "change", row.pk)).status_code == 200
    assert operator.get(at(model, "add")).status_code == 200


@pytest.mark.parametrize("model", FACTORIES, ids=lambda m: m.__name__)
def test_a_buyer_never_gets_in_and_an_auditor_only_looks(client, model):
    row = FACTORIES[model]()
    client.force_login(BuyerFactory(user__is_staff=True).user)
    assert client.get(at(model, "changelist")).status_code == 403
    client.force_login(StaffFactory(roles=[Role.AUDITOR]))
    assert client.get(at(model, "change", row.pk)).status_code == 200
    assert client.get(at(model, "add")).status_code == 403
    assert client.post(at(model, "change", row.pk), {}).status_code == 403


def product_form(**changes):
    inlines = {
        f"{prefix}-{field}": "0"
        for prefix in ("units", "components", "customer_parts", "substitutions")
        for field in ("TOTAL_FORMS", "INITIAL_FORMS", "MIN_NUM_FORMS", "MAX_NUM_FORMS")
    }
    fields = {"sku": "V-1", "name": "Valve", "base_unit": "EA", "order_multiple": "1", "min_order_qty": "0"}
    return {**inlines, **fields, "tracking": "none", **changes}


def test_a_product_is_added_changed_and_told(operator):
    assert operator.post(at(Product, "add"), product_form()).status_code == 302
    product = Product.objects.get()
    change = product_form(name="Valve, brass", status="recalled")
    assert operator.post(at(Product, "change", product.pk), change).status_code == 302
    product.refresh_from_db()
    assert (product.name, product.status) == ("Valve, brass", "active"), "a status changes by its own verb"
    assert [e.verb for e in journal.timeline(DocumentRef("product", product.pk))] == ["changed", "created"]
    assert refs.url_of(DocumentRef("product", product.pk)) == at(Product, "change", product.pk)


@pytest.mark.parametrize(
    "bad",
    [
        {"sku": "v-OLD"},
        {"order_multiple": "x"},
        {"max_order_qty": "1", "min_order_qty": "2"},
        {"order_multiple": "-1"},
        {"standard_cost": "-1"},
        {"gtin": "00012345678906"},
    ],
)
def test_a_bad_product_comes_back_with_what_was_typed(operator, bad):
    ProductFactory(sku="V-old")
    page = operator.post(at(Product, "add"), product_form(name="Typed name", **bad))
    assert errors(page)
    assert "Typed name" in page.content.decode()
    assert Product.objects.count() == 1


def test_a_products_page_shows_its_units_and_what_customers_call_it(operator):
    product = ProductFactory()
    UnitFactory(product=product, code="CASE-X")
    CustomerPartFactory(product=product, part_number="THEIR-77")
    page = operator.get(at(Product, "change", product.pk)).content.decode()
    assert "CASE-X" in page
    assert "THEIR-77" in page


def test_the_rest_is_added_and_refused_in_the_form(operator):
    account, product, other = AccountFactory(), ProductFactory(), ProductFactory()
    unit = {"product": product.pk, "code": "CA", "numerator": 12, "denominator": 1}
    theirs = {"account": account.pk, "part_number": "K-1", "product": product.pk}
    stands_in = {"product": product.pk, "substitute": other.pk, "ratio": 1, "priority": 1}
    rule = {"name": "No", "effect": "deny", "valid_from": "2026-01-01", "valid_to": "2026-07-01"}
    licence = {"account": account.pk, "kind": "DEA", "number": "L1", "valid_from": "2026-01-01"}
    for model, good, bad in [
        (Category, {"code": "C", "name": "Valves"}, {"name": ""}),
        (ProductUnit, unit, {"numerator": 0}),
        (CustomerPartNumber, theirs, {"product": ""}),
        (KitComponent, {"kit": product.pk, "component": other.pk, "qty": 2}, {"component": product.pk}),
        (Substitution, stands_in, {"substitute": product.pk}),
        (AuthorizationRule, rule, {"valid_to": "2025-01-01"}),
        (License, licence, {"valid_to": "2025-01-01"}),
    ]:
        assert errors(operator.post(at(model, "add"), {**good, **bad})), model
        assert model.objects.count() == 0
        assert operator.post(at(model, "add"), good).status_code == 302, model
        assert model.objects.count() == 1


def test_a_product_that_is_used_is_not_removed(operator):
    part = CustomerPartFactory()
    operator.post(at(Product, "delete", part.product_id), {"post": "yes"})
    assert Product.objects.filter(pk=part.product_id).exists()


def test_a_product_is_recalled_by_its_button_with_a_reason(operator):
    product = ProductFactory()
    recall = reverse("admin:catalog_product_status", args=[product.pk])
    said = operator.post(recall, {"status": "recalled"}, follow=True).content.decode()
    assert "Say why the product becomes recalled." in said
    operator.post(recall, {"status": "recalled", "reason": "Lot 7 leaks"})
    product.refresh_from_db()
    assert product.status == "recalled"
    assert "Choose one of the buttons." in operator.post(recall, {"status": "x"}, follow=True).content.decode()


def test_a_products_page_shows_who_may_buy_it(operator):
    drugs = CategoryFactory()
    product = ProductFactory(category=CategoryFactory(parent=drugs))
    AuthorizationFactory(name="Nobody buys drugs", category=drugs)
    AuthorizationFactory(name="Another shelf", category=CategoryFactory())
    AuthorizationFactory(name="Long over", product=product, valid_to=date(2020, 1, 1))
    page = operator.get(at(Product, "change", product.pk)).content.decode()
    assert "Nobody buys drugs" in page
    assert "(not today)" in page
    assert "Another shelf" not in page


def test_part_numbers_end_from_the_list_and_are_renamed_in_the_form(operator):
    part = CustomerPartFactory(part_number="OLD")
    form = {"part_number": "NEW", "product": part.product_id}
    assert operator.post(at(CustomerPartNumber, "change", part.pk), form).status_code == 302
    ended = {"action": "end", "_selected_action": [part.pk]}
    said = operator.post(at(CustomerPartNumber, "changelist"), ended, follow=True).content.decode()
    assert "1 number(s) name nothing from now on." in said
    part.refresh_from_db()
    assert (part.part_number, part.ended_at is None) == ("NEW", False)
    listed = {use: operator.get(at(CustomerPartNumber, "changelist") + f"?use={use}") for use in ("yes", "no")}
    assert [len(listed[use].context["cl"].result_list) for use in ("yes", "no")] == [0, 1]
    assert operator.get(at(CustomerPartNumber, "change", part.pk)).status_code == 200


def test_evidence_is_attached_and_downloaded_by_staff_only(operator, client, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    licence = LicenseFactory()
    attach, download = (reverse(f"admin:catalog_license_{v}", args=[licence.pk]) for v in ("attach", "evidence"))
    assert operator.get(download).status_code == 404
    bad = operator.post(attach, {"evidence": SimpleUploadedFile("dea.pdf", b"MZ program")}, follow=True)
    assert "The file is not a PDF, PNG or JPEG." in bad.content.decode()
    assert "Choose a file first." in operator.post(attach, {}, follow=True).content.decode()
    good = operator.post(attach, {"evidence": SimpleUploadedFile("dea.pdf", b"%PDF-1.7 x")}, follow=True)
    assert "dea.pdf" in good.content.decode()
    answer = operator.get(download)
    assert b"".join(answer.streaming_content) == b"%PDF-1.7 x"
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"] == 'attachment; filename="dea.pdf"'
    assert answer["X-Content-Type-Options"] == "nosniff"
    client.force_login(BuyerFactory(account=licence.account, user__is_staff=True).user)
    assert client.get(download).status_code == 403


def test_licences_are_filtered_by_state_on_the_customers_day_and_revoked_for_good(operator):
    made = {
        "upcoming": LicenseFactory(valid_from=date(2999, 1, 1)),
        "valid": LicenseFactory(),
        "expires_soon": LicenseFactory(valid_to=clock.now().date() + timedelta(days=20)),
        "expired": LicenseFactory(valid_to=date(2021, 1, 1)),
        "revoked": LicenseFactory(revoked_date=date(2021, 1, 1), revoked_reason="Lost"),
    }
    for state, licence in made.items():
        page = operator.get(at(License, "changelist") + f"?state={state}")
        assert [row.pk for row in page.context["cl"].result_list] == [licence.pk], state
    revoke = reverse("admin:catalog_license_revoke", args=[made["valid"].pk])
    operator.post(revoke, {"revoked_date": "2026-02-31", "reason": "Withdrawn"})
    assert License.objects.get(pk=made["valid"].pk).revoked_date is None
    operator.post(revoke, {"revoked_date": "2026-02-28", "reason": "Withdrawn"})
    assert License.objects.get(pk=made["valid"].pk).revoked_date == date(2026, 2, 28)
    page = operator.get(at(License, "change", made["revoked"].pk)).content.decode()
    assert "Revoked from 1 Jan 2021: Lost" in page


def test_the_scan_page_says_what_each_code_is(operator):
    ProductFactory(sku="V-1", gtin="00012345678905")
    codes = "(01)00012345678905(17)260700(10)AB1(21)S9\n00012345678906\nv-1\nwhat"
    page = operator.get(reverse("admin:catalog_product_scan"), {"codes": codes}).content.decode()
    assert page.count("V-1</a>") == 2
    assert "31 Jul 2026" in page
    assert "The check digit of the GTIN 00012345678906 is wrong" in page
    assert "is not a barcode we can read" in page


def test_the_explain_page_names_the_rule_and_the_losers(operator):
    account = AccountFactory(code="ACME")
    product, fine = ProductFactory(sku="PILL", regulated_class="CII"), ProductFactory(sku="FINE")
    AuthorizationFactory(name="CII needs DEA", effect="allow", regulated_class="CII", license_kind="DEA")
    AuthorizationFactory(name="Acme buys all", effect="allow", account=account)
    ask = {"account": "acme", "products": "pill, FINE", "on": "2026-06-01"}
    address = reverse("admin:catalog_authorizationrule_explain")
    page = operator.get(address, ask).content.decode()
    assert "needs a valid DEA licence to buy PILL" in page
    assert "less specific" in page
    assert page.count("tone-ok") == 1
    assert "by the rule Acme buys all" in page
    wrong = operator.get(address, {**ask, "products": "PILX", "account": "nobody"}).content.decode()
    assert "There is no account nobody." in wrong
    assert "There is no product PILX." in wrong
    assert (product.sku, fine.sku) == ("PILL", "FINE")


def test_a_customers_page_lists_its_licences(operator):
    licence = LicenseFactory(number="DEA-77")
    page = operator.get(reverse("admin:accounts_account_change", args=[licence.account_id])).content.decode()
    assert "DEA-77" in page
