"""Goods that are not good any more: quarantined, damaged, expired, recalled, scrapped; and goods that come back."""

from datetime import timedelta
from decimal import Decimal

import pytest

from core.errors import InvalidInput, NotFound
from core.refs import DocumentRef
from core.testing import drain, unit
from exceptions_app.models import Case
from exceptions_app.services.detect import detect_all
from inventory.lot_queries import lot_claims, lot_holdings, shipments_with_lot
from inventory.models import Claim, Demand, InboundSupply, Lot, StockBalance, StockMovement
from inventory.queries import demand_states, promises
from inventory.rules.asks import RankSnapshot
from inventory.services.allocate import allocate
from inventory.services.change_stock_status import StatusNotAllowed, change_stock_status
from inventory.services.confirm_picked import PickedLotIsRecalled, confirm_picked
from inventory.services.confirm_shipped import confirm_shipped
from inventory.services.expire_lots import expire_lots
from inventory.services.give_way import InTheWarehouse, NotThere
from inventory.services.places import LotIsExpired, LotIsRecalled
from inventory.services.recall_lot import Recalled, lift_recall, recall_lot
from inventory.services.release_claims import release_claims
from inventory.services.return_to_stock import Returned, return_to_stock
from inventory.services.scrap_stock import scrap_stock
from inventory.states import StockStatus
from tests.factories.inventory import (
    NOW,
    PLANNER,
    TODAY,
    SiteFactory,
    StockedProductFactory,
    breaches,
    demand,
    open_and_reserve,
    spec,
    stock,
)
from tests.factories.stock import arrive, live_cases, on_hand, shipped

pytestmark = pytest.mark.django_db
LATER = TODAY + timedelta(days=300)


@pytest.fixture
def place():
    return StockedProductFactory(), SiteFactory()


def move(balance_id, to, qty, *, key=1, reason="seal is broken"):
    return change_stock_status(
        balance_id=balance_id, to=to, qty=Decimal(qty), reason=reason, key=key, actor=PLANNER, now=NOW
    )


def recall(lot, reason="maker's letter 77"):
    return recall_lot(lot_id=lot.pk, reason=reason, actor=PLANNER, now=NOW)


def released(product, qty):
    wanted = demand(product, qty)
    allocate(trigger_key=f"r{wanted}", product_ids=[product.pk], actor=PLANNER, now=NOW)
    with unit():
        return wanted, release_claims([wanted], now=NOW)[wanted]


def test_quarantine_moves_goods_to_another_status_and_release_brings_them_back(place):
    product, site = place
    good = stock(product, site, 10)
    quarantined = move(good, StockStatus.QUALITY, 4)
    assert (on_hand(product), on_hand(product, status="quality")) == (6, 4)
    assert [(m.balance_id, m.qty) for m in StockMovement.objects.filter(kind="status").order_by("id")] == [
        (good, -4),
        (quarantined, 4),
    ]
    assert move(quarantined, StockStatus.AVAILABLE, 1, key=2, reason="checked, is fine") == good
    assert (on_hand(product), on_hand(product, status="quality")) == (7, 3)
    assert breaches() == []


def test_the_same_key_moves_once(place):
    good = stock(*place, 10)
    assert move(good, StockStatus.DAMAGED, 4) == move(good, StockStatus.DAMAGED, 4)
    assert on_hand(place[0], status="damaged") == 4


def test_damaged_goods_that_were_promised_are_promised_from_elsewhere(place):
    product, site = place
    good = stock(product, site, 10)
    (got,) = open_and_reserve([spec(product, 9)])
    move(good, StockStatus.DAMAGED, 3)
    state = demand_states([got.demand_id])[got.demand_id]
    assert (state.reserved, state.backordered) == (7, 2)
    (case,) = live_cases("claims_gave_way")
    assert case.evidence["gave_way"] == [{"document": str(spec_document(got)), "qty": "2"}]
    stock(product, SiteFactory(), 2)
    drain(NOW)
    assert demand_states([got.demand_id])[got.demand_id].allocated == 9
    assert breaches() == []


def spec_document(got):
    row = Claim.objects.filter(demand_id=got.demand_id).first().demand
    return DocumentRef(row.ref_kind, row.ref_id, row.ref_number)


