"""One order of a lot-tracked product: two sites, a short pick, a moved promise, two invoices, proof at the door, a short
payment, one lot back, a claw-back. Every number on every document; then every fact is told again, out of order."""

import random
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection

from billing.commission_queries import statement_lines
from billing.models import (
    CommissionEntry,
    CommissionPlan,
    CommissionRate,
    CreditMemo,
    Invoice,
    PlanMember,
    PlanVersion,
)
from billing.services.commission_statements import close_statement, pay_statement
from billing.services.issue_credit_memo import apply_credit
from billing.services.post_receipt import post_receipt
from catalog.states import Tracking
from core.models import Job
from core.outbox import JobContext, fact_of, flow
from core.testing import drain
from core.uow import unit_of_work
from credit.models import CreditAccount
from exceptions_app.models import Case
from fulfillment.models import LabelNumbering, Package, Return, Shipment, ShipmentLine
from fulfillment.rules.asks import ReturnLineSpec, ReturnSpec
from fulfillment.rules.returns import Finding
from fulfillment.services.at_the_door import Proof
from fulfillment.services.authorize_return import authorize_return
from fulfillment.services.confirm_delivery import confirm_delivery
from fulfillment.services.confirm_pick import confirm_pick
from fulfillment.services.confirm_shipment import confirm_shipment
from fulfillment.services.find_package import PackageSpec
from fulfillment.services.inspect_return import inspect_return
from fulfillment.services.pack_shipment import pack_shipment
from fulfillment.services.receive_return import receive_return
from fulfillment.services.release_orders import release_orders
from fulfillment.services.request_returns import request_returns
from fulfillment.states import Disposition
from inventory.models import Demand, StockBalance
from inventory.queries import promises
from inventory.services.record_inbound import record_inbound
from orders.clock_queries import clocks_of
from orders.models import Order, OrderLine
from orders.queries import holds_of, progress
from orders.rules.standing import order_standing
from orders.services.close_short import close_short
from tests.factories.accounts import AssignmentFactory, RepFactory
from tests.factories.flow import NOW, PICKER, breaches, placed
from tests.factories.inventory import SiteFactory, stock
from tests.factories.orders import World, make_world

pytestmark = pytest.mark.django_db
D = Decimal
ACT = {"actor": PICKER, "now": NOW}
LATER = NOW + timedelta(days=2, hours=1)


def world_of_two_sites() -> World:
    """6 of LOT-A at the first site, 4 of LOT-B at the second; 5 more come to the first in ten days."""
    world = make_world(stock=None)
    product = world.products[0]
    type(product).objects.filter(pk=product.pk).update(tracking=Tracking.LOT)
    stock(product, world.site, 6, lot="LOT-A", expiry=NOW.date() + timedelta(days=400))
    stock(product, SiteFactory(code="SPARKS"), 4, lot="LOT-B", expiry=NOW.date() + timedelta(days=400))
    LabelNumbering.objects.create(extension_digit="0", company_prefix="9506000")
    rep, start = RepFactory(), NOW.date().replace(month=1, day=1)
    AssignmentFactory(account=world.account, rep=rep, split_percent=100, valid_from=start)
    version = PlanVersion.objects.create(
        plan=CommissionPlan.objects.create(code="P", name="P"), number=1, valid_from=start
    )
    CommissionRate.objects.create(version=version, percent=D("7.5"))
    PlanMember.objects.create(rep=rep, plan=version.plan, valid_from=start)
    return world


def money() -> tuple[Decimal, ...]:
    c = CreditAccount.objects.get()
    return c.released_amount, c.shipped_amount, c.receivable_amount, c.unapplied_amount


def said(order_id: int) -> str:
    order = Order.objects.get(pk=order_id)
    return order_standing(order.status, progress([order_id])[order_id], is_held=order_id in holds_of([order_id])).words


