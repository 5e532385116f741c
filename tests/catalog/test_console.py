"""Console screens of the catalog: each lists, searches, adds and changes, and shows a refusal in its form."""

import pytest
from django.contrib import admin
from django.urls import reverse

from accounts.states import Role
from catalog.models import (
    AuthorizationRule,
    Category,
    CustomerPartNumber,
    License,
    Product,
    ProductUnit,
    Substitution,
)
from core import journal, refs
from core.refs import DocumentRef
from tests.factories.accounts import AccountFactory, BuyerFactory, StaffFactory
from tests.factories.catalog import (
    AuthorizationFactory,
    CategoryFactory,
    CustomerPartFactory,
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
        for prefix in ("units", "customer_parts", "substitutions")
        for field in ("TOTAL_FORMS", "INITIAL_FORMS", "MIN_NUM_FORMS", "MAX_NUM_FORMS")
    }
    fields = {"sku": "V-1", "name": "Valve", "base_unit": "EA", "order_multiple": "1", "min_order_qty": "0"}
    return {**inlines, **fields, "tracking": "none", "status": "active", **changes}


def test_a_product_is_added_changed_and_told(operator):
    assert operator.post(at(Product, "add"), product_form()).status_code == 302
    product = Product.objects.get()
    change = product_form(name="Valve, brass", status="discontinued")
    assert operator.post(at(Product, "change", product.pk), change).status_code == 302
    product.refresh_from_db()
    assert (product.name, product.status) == ("Valve, brass", "discontinued")
    assert [e.verb for e in journal.timeline(DocumentRef("product", product.pk))] == ["changed", "created"]
    assert refs.url_of(DocumentRef("product", product.pk)) == at(Product, "change", product.pk)


@pytest.mark.parametrize(
    "bad",
    [{"sku": "v-OLD"}, {"order_multiple": "x"}, {"max_order_qty": "1", "min_order_qty": "2"}, {"order_multiple": "-1"}],
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
