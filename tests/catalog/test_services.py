"""Making products and remembering customers' part numbers."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from catalog.models import CustomerPartNumber, Product, ProductUnit
from catalog.queries import product_snapshots, products_by_sku
from catalog.rules.asks import ProductSpec, UnitFactor, UnitSpec
from catalog.services.add_customer_part import PartNumberTaken, add_customer_part
from catalog.services.create_products import create_products
from core import journal
from core.actors import system
from core.errors import InvalidInput, NotFound
from core.refs import DocumentRef
from tests.factories.accounts import AccountFactory
from tests.factories.catalog import ProductFactory

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
IMPORT = system("import")


def test_products_are_made_once_with_their_units():
    old = ProductFactory(sku="Old", name="As it was")
    specs = [
        ProductSpec("OLD", "Other", units=(UnitSpec("CA", 12),)),
        ProductSpec("new", "New", order_multiple=Decimal(6), units=(UnitSpec("ca", 12), UnitSpec("PL", 480))),
        ProductSpec("NEW", "Twice"),
    ]
    made = create_products(specs, actor=IMPORT, now=NOW)
    assert made == {"OLD": old.pk, "NEW": Product.objects.get(sku="new").pk}
    assert create_products(specs, actor=IMPORT, now=NOW) == made
    assert Product.objects.count() == 2
    snapshots = product_snapshots(made.values())
    assert snapshots[made["NEW"]].units == {"CA": UnitFactor(12, 1), "PL": UnitFactor(480, 1)}
    assert (snapshots[old.pk].units, snapshots[old.pk].name) == ({}, "As it was")
    assert [e.verb for e in journal.timeline(DocumentRef("product", made["NEW"]))] == ["created"]


def test_skus_outside_ascii_are_found_again():
    made = create_products([ProductSpec("Gelée 5%", "Gelée")], actor=IMPORT, now=NOW)
    assert made == products_by_sku(["Gelée 5%"])
    assert create_products([ProductSpec("Gelée 5%", "Gelée")], actor=IMPORT, now=NOW) == made


@pytest.mark.parametrize("count", [1, 50, 500])
def test_making_products_costs_the_same_for_any_number(count, django_assert_max_num_queries):
    specs = [ProductSpec(f"P{n}", f"Product {n}", units=(UnitSpec("CA", 12),)) for n in range(count)]
    with django_assert_max_num_queries(8):
        assert len(create_products(specs, actor=IMPORT, now=NOW)) == count


def test_every_bad_field_is_named_and_nothing_is_made():
    specs = [
        ProductSpec("", "x"),
        ProductSpec("fine", "Fine"),
        ProductSpec("a", "A", gtin="12", max_order_qty=Decimal(1), min_order_qty=Decimal(2)),
        ProductSpec("b", "B", units=(UnitSpec("EA", 1), UnitSpec("CA", 0), UnitSpec("ca", 2))),
    ]
    with pytest.raises(InvalidInput) as refusal:
        create_products(specs, actor=IMPORT, now=NOW)
    assert [e.pointer for e in refusal.value.errors] == [
        "/0/sku",
        "/2/gtin",
        "/2/max_order_qty",
        "/3/units/0/code",
        "/3/units/1",
        "/3/units/1/code",
        "/3/units/2/code",
    ]
    assert (Product.objects.count(), ProductUnit.objects.count()) == (0, 0)


def test_a_customers_number_is_remembered_once():
    account, product = AccountFactory(), ProductFactory()
    ask = {"account_id": account.pk, "actor": IMPORT, "now": NOW}
    first = add_customer_part(part_number=" K-1 ", product_id=product.pk, **ask)
    assert add_customer_part(part_number="k-1", product_id=product.pk, **ask) == first
    with pytest.raises(PartNumberTaken):
        add_customer_part(part_number="k-1", product_id=ProductFactory().pk, **ask)
    add_customer_part(part_number="k-1", product_id=ProductFactory().pk, **ask | {"account_id": AccountFactory().pk})
    assert CustomerPartNumber.objects.filter(account=account).get().part_number == "K-1"


def test_a_customers_number_needs_a_product_an_account_and_a_text():
    account, product = AccountFactory(), ProductFactory()
    with pytest.raises(NotFound):
        add_customer_part(account_id=account.pk, part_number="K", product_id=0, actor=IMPORT, now=NOW)
    with pytest.raises(NotFound):
        add_customer_part(account_id=0, part_number="K", product_id=product.pk, actor=IMPORT, now=NOW)
    with pytest.raises(InvalidInput):
        add_customer_part(account_id=account.pk, part_number=" ", product_id=product.pk, actor=IMPORT, now=NOW)
    assert CustomerPartNumber.objects.count() == 0
