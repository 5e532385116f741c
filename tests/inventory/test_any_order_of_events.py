"""Whatever happens in whatever order: the services agree with stock kept on paper, and every invariant holds.

40 rules over two products, two sites and three lots, two customers and orders of several lines, two trunks and a
consignment (field_steps.py). OMS_CASES=6000 looks at twenty times as many examples.
"""

import os
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
    precondition,
    rule,
    run_state_machine_as_test,
)

from core.errors import Refused
from core.refs import DocumentRef
from core.testing import outer_atomic, unit
from inventory.models import Claim, StockBalance
from inventory.queries import availability, claims, demand_states, promises
from inventory.rules.asks import AvailabilityQuery, DemandAmendment, DemandChange, RankSnapshot
from inventory.rules.atp import expected_on
from inventory.services.adjust_stock import StockIsClaimed, adjust_stock
from inventory.services.allocate import allocate
from inventory.services.cancel import cancel
from inventory.services.confirm_picked import confirm_picked
from inventory.services.confirm_shipped import NotPicked, confirm_shipped
from inventory.services.expire_claims import expire_claims
from inventory.services.receive_stock import ReceivedOtherwise, receive_stock
from inventory.services.record_inbound import record_inbound
from inventory.services.refresh_demands import refresh_demands
from inventory.services.release_claims import release_claims
from inventory.services.reserve import reserve
from inventory.states import ClaimKind
from tests.factories.accounts import AccountFactory
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
from tests.inventory.field_steps import FieldSteps
from tests.inventory.stock_model import HARD, PICKED, RELEASED, SOFT, Cell, Need, Place, StockModel

EXPIRY = {"": None, "SOON": TODAY + timedelta(days=9), "LATE": TODAY + timedelta(days=90)}
WANTED_ON = TODAY + timedelta(days=3)
SHELF_LIFE = 20
CASES = int(os.environ.get("OMS_CASES", "300"))
quantities = st.integers(1, 9).map(Decimal)
few = st.integers(0, 1)
lots = st.sampled_from(sorted(EXPIRY))
seldom = st.sampled_from([False, False, False, True])
lines = st.lists(st.tuples(few, quantities, st.integers(1, 3), seldom), min_size=1, max_size=4)


