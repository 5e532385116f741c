"""The promises about stock, each as it would be said to a customer, with its numbers."""

from datetime import timedelta
from decimal import Decimal

import pytest

from core.refs import DocumentRef
from core.testing import unit
from inventory.models import Claim, StockBalance, StockMovement
from inventory.queries import availability, claims, demand_states, promises
from inventory.rules.asks import AvailabilityQuery, DemandAmendment
from inventory.services.allocate import allocate
from inventory.services.cancel import cancel
from inventory.services.confirm_picked import confirm_picked
from inventory.services.confirm_shipped import confirm_shipped
from inventory.services.expire_claims import expire_claims
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
    demand,
    open_and_reserve,
    spec,
    stock,
)

pytestmark = pytest.mark.django_db


def deal(product, key="deal"):
    return allocate(trigger_key=key, product_ids=[product.pk], actor=PLANNER, now=NOW)


def state(demand_id):
    return demand_states([demand_id])[demand_id]


def offered(product, *, now=NOW, **fields):
    return availability(AvailabilityQuery((product.pk,), None, TODAY, now=now, **fields))[product.pk].available


def test_allocate_twice_is_once():
    product = StockedProductFactory()
    balance_id = stock(product, SiteFactory(), 10)
    wanted = demand(product, 8)
    assert deal(product, "first").allocated == 8
    before = list(Claim.objects.values_list("id", "qty", "kind", "state"))
    assert deal(product, "second").allocated == 0
    assert list(Claim.objects.values_list("id", "qty", "kind", "state")) == before
    assert (StockBalance.objects.get(pk=balance_id).allocated_qty, state(wanted).allocated) == (8, 8)
    assert breaches() == []


def test_ten_on_hand_and_two_lines_of_ten_give_one_line_full_and_one_backordered():
    product = StockedProductFactory()
    stock(product, SiteFactory(), 10)
    got = open_and_reserve([spec(product, 10), spec(product, 10)])
    assert sorted((g.reserved, g.backordered) for g in got) == [(0, 10), (10, 0)]
    assert offered(product) == 0
    assert breaches() == []


def test_two_sites_with_seven_each_serve_ten_as_seven_and_three():
    product, near, far = StockedProductFactory(), SiteFactory(rank=1), SiteFactory(rank=2)
    stock(product, near, 7)
    stock(product, far, 7)
    (got,) = open_and_reserve([spec(product, 10)])
    held = claims([got.demand_id])[got.demand_id]
    assert [(c.site_id, c.qty) for c in held] == [(near.pk, 7), (far.pk, 3)]
    assert [(p.site_id, p.qty) for p in got.promises] == [(near.pk, 7), (far.pk, 3)]
    assert offered(product) == 4
    assert breaches() == []


def test_a_cancelled_partly_shipped_line_frees_only_the_rest():
    product = StockedProductFactory()
    balance_id = stock(product, SiteFactory(), 10)
    wanted = demand(product, 4)
    deal(product, "first four")
    with unit():
        release_claims([wanted], now=NOW)
    (released,) = claims([wanted], [ClaimKind.RELEASED])[wanted]
    with unit():  # three are found, the fourth is not: it waits again, and is dealt again
        confirm_picked({released.claim_id: Decimal(3)}, now=NOW, actor=PLANNER)
        confirm_shipped([released.claim_id], source=DocumentRef("shipment", 1), now=NOW, actor=PLANNER)
    deal(product, "the fourth")
    assert (state(wanted).shipped, state(wanted).allocated) == (3, 1)
    with unit():
        assert cancel([wanted], now=NOW) == {wanted: 1}
        assert cancel([wanted], now=NOW) == {wanted: 0}
    assert (state(wanted).shipped, state(wanted).cancelled, state(wanted).open) == (3, 1, 0)
    balance = StockBalance.objects.get(pk=balance_id)
    assert (balance.on_hand_qty, balance.allocated_qty) == (6, 0)
    assert offered(product) == 6
    assert breaches() == []


def test_a_lot_that_expires_before_the_delivery_is_neither_offered_nor_reserved():
    product, site = StockedProductFactory(), SiteFactory(transit_days=2)
    stock(product, site, 5, lot="OLD", expiry=TODAY + timedelta(days=1))  # it arrives in two days
    stock(product, site, 4, lot="NEW", expiry=TODAY + timedelta(days=2))
    assert offered(product) == 4
    (got,) = open_and_reserve([spec(product, 9, requested_date=TODAY)])
    assert (got.reserved, got.backordered) == (4, 5)
    assert offered(product) == 0
    assert breaches() == []


