"""An approved repricing becomes a credit memo and invoices, once, and only while it is what was approved."""

import os
from datetime import timedelta
from decimal import Decimal
from random import Random

import pytest

from accounts import approvals
from accounts.states import Role
from billing.models import CreditMemo, Invoice, InvoiceLine, Repricing
from billing.papers.invoice import invoice_pdf
from billing.queries import invoice_by_number
from billing.rules.asks import CreditSpec
from billing.rules.spread import Billed, spread
from billing.services.issue_credit_memo import issue_credit_memo
from billing.services.issue_reprice import NotBilledEnough, issue_reprice
from billing.states import CreditKind
from core.actors import Actor
from core.errors import NotFound, NotPermitted
from core.testing import drain, race
from credit.models import CreditAccount
from exceptions_app.models import Case
from exceptions_app.services.apply_resolution import apply_resolution
from fulfillment.models import ReturnLine
from fulfillment.rules.asks import ReturnLineSpec, ReturnSpec
from fulfillment.rules.returns import Finding
from fulfillment.services.authorize_return import authorize_return
from fulfillment.services.confirm_shipment import confirm_shipment
from fulfillment.services.inspect_return import inspect_return
from fulfillment.services.receive_return import receive_return
from fulfillment.services.release_orders import release_orders
from fulfillment.services.request_returns import request_returns
from fulfillment.states import Disposition
from orders.models import OrderLine
from orders.services.propose_reprice import propose_reprice
from pricing.models import PriceRow
from tests.factories.accounts import StaffFactory
from tests.factories.exceptions import ends_by_itself
from tests.factories.flow import NOW, PICKER, Sent, breaches, picked, shipped, stocked_world
from tests.factories.inventory import stock
from tests.factories.pricing import ContractFactory, PriceRowFactory

D = Decimal
CASES = int(os.environ.get("OMS_CASES", "300"))
LATER = NOW + timedelta(days=3)


def acting(*roles):
    user = StaffFactory(roles=list(roles))
    return Actor(str(user), user_id=user.pk, roles=frozenset(user.roles), channel="console")


def repriced_world():
    """40 of one product and 10 of another shipped and invoiced at 10.00; since then a contract says 9.20 and 11."""
    world = stocked_world(products=2)
    shipped(world, 40, 10)
    contract = ContractFactory(account=world.account)
    PriceRowFactory(source=contract, product=world.products[0], unit_price=D("9.20"))
    PriceRowFactory(source=contract, product=world.products[1], unit_price=D(11))
    return world


def proposed(world):
    return propose_reprice(
        account_id=world.account.pk, since=NOW.date(), until=NOW.date() + timedelta(days=1),
        reason="The contract was signed late", actor=acting(Role.PRICING), now=LATER,
    )  # fmt: skip


def approved(world):
    approval_id = proposed(world).approval_id
    approvals.decide(approval_id=approval_id, approve=True, actor=acting(Role.FINANCE_APPROVER), now=LATER)
    drain(LATER)
    return approval_id


def test_a_sum_leaves_every_unit_at_one_price_and_never_takes_more_than_is_left():
    lines = [Billed(1, D(5)), Billed(2, D(0)), Billed(3, D(9))]
    assert spread(D(7), lines, "USD") == {1: D(5), 3: D(2)}  # no goods: the first first
    assert spread(D(99), lines, "USD") == {1: D(5), 3: D(9)}
    goods = [Billed(1, D(50), D(5)), Billed(2, D(50), D(5)), Billed(3, D(4))]
    assert spread(D(10), goods, "USD") == {1: D(5), 2: D(5)}
    assert spread(D("0.01"), goods, "USD") == {1: D("0.01")}
    assert spread(D(102), goods, "USD") == {1: D(50), 2: D(50), 3: D(2)}
    uneven = [Billed(1, D(40), D(5)), Billed(2, D(50), D(5)), Billed(3, D(27), D(3))]  # 8, 10 and 9 a unit
    assert spread(D(5), uneven, "USD") == {2: D(5)}
    assert spread(D(21), uneven, "USD") == {1: D("3.08"), 2: D("13.08"), 3: D("4.84")}  # 96 over 13 units
    assert spread(D(1), [Billed(1, D(10), D(3)), Billed(2, D(20), D(6))], "JPY") == {2: D(1)}


