"""Two people, one document: every race of the flow ends with one winner, one clean answer and whole books."""

from decimal import Decimal

import pytest

from billing.models import Invoice, Receipt
from billing.services.issue_invoice import issue_invoice
from billing.services.post_receipt import ReceiptAlreadyPosted, post_receipt
from core.lifecycle import IllegalTransition
from core.overrides import Reason
from core.testing import drain, race
from credit.models import CreditAccount, OpenOrderDay
from credit.services.change_limit import change_limit
from fulfillment.models import Shipment, ShipmentLine
from fulfillment.rules.asks import ReleaseOutcome
from fulfillment.services.confirm_shipment import confirm_shipment
from fulfillment.services.release_orders import release_orders
from inventory.models import Demand, StockBalance, StockMovement
from inventory.services.allocate import allocate
from orders.models import Hold, Order
from orders.rules.asks import CancelOutcome, Submitted
from orders.services.cancel import NothingToCancel, cancel_order
from orders.services.place import place
from orders.services.reevaluate_credit_holds import Reevaluated, reevaluate_credit_holds
from tests.factories.flow import NOW, PICKER, breaches, line_ids, picked, placed, released, shipped, stocked_world
from tests.factories.orders import CLERK, World

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.races]

RAISER = CLERK.__class__("Fin Approver", roles=frozenset({"finance", "finance_approver"}), channel="console")


def kinds(outcomes: list[object]) -> list[str]:
    return sorted(type(x).__name__ for x in outcomes)


def send(order_id: int) -> ReleaseOutcome:
    return release_orders(order_ids=[order_id], actor=PICKER, now=NOW)[0]


def ship(shipment_id: int) -> str:
    return confirm_shipment(shipment_id=shipment_id, actor=PICKER, now=NOW)


def pay(world: World, amount: str, reference: str) -> int:
    return post_receipt(
        account_id=world.account.pk,
        amount=Decimal(amount),
        currency="USD",
        received_date=NOW.date(),
        reference=reference,
        actor=PICKER,
        now=NOW,
    )


def books_are_whole() -> None:
    drain(NOW)
    assert breaches() == []


def test_two_releases_of_two_orders_where_credit_bears_one_send_one_and_hold_the_other():
    world = stocked_world(limit=100)
    orders = [placed(world, 6), placed(world, 6)]
    assert Hold.objects.filter(reason="credit").count() == 1
    outcomes = race(*[lambda i=i: send(i) for i in orders])
    assert kinds(outcomes) == ["ReleaseOutcome"] * 2
    assert [o.is_released for o in outcomes] == [True, False]
    assert {r.gate for r in outcomes[1].refused} == {"credit"}
    assert CreditAccount.objects.get().released_amount == 60
    assert Shipment.objects.count() == 1
    books_are_whole()


def test_four_releases_of_one_order_make_one_shipment_and_three_clean_refusals():
    world = stocked_world()
    order_id = placed(world, 6)
    outcomes = race(*[lambda: send(order_id)] * 4)
    assert kinds(outcomes) == ["ReleaseOutcome"] * 4
    assert sorted(o.is_released for o in outcomes) == [False, False, False, True]
    assert (Shipment.objects.count(), ShipmentLine.objects.get().qty) == (1, 6)
    books_are_whole()


def test_the_last_unit_by_two_placements_is_promised_once_and_the_books_balance():
    world = stocked_world(stock_qty=1)
    drafts = [world.draft(1), world.draft(1)]
    outcomes = race(*[lambda d=d: place(d, actor=CLERK, now=NOW) for d in drafts])
    assert [type(x) for x in outcomes] == [Submitted, Submitted]
    assert sorted(x.lines[0].reserved for x in outcomes) == [0, 1]
    books_are_whole()
    assert StockBalance.objects.get().allocated_qty == 1


def test_a_short_pick_beside_a_cancellation_leaves_every_unit_in_one_bucket():
    world = stocked_world()
    for _ in range(3):
        sent = released(world, 6)
        (line,) = line_ids(sent.shipment_id)
        outcomes = race(
            lambda s=sent, n=line: picked(s, {n: Decimal(4)}),
            lambda s=sent: cancel_order(order_id=s.order_id, reason="not wanted", actor=CLERK, now=NOW),
        )
        assert outcomes[0] == "packed"
        assert isinstance(outcomes[1], CancelOutcome | NothingToCancel)
        demand = Demand.objects.latest("pk")
        assert demand.picked_qty == 4
        bucket = "cancelled_qty" if isinstance(outcomes[1], CancelOutcome) else "backordered_qty"
        assert getattr(demand, bucket) == 2
        books_are_whole()


def test_two_receipts_of_one_reference_bring_the_money_once():
    world = stocked_world()
    shipped(world, 6)
    outcomes = race(*[lambda: pay(world, "60", "WIRE-1")] * 2)
    assert sorted(kinds(outcomes)) == ["ReceiptAlreadyPosted", "int"]
    assert any(isinstance(x, ReceiptAlreadyPosted) for x in outcomes)
    assert Receipt.objects.get().applied_amount == 60
    assert Invoice.objects.get().status == "paid"
    assert CreditAccount.objects.get().receivable_amount == 0
    books_are_whole()


