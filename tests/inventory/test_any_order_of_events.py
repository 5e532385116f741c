"""Whatever happens in whatever order, every unit is in one place and every invariant holds after each step."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from core.errors import Refused
from core.refs import DocumentRef
from core.testing import outer_atomic, unit
from inventory.models import Claim, InboundSupply, StockBalance
from inventory.queries import claims, demand_states, promises
from inventory.rules.asks import DemandChange, RankSnapshot
from inventory.services.adjust_stock import StockIsClaimed, adjust_stock
from inventory.services.allocate import allocate
from inventory.services.cancel import cancel
from inventory.services.confirm_picked import confirm_picked
from inventory.services.confirm_shipped import confirm_shipped
from inventory.services.expire_claims import expire_claims
from inventory.services.receive_stock import receive_stock
from inventory.services.record_inbound import record_inbound
from inventory.services.refresh_demands import refresh_demands
from inventory.services.release_claims import release_claims
from inventory.services.reserve import reserve
from inventory.states import ClaimKind
from tests.factories.inventory import (
    NOW,
    PLANNER,
    TODAY,
    SiteFactory,
    StockedProductFactory,
    breaches,
    open_and_reserve,
    spec,
)

quantities = st.integers(1, 9).map(Decimal)
few = st.integers(0, 1)
seldom = st.sampled_from([False, False, False, True])


class Warehouse(RuleBasedStateMachine):
    demands = Bundle("demands")

    def __init__(self):
        super().__init__()
        self.outer = outer_atomic()
        self.outer.__enter__()
        self.now, self.steps, self.shipped = NOW, 0, Decimal(0)

    def teardown(self):
        self.outer.__exit__(None, None, None)

    @initialize()
    def build(self):
        self.products = StockedProductFactory.create_batch(2)
        self.sites = [SiteFactory(rank=1, transit_days=1), SiteFactory(rank=2, transit_days=4)]
        for product in (0, 1):  # so that most demands get something and go on to the warehouse
            self.receive(product, 0, Decimal(20), "", False)

    def step(self):
        self.steps += 1
        self.now += timedelta(minutes=7)
        return self.steps

    @rule(product=few, site=few, qty=quantities, lot=st.sampled_from(["", "SOON", "LATE"]), from_inbound=st.booleans())
    def receive(self, product, site, qty, lot, from_inbound):
        inbound = InboundSupply.objects.filter(is_closed=False, product=self.products[product]).first()
        receive_stock(
            product_id=self.products[product].pk,
            site_id=self.sites[site].pk,
            qty=qty,
            lot_code=lot,
            expiry_date={"SOON": TODAY + timedelta(days=9), "LATE": TODAY + timedelta(days=90)}.get(lot),
            inbound_id=inbound.pk if inbound and from_inbound else None,
            source=DocumentRef("receipt", self.step()),
            actor=PLANNER,
            now=self.now,
        )

    @rule(product=few, site=few, qty=quantities, days=st.integers(-9, 20))
    def expect_inbound(self, product, site, qty, days):
        record_inbound(
            product_id=self.products[product].pk,
            site_id=self.sites[site].pk,
            reference="PO-1",
            qty=qty,
            eta_date=TODAY + timedelta(days=days),
            actor=PLANNER,
            now=self.now,
        )

    @rule(
        target=demands,
        lines=st.lists(st.tuples(few, quantities, st.integers(1, 3), seldom), min_size=1, max_size=4),
        is_quote=st.booleans(),
    )
    def submit(self, lines, is_quote):
        self.step()
        specs = [
            spec(
                self.products[product],
                qty,
                rank=RankSnapshot(tier_rank=tier),
                is_blocked=blocked,
                min_shelf_life_days=20 if tier == 1 else 0,
                site_id=self.sites[1].pk if tier == 2 else None,
            )
            for product, qty, tier, blocked in lines
        ]
        expires_at = self.now + timedelta(minutes=30) if is_quote else None
        return multiple(*[r.demand_id for r in open_and_reserve(specs, now=self.now, expires_at=expires_at)])

    @rule(demand=demands, other=demands)
    def reserve_again(self, demand, other):
        self.step()
        with unit():
            reserve([demand, other], now=self.now)

    @rule(product=few)
    def run(self, product):
        allocate(trigger_key=f"run {self.step()}", product_ids=[self.products[product].pk], actor=PLANNER, now=self.now)

    @rule(demand=demands, is_blocked=st.booleans())
    def block_or_clear(self, demand, is_blocked):
        self.step()
        with unit():
            refresh_demands({demand: DemandChange(is_blocked=is_blocked)}, now=self.now)

    @rule(demand=demands)
    def release(self, demand):
        self.step()
        hard = demand_states([demand])[demand].allocated
        with unit():
            assert sum(c.qty for c in release_claims([demand], now=self.now)[demand]) == hard

    @rule(demand=demands, missing=st.integers(0, 9).map(Decimal))
    def pick(self, demand, missing):
        self.step()
        picks = {c.claim_id: max(c.qty - missing, Decimal(0)) for c in claims([demand], [ClaimKind.RELEASED])[demand]}
        released = sum(c.qty for c in claims([demand], [ClaimKind.RELEASED])[demand])
        with unit():
            shorted = confirm_picked(picks, now=self.now, actor=PLANNER)
        assert sum(s.qty for s in shorted) == released - sum(picks.values())

    @rule(demand=demands)
    def ship(self, demand):
        picked = claims([demand], [ClaimKind.PICKED])[demand]
        with unit():
            confirm_shipped(
                [c.claim_id for c in picked], source=DocumentRef("shipment", self.step()), now=self.now, actor=PLANNER
            )
        self.shipped += sum(c.qty for c in picked)

    @rule(demand=demands, missing=st.integers(0, 2).map(Decimal))
    def fulfil(self, demand, missing):
        """All of it in one go; by single steps alone few examples get as far as a shipment."""
        for product in (0, 1):
            self.run(product)
        self.release(demand)
        self.pick(demand, missing)
        self.ship(demand)

    @rule(demand=demands, qty=st.none() | quantities)
    def cancel_some(self, demand, qty):
        self.step()
        before = demand_states([demand])[demand]
        free = before.backordered + before.reserved + before.allocated
        try:
            with unit():
                done = cancel([demand], None if qty is None else {demand: qty}, now=self.now)
        except Refused:
            assert qty > free
            assert demand_states([demand])[demand] == before
        else:
            assert done == {demand: free if qty is None else qty}

    @rule(qty=quantities, pick=st.integers(0, 5))
    def lose_stock(self, qty, pick):
        self.step()
        balances = list(StockBalance.objects.filter(product__in=self.products, on_hand_qty__gt=0).order_by("id"))
        if not balances:
            return
        b = balances[pick % len(balances)]
        free = b.on_hand_qty - b.released_qty - b.picked_qty
        try:
            adjust_stock(balance_id=b.pk, qty=-qty, reason="counted less", actor=PLANNER, now=self.now)
        except StockIsClaimed:
            assert qty > free

    @rule()
    def sweep(self):
        self.step()
        expire_claims(now=self.now)
        assert not Claim.objects.filter(state="open", expires_at__lte=self.now).exists()

    @invariant()
    def nothing_is_promised_twice(self):
        assert breaches() == []

    @invariant()
    def shipped_units_left_the_building(self):
        if hasattr(self, "products"):
            rows = Claim.objects.filter(ended="shipped", demand__product__in=self.products)
            assert sum(c.qty for c in rows) == self.shipped

    @invariant()
    def promises_name_a_day_or_say_there_is_none(self):
        for slices in promises(list(Claim.objects.values_list("demand_id", flat=True))).values():
            assert all((s.delivery_date is None) == (s.kind == "none") for s in slices)


@pytest.mark.django_db
def test_every_unit_is_in_one_place_after_any_order_of_events():
    run_state_machine_as_test(
        Warehouse,
        settings=settings(
            max_examples=25, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