class Warehouse(FieldSteps, RuleBasedStateMachine):
    lots_by_expiry = EXPIRY
    demands = Bundle("demands")
    carts = Bundle("carts")

    def __init__(self):
        super().__init__()
        self.outer = outer_atomic()
        self.outer.__enter__()
        self.now, self.steps, self.model = NOW, 0, StockModel(TODAY)
        self.inbound, self.receipts = {}, {}

    def teardown(self):
        self.outer.__exit__(None, None, None)

    @initialize()
    def build(self):
        self.products = StockedProductFactory.create_batch(2)
        self.sites = [SiteFactory(rank=1, transit_days=1), SiteFactory(rank=2, transit_days=4)]
        self.places = [Place(s.rank, s.pk, s.transit_days) for s in self.sites]
        self.accounts = AccountFactory.create_batch(2)
        for product in (0, 1):  # in small heaps, so that a demand is often served from several
            for site, lot in ((0, ""), (0, "LATE"), (1, "")):
                self.receive(product, site, Decimal(5), lot)
        self.build_field()

    def step(self):
        self.steps += 1
        self.now += timedelta(minutes=7)
        return self.steps

    def needs(self, ids):
        return [self.model.needs[i] for i in ids]

    # goods come, go astray and are found

    @rule(product=few, site=few, qty=quantities, lot=lots)
    def receive(self, product, site, qty, lot):
        number = self.step()
        self.receipts[number] = (product, site, qty, lot)
        self.cell_of(product, site, lot, self.report(number, inbound_id=None)).on_hand += qty

    def report(self, number, *, inbound_id, more=0):
        product, site, qty, lot = self.receipts[number]
        return receive_stock(
            product_id=self.products[product].pk, site_id=self.sites[site].pk, qty=qty + more, lot_code=lot,
            expiry_date=EXPIRY[lot], inbound_id=inbound_id, source=DocumentRef("receipt", number), actor=PLANNER,
            now=self.now,
        )  # fmt: skip

    def cell_of(self, product, site, lot, balance_id):
        known = [c for c in self.model.cells if c.balance_id == balance_id]
        if not known:
            place = self.places[site]
            known = [Cell(self.products[product].pk, place, EXPIRY[lot], balance_id=balance_id)]
            self.model.cells += known
        return known[0]

    @rule(data=st.data())
    def report_a_receipt_again(self, data):
        number = data.draw(st.sampled_from(sorted(self.receipts)))
        self.step()
        self.report(number, inbound_id=None)

    @rule(data=st.data())
    def report_a_receipt_with_another_quantity(self, data):
        number = data.draw(st.sampled_from(sorted(self.receipts)))
        self.step()
        with pytest.raises(ReceivedOtherwise):
            self.report(number, inbound_id=None, more=1)

    @rule(product=few, site=few, qty=quantities, days=st.integers(-9, 20))
    def expect_or_move_inbound(self, product, site, qty, days):
        self.step()
        eta = TODAY + timedelta(days=days)
        ident = record_inbound(
            product_id=self.products[product].pk, site_id=self.sites[site].pk, reference="PO-1", qty=qty, eta_date=eta,
            actor=PLANNER, now=self.now,
        )  # fmt: skip
        _, _, _, _, came = self.inbound.get(ident, (0, 0, 0, 0, Decimal(0)))
        self.inbound[ident] = (product, site, qty, eta, came)

    @precondition(lambda self: self.inbound)
    @rule(data=st.data(), qty=quantities, lot=lots)
    def receive_inbound(self, data, qty, lot):
        ident = data.draw(st.sampled_from(sorted(self.inbound)))
        product, site, ordered, eta, came = self.inbound[ident]
        number = self.step()
        self.receipts[number] = (product, site, qty, lot)
        self.cell_of(product, site, lot, self.report(number, inbound_id=ident)).on_hand += qty
        self.inbound[ident] = (product, site, ordered, eta, came + qty)

    @rule(data=st.data(), qty=quantities)
    def find_stock(self, data, qty):
        cell = data.draw(st.sampled_from(self.model.cells))
        self.step()
        adjust_stock(balance_id=cell.balance_id, qty=qty, reason="counted more", actor=PLANNER, now=self.now)
        cell.on_hand += qty

    @rule(data=st.data(), qty=quantities)
    def lose_stock(self, data, qty):
        cell = data.draw(st.sampled_from(self.model.cells))
        self.step()
        try:
            adjust_stock(balance_id=cell.balance_id, qty=-qty, reason="counted less", actor=PLANNER, now=self.now)
        except StockIsClaimed:
            assert qty > cell.on_hand - self.model.claimed(cell, RELEASED, PICKED)
        else:
            self.model.lose(cell, qty)

    # customers want something

    @rule(target=demands, lines=lines, account=few)
    def submit(self, lines, account):
        return multiple(*self.open(lines, account, None))

    @rule(target=carts, lines=lines, account=few)
    def fill_a_cart(self, lines, account):
        return tuple(self.open(lines, account, self.now + timedelta(minutes=37)))

    def open(self, lines, account, expires_at):
        self.step()
        specs = [
            spec(
                self.products[product],
                qty,
                rank=RankSnapshot(tier_rank=tier),
                is_blocked=blocked,
                min_shelf_life_days=SHELF_LIFE if tier == 1 else 0,
                site_id=self.sites[1].pk if tier == 2 else None,
                account_id=self.accounts[account].pk,
            )
            for product, qty, tier, blocked in lines
        ]
        got = open_and_reserve(specs, now=self.now, expires_at=expires_at)
        for asked, one in zip(specs, got, strict=True):
            self.model.needs[one.demand_id] = Need(
                one.demand_id, asked.product_id, asked.qty, asked.rank.tier_rank, self.now, asked.requested_date,
                asked.site_id, asked.min_shelf_life_days, asked.is_blocked,
            )  # fmt: skip
        ids = [one.demand_id for one in got]
        self.model.reserve(self.needs(ids), self.now, expires_at)
        return ids

    @rule(target=demands, cart=carts)
    def order_the_cart(self, cart):
        self.again(cart, None)
        return multiple(*cart)

    @rule(cart=carts)
    def prolong_the_cart(self, cart):
        self.again(cart, self.now + timedelta(minutes=60))

    @rule(demand=demands, other=demands)
    def reserve_again(self, demand, other):
        self.again([demand, other], None)

    def again(self, ids, expires_at):
        self.step()
        with unit():
            reserve(ids, now=self.now, expires_at=expires_at)
        self.model.reserve(self.needs(ids), self.now, expires_at)

    @rule(cart=carts)
    def give_up_the_cart(self, cart):
        self.cancel_all(cart)

    @rule(minutes=st.integers(30, 70))
    def time_passes_and_nobody_sweeps(self, minutes):
        self.now += timedelta(minutes=minutes)

    @rule()
    def sweep(self):
        self.step()
        over = len(self.model.run_out(self.now))
        assert expire_claims(now=self.now) == over
        self.model.expire(self.now)

    # the planner deals

    @rule(product=few)
    def run(self, product):
        key = f"run {self.step()}"
        ident = self.products[product].pk
        first = allocate(trigger_key=key, product_ids=[ident], actor=PLANNER, now=self.now)
        self.model.allocate(ident, self.now)
        assert allocate(trigger_key=key, product_ids=[ident], actor=PLANNER, now=self.now) == first

    @rule(product=few)
    def run_twice(self, product):
        self.run(product)
        self.step()
        again = allocate(
            trigger_key=f"again {self.steps}", product_ids=[self.products[product].pk], actor=PLANNER, now=self.now
        )
        self.model.allocate(self.products[product].pk, self.now)
        assert again.allocated <= sum(h.qty for h in self.model.holds if h.kind == HARD)

    @rule(demand=demands, is_blocked=st.booleans())
    def block_or_clear(self, demand, is_blocked):
        self.step()
        with unit():
            refresh_demands({demand: DemandChange(is_blocked=is_blocked)}, now=self.now)
        self.model.needs[demand].is_blocked = is_blocked

    # the warehouse works

    @rule(demand=demands)
    def release(self, demand):
        self.step()
        hard = self.model.held(self.model.needs[demand], HARD)
        with unit():
            assert sum(c.qty for c in release_claims([demand], now=self.now)[demand]) == hard
        self.model.release(self.model.needs[demand])

    @rule(demand=demands)
    def pick(self, demand):
        self.pick_but(demand, Decimal(0))

    @rule(demand=demands, missing=quantities)
    def pick_short(self, demand, missing):
        self.pick_but(demand, missing)

    def pick_but(self, demand, missing):
        self.step()
        released = [h for h in self.model.holds if h.need.id == demand and h.kind == RELEASED]
        found = claims([demand], [ClaimKind.RELEASED])[demand]
        assert [c.qty for c in found] == [h.qty for h in released]
        picks = {c.claim_id: max(c.qty - missing, Decimal(0)) for c in found}
        with unit():
            shorted = confirm_picked(picks, now=self.now, actor=PLANNER)
        assert sum(s.qty for s in shorted) == sum(h.qty for h in released) - sum(picks.values())
        for hold, qty in zip(released, picks.values(), strict=True):
            self.model.pick(hold, qty)

    @rule(demand=demands)
    def ship(self, demand):
        self.ship_first(demand, 99)

    @rule(demand=demands)
    def ship_a_part(self, demand):
        self.ship_first(demand, 1)

    def ship_first(self, demand, count):
        source = DocumentRef("shipment", self.step())
        picked = claims([demand], [ClaimKind.PICKED])[demand][:count]
        with unit():
            confirm_shipped([c.claim_id for c in picked], source=source, now=self.now, actor=PLANNER)
        holds = [h for h in self.model.holds if h.need.id == demand and h.kind == PICKED][:count]
        assert [h.qty for h in holds] == [c.qty for c in picked]
        for hold in holds:
            self.model.ship(hold)
        for claim in picked[:1]:
            with pytest.raises(NotPicked), unit():
                confirm_shipped([claim.claim_id], source=source, now=self.now, actor=PLANNER)

    @rule(demand=demands)
    def fulfil(self, demand):
        """All of it in one go; by single steps alone few examples get as far as a shipment."""
        for product in (0, 1):
            self.run(product)
        self.release(demand)
        self.pick(demand)
        self.ship(demand)

    # customers change their minds

    @rule(demand=demands, qty=quantities)
    def want_less(self, demand, qty):
        self.step()
        need = self.model.needs[demand]
        if qty > self.model.cancellable(need):
            with pytest.raises(Refused), unit():
                cancel([demand], {demand: qty}, now=self.now)
            return
        with unit():
            assert cancel([demand], {demand: qty}, now=self.now) == {demand: qty}
        self.model.cancel(need, qty)

    @rule(demand=demands, other=demands, more=quantities, less=quantities, days=st.integers(0, 14))
    def amend(self, demand, other, more, less, days):
        """More of one by another day, less of another: what that gives back may serve the first."""
        self.step()
        need, given = self.needs([demand, other])
        day = TODAY + timedelta(days=days)
        taken = Decimal(0) if need is given else min(less, self.model.cancellable(given))
        amending = {other: DemandAmendment(less=taken), demand: DemandAmendment(more=more, requested_date=day)}
        with unit():
            reserve([demand], now=self.now, amending=amending)
        self.model.amend(need, more, day, given, taken, self.now)

    @rule(demand=demands)
    def cancel_line(self, demand):
        self.cancel_all([demand])

    @rule(demand=demands, other=demands)
    def cancel_order(self, demand, other):
        self.cancel_all([demand, other])

    def cancel_all(self, ids):
        self.step()
        expected = {i: self.model.cancellable(self.model.needs[i]) for i in set(ids)}
        with unit():
            assert cancel(ids, now=self.now) == expected
        for demand_id, qty in expected.items():
            self.model.cancel(self.model.needs[demand_id], qty)

    @rule(demand=demands)
    def close_short(self, demand):
        """What has no stock will not come."""
        self.step()
        need = self.model.needs[demand]
        with unit():
            cancel([demand], {demand: self.model.backordered(need)}, now=self.now)
        self.model.cancel(need, self.model.backordered(need))

    # and after each of these

    @invariant()
    def nothing_is_promised_twice(self):
        assert breaches() == []

    @invariant()
    def every_unit_is_where_the_paper_says(self):
        found = demand_states(list(self.model.needs))
        for ident, need in self.model.needs.items():
            s = found[ident]
            buckets = (s.cancelled, s.backordered, s.reserved, s.allocated, s.released, s.picked, s.shipped)
            assert buckets == self.model.buckets(need)

    @invariant()
    def every_balance_is_as_on_paper(self):
        rows = {b.pk: b for b in StockBalance.objects.filter(product__in=getattr(self, "products", []))}
        for cell in self.model.cells:
            b = rows[cell.balance_id]
            claimed = tuple(self.model.claimed(cell, kind) for kind in (SOFT, HARD, RELEASED, PICKED))
            assert (b.on_hand_qty, (b.reserved_qty, b.allocated_qty, b.released_qty, b.picked_qty)) == (
                cell.on_hand,
                claimed,
            )
        set_aside = sum(b.on_hand_qty for b in rows.values() if b.status == "quality")
        assert set_aside == sum(c.short for c in self.model.cells)

    @invariant()
    def each_customer_is_offered_what_is_free_for_them_swept_or_not(self):
        if not hasattr(self, "products"):
            return
        ids = tuple(p.pk for p in self.products)
        for account, shelf_life in zip(self.accounts, (0, SHELF_LIFE), strict=True):
            query = AvailabilityQuery(
                ids, account.pk, TODAY, min_shelf_life_days=shelf_life, now=self.now, delivery_date=WANTED_ON
            )
            for ident, found in availability(query).items():
                assert found.available == self.model.available(ident, self.now, shelf_life, WANTED_ON)
                assert sum(found.in_transit.values()) == self.on_its_way(ident)

    def on_its_way(self, product_id):
        return sum(
            ordered - came
            for product, _, ordered, eta, came in self.inbound.values()
            if self.products[product].pk == product_id
            and ordered > came
            and expected_on(eta, today=TODAY, cutoff_days=7) is not None
        )

    @invariant()
    def promises_name_a_day_or_say_there_is_none(self):
        for slices in promises(list(Claim.objects.values_list("demand_id", flat=True))).values():
            assert all((s.delivery_date is None) == (s.kind == "none") for s in slices)


@pytest.mark.django_db
def test_every_unit_is_where_the_paper_says_after_any_order_of_events():
    run_state_machine_as_test(
        Warehouse,
        settings=settings(
            max_examples=CASES // 20, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