def test_an_expired_cart_frees_its_stock_without_the_sweeper_and_once():
    product = StockedProductFactory()
    balance_id = stock(product, SiteFactory(), 6)
    (cart,) = open_and_reserve([spec(product, 6)], expires_at=NOW + timedelta(minutes=20))
    over = NOW + timedelta(minutes=20)
    assert (offered(product, now=over - timedelta(seconds=1)), offered(product, now=over)) == (0, 6)
    (buyer,) = open_and_reserve([spec(product, 6)], now=over)
    assert (buyer.reserved, state(cart.demand_id).backordered) == (6, 6)
    assert expire_claims(now=over) == 0
    assert StockBalance.objects.get(pk=balance_id).reserved_qty == 6
    assert breaches() == []


def test_the_earliest_lot_that_the_customer_accepts_goes_first():
    product, site = StockedProductFactory(), SiteFactory(transit_days=2)
    for lot, days in (("MAY", 20), ("JUNE", 60), ("JULY", 90)):
        stock(product, site, 5, lot=lot, expiry=TODAY + timedelta(days=days))
    strict, easy = open_and_reserve([spec(product, 7, min_shelf_life_days=30), spec(product, 7)])
    assert [c.qty for c in claims([strict.demand_id])[strict.demand_id]] == [5, 2]
    assert (strict.reserved, easy.reserved) == (7, 7)
    codes = dict(StockBalance.objects.values_list("id", "lot__code"))
    lots = {i: [codes[c.balance_id] for c in held] for i, held in claims([strict.demand_id, easy.demand_id]).items()}
    assert (lots[strict.demand_id], lots[easy.demand_id]) == (["JUNE", "JULY"], ["MAY", "JULY"])


@pytest.mark.parametrize("is_dealt", [False, True])
def test_moved_to_a_later_day_a_line_gives_back_the_lot_that_would_be_too_old_by_then(is_dealt):
    product, site = StockedProductFactory(), SiteFactory(transit_days=2)
    old = stock(product, site, 5, lot="OLD", expiry=TODAY + timedelta(days=40))
    new = stock(product, site, 4, lot="NEW", expiry=TODAY + timedelta(days=90))
    (got,) = open_and_reserve([spec(product, 7, min_shelf_life_days=30)])
    if is_dealt:
        deal(product)
    assert {c.balance_id: c.qty for c in claims([got.demand_id])[got.demand_id]} == {old: 5, new: 2}
    for days, held, short in ((10, {old: 5, new: 2}, 0), (11, {new: 4}, 3)):
        later = DemandAmendment(requested_date=TODAY + timedelta(days=days))
        with unit():
            reserve([], now=NOW, amending={got.demand_id: later})
        found = claims([got.demand_id])[got.demand_id]
        assert {b: sum(c.qty for c in found if c.balance_id == b) for b in {c.balance_id for c in found}} == held
        assert state(got.demand_id).backordered == short
    slices = promises([got.demand_id])[got.demand_id]
    assert [(p.qty, p.kind) for p in slices] == [(4, "stock"), (3, "none")]
    assert offered(product) == 5  # to whom does not mind
    assert breaches() == []


def test_what_the_warehouse_has_is_not_called_back_when_the_day_moves():
    product = StockedProductFactory()
    balance_id = stock(product, SiteFactory(), 5, lot="OLD", expiry=TODAY + timedelta(days=40))
    (got,) = open_and_reserve([spec(product, 5, min_shelf_life_days=30)])
    deal(product)
    with unit():
        release_claims([got.demand_id], now=NOW)
        reserve([], now=NOW, amending={got.demand_id: DemandAmendment(requested_date=TODAY + timedelta(days=60))})
    assert [(c.balance_id, c.qty) for c in claims([got.demand_id])[got.demand_id]] == [(balance_id, 5)]
    assert breaches() == []


def test_nothing_but_a_movement_changes_what_is_on_hand():
    product = StockedProductFactory()
    balance_id = stock(product, SiteFactory(), 10)
    (got,) = open_and_reserve([spec(product, 3)])
    deal(product)
    with unit():
        release_claims([got.demand_id], now=NOW)
    assert StockBalance.objects.get(pk=balance_id).on_hand_qty == 10
    assert [m.kind for m in StockMovement.objects.filter(balance_id=balance_id)] == ["receipt"]
