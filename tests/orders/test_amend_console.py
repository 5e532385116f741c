"""Amending on the console: what it would do is shown first, and only what was shown is done."""

import re
from decimal import Decimal

import pytest
from django.urls import reverse

from accounts.states import Role
from orders.models import Order, OrderRevision
from orders.services.place import place
from tests.factories.accounts import ShipToFactory, StaffFactory
from tests.factories.orders import CLERK, NOW, allocated, make_world, release

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return make_world(products=2, stock=100)


@pytest.fixture
def desk(client):
    client.force_login(StaffFactory(roles=[Role.CS]))
    return client


def hidden(page, name):
    return re.search(rf'name="{name}" value="([^"]*)"', page)[1]


def look(desk, order, **form):
    address = reverse("admin:orders_order_amend", args=[order.order_id])
    first = desk.get(address).content.decode()
    sent = {"version": hidden(first, "version"), "key": hidden(first, "key"), **form}
    return address, sent, desk.post(address, {**sent, "step": "look"}).content.decode()


def test_it_is_looked_at_and_then_done_once(desk, world):
    order = place(world.draft(10), actor=CLERK, now=NOW)
    form = {"qty-1": "12", "sku-1": world.products[1].sku, "new-1": "3", "requested_date": "2030-03-01"}
    address, sent, page = look(desk, order, **form)
    for text in (
        "What it would do",
        "3 added",
        "50.00",
        "12 on 1 Mar from Reno DC",
        "now: 10 on",
        "priced again",
        "Headroom now",
    ):
        assert text in page, text
    assert not OrderRevision.objects.exists()
    sent |= {"step": "amend", "seen": hidden(page, "seen"), "reason": "more theatres"}
    assert "is amended, revision 1: +50.00 USD" in desk.post(address, sent, follow=True).content.decode()
    assert "is amended already" in desk.post(address, sent, follow=True).content.decode()
    assert OrderRevision.objects.get().reason == "more theatres"
    page = desk.get(reverse("admin:orders_order_change", args=[order.order_id])).content.decode()
    assert "Revision 1" in page
    assert "10 → 12" in page


def test_what_was_not_shown_is_shown_instead_of_done(desk, world):
    order = place(world.draft(10), actor=CLERK, now=NOW)
    address, sent, page = look(desk, order, **{"qty-1": "12"})
    changed = {**sent, "qty-1": "50", "step": "amend", "seen": hidden(page, "seen"), "reason": "more"}
    assert "What it would do" in desk.post(address, changed).content.decode()
    assert not OrderRevision.objects.exists()


def test_every_fault_is_said_with_its_remedy_and_the_form_keeps_what_was_entered(desk, world):
    order = allocated(world, 10)
    release([order.order_id])
    before = Order.objects.get().version
    _, _, page = look(desk, order, **{"qty-1": "4", "sku-1": "NO-SUCH", "new-1": "x", "requested_date": "soon"})
    for text in ("There is no product", "is not a number", "is no day"):
        assert text in page, text
    _, _, page = look(desk, order, **{"qty-1": "4", "po_number": ""})
    assert "10 released to the warehouse, so it cannot be 4" in page
    assert "A PO number is corrected, not taken away" in page
    assert 'value="4"' in page
    assert Order.objects.get().version == before


def test_a_released_order_s_address_is_changed_for_the_rest_and_a_stale_page_is_told_so(desk, world):
    order = place(world.draft(10), actor=CLERK, now=NOW)
    other = ShipToFactory(account=world.account)
    address, sent, page = look(desk, order, ship_to_id=str(other.pk), note="gate 4", ship_complete="line")
    sent |= {"step": "amend", "seen": hidden(page, "seen"), "reason": "they moved"}
    Order.objects.update(version=Decimal(40))
    assert "changed since you read it" in desk.post(address, sent).content.decode()
    sent |= {"version": "40", "key": "another"}
    desk.post(address, sent)
    row = Order.objects.get()
    assert (row.ship_to_id, row.note, row.ship_complete) == (other.pk, "gate 4", "line")
