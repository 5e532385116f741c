"""Whatever keepers do in whatever order: stock in the field is what it is on paper, and every invariant holds."""

import os
import random
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

import pytest

from core.actors import Actor
from core.errors import InvalidInput
from core.testing import drain
from inventory.models import ParLevel, Transfer, TransferDispute, TransferLine
from inventory.rules.field import Stated
from inventory.rules.transfers import TransferLineSpec
from inventory.services.acknowledge_transfer import acknowledge_transfer, settle_dispute
from inventory.services.ask_fill_up import replenish
from inventory.services.offer_transfer import accept_offer, decline_offer, offer_transfer
from inventory.services.prepare_fill_ups import prepare_fill_ups
from inventory.services.ship_transfer import NotFreeToSend, ship_transfer
from inventory.states import DisputeOutcome, SiteKind
from tests.factories.field import make_field, use
from tests.factories.inventory import NOW, PLANNER, SiteFactory, breaches, stock
from tests.factories.stock import on_hand

pytestmark = pytest.mark.django_db
CASES = int(os.environ.get("OMS_CASES", "3"))  # sequences of STEPS steps
STEPS = 22
KEEPER = Actor("Kim", roles=frozenset({"rep", "warehouse"}))  # may give way for either side
PLENTY = 500


@dataclass
class Load:
    """A line on its way on paper: `left` was neither found nor given up."""

    transfer_id: int
    site: object
    sent: int
    good: int = 0
    gone: int = 0
    stated: int | None = None  # of an open dispute

    @property
    def left(self):
        return self.sent - self.good - self.gone


@dataclass
class Paper:
    stock: dict
    par: dict
    loads: dict = field(default_factory=dict)
    offers: dict = field(default_factory=dict)


class Field:
    def __init__(self, dice):
        self.dice, self.now, self.count = dice, NOW, 0
        self.made = make_field(trunk=4, shelf=5)
        other = SiteFactory(code="TRUNK-2", kind=SiteKind.TRUNK, transit_days=0)
        self.center, self.product = self.made.world.site, self.made.product
        stock(self.product, self.center, PLENTY)
        self.sites = [self.made.trunk, other, self.made.shelf]
        self.paper = Paper({self.center: PLENTY, self.made.trunk: 4, other: 0, self.made.shelf: 5}, {})
        for site in self.sites:
            ParLevel.objects.create(site=site, product=self.product, par_qty=6)
            self.paper.par[site] = 6

    def step(self):
        self.count += 1
        self.now += timedelta(minutes=5)
        return f"step {self.count}"

    def use(self):
        site, qty = self.dice.choice(self.sites), self.dice.randint(1, 3)
        key = self.step()
        if qty > self.paper.stock[site]:
            with pytest.raises(InvalidInput):
                use(self.made, qty, site=site, used_at=self.now, now=self.now, key=key)
            return
        for _ in range(2):  # the device sends it twice
            use(self.made, qty, site=site, used_at=self.now, now=self.now, key=key)
        self.paper.stock[site] -= qty

    def fill_up(self):
        """Asked for, allocated, put on transfers and loaded."""
        replenish(key=self.step(), actor=PLANNER, now=self.now)
        drain(self.now)
        prepare_fill_ups(actor=PLANNER, now=self.now)
        for transfer_id in Transfer.objects.filter(status="requested").values_list("pk", flat=True):
            ship_transfer(transfer_id=transfer_id, actor=PLANNER, now=self.now)
        for site in self.sites:
            coming = sum(x.left for x in self.paper.loads.values() if x.site == site)
            missing = self.paper.par[site] - self.paper.stock[site] - coming
            lines = TransferLine.objects.filter(transfer__to_site=site, claim__isnull=False)
            lines = lines.exclude(pk__in=self.paper.loads)
            assert sum(x.shipped_qty for x in lines) == max(missing, 0)
            for line in lines:
                self.paper.loads[line.pk] = Load(line.transfer_id, site, int(line.shipped_qty))
                self.paper.stock[self.center] -= int(line.shipped_qty)

    def acknowledge(self):
        open_lines = {i: x for i, x in self.paper.loads.items() if x.left}
        if not open_lines:
            return
        line_id, load = self.dice.choice(sorted(open_lines.items(), key=lambda item: item[0]))
        stated = max(0, load.sent + self.dice.choice([-2, -1, 0, 0, 1]))
        self.step()
        call = {"transfer_id": load.transfer_id, "stated": {line_id: Stated(Decimal(stated))}, "actor": KEEPER}
        if stated < load.good:
            with pytest.raises(InvalidInput):
                acknowledge_transfer(**call, now=self.now)
            return
        for _ in range(2):
            acknowledge_transfer(**call, now=self.now)
        came = min(stated, load.sent)
        self.paper.stock[load.site] += came - load.good
        load.good, load.stated = came, None if stated == load.sent else stated

    def settle(self):
        disputed = {i: x for i, x in self.paper.loads.items() if x.stated is not None}
        if not disputed:
            return
        line_id, load = self.dice.choice(sorted(disputed.items(), key=lambda item: item[0]))
        outcome = self.dice.choice(list(DisputeOutcome))
        self.step()
        dispute = TransferDispute.objects.get(line=line_id, status="open")
        settle_dispute(dispute_id=dispute.pk, outcome=outcome, actor=KEEPER, now=self.now)
        surplus, left = max(0, load.stated - load.sent), load.left
        if outcome == DisputeOutcome.SENDER:
            load.good += left
            self.paper.stock[load.site] += left
        else:
            load.gone += left
        if outcome == DisputeOutcome.RECEIVER:
            self.paper.stock[self.center] += left - surplus
            self.paper.stock[load.site] += surplus
        load.stated = None

    def offer(self):
        source, target = self.dice.sample([*self.sites, self.center], 2)
        if source == self.center:
            source, target = target, source
        qty = self.dice.randint(1, 4)
        lines = [TransferLineSpec(self.product.pk, Decimal(qty))]
        offer_id = offer_transfer(
            from_site_id=source.pk, to_site_id=target.pk, lines=lines, key=self.step(), actor=KEEPER, now=self.now
        )
        self.paper.offers[offer_id] = (source, target, qty)

    def answer(self):
        if not self.paper.offers:
            return
        offer_id = self.dice.choice(sorted(self.paper.offers))
        source, target, qty = self.paper.offers[offer_id]
        self.step()
        if self.dice.random() < 0.2:
            decline_offer(offer_id=offer_id, actor=KEEPER, now=self.now)
        elif qty > self.paper.stock[source]:
            with pytest.raises(NotFreeToSend):
                accept_offer(offer_id=offer_id, actor=KEEPER, now=self.now)
            return
        else:
            accept_offer(offer_id=offer_id, actor=KEEPER, now=self.now)
            self.paper.stock[source] -= qty
            self.paper.stock[target] += qty
        del self.paper.offers[offer_id]

    def change_par(self):
        site, par = self.dice.choice(self.sites), self.dice.randint(2, 9)
        ParLevel.objects.filter(site=site).update(par_qty=par)
        self.paper.par[site] = par

    def check(self):
        assert breaches() == []
        assert {s: on_hand(self.product, s) for s in self.paper.stock} == self.paper.stock


@pytest.mark.parametrize("seed", range(CASES))
def test_any_order_of_use_fill_ups_disputes_and_offers(seed):
    dice = random.Random(seed)
    there = Field(dice)
    steps = [there.use, there.use, there.fill_up, there.acknowledge, there.acknowledge, there.settle, there.offer]
    steps += [there.answer, there.change_par]
    for _ in range(STEPS):
        dice.choice(steps)()
        there.check()