def test_dealt_sums_add_up_and_stay_within_a_cent_of_one_price_a_unit():
    for seed in range(CASES):
        dice = Random(seed)
        lines = [Billed(n, D(dice.randint(0, 50_000)) / 100, D(dice.randint(0, 40))) for n in range(dice.randint(1, 6))]
        whole = sum(x.left for x in lines)
        amount = D(dice.randint(0, int(whole * 100))) / 100
        parts = spread(amount, lines, "USD")
        assert sum(parts.values()) == amount, seed
        assert all(0 < part <= lines[i].left for i, part in parts.items()), seed
        goods = [x for x in lines if x.qty and x.left]
        if amount <= sum(x.left for x in goods):
            after = {x.id: x.left - parts.get(x.id, 0) for x in goods}
            level = max((after[x.id] / x.qty for x in goods if x.id in parts), default=D(0))
            for x in goods:  # who gave nothing cost no more a unit than those that gave, to two cents of a line
                if x.id not in parts:
                    assert after[x.id] <= level * x.qty + D("0.02"), seed
                else:
                    assert level * x.qty - after[x.id] <= D("0.02") * max(x.qty, 1), seed


def two_shipments(price):
    """10 of one product in one order line, shipped and billed 4 and 6 at 10.00; since then a contract says `price`."""
    world = stocked_world(stock_qty=4)
    order = shipped(world, 10).order_id
    stock(world.products[0], world.site, 6)
    drain(NOW)
    (outcome,) = release_orders(order_ids=[order], actor=PICKER, now=NOW)
    second = Sent(order, outcome.shipment_ids[0])
    picked(second)
    confirm_shipment(shipment_id=second.shipment_id, carrier="UPS", tracking_number="2Z", actor=PICKER, now=NOW)
    drain(NOW)
    assert [x.qty for x in InvoiceLine.objects.order_by("pk")] == [4, 6]
    PriceRowFactory(source=ContractFactory(account=world.account), product=world.products[0], unit_price=D(price))
    issue_reprice(approval_id=approved(world), actor=acting(Role.FINANCE), now=LATER)
    return world


def came_back(world, qty, number="R-1"):
    """The memo's total of `qty` of the line that came back, of whichever shipments the return takes them."""
    order_line = OrderLine.objects.get()
    spec = ReturnSpec(world.account.pk, number, "too many", (ReturnLineSpec(order_line.pk, D(qty)),))
    (answer,) = request_returns([spec], actor=PICKER, now=LATER)
    back = ReturnLine.objects.get(parent=answer.return_id)
    authorize_return(return_id=back.parent_id, actor=PICKER, now=LATER)
    receive_return(return_id=back.parent_id, quantities={back.pk: D(qty)}, actor=PICKER, now=LATER)
    inspect_return(
        return_id=back.parent_id, findings=[Finding(back.pk, D(qty), Disposition.RESTOCK)], actor=PICKER, now=LATER
    )
    drain(LATER)
    return CreditMemo.objects.filter(kind="return").order_by("-pk")[0].total_amount


@pytest.mark.django_db
@pytest.mark.parametrize("price", ["9.00", "11.00"])
def test_a_unit_that_comes_back_of_any_shipment_gives_back_what_it_costs_now(price):
    """Credited once for both shipments (or rebilled for both), each unit of either is worth the new price, and no more."""
    world = two_shipments(price)
    assert came_back(world, 1) == D(price)
    assert came_back(world, 6, "R-2") == 6 * D(price)
    assert came_back(world, 3, "R-3") == 3 * D(price)
    assert sum(x.amount - x.credited_amount for x in InvoiceLine.objects.all()) == 0
    drain(LATER)
    assert breaches() == []


@pytest.mark.django_db
def test_what_a_repricing_left_of_each_shipment_is_the_new_price_a_unit():
    two_shipments("9.00")
    assert [x.amount - x.credited_amount for x in InvoiceLine.objects.order_by("pk")] == [36, 54]


