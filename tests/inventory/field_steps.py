"""Stock in the field, for the machine that keeps a warehouse on paper: fill-ups, use, hand-over, pick-up and expiry."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule

from core.actors import Actor
from core.errors import InvalidInput
from core.refs import DocumentRef
from core.testing import unit
from inventory.models import FillUpLine, Lot, ParLevel, StockBalance, Transfer, TransferDispute, TransferLine
from inventory.rules.field import Stated, UsageSpec, UseLine
from inventory.rules.transfers import TransferLineSpec
from inventory.services.acknowledge_transfer import acknowledge_transfer, settle_dispute
from inventory.services.ask_fill_up import replenish
from inventory.services.expire_lots import expire_lot
from inventory.services.offer_transfer import accept_offer, decline_offer, offer_transfer
from inventory.services.prepare_fill_ups import prepare_fill_ups
from inventory.services.push_expiring import push_expiring
from inventory.services.receive_stock import receive_stock
from inventory.services.request_transfer import TransferToItself
from inventory.services.ship_transfer import NotFreeToSend, ship_transfer
from inventory.services.use_stock import draw_number, read_usage, use_stock
from inventory.states import DisputeOutcome, SiteKind
from tests.factories.accounts import RepFactory
from tests.factories.inventory import PLANNER, SiteFactory
from tests.inventory.stock_model import HARD, RELEASED, Cell, Need

PAR, ZERO = Decimal(4), Decimal(0)
KEEPER = Actor("Kim", roles=frozenset({"rep", "warehouse"}))  # may give way for either side
CENTER = 3  # among the targets, after two trunks and a consignment
keepers = st.integers(0, 2)
small = st.integers(1, 3).map(Decimal)


@dataclass
class Load:
    """A line on its way: `left` was neither found nor given up. `stated` is of an open dispute."""

    transfer_id: int
    to: tuple[int, int, str]  # keeper, product, lot
    cell: Cell
    sent: Decimal
    good: Decimal = ZERO
    gone: Decimal = ZERO
    stated: Decimal | None = None

    @property
    def left(self):
        return self.sent - self.good - self.gone


def has_stock(machine):
    return any(machine.there.values())


class FieldSteps:
    """What keepers do. `there` is good stock by keeper, product and lot; nobody claims it."""

    def build_field(self):
        trunks = [SiteFactory(kind=SiteKind.TRUNK, rep=RepFactory(), transit_days=0) for _ in range(2)]
        shelf = SiteFactory(kind=SiteKind.CONSIGNMENT, account=self.accounts[0], transit_days=0)
        self.keepers = [*trunks, shelf]
        self.there, self.spoiled = defaultdict(Decimal), defaultdict(Decimal)
        self.asked, self.loads, self.offers, self.pushed = defaultdict(list), {}, {}, set()
        levels = [ParLevel(site=s, product=p, par_qty=PAR) for s in self.keepers for p in self.products]
        ParLevel.objects.bulk_create(levels)
        for keeper, product, lot, qty in ((0, 0, "LATE", 2), (0, 1, "", 3), (2, 0, "", 2), (2, 1, "SOON", 4)):
            self.put_there(keeper, product, lot, Decimal(qty))

    def put_there(self, keeper, product, lot, qty):
        """So that there is something to begin with."""
        receive_stock(
            product_id=self.products[product].pk, site_id=self.keepers[keeper].pk, qty=qty, lot_code=lot,
            expiry_date=self.lots_by_expiry[lot], source=DocumentRef("opening", self.step()), actor=PLANNER,
            now=self.now,
        )  # fmt: skip
        self.there[keeper, product, lot] += qty

    @rule(keeper=keepers)
    def ask_for_a_fill_up(self, keeper):
        number, site = self.step(), self.keepers[keeper]
        missing = {p: PAR - self.position(keeper, p) for p in (0, 1)}
        missing = {p: qty for p, qty in missing.items() if qty > 0}
        for wanted in (
            [(len(missing), sum(missing.values()))] if missing else [],
            [],
        ):  # the second run asks for nothing
            found = replenish(key=f"{number} {len(wanted)}", site_ids=[site.pk], actor=PLANNER, now=self.now)
            assert [(x.products, x.units) for x in found] == wanted
            for line in FillUpLine.objects.filter(fill_up__in=[x.fill_up_id for x in found]).order_by("demand_id"):
                self.keep_asked(keeper, self.product_of(line.product_id), line.demand_id, missing)

    def keep_asked(self, keeper, product, demand_id, missing):
        day = self.now.date() + timedelta(days=3)
        need = Need(demand_id, self.products[product].pk, missing[product], 9999, self.now, day)
        self.model.needs[demand_id] = need
        self.asked[keeper, product].append(need)

    def product_of(self, product_id):
        return [p.pk for p in self.products].index(product_id)

    def position(self, keeper, product):
        there = sum(qty for (k, p, _), qty in self.there.items() if (k, p) == (keeper, product))
        coming = sum(x.left for x in self.loads.values() if x.to[:2] == (keeper, product))
        return there + coming + sum(n.ordered - n.cancelled - n.shipped for n in self.asked[keeper, product])

    @rule()
    def load_what_was_allocated(self):
        self.step()
        prepare_fill_ups(actor=PLANNER, now=self.now)
        asked = {need.id: place for place, needs in self.asked.items() for need in needs}
        for hold in self.model.holds:
            if hold.need.id in asked and hold.kind == HARD:
                hold.kind = RELEASED
        for transfer_id in Transfer.objects.filter(status="requested").values_list("pk", flat=True):
            ship_transfer(transfer_id=transfer_id, actor=PLANNER, now=self.now)
        lines = TransferLine.objects.filter(claim__demand__in=asked).exclude(pk__in=self.loads).select_related("claim")
        for line in lines:
            found = [h for h in self.model.holds if h.need.id == line.claim.demand_id and h.kind == RELEASED]
            (hold,) = [h for h in found if h.cell.balance_id == line.claim.balance_id]
            assert line.shipped_qty == hold.qty
            lot = self.lot_at(hold.cell)
            self.loads[line.pk] = Load(line.transfer_id, (*asked[hold.need.id], lot), hold.cell, hold.qty)
            self.model.ship(hold)
        assert not [h for h in self.model.holds if h.need.id in asked and h.kind == RELEASED]

    def lot_at(self, cell):
        return next(code for code, expiry in self.lots_by_expiry.items() if expiry == cell.expiry)

    @rule(keeper=keepers, off=st.sampled_from([0, 0, -1, 1]))
    def fill_up(self, keeper, off):
        """All of it in one go; by single steps alone few examples get anything into a trunk."""
        self.ask_for_a_fill_up(keeper)
        for product in (0, 1):
            self.run(product)
        self.load_what_was_allocated()
        for line_id in sorted(i for i, x in self.loads.items() if x.left and x.stated is None):
            self.state(line_id, self.loads[line_id].sent + off)

    @precondition(lambda self: any(x.left for x in self.loads.values()))
    @rule(data=st.data(), off=st.sampled_from([0, -1, -2, 1]))
    def acknowledge(self, data, off):
        line_id = data.draw(st.sampled_from(sorted(i for i, x in self.loads.items() if x.left)))
        self.state(line_id, max(ZERO, self.loads[line_id].sent + off))

    def state(self, line_id, qty):
        self.step()
        load = self.loads[line_id]
        stated = {line_id: Stated(qty)}
        if qty < load.good:
            with pytest.raises(InvalidInput):
                acknowledge_transfer(transfer_id=load.transfer_id, stated=stated, actor=KEEPER, now=self.now)
            return
        for _ in range(2):
            acknowledge_transfer(transfer_id=load.transfer_id, stated=stated, actor=KEEPER, now=self.now)
        came = min(qty, load.sent)
        self.there[load.to] += came - load.good
        load.good, load.stated = came, None if qty == load.sent else qty

    @precondition(lambda self: any(x.stated is not None for x in self.loads.values()))
    @rule(data=st.data(), outcome=st.sampled_from([DisputeOutcome.SENDER, DisputeOutcome.RECEIVER]))
    def settle(self, data, outcome):
        line_id = data.draw(st.sampled_from(sorted(i for i, x in self.loads.items() if x.stated is not None)))
        load = self.loads[line_id]
        self.step()
        dispute = TransferDispute.objects.get(line=line_id, status="open")
        surplus = max(ZERO, load.stated - load.sent) if outcome == DisputeOutcome.RECEIVER else ZERO
        call = {"dispute_id": dispute.pk, "outcome": outcome, "actor": KEEPER, "now": self.now}
        if surplus > self.model.free(load.cell):
            with pytest.raises(NotFreeToSend):
                settle_dispute(**call)
            return
        settle_dispute(**call)
        left = load.left
        if outcome == DisputeOutcome.SENDER:
            load.good += left
            self.there[load.to] += left
        else:
            load.gone += left
            load.cell.on_hand += left - surplus
            self.there[load.to] += surplus
        load.stated = None

    def somewhere(self, data):
        """A keeper, product and lot of which there is some."""
        return data.draw(st.sampled_from(sorted(key for key, qty in self.there.items() if qty)))

    @precondition(has_stock)
    @rule(data=st.data(), qty=small)
    def use(self, data, qty):
        """The earliest expiry first."""
        keeper, product, _ = self.somewhere(data)
        number = self.step()
        line = UseLine(self.products[product].sku, qty)
        spec = UsageSpec(self.keepers[keeper].pk, self.accounts[0].pk, self.now, (line,), case_reference="CASE-7")
        stock = [(key, n) for key, n in self.there.items() if key[:2] == (keeper, product) and n]
        if qty > sum(n for _, n in stock):
            with pytest.raises(InvalidInput):
                read_usage(spec, now=self.now)
            return
        drawn = draw_number()
        with unit():
            use_stock(read_usage(spec, now=self.now), number=drawn, key=f"use {number}", actor=KEEPER, now=self.now)
        for key, n in sorted(stock, key=lambda x: self.lots_by_expiry[x[0][2]] or date.max):
            self.there[key] -= min(n, qty)
            qty -= min(n, qty)

    @precondition(has_stock)
    @rule(data=st.data(), to=st.integers(0, CENTER), qty=small)
    def offer(self, data, to, qty):
        source, product, lot = self.somewhere(data)
        call = {
            "from_site_id": self.keepers[source].pk,
            "to_site_id": self.target(to).pk,
            "lines": [TransferLineSpec(self.products[product].pk, qty, lot)],
            "key": f"offer {self.step()}",
        }
        if source == to:
            with pytest.raises(TransferToItself):
                offer_transfer(**call, actor=KEEPER, now=self.now)
            return
        offer_id = offer_transfer(**call, actor=KEEPER, now=self.now)
        assert offer_transfer(**call, actor=KEEPER, now=self.now) == offer_id
        self.offers[offer_id] = (source, to, product, lot, qty)

    @precondition(has_stock)
    @rule(data=st.data(), to=st.integers(0, CENTER), qty=small)
    def hand_over(self, data, to, qty):
        """Offered and answered in one go."""
        known = set(self.offers)
        self.offer(data, to, qty)
        for offer_id in set(self.offers) - known:
            self.reply(offer_id, True)

    def target(self, number):
        return self.sites[0] if number == CENTER else self.keepers[number]

    @precondition(lambda self: self.offers)
    @rule(data=st.data(), accepts=st.sampled_from([True, True, True, False]))
    def answer(self, data, accepts):
        self.reply(data.draw(st.sampled_from(sorted(self.offers))), accepts)

    def reply(self, offer_id, accepts):
        source, target, product, lot, qty = self.offers[offer_id]
        self.step()
        if not accepts:
            decline_offer(offer_id=offer_id, actor=KEEPER, now=self.now)
        elif qty > self.there[source, product, lot]:
            with pytest.raises(NotFreeToSend):
                accept_offer(offer_id=offer_id, actor=KEEPER, now=self.now)
            return
        else:
            moved = {accept_offer(offer_id=offer_id, actor=KEEPER, now=self.now) for _ in range(2)}
            assert len(moved) == 1
            self.there[source, product, lot] -= qty
            self.arrive(target, product, lot, qty)
        del self.offers[offer_id]

    def arrive(self, target, product, lot, qty):
        if target == CENTER:  # a pick-up: everybody's again
            self.cell_of(product, 0, lot, self.balance(self.sites[0], product, lot).pk).on_hand += qty
        else:
            self.there[target, product, lot] += qty

    def balance(self, site, product, lot):
        rows = StockBalance.objects.filter(site=site, product=self.products[product], status="available")
        return rows.get(lot__code=lot) if lot else rows.get(lot__isnull=True)

    @rule()
    def push_what_expires_soon(self):
        self.step()
        near = {(key, "90" if key[2] == "LATE" else "30") for key, qty in self.there.items() if key[2] and qty}
        assert push_expiring(actor=PLANNER, now=self.now) == len(near - self.pushed)
        self.pushed |= near

    @precondition(lambda self: any(key[2] and qty for key, qty in self.there.items()))
    @rule(data=st.data(), is_due=st.sampled_from([False, False, True]))
    def set_an_old_lot_aside(self, data, is_due):
        if not is_due:
            return
        key = data.draw(st.sampled_from(sorted(k for k, qty in self.there.items() if k[2] and qty)))
        keeper, product, code = key
        self.step()
        lot = Lot.objects.get(product=self.products[product], code=code)
        balance = self.balance(self.keepers[keeper], product, code)
        for expected in (self.there[key], ZERO):
            moved = expire_lot(lot_id=lot.pk, balance_ids=[balance.pk], actor=PLANNER, now=self.now)
            assert moved == expected
        self.spoiled[key] += self.there.pop(key)

    @invariant()
    def every_keeper_has_what_the_paper_says(self):
        found = {"available": defaultdict(Decimal), "expired": defaultdict(Decimal)}
        rows = StockBalance.objects.filter(site__in=getattr(self, "keepers", []), on_hand_qty__gt=0)
        sites = [s.pk for s in getattr(self, "keepers", [])]
        for b in rows.select_related("lot"):
            key = (sites.index(b.site_id), self.product_of(b.product_id), b.lot.code if b.lot else "")
            found[b.status][key] += b.on_hand_qty
        assert found["available"] == {k: qty for k, qty in getattr(self, "there", {}).items() if qty}
        assert found["expired"] == {k: qty for k, qty in getattr(self, "spoiled", {}).items() if qty}