def test_soft_claims_give_way_before_hard_ones_and_the_last_in_rank_first(place):
    product, site = place
    good = stock(product, site, 9)
    firm = demand(product, 3)
    allocate(trigger_key="a", product_ids=[product.pk], actor=PLANNER, now=NOW)
    soft_high, soft_low = open_and_reserve(
        [spec(product, 3, rank=RankSnapshot(tier_rank=1)), spec(product, 3, rank=RankSnapshot(tier_rank=2))]
    )
    move(good, StockStatus.DAMAGED, 4)
    states = demand_states([firm, soft_high.demand_id, soft_low.demand_id])
    assert [s.backordered for s in (states[firm], states[soft_high.demand_id], states[soft_low.demand_id])] == [0, 1, 3]
    move(good, StockStatus.DAMAGED, 4, key=2)
    states = demand_states([firm, soft_high.demand_id, soft_low.demand_id])
    assert [s.backordered for s in (states[firm], states[soft_high.demand_id], states[soft_low.demand_id])] == [2, 3, 3]
    assert breaches() == []


def test_what_the_warehouse_is_picking_stays_with_it(place):
    product, site = place
    good = stock(product, site, 10)
    released(product, 8)
    with pytest.raises(InTheWarehouse) as refused:
        move(good, StockStatus.QUALITY, 3)
    assert (refused.value.data["busy"], refused.value.data["rest"]) == ("8", "2")
    with pytest.raises(InTheWarehouse):
        scrap_stock(balance_id=good, qty=Decimal(3), reason="crushed", key=1, actor=PLANNER, now=NOW)
    assert on_hand(product) == 10


def test_nonsense_is_refused_by_name(place):
    good = stock(*place, 10)
    with pytest.raises(InvalidInput) as wrong:
        move(good, StockStatus.QUALITY, 0, reason="x")
    assert [e.pointer for e in wrong.value.errors] == ["/qty", "/reason"]
    with pytest.raises(NotThere):
        move(good, StockStatus.QUALITY, 11)
    with pytest.raises(StatusNotAllowed) as refused:
        move(good, StockStatus.RECALLED, 1)
    assert refused.value.data["allowed"] == "damaged, quality"
    with pytest.raises(NotFound):
        move(0, StockStatus.QUALITY, 1)
    assert StockMovement.objects.count() == 1


def test_nothing_recalled_or_expired_leaves_quarantine_as_good(place):
    product, site = place
    good = stock(product, site, 10, lot="L", expiry=LATER)
    quarantined = move(good, StockStatus.QUALITY, 5)
    Lot.objects.update(expiry_date=TODAY - timedelta(days=1))
    with pytest.raises(LotIsExpired):
        move(quarantined, StockStatus.AVAILABLE, 5, key=2)
    Lot.objects.update(expiry_date=LATER, is_recalled=True)
    with pytest.raises(LotIsRecalled):
        move(quarantined, StockStatus.AVAILABLE, 5, key=2)


def test_scrapped_goods_leave_the_books_once(place):
    good = stock(*place, 10)
    for _ in range(2):
        scrap_stock(balance_id=good, qty=Decimal(3), reason="crushed by a truck", key=7, actor=PLANNER, now=NOW)
    assert on_hand(place[0]) == 7
    assert StockMovement.objects.get(kind="scrap").reason == "crushed by a truck"
    assert breaches() == []


def test_the_sweep_sets_lots_aside_the_day_after_their_date_and_deals_again(place):
    product, site = place
    stock(product, site, 5, lot="OLD", expiry=TODAY + timedelta(days=20))
    (got,) = open_and_reserve([spec(product, 5)])
    stock(product, site, 5, lot="NEW", expiry=LATER)
    on_the_day = NOW + timedelta(days=20)
    assert expire_lots(actor=PLANNER, now=on_the_day) == 0
    day_after = NOW + timedelta(days=21)
    assert expire_lots(actor=PLANNER, now=day_after) == 5
    assert (on_hand(product), on_hand(product, status="expired")) == (5, 5)
    (case,) = live_cases("lot_expired")
    assert (case.queue.code, case.subject_number) == ("quality", "OLD")
    assert expire_lots(actor=PLANNER, now=day_after) == 0
    drain(day_after)
    assert Claim.objects.get(demand_id=got.demand_id, state="open").balance.lot.code == "NEW"
    assert breaches() == []


