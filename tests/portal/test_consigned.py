"""What lies on the customer's own shelf, as it is at this moment."""

from datetime import timedelta
from threading import Thread

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core import clock
from inventory.models import Lot
from tests.factories.accounts import AccountFactory
from tests.factories.catalog import ProductFactory
from tests.factories.doors import browser_of, buyer_for
from tests.factories.field import make_field, use
from tests.factories.inventory import stock


def page(browser):
    answer = browser.get("/consigned/")
    assert answer.status_code == 200
    return answer.content.decode()


def there(text, sku):
    """What the page says is there of the product."""
    row = text.split(f">{sku} <span")[1].split("</tr>")[0]
    return row.split('<span class="strong">')[1].split("</span>")[0]


@pytest.mark.django_db
def test_a_customer_sees_their_own_shelf_by_lot_and_nobody_elses():
    made = make_field(shelf=6)
    mesh = ProductFactory(sku="MESH-1", tracking="lot")
    stock(mesh, made.shelf, 2, lot="A7")
    Lot.objects.update(expiry_date=clock.now().date() + timedelta(days=40))
    stock(ProductFactory(sku="IN-THE-TRUNK"), made.trunk, 2)
    mine = page(browser_of(buyer_for(made.world.account)))
    assert there(mine, made.product.sku) == "6 EA"
    assert "A7" in mine and "in 40 days" in mine
    assert "IN-THE-TRUNK" not in mine
    other = page(browser_of(buyer_for(AccountFactory())))
    assert "MESH-1" not in other and "We keep no stock on your shelf" in other


@pytest.mark.django_db
def test_it_says_what_was_used_and_whose_number_is_awaited():
    made = make_field(shelf=6)
    first = use(made, 1, site=made.shelf, po_number="PO-5", case_reference="CASE-9")
    second = use(made, 1, site=made.shelf, is_po_to_follow=True)
    text = page(browser_of(buyer_for(made.world.account)))
    assert there(text, made.product.sku) == "4 EA"
    for word in (first.number, second.number, "CASE-9", "PO-5", "we wait for its number"):
        assert word in text


@pytest.mark.django_db(transaction=True)
def test_a_field_sale_lowers_what_the_portal_shows_another_visitor_at_once():
    made = make_field(shelf=6)
    buyer, shown = buyer_for(made.world.account), []

    def look():
        try:
            shown.append(there(page(browser_of(buyer)), made.product.sku))
        finally:
            connection.close()

    for _ in range(2):
        visitor = Thread(target=look)  # a connection of its own
        visitor.start()
        visitor.join(timeout=30)
        if len(shown) == 1:
            use(made, 2, site=made.shelf)  # nothing else runs: no reaction, no worker
    assert shown == ["6 EA", "4 EA"]


@pytest.mark.django_db
def test_it_takes_the_same_statements_for_1_and_for_20_products():
    made = make_field(shelf=1)
    browser, spent = browser_of(buyer_for(made.world.account)), []
    for n in (0, 19):
        for _ in range(n):
            stock(ProductFactory(), made.shelf, 1)
        page(browser)
        with CaptureQueriesContext(connection) as captured:
            page(browser)
        spent.append(len(captured))
    assert spent[0] == spent[1]
