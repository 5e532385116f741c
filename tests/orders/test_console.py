from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.states import Role
from core.invariants import run
from orders.checks import CHECKS
from orders.models import Hold, Order, OrderLine
from orders.rules.asks import LineDraft
from orders.services.capture import capture
from orders.services.place import place
from tests.factories.accounts import StaffFactory, UserFactory
from tests.factories.orders import CLERK, NOW, allocated, make_world, release

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(client):
    """A client signed in with these roles."""

    def sign_in(*roles):
        client.force_login(StaffFactory(roles=list(roles)))
        return client

    return sign_in


def page_of(order_id):
    return reverse("admin:orders_order_change", args=[order_id])


def do(client, order_id, verb, **form):
    return client.post(reverse("admin:orders_order_do", args=[order_id, verb]), form, follow=True)


def test_the_list_finds_an_order_by_number_po_account_and_sku(desk):
    world = make_world()
    order = place(world.draft(3, po_number="PO-XYZ"), actor=CLERK, now=NOW)
    place(make_world().draft(1), actor=CLERK, now=NOW)
    client = desk(Role.CS)
    for text in (order.number, "PO-XYZ", world.account.code, world.products[0].sku):
        page = client.get(reverse("admin:orders_order_changelist"), {"q": text}).content.decode()
        assert f">{order.number}</a>" in page
    held = client.get(reverse("admin:orders_order_changelist"), {"holds": "any"}).content.decode()
    assert order.number not in held


def test_the_workbench_shows_holds_lines_prices_credit_and_the_timeline(desk):
    world = make_world(products=2, stock=5, limit=10)
    order = place(world.draft(3, 7), actor=CLERK, now=NOW)
    page = desk(Role.FINANCE).get(page_of(order.order_id)).content.decode()
    for text in (
        order.number,
        "Credit hold",
        "2 backordered",
        "Over by 90.00: this order 100 against 10 USD.",
        world.products[1].sku,
        "Clear…",
    ):
        assert text in page
    assert "Submitted: 2 lines" in page


def test_the_workbench_takes_the_same_statements_for_1_50_and_500_lines(desk, capsys):
    world = make_world(products=500, stock=10, limit=9_999_999)
    client = desk(Role.CS)
    client.get(page_of(place(world.draft(1), actor=CLERK, now=NOW).order_id))
    counts, listed = [], []
    for size in (1, 50, 500):
        order = place(world.draft(*[1] * size), actor=CLERK, now=NOW)
        with CaptureQueriesContext(connection) as queries:
            client.get(page_of(order.order_id))
        counts.append(len(queries))
        with CaptureQueriesContext(connection) as queries:
            client.get(reverse("admin:orders_order_changelist"))
        listed.append(len(queries))
    with capsys.disabled():
        print(f"\nworkbench {counts}, list {listed}")
    assert (len(set(counts)), len(set(listed))) == (1, 1)


def test_the_buttons_match_submit_hold_clear_and_cancel(desk):
    world = make_world()
    line = LineDraft(1, Decimal(2), stated_code="THEIRS")
    order_id = capture(world.draft_of([line]), actor=CLERK, now=NOW).order_id
    client = desk(Role.CS)
    assert "is not a product we know" in do(client, order_id, "submit").content.decode()
    assert "There is no product" in do(client, order_id, "resolve", line_no="1", sku="NOPE").content.decode()
    assert "Line 1 is" in do(client, order_id, "resolve", line_no="1", sku=world.products[0].sku).content.decode()
    assert "is submitted: 20.00 USD" in do(client, order_id, "submit").content.decode()
    assert "Say why in at least ten" in do(client, order_id, "hold", blocks="release", note="x").content.decode()
    do(client, order_id, "hold", blocks="release", note="Wait for the new address")
    hold = Hold.objects.get()
    for forged in ("match", "x" * 500):  # overrides are counted by their reason
        told = do(client, order_id, "clear", hold_id=hold.pk, reason=forged, note="The address is there.")
        assert "is no reason of the list" in told.content.decode()
    cleared = do(client, order_id, "clear", hold_id=hold.pk, reason="other", note="The address is there.")
    assert "the override is recorded" in cleared.content.decode()
    assert "is cancelled" in do(client, order_id, "cancel", note="not wanted").content.decode()
    assert Order.objects.get().status == "cancelled"


def test_a_role_that_may_only_look_changes_nothing(desk):
    world = make_world()
    order_id = capture(world.draft(1), actor=CLERK, now=NOW).order_id
    client = desk(Role.AUDITOR)
    assert "Place a hold" not in client.get(page_of(order_id)).content.decode()
    assert do(client, order_id, "submit").status_code == 403
    assert Order.objects.get().status == "draft"


def test_a_buyer_does_not_enter_the_console(client):
    world = make_world()
    order_id = capture(world.draft(1), actor=CLERK, now=NOW).order_id
    client.force_login(UserFactory(roles=[Role.BUYER]))
    assert client.get(page_of(order_id)).status_code in (302, 403)


def test_the_invariants_hold_through_an_orders_life_and_see_a_wrong_total():
    world = make_world(products=2, stock=50)
    order = allocated(world, 40, 60)
    release([order.order_id])
    assert run(CHECKS) == []
    Order.objects.update(total_amount=1)
    assert [b.name for b in run(CHECKS)] == ["an order's total is the sum of its lines"]


def test_a_drafts_header_is_changed_in_the_workbench_and_an_old_page_is_refused(desk):
    world = make_world()
    captured = capture(world.draft(1, po_number="PO-1"), actor=CLERK, now=NOW)
    client = desk(Role.CS)
    form = {"ship_to_id": world.ship_to.pk, "requested_date": "2026-05-04", "po_number": "", "version": 1}
    assert "The draft is changed." in do(client, captured.order_id, "edit", **form).content.decode()
    order = Order.objects.get()
    assert (order.po_number, str(order.requested_date), order.version) == ("PO-1", "2026-05-04", 2)
    assert "changed since you read it" in do(client, captured.order_id, "edit", **form).content.decode()
    wrong = do(client, captured.order_id, "edit", requested_date="soon", version=2).content.decode()
    assert "soon is not a date." in wrong


def test_unmatched_lines_are_suggested_and_matched_at_once_but_not_what_is_still_unknown(desk):
    world = make_world(products=2)
    lines = [
        LineDraft(n, Decimal(2), stated_code=code)
        for n, code in enumerate((world.products[0].sku.lower(), "NOBODY-KNOWS", world.products[1].sku), 1)
    ]
    order_id = capture(world.draft_of(lines), actor=CLERK, now=NOW).order_id
    client = desk(Role.CS)
    page = client.get(page_of(order_id)).content.decode()
    assert "Look again for 3 lines" in page
    assert f'value="{world.products[0].sku}"' in page
    assert "2 lines matched. Still without a product: 2." in do(client, order_id, "rematch").content.decode()
    assert "0 lines matched. Still without a product: 2." in do(client, order_id, "rematch").content.decode()
    matched = OrderLine.objects.order_by("line_no").values_list("product_id", flat=True)
    assert list(matched) == [world.products[0].pk, None, world.products[1].pk]