def test_a_recall_blocks_the_lot_everywhere_at_once_and_opens_a_case_for_every_claim(place):
    product, site = place
    other = SiteFactory()
    for where, qty in ((site, 6), (other, 4)):
        stock(product, where, qty, lot="L", expiry=LATER)
    lot = Lot.objects.get()
    picking, _ = released(product, 2)
    first, second = open_and_reserve([spec(product, 5), spec(product, 2)])
    assert recall(lot) == Recalled(blocked=Decimal(8), gave_way=3, in_the_warehouse=1, transfers=0)
    assert (on_hand(product), on_hand(product, status="recalled")) == (2, 8)
    states = demand_states([picking, first.demand_id, second.demand_id])
    assert [(s.released, s.reserved, s.backordered) for s in states.values()] == [(2, 0, 0), (0, 0, 5), (0, 0, 2)]
    cases = live_cases("lot_recalled")
    assert len(cases) == 4
    assert sorted(c.subject_id for c in cases) == sorted(
        Claim.objects.exclude(kind="hard").values_list("demand__ref_id", flat=True)
    )
    assert any("stop them" in c.summary for c in cases)
    assert [p.kind for p in promises([first.demand_id])[first.demand_id]] == ["none"]
    assert breaches() == []
    stock(product, site, 7, lot="M", expiry=LATER)
    drain(NOW)
    assert demand_states([first.demand_id])[first.demand_id].allocated == 5
    assert recall(lot) == Recalled(Decimal(0), 0, 0, 0)
    assert Case.objects.filter(kind="lot_recalled").count() == 4


def test_of_a_recalled_lot_nothing_is_picked_and_what_was_left_over_follows(place):
    product, site = place
    stock(product, site, 6, lot="L", expiry=LATER)
    _, (claim,) = released(product, 2)
    recall(Lot.objects.get())
    with unit(), pytest.raises(PickedLotIsRecalled) as refused:
        confirm_picked({claim.claim_id: Decimal(2)}, now=NOW, actor=PLANNER)
    assert "Confirm 0" in refused.value.remedy
    with unit():
        confirm_picked({claim.claim_id: Decimal(0)}, now=NOW, actor=PLANNER)
    assert on_hand(product, status="quality") == 2
    expire_lots(actor=PLANNER, now=NOW)
    assert (on_hand(product, status="quality"), on_hand(product, status="recalled")) == (0, 6)
    assert breaches() == []


def test_what_travels_of_a_recalled_lot_is_supply_no_more_and_arrives_recalled(place):
    product, site = place
    target = SiteFactory()
    stock(product, site, 6, lot="L", expiry=LATER)
    transfer_id, line = shipped(product, site, target, 4, lot="L")
    (got,) = open_and_reserve([spec(product, 5)])
    lot = Lot.objects.get()
    assert recall(lot).transfers == 1
    assert InboundSupply.objects.get().is_closed
    slices = promises([got.demand_id])[got.demand_id]
    assert ({p.kind for p in slices}, sum(p.qty for p in slices)) == ({"none"}, 5)
    assert breaches() == []
    arrive(transfer_id, {line: (3, 0)})
    assert on_hand(product, target, "recalled") == 3
    assert lift_recall(lot_id=lot.pk, reason="wrong letter", actor=PLANNER, now=NOW) == 5
    supply = InboundSupply.objects.get()
    assert (supply.is_closed, supply.ordered_qty - supply.received_qty) == (False, 1)
    assert on_hand(product, status="quality") == 5
    assert breaches() == []


def test_every_shipment_that_contained_the_lot_is_listed_and_no_other(place, django_assert_num_queries):
    product, site = place
    stock(product, site, 6, lot="L", expiry=LATER)
    lot = Lot.objects.get()
    for n in (1, 2):
        _, claims = released(product, n)
        with unit():
            confirm_picked({c.claim_id: c.qty for c in claims}, now=NOW, actor=PLANNER)
            confirm_shipped([c.claim_id for c in claims], source=DocumentRef("shipment", n), now=NOW, actor=PLANNER)
    stock(product, site, 9, lot="M", expiry=LATER)
    with django_assert_num_queries(2):  # the shipments, and their numbers
        found = shipments_with_lot(lot.pk)
    assert [(s.shipment.id, s.qty, s.site) for s in found] == [(2, 2, site.code), (1, 1, site.code)]
    assert [h.on_hand for h in lot_holdings([lot.pk])[lot.pk]] == [3]
    assert lot_claims(lot.pk) == []