@pytest.mark.django_db
def test_finance_confirms_the_case_and_the_credit_and_the_rebill_are_there_once():
    world = repriced_world()
    first = Invoice.objects.get()
    approval_id = approved(world)
    case = Case.objects.get(kind="reprice_approved")
    finance = acting(Role.FINANCE)
    with pytest.raises(NotPermitted):
        issue_reprice(approval_id=approval_id, actor=acting(Role.CS), now=LATER)
    apply_resolution(case_id=case.pk, code="issue", actor=finance, now=LATER, key="k")
    drain(LATER)
    memo, rebill = CreditMemo.objects.get(), Invoice.objects.exclude(pk=first.pk).get()
    assert (memo.kind, memo.total_amount, memo.lines.get().invoice_line.order_line.line_no) == ("price", D("32.00"), 1)
    line = rebill.lines.get()
    assert (rebill.total_amount, line.qty, line.unit_price, line.rebills.invoice_id) == (D(10), 10, 1, first.pk)
    assert rebill.due_date == LATER.date() + timedelta(days=30)
    assert Case.objects.get(pk=case.pk).status == "resolved"
    first.refresh_from_db()
    assert (first.credited_amount, CreditAccount.objects.get().receivable_amount) == (32, 500 - 32 + 10)
    again = issue_reprice(approval_id=approval_id, actor=finance, now=LATER)
    assert (again.credit_memo_id, again.invoice_ids) == (memo.pk, (rebill.pk,))
    assert (Repricing.objects.count(), CreditMemo.objects.count(), Invoice.objects.count()) == (1, 1, 2)
    assert proposed(world).differences == ()  # what was issued is not proposed again
    assert set(OrderLine.objects.values_list("unit_price", flat=True)) == {10}
    view = invoice_by_number(rebill.number, None)
    assert view and invoice_pdf(view)[:4] == b"%PDF"
    assert breaches() == []


@pytest.mark.django_db
def test_a_price_changed_back_undoes_what_was_credited():
    world = repriced_world()
    issue_reprice(approval_id=approved(world), actor=acting(Role.FINANCE), now=LATER)
    PriceRow.objects.filter(unit_price=D("9.20")).update(unit_price=D("9.70"))
    (found,) = proposed(world).differences
    assert (found.line_no, found.effect) == (1, D("20.00"))


@pytest.mark.django_db
def test_what_changed_since_the_approval_is_not_issued():
    world = repriced_world()
    approval_id = approved(world)
    finance = acting(Role.FINANCE)
    PriceRow.objects.filter(unit_price=D("9.20")).update(unit_price=D("9.10"))
    with pytest.raises(approvals.ContentChanged):
        issue_reprice(approval_id=approval_id, actor=finance, now=LATER)
    with pytest.raises(NotFound):
        issue_reprice(approval_id=approval_id + 1, actor=finance, now=LATER)
    assert not CreditMemo.objects.exists() and not OrderLine.objects.exclude(repriced_amount=0).exists()


def given_back(world, line_no, qty):
    """`qty` of the line came back and is credited at the price of its own invoice line."""
    line = InvoiceLine.objects.get(order_line__line_no=line_no, rebills=None)
    issue_credit_memo(
        account_id=world.account.pk, kind=CreditKind.RETURN, lines=[CreditSpec(line.pk, qty=D(qty))], reason="back",
        key=f"back:{line_no}:{qty}:{line.credited_qty}", actor=acting(Role.FINANCE), now=LATER,
    )  # fmt: skip


@pytest.mark.django_db
def test_goods_that_came_back_are_not_repriced_only_what_the_customer_kept():
    world = repriced_world()
    given_back(world, 1, 38)
    given_back(world, 2, 10)  # nothing of the second line is left: nothing is asked for it
    found = proposed(world)
    assert [(d.line_no, d.qty, d.effect) for d in found.differences] == [(1, 2, D("-1.60"))]
    approvals.decide(approval_id=found.approval_id, approve=True, actor=acting(Role.FINANCE_APPROVER), now=LATER)
    issue_reprice(approval_id=found.approval_id, actor=acting(Role.FINANCE), now=LATER)
    first = Invoice.objects.get()
    assert first.total_amount - first.credited_amount == D("18.40")  # 2 kept at 9.20
    assert proposed(world).differences == ()
    drain(LATER)
    assert breaches() == []


@pytest.mark.django_db
def test_goods_that_came_back_after_the_approval_ask_for_a_new_proposal():
    world = repriced_world()
    approval_id = approved(world)
    given_back(world, 1, 38)
    with pytest.raises(approvals.ContentChanged):
        issue_reprice(approval_id=approval_id, actor=acting(Role.FINANCE), now=LATER)
    assert Invoice.objects.count() == 1 and not Repricing.objects.exists()
    assert [d.effect for d in proposed(world).differences] == [D("-1.60"), D("10.00")]


