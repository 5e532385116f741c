"""Whatever people do in whatever order, stock, money and promises stay whole after each step.

Hypothesis drives the real services over a small world: two products, two accounts, two sites. HOLDFAST_EXAMPLES=200
(and HOLDFAST_STEPS) looks further than the default.
"""

import os
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.db.models import F, Sum
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from accounts.models import Account, ShipTo
from billing.models import Invoice, Receipt
from billing.services.post_receipt import post_receipt
from core.actors import Actor
from core.errors import DomainError
from core.overrides import Reason
from core.refs import DocumentRef
from core.testing import drain, outer_atomic
from credit.models import CreditAccount, OpenOrderDay, Posting
from credit.services.change_limit import change_limit
from fulfillment.models import Shipment, ShipmentLine
from fulfillment.services.confirm_pick import confirm_pick
from fulfillment.services.confirm_shipment import confirm_shipment
from fulfillment.services.release_orders import release_orders
from inventory.models import Demand, Promise, Site, StockBalance, StockMovement
from inventory.services.receive_stock import receive_stock
from inventory.services.record_inbound import record_inbound
from orders.models import Hold, Order, OrderLine
from orders.rules.asks import LineDraft, OrderDraft
from orders.rules.wishes import LineWish, Wish
from orders.services.amend import amend
from orders.services.cancel import cancel_lines, cancel_order
from orders.services.clear_hold import clear_hold
from orders.services.place import place
from orders.services.place_hold import place_hold
from orders.states import Blocks, Channel
from tests.factories.accounts import AccountFactory, ShipToFactory
from tests.factories.catalog import ProductFactory
from tests.factories.credit import CreditAccountFactory
from tests.factories.flow import breaches
from tests.factories.orders import NOW
from tests.factories.pricing import PriceRowFactory, SourceFactory

EXAMPLES = int(os.environ.get("HOLDFAST_EXAMPLES", "15"))
STEPS = int(os.environ.get("HOLDFAST_STEPS", "12"))
ZERO, CENT = Decimal(0), Decimal("0.01")
BOSS_ROLES = ("cs", "cs_lead", "finance", "finance_approver", "pricing", "warehouse", "planner")
REASON = Reason("test", "the machine wanted it so")

quantities = st.sampled_from([Decimal(x) for x in ("1", "2", "7", "0.5", "3.3333", "0.0001", "12.0005")])
picks = st.integers(0, 10)
few = st.integers(0, 1)
any_one = st.integers(0, 10_000)


def boss(name: str) -> Actor:
    return Actor(name, roles=frozenset(BOSS_ROLES), channel="console")