def test_a_recall_without_a_reason_or_of_no_lot_is_refused(place):
    stock(*place, 6, lot="L")
    with pytest.raises(InvalidInput):
        recall(Lot.objects.get(), reason=" ")
    with pytest.raises(NotFound):
        recall_lot(lot_id=0, reason="maker's letter", actor=PLANNER, now=NOW)
    assert not Lot.objects.get().is_recalled


def test_returned_goods_come_back_as_they_were_found_and_once(place):
    product, site = place
    stock(product, site, 1, lot="L", expiry=LATER)
    lot = Lot.objects.get()
    Lot.objects.update(is_recalled=True)
    parts = [
        Returned(product.pk, site.pk, Decimal(3), 1),
        Returned(product.pk, site.pk, Decimal(2), 2, status=StockStatus.DAMAGED),
        Returned(product.pk, site.pk, Decimal(1), 3, lot_id=lot.pk),
    ]
    for _ in range(2):
        with unit():
            return_to_stock(parts, source=DocumentRef("return", 5), actor=PLANNER, now=NOW)
    found = {(b.lot_id, b.status): b.on_hand_qty for b in StockBalance.objects.all()}
    assert found == {(lot.pk, "available"): 1, (None, "available"): 3, (None, "damaged"): 2, (lot.pk, "recalled"): 1}
    assert breaches() == []


def recalled_claims(place, qty):
    """How much of a recalled lot an order held free, and the warehouse for another one."""
    product, site = place
    stock(product, site, 6, lot="L", expiry=LATER)
    _, (claim,) = released(product, 2)
    open_and_reserve([spec(product, qty)])
    recall(Lot.objects.get())
    return product, site, claim


def swept():
    """Of the cases of the recalled lot: what each says and whether it is over."""
    detect_all(now=NOW, only="lot_recalled")
    rows = Case.objects.filter(kind="lot_recalled")
    return sorted(("stop them" in c.summary, c.status == "auto_resolved") for c in rows)


def test_a_case_of_a_recalled_lot_ends_when_the_order_is_served_otherwise_and_the_warehouse_has_given_its_units_back(
    place,
):
    product, site, claim = recalled_claims(place, 3)
    assert swept() == [(False, False), (True, False)]
    stock(product, site, 3, lot="M", expiry=LATER)
    drain(NOW)
    assert swept() == [(False, True), (True, False)]  # what is being picked is still to be stopped
    with unit():
        confirm_picked({claim.claim_id: Decimal(0)}, now=NOW, actor=PLANNER)
    assert swept() == [(False, True), (True, False)]  # and its order waits
    stock(product, site, 2, lot="M", expiry=LATER)
    drain(NOW)
    allocate(trigger_key="again", product_ids=[product.pk], actor=PLANNER, now=NOW)
    assert swept() == [(False, True), (True, True)]


def test_every_case_of_a_recalled_lot_ends_when_the_recall_is_lifted(place):
    recalled_claims(place, 3)
    lift_recall(lot_id=Lot.objects.get().pk, reason="wrong letter", actor=PLANNER, now=NOW)
    assert swept() == [(False, True), (True, True)]


def test_a_case_of_a_recalled_lot_stays_when_its_goods_left_all_the_same(place):
    product, site = place
    stock(product, site, 2, lot="L", expiry=LATER)
    _, (claim,) = released(product, 2)
    with unit():
        confirm_picked({claim.claim_id: Decimal(2)}, now=NOW, actor=PLANNER)
    recall(Lot.objects.get())
    Claim.objects.filter(pk=claim.claim_id).update(state="closed", ended="shipped", ended_at=NOW)
    Demand.objects.update(picked_qty=0, shipped_qty=2)
    assert swept() == [(True, False)]
