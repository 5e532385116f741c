"""One demand's way: reserved, allocated, released, picked short, shipped, cancelled; every unit counted at each step."""

from decimal import Decimal

import pytest

from core.refs import DocumentRef
from core.testing import unit
from inventory.models import DemandDecision, StockBalance, StockMovement
from inventory.queries import claims, decisions, demand_states, promises
from inventory.services.allocate import allocate
from inventory.services.cancel import AlreadyInTheWarehouse, cancel
from inventory.services.confirm_picked import NotReleased, PickedMoreThanReleased, confirm_picked
from inventory.services.confirm_shipped import NotPicked, confirm_shipped
from inventory.services.release_claims import release_claims
from tests.factories.inventory import (
    NOW,
    PLANNER,
    SiteFactory,
    StockedProductFactory,
    breaches,
    open_and_reserve,
    spec,
    stock,
)

pytestmark = pytest.mark.django_db
SHIPMENT = DocumentRef("shipment", 7, "S7")


def state_of(demand_id):
    s = demand_states([demand_id])[demand_id]
    return s.backordered, s.reserved, s.allocated, s.released, s.picked, s.shipped, s.cancelled


def released_ten():
    product = StockedProductFactory()
    balance_id = stock(product, SiteFactory(), 10)
    (got,) = open_and_reserve([spec(product, 10)])
    allocate(trigger_key=f"test {product.pk}", product_ids=[product.pk], actor=PLANNER, now=NOW)
    with unit():
        (claimed,) = release_claims([got.demand_id], now=NOW)[got.demand_id]
    return product, balance_id, got.demand_id, claimed


def test_ten_units_from_reservation_to_shipment_with_three_not_found():
    product, balance_id, demand_id, claimed = released_ten()
    assert state_of(demand_id) == (0, 0, 0, 10, 0, 0, 0)
    assert (claimed.qty, claimed.balance_id, claimed.product_id) == (10, balance_id, product.pk)
    assert breaches() == []

    with unit():
        (short,) = confirm_picked({claimed.claim_id: Decimal(7)}, now=NOW, actor=PLANNER)
    assert (short.qty, short.demand_id, short.claim_id) == (3, demand_id, claimed.claim_id)
    assert state_of(demand_id) == (3, 0, 0, 0, 7, 0, 0)
    assert breaches() == []

    with unit():
        confirm_shipped([claimed.claim_id], source=SHIPMENT, now=NOW, actor=PLANNER)
    assert state_of(demand_id) == (3, 0, 0, 0, 0, 7, 0)
    assert StockBalance.objects.get(pk=balance_id).on_hand_qty == 0
    assert StockBalance.objects.get(product=product, status="quality").on_hand_qty == 3
    assert [p.qty for p in promises([demand_id])[demand_id]] == [3]
    assert breaches() == []


def test_what_was_not_found_at_the_pick_is_not_promised_again():
    product, _, demand_id, claimed = released_ten()
    with unit():
        confirm_picked({claimed.claim_id: Decimal(0)}, now=NOW, actor=PLANNER)
    (other,) = open_and_reserve([spec(product, 1)])
    outcome = allocate(trigger_key="after the short", product_ids=[product.pk], actor=PLANNER, now=NOW)
    assert (other.reserved, outcome.allocated, outcome.still_short) == (0, 0, 11)
    assert state_of(demand_id) == (10, 0, 0, 0, 0, 0, 0)
    assert StockMovement.objects.filter(kind="status").count() == 2
    assert breaches() == []


def test_picking_more_than_released_or_what_was_not_released_is_refused_and_changes_nothing():
    _, _, demand_id, claimed = released_ten()
    with pytest.raises(PickedMoreThanReleased), unit():
        confirm_picked({claimed.claim_id: Decimal(11)}, now=NOW, actor=PLANNER)
    with pytest.raises(NotReleased), unit():
        confirm_picked({claimed.claim_id + 1: Decimal(1)}, now=NOW, actor=PLANNER)
    with pytest.raises(NotPicked), unit():
        confirm_shipped([claimed.claim_id], source=SHIPMENT, now=NOW, actor=PLANNER)
    assert state_of(demand_id) == (0, 0, 0, 10, 0, 0, 0)
    assert breaches() == []


def test_shipping_the_same_claim_twice_is_refused_and_moves_the_stock_once():
    _, balance_id, demand_id, claimed = released_ten()
    with unit():
        confirm_picked({claimed.claim_id: Decimal(10)}, now=NOW, actor=PLANNER)
        confirm_shipped([claimed.claim_id], source=SHIPMENT, now=NOW, actor=PLANNER)
    with pytest.raises(NotPicked), unit():
        confirm_shipped([claimed.claim_id], source=SHIPMENT, now=NOW, actor=PLANNER)
    assert state_of(demand_id) == (0, 0, 0, 0, 0, 10, 0)
    assert StockMovement.objects.filter(balance_id=balance_id, kind="ship").count() == 1
    assert promises([demand_id])[demand_id] == ()
    assert breaches() == []


def test_cancelling_takes_the_backorder_first_and_never_what_is_released():
    product = StockedProductFactory()
    stock(product, SiteFactory(), 6)
    (got,) = open_and_reserve([spec(product, 10)])
    with unit():
        assert cancel([got.demand_id], {got.demand_id: Decimal(5)}, now=NOW) == {got.demand_id: 5}
    assert state_of(got.demand_id) == (0, 5, 0, 0, 0, 0, 5)
    with unit():
        assert cancel([got.demand_id], now=NOW) == {got.demand_id: 5}
    assert state_of(got.demand_id) == (0, 0, 0, 0, 0, 0, 10)
    assert breaches() == []

    _, _, released, _ = released_ten()
    with pytest.raises(AlreadyInTheWarehouse), unit():
        cancel([released], {released: Decimal(1)}, now=NOW)
    with unit():
        assert cancel([released], now=NOW) == {released: 0}
    assert state_of(released) == (0, 0, 0, 10, 0, 0, 0)


def test_the_claims_query_shows_each_stage_and_the_decision_says_why():
    _, _, demand_id, claimed = released_ten()
    assert claims([demand_id], ["released"])[demand_id] == [claimed]
    assert claims([demand_id], ["hard"])[demand_id] == []
    why = decisions([demand_id])[demand_id]
    assert why.outcome.startswith("10 of 10 allocated from DC")
    assert DemandDecision.objects.get(demand_id=demand_id).run is not None
