"""Orders, amendments, payments, limits, cancellations, shipments, recalls: nothing is released above the limit without an
approval that is valid at that moment, and exposure = ledger = documents after every step.

OMS_CASES=200 looks further than the default.
"""

import os
from contextlib import suppress
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from billing.services.post_receipt import post_receipt
from core.actors import Actor
from core.errors import DomainError
from core.models import ExchangeRate
from core.overrides import Reason
from core.testing import drain, outer_atomic
from credit.models import CreditAccount
from credit.queries import exposure
from credit.services.change_limit import change_limit
from credit.services.grant_addition import AdditionSpec, grant_addition
from credit.states import AdditionKind
from fulfillment.models import Shipment
from fulfillment.services.answer_recall import accept_recall
from fulfillment.services.ask_recall import ask_recall
from fulfillment.services.confirm_pick import confirm_pick
from fulfillment.services.confirm_shipment import confirm_shipment
from fulfillment.services.release_orders import release_orders
from fulfillment.services.release_part import release_part
from orders.models import Hold, Order
from orders.rules.asks import Part
from orders.rules.wishes import LineWish, Wish
from orders.services.amend import amend
from orders.services.cancel import cancel_lines
from orders.services.clear_hold import clear_hold
from orders.services.place import place
from orders.services.reject_hold import reject_hold
from tests.factories.flow import breaches, stocked_world
from tests.factories.orders import NOW, World
from tests.factories.pricing import FreightFactory, TaxFactory

CASES = int(os.environ.get("OMS_CASES", "6"))
STEPS = int(os.environ.get("OMS_STEPS", "14"))
ROLES = ("cs", "cs_lead", "finance", "finance_approver", "warehouse")
BOSS = Actor("Boss", roles=frozenset(ROLES), channel="console")
WHY = Reason("test", "the machine wanted it so")
any_one = st.integers(0, 10_000)
quantities = st.sampled_from([Decimal(q) for q in ("1", "3", "7", "12")])
amounts = st.sampled_from([Decimal(a) for a in ("0", "0.01", "33.33", "90", "150", "400")])


