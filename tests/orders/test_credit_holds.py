"""Finance's hands on a held order: types, release of a part, rejection, a forced hold; a payment clears by itself."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Account
from accounts.states import Role
from billing.models import InvoiceLine
from billing.rules.asks import CreditSpec
from billing.services.issue_credit_memo import issue_credit_memo
from billing.services.post_receipt import post_receipt
from billing.states import CreditKind
from core.errors import InvalidInput, NotPermitted
from core.models import Job
from core.overrides import Reason
from core.refs import DocumentRef
from core.testing import drain, unit
from credit.models import CreditAccount
from credit.rules.asks import PostingSpec
from credit.services.change_limit import change_limit
from credit.services.lock_accounts import lock_accounts
from credit.services.post import post
from credit.states import Bucket
from fulfillment.services.confirm_shipment import confirm_shipment
from fulfillment.services.release_orders import release_orders
from fulfillment.services.release_part import release_part
from inventory.services.allocate import allocate
from orders.admin.verbs import VERBS
from orders.models import Hold, HoldType, Order
from orders.rules.asks import Part
from orders.services.cancel import cancel_lines
from orders.services.clear_hold import HoldNotOpen, clear_hold
from orders.services.place import place
from orders.services.place_hold import place_hold
from orders.services.reevaluate_credit_holds import reevaluate_credit_holds
from orders.services.reject_hold import reject_hold
from tests.factories.accounts import StaffFactory
from tests.factories.credit import TermsFactory
from tests.factories.doors import browser_of
from tests.factories.flow import PICKER, Sent, breaches, picked, placed, released, shipped, stocked_world
from tests.factories.orders import CLERK, FINANCE, NOW, allocated, make_world

pytestmark = pytest.mark.django_db
WHY = Reason("customer_paid", "The bank confirmed the transfer")


def owe(world, amount, number=1):
    """An open receivable from before."""
    doc = DocumentRef("invoice", number, f"INV-{number}")
    with unit():
        lock_accounts([world.account.pk])
        post([PostingSpec(world.account.pk, doc, Bucket.RECEIVABLE, Decimal(amount), f"old:{number}")], now=NOW)


def pay(world, amount, reference="WIRE-1"):
    post_receipt(
        account_id=world.account.pk,
        amount=Decimal(amount),
        currency="USD",
        received_date=NOW.date(),
        reference=reference,
        actor=FINANCE,
        now=NOW,
    )


def the_hold(order_id):
    return Hold.objects.get(order_id=order_id, cleared_at__isnull=True)


def part(order_id, actor=FINANCE, **more):
    return release_part(order_id=order_id, part=Part(**more), actor=actor, now=NOW)


def test_the_walk_limit_40000_used_32000_an_order_of_9500_is_held_for_1500_and_a_receipt_of_2000_clears_it():
    world, other = make_world(limit=40_000, stock=2000), make_world(limit=10)
    owe(world, 32_000)
    order = place(world.draft(950), actor=CLERK, now=NOW)
    theirs = place(other.draft(5), actor=CLERK, now=NOW)
    (hold,) = order.holds
    assert hold.message == "Over by 1,500.00: open receivables 32,000 + this order 9,500 against 40,000 USD."
    drain(NOW)
    pay(world, 2000)
    assert the_hold(order.order_id)  # the reaction runs after the commit, within a second
    drain(NOW)
    cleared = Hold.objects.get(order_id=order.order_id)
    assert cleared.cleared_at is not None
    assert "credit approves" in cleared.clear_reason
    assert the_hold(theirs.order_id).placed_at == NOW  # nobody else's hold was touched
    assert release_orders(order_ids=[order.order_id], actor=CLERK, now=NOW)[0].is_released


def by_memo(world, open_order):
    """The invoice is credited by 10 of its 40."""
    line = InvoiceLine.objects.get(invoice__account=world.account)
    spec = CreditSpec(line.pk, amount=Decimal(10))
    issue_credit_memo(
        account_id=world.account.pk,
        kind=CreditKind.PRICE,
        lines=[spec],
        reason="price",
        key="memo",
        actor=FINANCE,
        now=NOW,
    )


def by_limit(world, open_order):
    change_limit(account_id=world.account.pk, limit_amount=Decimal(110), reason=WHY, actor=FINANCE, now=NOW)


def by_cancellation(world, open_order):
    cancel_lines(order_id=open_order, quantities={1: Decimal(1)}, reason="less", actor=CLERK, now=NOW)


def by_payment(world, open_order):
    pay(world, 10)


@pytest.mark.parametrize("improve", [by_memo, by_limit, by_cancellation, by_payment])
def test_ten_less_owed_or_more_allowed_lets_go_what_is_over_by_ten_and_nobody_else_s(improve):
    world, other = stocked_world(limit=100), stocked_world(limit=10)
    shipped(world, 4)
    open_order = placed(world, 3)
    held, theirs = placed(world, 4), placed(other, 2)
    hold = the_hold(held)
    assert hold.explanation["outcome"] == (
        "Over by 10.00: open receivables 40 + other open orders 30 + this order 40 against 100 USD."
    )
    improve(world, open_order)
    assert the_hold(held) == hold
    drain(NOW)
    hold.refresh_from_db()
    assert hold.clear_reason == "credit approves the order now"
    assert the_hold(theirs).cleared_at is None
    assert breaches() == []


def test_what_is_paid_in_advance_is_held_until_its_own_money_is_there_and_no_other_order_goes_on_it():
    world = stocked_world(stock_qty=1000, limit=1000)
    TermsFactory(code="PREPAY", name="Payment in advance", net_days=0, is_prepayment=True)
    CreditAccount.objects.update(terms=TermsFactory(code="PREPAY"))
    first, second = placed(world, 10), placed(world, 10)
    assert not Hold.objects.exists()  # taken; the money is due before the goods leave

    def sent(order_id):
        return release_orders(order_ids=[order_id], actor=CLERK, now=NOW)[0]

    due = "Payment in advance: 100.00 is due before release, 0.00 is on account."
    assert [r.message for r in sent(first).refused] == [due]
    again = reevaluate_credit_holds(account_id=world.account.pk, actor=CLERK, now=NOW)
    assert (again.cleared, again.still_held) == ((), (first,))
    pay(world, "99.99", "WIRE-1")
    drain(NOW)
    assert the_hold(first)
    pay(world, "0.01", "WIRE-2")
    drain(NOW)
    assert not Hold.objects.filter(cleared_at__isnull=True).exists()
    gone = sent(first)
    spent = ["Payment in advance: 100.00 is due before release, 0.00 of the cash on account is left for it."]
    assert gone.is_released
    assert [r.message for r in sent(second).refused] == spent
    parcel = Sent(first, gone.shipment_ids[0])
    picked(parcel)
    confirm_shipment(shipment_id=parcel.shipment_id, carrier="UPS", tracking_number="1Z", actor=PICKER, now=NOW)
    drain(NOW)
    account = CreditAccount.objects.get()
    assert (account.receivable_amount, account.unapplied_amount) == (100, 100)  # nobody has applied it yet
    assert [r.message for r in sent(second).refused] == spent
    pay(world, 100, "WIRE-3")
    drain(NOW)
    assert sent(second).is_released
    assert breaches() == []


def test_a_hold_type_says_what_it_blocks_and_who_clears_it():
    order = place(make_world().draft(1), actor=CLERK, now=NOW)
    hold = place_hold(
        order_id=order.order_id, note="The card was reported stolen", type_code="fraud", actor=CLERK, now=NOW
    )
    assert (hold.blocks, hold.clearable_by) == (
        ("allocate", "release", "pick", "ship", "invoice"),
        ("cs_lead", "finance_approver"),
    )
    with pytest.raises(InvalidInput, match="no hold type"):
        place_hold(order_id=order.order_id, note="No such type at all", type_code="price", actor=CLERK, now=NOW)
    row = {"label": "Credit", "reason": "credit", "blocks": ["release"], "clearable_by": ["finance_approver"]}
    HoldType.objects.update_or_create(code="credit", defaults=row)
    held = place(make_world(limit=1).draft(1), actor=CLERK, now=NOW).holds[0]
    assert held.clearable_by == ("finance_approver",)


def test_a_forced_credit_hold_is_no_rule_s_to_clear_and_reaches_into_no_warehouse():
    world = make_world()
    order = allocated(world, 1)
    with pytest.raises(InvalidInput, match="before the warehouse"):
        place_hold(
            order_id=order.order_id,
            note="Stop the picker now",
            blocks=("pick",),
            reason="credit",
            actor=FINANCE,
            now=NOW,
        )
    place_hold(order_id=order.order_id, note="Insolvency is rumoured", type_code="credit", actor=FINANCE, now=NOW)
    pay(world, 500)
    reevaluate_credit_holds(account_id=world.account.pk, actor=CLERK, now=NOW)
    drain(NOW)
    (outcome,) = release_orders(order_ids=[order.order_id], actor=CLERK, now=NOW)
    assert [r.message for r in outcome.refused] == ["On hold by hand: Insolvency is rumoured"]


def test_what_the_limit_bears_goes_first_and_the_hold_stays_for_the_rest():
    world = make_world(products=3, limit=100)
    order = allocated(world, 6, 7, 4)  # 60 + 70 + 40 against 100: lines 1 and 3 fit
    with pytest.raises(NotPermitted):
        part(order.order_id, actor=CLERK)
    assert part(order.order_id).is_released
    account = CreditAccount.objects.get()
    assert (account.released_amount, the_hold(order.order_id).reason) == (Decimal(100), "credit")
    refused = part(order.order_id)
    assert not refused.is_released
    pay(world, 70)
    drain(NOW)
    assert not Hold.objects.filter(cleared_at__isnull=True).exists()
    assert release_orders(order_ids=[order.order_id], actor=CLERK, now=NOW)[0].is_released


@pytest.mark.parametrize(
    ("asked", "released_worth"),
    [({"line_nos": frozenset({2})}, 70), ({"amount": Decimal(65)}, 60), ({"line_nos": frozenset({1, 2})}, None)],
)
def test_named_lines_or_an_amount_go_if_they_fit(asked, released_worth):
    order = allocated(make_world(products=3, limit=100), 6, 7, 4)
    assert part(order.order_id, **asked).is_released is (released_worth is not None)
    assert CreditAccount.objects.get().released_amount == (released_worth or 0)
    assert the_hold(order.order_id)


def test_an_order_that_ships_complete_only_gives_no_part():
    order = allocated(make_world(products=2, limit=100, ship_complete="order"), 6, 7)
    outcome = part(order.order_id, line_nos=frozenset({1}))
    assert [r.message for r in outcome.refused] == ["The order ships complete only: no part of it goes first."]


def test_rejecting_cancels_what_is_not_released_and_says_who_refused():
    world = make_world(limit=10)
    order = place(world.draft(5), actor=CLERK, now=NOW)
    hold = order.holds[0]
    with pytest.raises(NotPermitted):
        reject_hold(hold_id=hold.hold_id, note="Too far over the limit", actor=CLERK, now=NOW)
    with pytest.raises(InvalidInput, match="ten"):
        reject_hold(hold_id=hold.hold_id, note="no", actor=FINANCE, now=NOW)
    outcome = reject_hold(hold_id=hold.hold_id, note="Too far over the limit", actor=FINANCE, now=NOW)
    assert (outcome.status, Order.objects.get().status) == ("cancelled", "cancelled")
    with pytest.raises(HoldNotOpen):
        reject_hold(hold_id=hold.hold_id, note="Too far over the limit", actor=FINANCE, now=NOW)
    assert not Hold.objects.filter(cleared_at__isnull=True).exists()


@pytest.mark.parametrize(("more", "later", "goes"), [(4, 1, True), (4, 8, False)])
def test_a_release_with_5_percent_and_a_week_holds_for_both(more, later, goes):
    world = make_world(limit=10)
    order = allocated(world, 8)
    until = NOW + timedelta(days=7)
    hold_id = order.holds[0].hold_id
    clear_hold(hold_id=hold_id, reason=WHY, actor=FINANCE, now=NOW, deviation_percent=Decimal(5), valid_until=until)
    assert Hold.objects.get(pk=hold_id).ceiling_amount == Decimal("84.00")
    (outcome,) = release_orders(order_ids=[order.order_id], actor=CLERK, now=NOW + timedelta(days=later))
    assert outcome.is_released is goes


def test_after_release_no_pick_wave_meets_a_credit_hold():
    """Everything credit can learn after the release: the limit cut to nothing, the account suspended, old debts."""
    world = stocked_world(limit=100)
    sent = released(world, 6)
    CreditAccount.objects.update(limit_amount=0, limit_valid_to=NOW.date())
    Account.objects.filter(pk=world.account.pk).update(status="suspended")
    owe(world, 5000)
    held = place(stocked_world(limit=1).draft(5), actor=CLERK, now=NOW).order_id
    reevaluate_credit_holds(account_id=world.account.pk, actor=CLERK, now=NOW)
    (again,) = release_orders(order_ids=[sent.order_id], actor=PICKER, now=NOW)
    drain(NOW)
    assert not again.is_released
    assert not Hold.objects.filter(order_id=sent.order_id, blocks__overlap=["pick", "ship"]).exists()
    assert picked(sent) == "packed"
    assert the_hold(held).reason == "credit"
    assert [b for b in breaches() if "receivable and unapplied" not in b] == []  # the old debt has no invoice here


def test_finance_rejects_and_releases_a_part_from_the_order_s_page():
    world = make_world(products=2, limit=100)
    order = allocated(world, 6, 7)
    desk = browser_of(StaffFactory(roles=[Role.FINANCE]))
    page = desk.get(f"/admin/orders/order/{order.order_id}/change/").content.decode()
    assert "Release a part" in page
    assert "Reject: cancel" in page
    url = f"/admin/fulfillment/shipment/release-part/{order.order_id}/"
    desk.post(url, {"lines": "x", "amount": ""})
    assert CreditAccount.objects.get().released_amount == 0
    desk.post(url, {"lines": "1", "amount": ""})
    assert CreditAccount.objects.get().released_amount == 60
    allocate(trigger_key="again", product_ids=None, actor=CLERK, now=NOW)
    hold_id = the_hold(order.order_id).pk
    told = VERBS["reject"](order.order_id, {"hold_id": str(hold_id), "note": "Nothing more for now"}, FINANCE)
    assert "1 lines of" in told


def test_a_payment_s_look_is_due_at_its_commit_and_costs_the_same_for_2_and_for_20_held_orders():
    world = make_world(limit=5, stock=1000)
    counts = []
    for orders in (2, 18):
        for _ in range(orders):
            place(world.draft(1), actor=CLERK, now=NOW)
        drain(NOW)
        pay(world, "0.01", f"WIRE-{orders}")
        job = Job.objects.get(reaction="look again at credit holds", state="ready")
        assert job.next_at <= NOW  # the relay, which the commit wakes, leases it at once
        with CaptureQueriesContext(connection) as queries:
            drain(NOW)
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert Hold.objects.filter(cleared_at__isnull=True).count() == 20
