"""The console of stock in the field: a board, par levels, fill-ups, usages, offers and disputes, each step one call."""

from decimal import Decimal

import pytest
from django.urls import reverse

from accounts.states import Role
from core import clock
from core.testing import drain
from inventory.models import FieldUsage, FillUp, ParLevel, Transfer, TransferDispute, TransferOffer
from inventory.rules.field import Stated
from inventory.rules.transfers import TransferLineSpec
from inventory.services.acknowledge_transfer import acknowledge_transfer
from inventory.services.offer_transfer import offer_transfer
from orders.models import Order
from tests.factories.accounts import StaffFactory
from tests.factories.doors import browser_of
from tests.factories.field import make_field, use
from tests.factories.inventory import NOW, stock
from tests.factories.sheets import applied, previewed, problems
from tests.factories.stock import on_hand, shipped

pytestmark = pytest.mark.django_db


@pytest.fixture
def made():
    return make_field()


def desk(*roles):
    return browser_of(StaffFactory(roles=list(roles)))


def at(name, *args):
    return reverse(f"admin:{name}", args=args)


def test_the_board_shows_every_site_with_what_waits_there_and_one_by_lot(made):
    ParLevel.objects.create(site=made.trunk, product=made.product, par_qty=8)
    use(made, 1, is_po_to_follow=True)
    stock(made.product, made.world.site, 9)
    shipped(made.product, made.world.site, made.trunk, 2)
    browser, board = desk(Role.AUDITOR), at("inventory_parlevel_board")
    text = browser.get(board).content.decode()
    assert "TRUNK-1" in text and "CONS-1" in text
    detail = browser.get(board, {"site": "trunk-1"})
    (level,), (line,) = detail.context["levels"], detail.context["stock"]
    assert (level["par"], level["there"], level["coming"], level["missing"], line["free"]) == ("8", "4", "2", "2", "4")
    row = next(r for r in detail.context["rows"] if r["site"].code == "TRUNK-1")
    assert (row["below"], row["coming"], row["waiting"], row["disputed"]) == (1, 1, 1, 0)
    assert "No open trunk or consignment is called" in browser.get(board, {"site": "nowhere"}).content.decode()


def test_a_planner_fills_up_and_makes_transfers_by_two_buttons(made):
    ParLevel.objects.create(site=made.trunk, product=made.product, par_qty=8)
    stock(made.product, made.world.site, 9)
    browser, run = desk(Role.PLANNER), at("inventory_fillup_run", "replenish")
    assert browser.get(at("inventory_fillup_replenish_now"), follow=True).status_code == 200
    for _ in range(2):  # sent twice is once
        assert browser.post(run, {"key": "7"}).status_code == 302
    fill_up = FillUp.objects.get()
    drain(clock.now())
    assert "3" in browser.get(at("inventory_fillup_change", fill_up.pk)).content.decode()
    browser.post(at("inventory_fillup_run", "prepare"))
    assert Transfer.objects.get().lines.get().qty == 3


def test_a_usage_gets_its_purchase_order_on_its_page(made):
    outcome = use(made, 1, is_po_to_follow=True)
    browser, page = desk(Role.CS), at("inventory_fieldusage_change", outcome.usage_id)
    text = browser.get(page).content.decode()
    assert outcome.order_number in text and "Enter purchase order" in text and "to follow" in text
    url = at("fulfillment_shipment_usage", outcome.usage_id, "po")
    assert browser.post(url, {"po_number": ""}, follow=True).context["messages"]
    browser.post(url, {"po_number": "PO-1"})
    assert Order.objects.get().po_number == "PO-1"
    assert "Enter purchase order" not in browser.get(page).content.decode()


def test_an_unbilled_usage_says_why_and_is_billed_when_that_is_mended(made):
    row = made.world.rows[0]
    row.delete()
    outcome = use(made, 1)
    browser, url = desk(Role.CS), at("fulfillment_shipment_usage", outcome.usage_id, "bill")
    assert "Nothing prices" in browser.get(at("inventory_fieldusage_change", outcome.usage_id)).content.decode()
    browser.post(url)
    assert FieldUsage.objects.get().status == "recorded"
    row.pk = None
    row.save()
    browser.post(url)
    assert FieldUsage.objects.get().status == "billed"
    assert desk(Role.AUDITOR).post(url).status_code == 403