def test_two_sites_a_short_pick_a_moved_promise_and_one_lot_back():
    world = world_of_two_sites()
    product = world.products[0]
    order_id = placed(world, 10)
    assert said(order_id) == "Ready to ship"
    record_inbound(
        product_id=product.pk, site_id=world.site.pk, reference="PO-IN", qty=D(5),
        eta_date=NOW.date() + timedelta(days=10), **ACT,
    )  # fmt: skip
    drain(NOW)
    first_day = max(s.delivery_date for s in promises([Demand.objects.get().pk])[Demand.objects.get().pk])

    release_orders(order_ids=[order_id], **ACT)
    reno, sparks = Shipment.objects.order_by("site_id")
    line_a, line_b = (s.lines.get() for s in (reno, sparks))
    assert [(x.lot.code, x.qty) for x in (line_a, line_b)] == [("LOT-A", D(6)), ("LOT-B", D(4))]
    assert (money(), said(order_id)) == ((D(100), 0, 0, 0), "Being picked")

    # the short pick: 4 of 6 are found, 2 wait for what comes in ten days
    confirm_pick(shipment_id=reno.pk, picks={line_a.pk: D(4)}, short_reason="bin empty", **ACT)
    confirm_pick(shipment_id=sparks.pk, picks={}, short_reason="", **ACT)
    drain(NOW)
    demand = Demand.objects.get()
    assert (demand.picked_qty, demand.backordered_qty) == (D(8), D(2))
    assert money() == (D(80), 0, 0, 0)
    moved = [s for s in promises([demand.pk])[demand.pk] if s.delivery_date and s.delivery_date > first_day]
    assert [(s.qty, s.kind) for s in moved] == [(D(2), "inbound")]
    assert moved[0].delivery_date >= NOW.date() + timedelta(days=10)
    assert Case.objects.filter(kind="short_pick", subject_id=reno.pk).count() == 1
    assert Case.objects.filter(kind="promise_moved").count() == 1

    # packed and sent: two invoices
    (sscc,) = pack_shipment(shipment_id=reno.pk, packages=[PackageSpec({line_a.pk: D(4)}, weight_kg=D(3))], **ACT)
    assert sscc == "095060000000000015"
    for shipment in (reno, sparks):
        confirm_shipment(shipment_id=shipment.pk, carrier="UPS", tracking_number=f"1Z{shipment.pk}", **ACT)
    drain(NOW)
    one, two = (Invoice.objects.get(shipment=s) for s in (reno, sparks))
    assert [(i.number, i.total_amount) for i in (one, two)] == [("INV-1", D("40.00")), ("INV-2", D("40.00"))]
    assert (money(), said(order_id)) == ((0, 0, D(80), 0), "Part shipped")
    close_short(order_id=order_id, line_no=1, reason="customer does not wait", **ACT)
    drain(NOW)
    assert said(order_id) == "Complete"
    for shipment in (reno, sparks):
        confirm_delivery(
            shipment_id=shipment.pk, delivered_at=LATER, proof_of=Proof("D. Dock"), actor=PICKER, now=LATER
        )
    assert said(order_id) == "Delivered"

    # 75 of 80 are paid
    post_receipt(
        account_id=world.account.pk, amount=D("75.00"), currency="USD", received_date=NOW.date(), reference="WIRE-1",
        remittance={one.pk: D("40.00"), two.pk: D("35.00")}, actor=PICKER, now=LATER,
    )  # fmt: skip
    drain(LATER)
    one.refresh_from_db(), two.refresh_from_db()
    assert (one.status, two.status, two.open_amount) == ("paid", "partially_paid", D("5.00"))
    assert Case.objects.get(kind="short_payment").money_at_risk == D("5.00")
    rep_id = CommissionEntry.objects.first().rep_id
    closed = close_statement(rep_id=rep_id, currency="USD", period_end=LATER.date(), actor=PICKER, now=LATER)
    assert [(x.invoice_number, x.amount) for x in statement_lines(closed)] == [("INV-1", D("3.00"))]
    pay_statement(statement_id=closed, actor=PICKER, now=LATER)

    # one of LOT-A comes back: LOT-B never was on that shipment line
    order_line = OrderLine.objects.get()
    spec = ReturnSpec(world.account.pk, "RMA", "wrong size", (ReturnLineSpec(order_line.pk, D(1)),))
    return_id = request_returns([spec], actor=PICKER, now=LATER)[0].return_id
    authorize_return(return_id=return_id, actor=PICKER, now=LATER)
    (back,) = Return.objects.get().lines.all()
    receive_return(return_id=return_id, quantities={back.pk: D(1)}, actor=PICKER, now=LATER)
    inspect_return(
        return_id=return_id, findings=[Finding(back.pk, D(1), Disposition.RESTOCK, "LOT-A")], actor=PICKER, now=LATER
    )
    drain(LATER)
    line_a.refresh_from_db(), line_b.refresh_from_db()
    assert (line_a.returned_qty, line_b.returned_qty) == (D(1), 0)
    memo = CreditMemo.objects.get()
    assert (memo.number, memo.total_amount, memo.lines.get().invoice_line.invoice_id) == ("CM-1", D("10.00"), one.pk)
    clawed = CommissionEntry.objects.latest("pk")
    assert (clawed.step, clawed.earned_delta) == ("clawed_back", D("-0.75"))
    assert money() == (0, 0, D("5.00"), D("10.00"))  # 5 owed on INV-2, 10 on account
    apply_credit(credit_memo_id=memo.pk, invoice_id=two.pk, amount=D("5.00"), actor=PICKER, now=LATER)
    drain(LATER)
    two.refresh_from_db()
    assert (two.status, two.open_amount, money()) == ("paid", 0, (0, 0, 0, D("5.00")))
    assert Case.objects.get(kind="short_payment").resolved_at == LATER
    assert breaches() == []

    # the clocks, in the order in which they struck
    clocks = {c.code: c.span for c in clocks_of([order_id])[order_id]}
    assert [c for c, span in clocks.items() if span] == [
        "entered", "clean", "promised", "released", "picked", "shipped", "delivered", "invoiced", "paid",
    ]  # fmt: skip
    assert (clocks["shipped"].last, clocks["delivered"].first, clocks["paid"].last) == (NOW, LATER, LATER)

    _told_again_out_of_order()


