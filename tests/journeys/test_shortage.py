"""A shortage, from who orders first to the letters about it: a pool that a big order cannot drain, regions that absorb the
delay in their order, contract before spot, and everybody told the old day, the new one and why."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core import mail

from accounts.states import BuyerRole, PromiseMail
from core.testing import drain
from exceptions_app.models import Case
from exceptions_app.services.detect import detect_all
from integrations.services.send_letters import send_letters
from inventory.models import AllocationChange, Demand
from inventory.rules.policy import Policy
from inventory.rules.policy_text import SegmentDraft
from inventory.services.allocate import allocate
from inventory.services.record_inbound import record_inbound
from inventory.services.save_policy import PolicyDraft, save_policy
from orders.queries import pictures
from orders.services.place import place
from tests.factories.accounts import AccountFactory, AssignmentFactory, BuyerFactory, ShipToFactory
from tests.factories.credit import CreditAccountFactory
from tests.factories.flow import breaches, stocked_world
from tests.factories.inventory import stock
from tests.factories.orders import CLERK, NOW, TODAY, World, later
from tests.factories.pools import protect
from tests.factories.pricing import ContractFactory, PriceRowFactory

pytestmark = pytest.mark.django_db
AT = NOW + timedelta(hours=1)


def customer(world: World, region: str = "", *, has_contract: bool = False) -> World:
    """Another account that buys the same, with a buyer who is written to at once."""
    account = AccountFactory(region=region)
    CreditAccountFactory(account=account, limit_amount=Decimal(100_000))
    BuyerFactory(account=account, role=BuyerRole.BUYER, promise_mail=PromiseMail.AT_ONCE)
    if has_contract:
        contract = ContractFactory(account=account)
        PriceRowFactory(source=contract, product=world.products[0], unit_price=Decimal(9))
    return replace(world, account=account, ship_to=ShipToFactory(account=account, is_default=True))


def ordered(world: World, qty: int) -> int:
    order_id = place(world.draft(qty), actor=CLERK, now=NOW).order_id
    drain(NOW)
    return order_id


def held(order_id: int) -> tuple[Decimal, Decimal]:
    """(firmly allocated, waiting)"""
    demand = pictures([order_id])[order_id].lines[0].demand
    assert demand is not None
    return demand.allocated, demand.backordered


def letters() -> dict[str, str]:
    return {m.to[0]: m.body for m in mail.outbox if "promise" in m.subject}


def buyer_of(world: World) -> str:
    return world.account.buyers.get().user.email


def test_a_big_order_of_the_long_tail_leaves_a_strategic_account_its_pool():
    tail = stocked_world(stock_qty=100)
    strategic = customer(tail)
    protect(40, product=tail.products[0], account=strategic.account, name="Strategic", valid_from=TODAY)
    big = ordered(tail, 500)
    assert held(big) == (60, 440)
    assert held(ordered(strategic, 40)) == (40, 0)
    assert held(big) == (60, 440)
    assert breaches() == []


def test_under_a_shortage_the_last_region_waits_contract_goes_before_spot_and_each_buyer_is_told_why():
    """30 are there and 60 come on the 12th; three customers want 20 each, the East ordered first."""
    world = stocked_world(stock_qty=30)
    product = world.products[0]
    record_inbound(
        product_id=product.pk, site_id=world.site.pk, reference="PO-7", qty=Decimal(60), eta_date=later(10),
        actor=CLERK, now=NOW,
    )  # fmt: skip
    east, spot = customer(world, "East"), customer(world, "West")
    contract = customer(world, "West", has_contract=True)
    rep = AssignmentFactory(account=east.account).rep
    orders = [ordered(east, 20), ordered(spot, 20), ordered(contract, 20)]
    assert [held(i) for i in orders] == [(20, 0), (10, 10), (0, 20)]
    assert list(Demand.objects.order_by("pk").values_list("is_contract", flat=True)) == [False, False, True]

    policy = Policy(code="shortage", name="Shortage", region_ranks={"West": 1, "East": 2}, may_take_promises=True)
    segments = (SegmentDraft("all", "redistribute", sort="region, contract, age"),)
    save_policy(draft=PolicyDraft(policy, segments, skus=(product.sku,)), actor=CLERK, now=AT)
    allocate(trigger_key="shortage", product_ids=[product.pk], actor=CLERK, now=AT)
    drain(AT)
    assert [held(i) for i in orders] == [(0, 20), (10, 10), (20, 0)]
    changed = AllocationChange.objects.filter(run__trigger_key="shortage").order_by("demand")
    changed = changed.values_list("before_qty", "after_qty", "was_date", "now_date")
    assert list(changed) == [(20, 0, later(2), later(12)), (0, 20, later(12), later(2))]

    send_letters(now=AT + timedelta(minutes=1))
    told = letters()
    assert set(told) == {buyer_of(east), rep.user.email, buyer_of(contract)}  # nothing moved for who kept what they had
    for reader in (buyer_of(east), rep.user.email):
        assert f"Line 1: 20 of {product.sku}, 4 Mar 2026 → 14 Mar 2026" in told[reader]
        assert "Why: orders that rank higher came first" in told[reader]
    assert f"Line 1: 20 of {product.sku}, 14 Mar 2026 → 4 Mar 2026" in told[buyer_of(contract)]
    assert Case.objects.filter(kind="allocation_conflict").count() == 1
    assert Case.objects.filter(kind="promise_moved", subject_id=orders[0]).count() == 1

    # What comes in is dealt by the policy too: the West is whole before the East has any.
    stock(product, world.site, 15)
    drain(AT)
    assert [held(i) for i in orders] == [(5, 15), (20, 0), (20, 0)]
    assert breaches() == []

    # Its own order is served again: the conflict is over, though another customer waits for the product.
    ordered(customer(world, "East"), 40)
    case = Case.objects.filter(kind="allocation_conflict").earliest("pk")
    detect_all(now=AT, only=case.kind)
    assert Case.objects.get(pk=case.pk).status == "open"
    stock(product, world.site, 15)
    allocate(trigger_key="more", product_ids=[product.pk], actor=CLERK, now=AT)
    assert (held(orders[0]), Demand.objects.filter(backordered_qty__gt=0).count()) == ((20, 0), 1)
    detect_all(now=AT, only=case.kind)
    assert Case.objects.get(pk=case.pk).status == "auto_resolved"