def test_a_dispute_is_settled_by_the_side_that_gives_way(made):
    stock(made.product, made.world.site, 9)
    transfer_id, line_id = shipped(made.product, made.world.site, made.trunk, 4)
    acknowledge_transfer(transfer_id=transfer_id, stated={line_id: Stated(Decimal(3))}, actor=made.actor, now=NOW)
    dispute = TransferDispute.objects.get()
    url = at("inventory_transferdispute_settle", dispute.pk)
    offered = desk(Role.CS).get(url).content.decode()
    assert 'value="sender"' in offered and 'value="receiver"' not in offered
    assert desk(Role.CS).post(url, {"outcome": "receiver"}).status_code == 422
    assert desk(Role.WAREHOUSE).post(url, {"outcome": "receiver", "note": "found the box"}).status_code == 302
    dispute.refresh_from_db()
    assert (dispute.outcome, on_hand(made.product, made.world.site)) == ("receiver", 6)


def test_customer_service_writes_down_what_a_rep_says_has_come(made):
    stock(made.product, made.world.site, 9)
    transfer_id, line_id = shipped(made.product, made.world.site, made.trunk, 4)
    page, url = at("inventory_transfer_change", transfer_id), at("inventory_transfer_acknowledge", transfer_id)
    care = desk(Role.CS)
    assert url in care.get(page).content.decode()
    assert url not in desk(Role.WAREHOUSE).get(page).content.decode()  # the sender does not speak for the receiver
    assert desk(Role.WAREHOUSE).get(url).status_code == 403
    assert 'value="4"' in care.get(url).content.decode()
    there = on_hand(made.product, made.trunk)
    typed = {f"good-{line_id}": "3", f"damaged-{line_id}": "0", "note": "one box less"}
    assert care.post(url, {**typed, f"good-{line_id}": "three"}).status_code == 422
    assert care.post(url, typed).status_code == 302
    dispute = TransferDispute.objects.get()
    assert (dispute.sent_qty, dispute.stated_qty, dispute.note) == (4, 3, "one box less")
    assert on_hand(made.product, made.trunk) == there + 3
    again = care.get(url).content.decode()
    assert f'name="good-{line_id}" inputmode="decimal" value="3"' in again  # what was said, not what was sent
    assert '<td data-name="Good in all"' in again
    assert care.post(url, {**typed, f"good-{line_id}": "4"}).status_code == 302
    assert TransferDispute.objects.get().status == "settled"
    assert care.get(url).status_code == 302  # all has come: there is nothing to acknowledge any more


def test_a_center_accepts_what_a_rep_returns(made):
    lines = [TransferLineSpec(made.product.pk, Decimal(2))]
    offer_id = offer_transfer(
        from_site_id=made.trunk.pk,
        to_site_id=made.world.site.pk,
        lines=lines,
        key="k",
        actor=made.actor,
        now=clock.now(),
    )
    browser, step = desk(Role.WAREHOUSE), at("inventory_transferoffer_step", offer_id, "accept")
    assert "Accept" in browser.get(at("inventory_transferoffer_change", offer_id)).content.decode()
    assert browser.get(step).status_code == 200
    assert browser.post(step, {"note": "in bin 4"}).status_code == 302
    assert TransferOffer.objects.get().status == "accepted"
    assert on_hand(made.product, made.world.site) == 2
    assert browser.post(at("inventory_transferoffer_step", offer_id, "decline")).status_code == 422


def test_par_levels_come_from_a_sheet_and_only_for_the_field(made):
    head = "site,product,par_qty,refill_below_qty\n"
    wrong = previewed("par_levels", f"{head}RENO,{made.product.sku},4,\nTRUNK-1,{made.product.sku},4,5\n")
    assert {n: p[0][0] for n, p in problems(wrong).items()} == {2: "site", 3: "refill_below_qty"}
    applied("par_levels", f"{head}TRUNK-1,{made.product.sku},6,2.5\n")
    level = ParLevel.objects.get()
    assert (level.site, level.par_qty, level.refill_below_qty) == (made.trunk, 6, Decimal("2.5"))