@pytest.mark.django_db
def test_goods_that_come_back_after_they_were_repriced_give_back_what_they_cost_in_the_end():
    world = repriced_world()
    issue_reprice(approval_id=approved(world), actor=acting(Role.FINANCE), now=LATER)
    given_back(world, 1, 38)
    first = Invoice.objects.order_by("pk").first()
    assert first.total_amount - first.credited_amount == D("118.40")  # 2 at 9.20 and 10 at 10.00
    assert proposed(world).differences == ()  # the two that were kept are repriced already
    PriceRow.objects.filter(unit_price=D("9.20")).update(unit_price=D("9.00"))
    assert [(d.line_no, d.qty, d.effect) for d in proposed(world).differences] == [(1, 2, D("-0.40"))]
    drain(LATER)
    assert breaches() == []


@pytest.mark.django_db
def test_a_unit_that_was_rebilled_for_less_than_half_a_cent_comes_back_and_the_last_take_the_cent():
    world = two_shipments("10.001")  # a cent more for all ten
    assert came_back(world, 1) == D("10.00")
    assert came_back(world, 9, "R-2") == D("90.01")
    assert breaches() == []


@pytest.mark.django_db
def test_a_return_gives_back_what_its_goods_were_rebilled_for_and_the_rest_is_not_asked_again():
    world = repriced_world()
    issue_reprice(approval_id=approved(world), actor=acting(Role.FINANCE), now=LATER)
    order_line = OrderLine.objects.get(line_no=2)
    spec = ReturnSpec(world.account.pk, "R-1", "too many", (ReturnLineSpec(order_line.pk, D(4)),))
    (answer,) = request_returns([spec], actor=PICKER, now=LATER)
    back = ReturnLine.objects.get(parent=answer.return_id)
    authorize_return(return_id=back.parent_id, actor=PICKER, now=LATER)
    receive_return(return_id=back.parent_id, quantities={back.pk: D(4)}, actor=PICKER, now=LATER)
    findings = [Finding(back.pk, D(4), Disposition.RESTOCK)]
    inspect_return(return_id=back.parent_id, findings=findings, actor=PICKER, now=LATER)
    drain(LATER)
    memo = CreditMemo.objects.get(kind="return")
    assert memo.total_amount == D(44)  # 4 at 10.00, and the 1.00 each that was rebilled
    assert proposed(world).differences == ()
    assert breaches() == []


@pytest.mark.django_db
def test_a_sum_given_back_meanwhile_leaves_too_little_and_nothing_is_issued():
    world = repriced_world()
    approval_id = approved(world)
    line = InvoiceLine.objects.get(order_line__line_no=1)
    issue_credit_memo(
        account_id=world.account.pk, kind=CreditKind.PRICE, lines=[CreditSpec(line.pk, amount=D(380))], reason="goodwill",
        key="k", actor=acting(Role.FINANCE), now=LATER,
    )  # fmt: skip
    with pytest.raises(NotBilledEnough) as refused:
        issue_reprice(approval_id=approval_id, actor=acting(Role.FINANCE), now=LATER)
    assert "line 1: 32.00 is to be credited, and its invoices leave 20.00" in refused.value.message
    assert Invoice.objects.count() == 1 and not Repricing.objects.exists()


@pytest.mark.races
@pytest.mark.django_db(transaction=True)
def test_four_at_once_issue_it_once():
    world = repriced_world()
    approval_id, finance = approved(world), acting(Role.FINANCE)
    outcomes = race(*(lambda: issue_reprice(approval_id=approval_id, actor=finance, now=LATER) for _ in range(4)))
    assert not [o for o in outcomes if isinstance(o, Exception)], outcomes
    assert (CreditMemo.objects.count(), Invoice.objects.count()) == (1, 2)


@pytest.mark.django_db
def test_an_approved_repricing_is_no_case_once_it_is_issued_elsewhere():
    world = repriced_world()
    approval_id = approved(world)
    assert not ends_by_itself("reprice_approved", LATER)
    issue_reprice(approval_id=approval_id, actor=acting(Role.FINANCE), now=LATER)
    assert ends_by_itself("reprice_approved", LATER)