class Credit(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.outer = outer_atomic()
        self.outer.__enter__()
        self.now: datetime = NOW
        self.count = 0

    def teardown(self) -> None:
        self.outer.__exit__(None, None, None)

    @initialize(
        limit=st.sampled_from([0, 50, 150, 1000]), rate=st.sampled_from([None, "0.913777"]), has_charges=st.booleans()
    )
    def begin(self, limit: int, rate: str | None, has_charges: bool) -> None:
        """With a rate, all is ordered and paid in dollars and owed in euros; with charges, tax and freight come to it."""
        if has_charges:
            TaxFactory(percent=Decimal("8.25"))
            FreightFactory(percent=Decimal("3.333"), free_from_amount=100)
        self.world: World = stocked_world(products=2, stock_qty=100_000, limit=limit)
        self.account_id = self.world.account.pk
        self.is_converted = rate is not None
        if rate:
            CreditAccount.objects.update(currency="EUR")
            self.rate_changes(rate)

    @rule(rate=st.sampled_from(["0.9", "0.87654321", "1.1"]))
    def rate_changes(self, rate: str) -> None:
        """Also for a day that orders were counted on already: they keep the rate they have."""
        if self.is_converted:
            ExchangeRate.objects.update_or_create(
                base="USD", quote="EUR", valid_from=self.now.date(), defaults={"rate": Decimal(rate)}
            )

    def one_order(self, n: int) -> int | None:
        ids = list(Order.objects.filter(status="submitted").order_by("pk").values_list("pk", flat=True))
        return ids[n % len(ids)] if ids else None

    def one_hold(self, n: int) -> Hold | None:
        holds = list(Hold.objects.filter(reason="credit", cleared_at__isnull=True).order_by("pk"))
        return holds[n % len(holds)] if holds else None

    @rule(first=quantities, second=st.one_of(st.none(), quantities))
    def order(self, first: Decimal, second: Decimal | None) -> None:
        qtys = [str(q) for q in (first, second) if q is not None]
        place(self.world.draft(*qtys), actor=BOSS, now=self.now)
        drain(self.now)

    @rule(n=any_one, is_part=st.booleans())
    def release(self, n: int, is_part: bool) -> None:
        order_id = self.one_order(n)
        if order_id is None:
            return
        order = Order.objects.get(pk=order_id)
        if is_part:
            outcome = release_part(order_id=order_id, part=Part(), actor=BOSS, now=self.now)
        else:
            (outcome,) = release_orders(order_ids=[order_id], actor=BOSS, now=self.now)
        if not outcome.is_released or self.is_approved(order):
            return
        found = exposure([self.account_id], on=self.now.date())[self.account_id]
        beyond_recall = found.parts.receivable + found.parts.shipped + found.parts.released - found.parts.unapplied
        cents = Decimal("0.01") * Order.objects.count() if self.is_converted else 0  # rounded anew in every bucket
        assert beyond_recall <= found.limit + found.temporary + found.insured + cents

    def is_approved(self, order: Order) -> bool:
        waivers = Hold.objects.filter(order=order, is_waiver=True, rule="credit")
        return any(
            (w.ceiling_amount is None or order.total_amount <= w.ceiling_amount)
            and (w.valid_until is None or self.now <= w.valid_until)
            for w in waivers
        )

    @rule(n=any_one, days=st.integers(1, 3))
    def approve(self, n: int, days: int) -> None:
        if hold := self.one_hold(n):
            until = self.now + timedelta(days=days)
            clear_hold(hold_id=hold.pk, reason=WHY, actor=BOSS, now=self.now, valid_until=until)
            drain(self.now)

    @rule(n=any_one)
    def reject(self, n: int) -> None:
        if hold := self.one_hold(n):
            reject_hold(hold_id=hold.pk, note=WHY.note, actor=BOSS, now=self.now)
            drain(self.now)

    @rule(amount=amounts)
    def pay(self, amount: Decimal) -> None:
        self.count += 1
        with suppress(DomainError):  # nothing is no payment
            post_receipt(
                account_id=self.account_id,
                amount=amount,
                currency="USD",
                received_date=self.now.date(),
                reference=f"WIRE-{self.count}",
                actor=BOSS,
                now=self.now,
            )
        drain(self.now)

    @rule(amount=amounts)
    def set_limit(self, amount: Decimal) -> None:
        change_limit(account_id=self.account_id, limit_amount=amount, reason=WHY, actor=BOSS, now=self.now)
        drain(self.now)

    @rule(amount=st.sampled_from([Decimal(20), Decimal(90)]), days=st.integers(1, 4))
    def add_for_a_while(self, amount: Decimal, days: int) -> None:
        spec = AdditionSpec(AdditionKind.TEMPORARY, amount, self.now.date(), self.now.date() + timedelta(days=days))
        grant_addition(account_id=self.account_id, addition=spec, reason=WHY, actor=BOSS, now=self.now)
        drain(self.now)

    @rule(n=any_one, line=st.integers(1, 2), part=st.booleans())
    def cancel(self, n: int, line: int, part: bool) -> None:
        order_id = self.one_order(n)
        if order_id is not None:
            qty = Decimal("0.1") if part else None
            with suppress(DomainError):  # no such line, nothing left of it
                cancel_lines(order_id=order_id, quantities={line: qty}, reason="changed", actor=BOSS, now=self.now)
            drain(self.now)

    @rule(n=any_one, line=st.sampled_from([1, 2, None]), qty=quantities)
    def amend(self, n: int, line: int | None, qty: Decimal) -> None:
        """Another quantity of a line, or one more line."""
        order_id = self.one_order(n)
        if order_id is None:
            return
        product_id = None if line else self.world.products[1].pk
        wish = Wish(lines=(LineWish(line, qty=qty, product_id=product_id),))
        version = Order.objects.get(pk=order_id).version
        with suppress(DomainError):  # no such line, as it is, or more of it has gone
            amend(order_id=order_id, wish=wish, expected_version=version, reason=WHY.note, actor=BOSS, now=self.now)
        drain(self.now)

    @rule(n=any_one, is_short=st.booleans())
    def ship(self, n: int, is_short: bool) -> None:
        rows = list(Shipment.objects.filter(status="released").order_by("pk"))
        if not rows:
            return
        shipment = rows[n % len(rows)]
        lines = shipment.lines.order_by("pk")
        picks = {x.pk: (x.qty / 2).quantize(Decimal("0.0001")) for x in lines} if is_short else {}
        confirm_pick(shipment_id=shipment.pk, picks=picks, short_reason="bin empty", actor=BOSS, now=self.now)
        confirm_shipment(shipment_id=shipment.pk, carrier="UPS", tracking_number="1Z", actor=BOSS, now=self.now)
        drain(self.now)

    @rule(n=any_one, goes_again=st.booleans())
    def recall(self, n: int, goes_again: bool) -> None:
        """The warehouse gives a shipment back: as if it had never been released, but held by hand."""
        rows = list(Shipment.objects.filter(status="released").order_by("pk"))
        if not rows:
            return
        recall_id = ask_recall(shipment_id=rows[n % len(rows)].pk, note=WHY.note, actor=BOSS, now=self.now)
        order_id = accept_recall(recall_id=recall_id, actor=BOSS, now=self.now)
        for hold in Hold.objects.filter(order_id=order_id, reason="manual", cleared_at__isnull=True):
            if goes_again:
                clear_hold(hold_id=hold.pk, reason=WHY, actor=BOSS, now=self.now)
        drain(self.now)

    @rule(days=st.integers(1, 2))
    def days_pass(self, days: int) -> None:
        self.now += timedelta(days=days)

    @invariant()
    def books_are_whole(self) -> None:
        if hasattr(self, "account_id"):
            assert breaches() == []

    @invariant()
    def nothing_is_negative(self) -> None:
        for row in CreditAccount.objects.all():
            assert min(row.released_amount, row.shipped_amount, row.unapplied_amount) >= 0


@pytest.mark.django_db(transaction=True)
def test_nothing_is_released_above_the_limit_without_a_valid_approval():
    run_state_machine_as_test(
        Credit,
        settings=settings(
            max_examples=CASES,
            stateful_step_count=STEPS,
            deadline=None,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
        ),
    )