class Trade(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.outer = outer_atomic()
        self.outer.__enter__()
        self.now: datetime = NOW
        self.count = 0
        self.received: dict[int, Decimal] = {}

    def teardown(self) -> None:
        self.outer.__exit__(None, None, None)

    @initialize(limits=st.tuples(*[st.sampled_from([0, 60, 300, 5_000])] * 2))
    def world(self, limits: tuple[int, int]) -> None:
        source = SourceFactory()
        self.products = ProductFactory.create_batch(2, standard_cost=Decimal(1), order_multiple=0, min_order_qty=0)
        for product, price in zip(self.products, ("10", "3.333335"), strict=True):
            PriceRowFactory(source=source, product=product, unit_price=Decimal(price))
        self.sites = [Site.objects.create(code=f"S{n}", name=f"Site {n}", rank=n) for n in range(2)]
        self.ship_tos: list[ShipTo] = []
        self.accounts: list[Account] = []
        for limit, policy in zip(limits, ("none", "line"), strict=True):
            account: Account = AccountFactory(ship_complete=policy)  # type: ignore[assignment]
            self.accounts.append(account)
            ship_to: ShipTo = ShipToFactory(account=account, is_default=True)  # type: ignore[assignment]
            self.ship_tos.append(ship_to)
            CreditAccountFactory(account=account, limit_amount=Decimal(limit))
        self.actor = boss("Machine")
        for n in range(4):
            self.stock(n % 2, n // 2, Decimal(10))

    # what people do

    def attempt(self, call: Callable[[], object]) -> object:
        """A clean refusal is an answer; anything else than a domain error is a defect."""
        with suppress(DomainError):
            result = call()
            with connection.cursor() as cursor:
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
                cursor.execute("SET CONSTRAINTS ALL DEFERRED")
            return result
        return None

    def next_id(self) -> int:
        self.count += 1
        return self.count

    @rule(
        who=few, lines=st.lists(st.tuples(few, quantities), min_size=1, max_size=3), days=st.sampled_from([None, 3, 45])
    )
    def place_an_order(self, who: int, lines: list[tuple[int, Decimal]], days: int | None) -> None:
        draft = OrderDraft(
            self.accounts[who].pk,
            Channel.CONSOLE,
            "USD",
            tuple(LineDraft(i + 1, q, product_id=self.products[p].pk) for i, (p, q) in enumerate(lines)),
            po_number=f"PO-{self.next_id()}",
            ship_to_id=self.ship_tos[who].pk,
            requested_date=self.now.date() + timedelta(days=days) if days else None,
        )
        assert place(draft, actor=self.actor, now=self.now).order_id

    @rule(product=few, site=few, qty=quantities)
    def stock(self, product: int, site: int, qty: Decimal) -> None:
        receive_stock(
            product_id=self.products[product].pk,
            site_id=self.sites[site].pk,
            qty=qty,
            source=DocumentRef("receipt", self.next_id()),
            actor=self.actor,
            now=self.now,
        )
        self.received[product] = self.received.get(product, ZERO) + qty

    @rule(product=few, qty=quantities, days=st.integers(1, 9))
    def expect_inbound(self, product: int, qty: Decimal, days: int) -> None:
        record_inbound(
            product_id=self.products[product].pk,
            site_id=self.sites[0].pk,
            reference=f"IN-{self.next_id()}",
            qty=qty,
            eta_date=self.now.date() + timedelta(days=days),
            actor=self.actor,
            now=self.now,
        )

    @rule()
    def react(self) -> None:
        drain(self.now)

    @rule(hours=st.sampled_from([1, 12, 24 * 31, 24 * 40]))
    def wait(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @rule(pick=any_one, all_of_them=st.booleans())
    def release(self, pick: int, all_of_them: bool) -> None:
        drain(self.now)
        ids = list(Order.objects.filter(status="submitted").order_by("pk").values_list("pk", flat=True))
        if ids:
            chosen = ids if all_of_them else [ids[pick % len(ids)]]
            release_orders(order_ids=chosen, actor=self.actor, now=self.now)

    @rule(pick=any_one, tenths=st.lists(picks, min_size=4, max_size=4))
    def pick_a_shipment(self, pick: int, tenths: list[int]) -> None:
        shipment = self.one(Shipment.objects.filter(status="released"), pick)
        if shipment is None:
            return
        lines = ShipmentLine.objects.filter(shipment=shipment).order_by("pk")
        found = {
            x.pk: x.qty if tenths[i % 4] > 5 else (x.qty * tenths[i % 4] / 10).quantize(Decimal("0.0001"))
            for i, x in enumerate(lines)
        }
        confirm_pick(shipment_id=shipment.pk, picks=found, short_reason="bin empty", actor=self.actor, now=self.now)

    @rule(pick=any_one)
    def ship(self, pick: int) -> None:
        shipment = self.one(Shipment.objects.filter(status="packed"), pick)
        if shipment is not None:
            confirm_shipment(shipment_id=shipment.pk, actor=self.actor, now=self.now)

    @rule(who=few, cents=st.integers(1, 9_999))
    def pay(self, who: int, cents: int) -> None:
        post_receipt(
            account_id=self.accounts[who].pk,
            amount=CENT * cents,
            currency="USD",
            received_date=self.now.date(),
            reference=f"WIRE-{self.next_id()}",
            actor=self.actor,
            now=self.now,
        )

    @rule(pick=any_one)
    def cancel_an_order(self, pick: int) -> None:
        order = self.one(Order.objects.all(), pick)
        if order is not None:
            self.attempt(lambda: cancel_order(order_id=order.pk, reason="not wanted", actor=self.actor, now=self.now))

    @rule(pick=any_one, qty=st.one_of(st.none(), quantities))
    def cancel_a_line(self, pick: int, qty: Decimal | None) -> None:
        line = self.one(OrderLine.objects.all(), pick)
        if line is not None:
            self.attempt(
                lambda: cancel_lines(
                    order_id=line.order_id,
                    quantities={line.line_no: qty},
                    reason="less wanted",
                    actor=self.actor,
                    now=self.now,
                )
            )

    @rule(
        pick=any_one,
        qty=st.one_of(st.just(ZERO), quantities),
        more=st.one_of(st.none(), quantities),
        days=st.one_of(st.none(), picks),
    )
    def amend_an_order(self, pick: int, qty: Decimal, more: Decimal | None, days: int | None) -> None:
        line = self.one(OrderLine.objects.all(), pick)
        if line is None:
            return
        lines = [LineWish(line.line_no, qty)]
        if more is not None:
            lines.append(LineWish(qty=more, product_id=self.products[pick % len(self.products)].pk))
        day = None if days is None else self.now.date() + timedelta(days=days)
        version = Order.objects.get(pk=line.order_id).version
        self.attempt(
            lambda: amend(
                order_id=line.order_id, wish=Wish(tuple(lines), requested_date=day), expected_version=version,
                reason="something else", actor=self.actor, now=self.now,
            )
        )  # fmt: skip

    @rule(who=few, limit=st.sampled_from([0, 50, 500, 20_000]))
    def change_the_limit(self, who: int, limit: int) -> None:
        change_limit(
            account_id=self.accounts[who].pk,
            limit_amount=Decimal(limit),
            reason=REASON,
            actor=self.actor,
            now=self.now,
        )

    @rule(pick=any_one)
    def clear_a_hold(self, pick: int) -> None:
        hold = self.one(Hold.objects.filter(cleared_at=None), pick)
        if hold is not None:
            self.attempt(lambda: clear_hold(hold_id=hold.pk, reason=REASON, actor=boss("Second"), now=self.now))

    @rule(
        pick=any_one, blocks=st.sampled_from([(Blocks.RELEASE,), (Blocks.ALLOCATE,), (Blocks.ALLOCATE, Blocks.RELEASE)])
    )
    def hold_by_hand(self, pick: int, blocks: tuple[Blocks, ...]) -> None:
        order = self.one(Order.objects.all(), pick)
        if order is not None:
            self.attempt(
                lambda: place_hold(
                    order_id=order.pk, note="customer asked to wait", blocks=blocks, actor=self.actor, now=self.now
                )
            )

    def one(self, rows, pick: int):
        ids = list(rows.order_by("pk"))
        return ids[pick % len(ids)] if ids else None

    # what must hold after each step

    @invariant()
    def every_registered_invariant_holds(self) -> None:
        assert breaches() == []

    @invariant()
    def no_goods_appear_or_vanish(self) -> None:
        if not self.count:
            return
        for n, product in enumerate(self.products):
            here = StockBalance.objects.filter(product=product).aggregate(x=Sum("on_hand_qty"))["x"] or ZERO
            gone = Demand.objects.filter(product=product).aggregate(x=Sum("shipped_qty"))["x"] or ZERO
            assert here + gone == self.received.get(n, ZERO)
        assert not StockMovement.objects.filter(kind="adjust").exists()

    @invariant()
    def every_open_unit_has_a_promise(self) -> None:
        current = dict(
            Promise.objects.filter(is_current=True)
            .values_list("demand_id")
            .annotate(x=Sum("qty"))
            .values_list("demand_id", "x")
        )
        for d in Demand.objects.all():
            left = d.ordered_qty - d.cancelled_qty - d.shipped_qty
            assert current.get(d.pk, ZERO) == left, f"demand {d.pk}"

    @invariant()
    def no_money_appears_or_vanishes(self) -> None:
        for credit in CreditAccount.objects.all():
            mine = {"account_id": credit.account_id}
            billed = Invoice.objects.filter(**mine).aggregate(x=Sum("total_amount"), p=Sum("paid_amount"))
            cash = Receipt.objects.filter(**mine).aggregate(x=Sum("amount"), p=Sum("applied_amount"))
            assert (billed["p"] or ZERO) == (cash["p"] or ZERO)
            waiting = OpenOrderDay.objects.filter(credit_account=credit).aggregate(x=Sum("amount"))["x"] or ZERO
            worth = waiting + credit.released_amount + credit.shipped_amount + (billed["x"] or ZERO)
            standing = (
                Order.objects.filter(**mine).exclude(status="draft").aggregate(x=Sum("total_amount"))["x"] or ZERO
            )
            pieces = ShipmentLine.objects.filter(shipment__account_id=credit.account_id).count()
            lines = OrderLine.objects.filter(order__account_id=credit.account_id).count()
            assert abs(worth - standing) <= CENT * (pieces + lines) / 2
            total = Posting.objects.filter(credit_account=credit).exclude(bucket="unapplied").aggregate(x=Sum("amount"))
            assert (total["x"] or ZERO) == worth - (billed["p"] or ZERO)

    @invariant()
    def nobody_held_is_gone_and_nothing_is_negative(self) -> None:
        assert not Hold.objects.filter(cleared_at=None, order__status__in=("closed", "cancelled")).exists()
        assert not OpenOrderDay.objects.filter(amount__lt=0).exists()
        assert not CreditAccount.objects.filter(unapplied_amount__lt=0).exists()
        assert not CreditAccount.objects.filter(receivable_amount__lt=0).exists()
        assert not Invoice.objects.filter(paid_amount__gt=F("total_amount")).exists()


@pytest.mark.django_db(transaction=True)
def test_stock_money_and_promises_stay_whole_whatever_happens_in_whatever_order():
    run_state_machine_as_test(
        Trade,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
        ),
    )