def _told_again_out_of_order() -> None:
    """Each fact of the journey reaches each of its reactions once more, in any order: nothing moves."""
    before, dice = _everything(), random.Random(20)
    jobs = list(Job.objects.order_by("pk"))
    assert len(jobs) > 20
    dice.shuffle(jobs)
    for job in jobs:
        fact = fact_of(job.pk)
        reaction = next(r for r in flow()[fact.kind] if r.name == job.reaction)
        context = JobContext(job.pk, f"job:{job.pk}", LATER, PICKER, job.stream, job.seq)
        with unit_of_work(job.reaction, joinable=True):
            reaction.run(fact, context)
    assert _everything() == before
    assert breaches() == []


def _everything() -> dict[str, object]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*), sum(amount) FROM credit_posting")
        postings = cursor.fetchone()
    return {
        "money": money(),
        "postings": postings,
        "invoices": sorted(Invoice.objects.values_list("number", "status", "total_amount", "paid_amount")),
        "memos": sorted(CreditMemo.objects.values_list("number", "total_amount", "applied_amount")),
        "commissions": CommissionEntry.objects.count(),
        "shipments": sorted(ShipmentLine.objects.values_list("qty", "shipped_qty", "invoiced_qty", "returned_qty")),
        "packages": Package.objects.count(),
        "stock": sorted(StockBalance.objects.values_list("pk", "on_hand_qty", "picked_qty", "allocated_qty")),
        "returns": list(Return.objects.values_list("status", flat=True)),
        "cases": Case.objects.count(),
    }