def test_two_receipts_on_one_invoice_never_pay_it_twice():
    world = stocked_world()
    shipped(world, 6)
    outcomes = race(lambda: pay(world, "60", "WIRE-1"), lambda: pay(world, "60", "WIRE-2"))
    assert kinds(outcomes) == ["int", "int"]
    assert Invoice.objects.get().paid_amount == 60
    assert sum(r.applied_amount for r in Receipt.objects.all()) == 60
    assert CreditAccount.objects.get().unapplied_amount == 60
    books_are_whole()


def test_four_invoices_for_one_shipment_are_one_invoice_and_all_hear_its_id():
    sent = released(stocked_world(), 6)
    picked(sent)
    ship(sent.shipment_id)
    outcomes = race(*[lambda: issue_invoice(shipment_id=sent.shipment_id, actor=PICKER, now=NOW)] * 4)
    assert kinds(outcomes) == ["int"] * 4
    assert len(set(outcomes)) == 1
    assert Invoice.objects.get().total_amount == 60
    books_are_whole()


def test_four_invoices_for_one_shipment_of_an_account_whose_credit_is_not_locked_are_one_invoice():
    sent = released(stocked_world(), 6)
    picked(sent)
    ship(sent.shipment_id)
    Shipment.objects.update(account_id=stocked_world(limit=None).account.pk)  # an account without a credit row
    outcomes = race(*[lambda: issue_invoice(shipment_id=sent.shipment_id, actor=PICKER, now=NOW)] * 4)
    assert kinds(outcomes) == ["int"] * 4
    assert Invoice.objects.count() == 1
    assert ShipmentLine.objects.get().invoiced_qty == 6


def test_two_confirmations_of_one_shipment_ship_it_once():
    world = stocked_world()
    sent = released(world, 6)
    picked(sent)
    outcomes = race(*[lambda: ship(sent.shipment_id)] * 2)
    assert kinds(outcomes) == ["IllegalTransition", "str"]
    assert any(isinstance(x, IllegalTransition) for x in outcomes)
    assert StockMovement.objects.filter(kind="ship").count() == 1
    assert StockBalance.objects.get().on_hand_qty == 94
    books_are_whole()
    assert Invoice.objects.count() == 1


def test_allocation_runs_during_releases_neither_lose_nor_release_what_credit_did_not_see():
    world = stocked_world(stock_qty=20)
    orders = [placed(world, 6) for _ in range(4)]  # 24 wanted, 20 there
    products = [p.pk for p in world.products]
    runs = [
        lambda n=n: allocate(trigger_key=f"beside {n}", product_ids=products, actor=PICKER, now=NOW) for n in range(3)
    ]
    outcomes = race(*runs, *[lambda i=i: send(i) for i in orders])
    assert [x for x in outcomes if isinstance(x, Exception)] == []
    assert sum(d.released_qty for d in Demand.objects.all()) == 20
    assert CreditAccount.objects.get().released_amount == 200
    books_are_whole()


def test_holds_looked_at_again_during_a_release_end_released_or_free_never_both_held_and_gone():
    world = stocked_world(limit=50)
    order_id = placed(world, 6)
    assert Hold.objects.get(order_id=order_id).cleared_at is None
    change_limit(
        account_id=world.account.pk,
        limit_amount=Decimal(100),
        reason=Reason("growth", "good payer since years"),
        actor=RAISER,
        now=NOW,
    )
    outcomes = race(
        lambda: reevaluate_credit_holds(account_id=world.account.pk, actor=PICKER, now=NOW),
        lambda: send(order_id),
        lambda: reevaluate_credit_holds(account_id=world.account.pk, actor=PICKER, now=NOW),
    )
    assert kinds(outcomes) == ["Reevaluated", "Reevaluated", "ReleaseOutcome"]
    assert isinstance(outcomes[0], Reevaluated)
    assert outcomes[1].is_released
    assert not Hold.objects.filter(order_id=order_id, cleared_at=None).exists()
    assert CreditAccount.objects.get().released_amount == 60
    assert sum(d.amount for d in OpenOrderDay.objects.all()) == 0
    books_are_whole()


def test_a_limit_cut_beside_a_release_ends_held_or_released_under_the_limit_of_its_moment():
    world = stocked_world(limit=100)
    order_id = placed(world, 6)
    outcome, changed = race(
        lambda: send(order_id),
        lambda: change_limit(
            account_id=world.account.pk,
            limit_amount=Decimal(10),
            reason=Reason("risk", "insolvency was announced"),
            actor=RAISER,
            now=NOW,
        ),
    )
    assert not isinstance(changed, Exception)
    held = Hold.objects.filter(order_id=order_id, cleared_at=None, reason="credit").count()
    assert (outcome.is_released, held) in ((True, 0), (False, 1))
    assert Order.objects.get().status == "submitted"
    books_are_whole()
