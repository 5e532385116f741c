"""Goods on their way between our own sites: on hand nowhere, to be promised from the day they arrive."""

from datetime import timedelta
from decimal import Decimal

import pytest

from core.errors import InvalidInput, NotFound
from core.lifecycle import IllegalTransition
from core.refs import DocumentRef
from core.testing import drain
from exceptions_app.models import Case
from inventory.models import InboundSupply, Lot, StockMovement, Transfer
from inventory.queries import availability, promises
from inventory.rules.asks import AvailabilityQuery
from inventory.rules.transfers import TransferLineSpec
from inventory.services.cancel_transfer import TransferIsOver, cancel_transfer, reschedule_transfer
from inventory.services.places import LotIsExpired, LotIsRecalled, LotOfAnotherProduct, SiteIsClosed, UnknownLot
from inventory.services.receive_transfer import close_transfer
from inventory.services.request_transfer import TransferToItself, request_transfer
from inventory.services.ship_transfer import NotFreeToSend, ship_transfer
from inventory.states import SiteKind
from tests.factories.inventory import (
    NOW,
    PLANNER,
    TODAY,
    SiteFactory,
    StockedProductFactory,
    breaches,
    open_and_reserve,
    spec,
    stock,
)
from tests.factories.stock import ETA, arrive, live_cases, on_hand, requested, shipped

pytestmark = pytest.mark.django_db


@pytest.fixture
def goods():
    """A product with 10 at one site, and another site."""
    product, source, target = StockedProductFactory(), SiteFactory(), SiteFactory()
    stock(product, source, 10)
    return product, source, target


def available(product, **fields):
    return availability(AvailabilityQuery((product.pk,), None, TODAY, now=NOW, **fields))[product.pk]


def test_a_requested_transfer_moves_nothing_and_holds_nothing(goods):
    product, source, target = goods
    requested(product, source, target, 6)
    assert on_hand(product, source) == 10
    assert InboundSupply.objects.count() == 0
    assert open_and_reserve([spec(product, 10)])[0].reserved == 10


def test_what_travels_is_on_hand_nowhere_and_to_be_promised_from_its_day_on(goods):
    product, source, target = goods
    shipped(product, source, target, 6)
    assert (on_hand(product, source), on_hand(product, target)) == (4, 0)
    found = available(product)
    assert (found.on_hand, found.available, dict(found.in_transit)) == (4, 4, {ETA: 6})
    assert [(p.day, p.qty) for p in found.atp] == [(TODAY, 4), (ETA, 10)]
    (got,) = open_and_reserve([spec(product, 7)])
    assert (got.reserved, got.backordered) == (4, 3)
    late = [p for p in promises([got.demand_id])[got.demand_id] if p.kind == "inbound"]
    assert [(p.qty, p.site_id) for p in late] == [(3, target.pk)]
    assert breaches() == []


def test_what_travels_to_a_trunk_is_promised_to_nobody_else(goods):
    product, source, _ = goods
    trunk = SiteFactory(kind=SiteKind.TRUNK)
    shipped(product, source, trunk, 6)
    assert dict(available(product).in_transit) == {}
    assert dict(available(product, site_ids=(trunk.pk,)).in_transit) == {ETA: 6}
    (got,) = open_and_reserve([spec(product, 7)])
    assert [(p.kind, p.qty) for p in promises([got.demand_id])[got.demand_id]] == [("stock", 4), ("none", 3)]


def test_received_whole_it_is_on_hand_there_and_the_transfer_closes(goods):
    product, source, target = goods
    transfer_id, line = shipped(product, source, target, 6)
    arrive(transfer_id, {line: (6, 0)})
    assert (on_hand(product, source), on_hand(product, target)) == (4, 6)
    row, supply = Transfer.objects.get(), InboundSupply.objects.get()
    assert (row.status, row.closed_at, supply.is_closed, supply.received_qty) == ("closed", NOW, True, 6)
    assert dict(available(product).in_transit) == {}
    assert Case.objects.count() == 0
    assert breaches() == []


def test_received_again_with_the_same_figures_changes_nothing(goods):
    product, source, target = goods
    transfer_id, line = shipped(product, source, target, 6)
    for figures in ((4, 0), (4, 0), (6, 0), (6, 0)):
        arrive(transfer_id, {line: figures})
    assert [m.qty for m in StockMovement.objects.filter(kind="transfer_in").order_by("id")] == [4, 2]
    assert on_hand(product, target) == 6


def test_short_and_damaged_goods_are_booked_as_they_came_and_a_case_looks_for_the_rest(goods):
    product, source, target = goods
    transfer_id, line = shipped(product, source, target, 6)
    arrive(transfer_id, {line: (3, 1)})
    assert (on_hand(product, target), on_hand(product, target, "damaged")) == (3, 1)
    assert dict(available(product).in_transit) == {ETA: 2}
    (case,) = live_cases("transfer_short")
    assert (case.queue.code, case.summary.split(" of ")[0]) == ("warehouse", "2")
    arrive(transfer_id, {line: (5, 1)})
    assert Transfer.objects.get().status == "closed"
    assert live_cases("transfer_short") == []
    assert breaches() == []


def test_closing_a_short_transfer_writes_off_the_rest_and_its_promises_move(goods):
    product, source, target = goods
    transfer_id, line = shipped(product, source, target, 6)
    (got,) = open_and_reserve([spec(product, 9)])
    arrive(transfer_id, {line: (2, 0)})
    with pytest.raises(InvalidInput):
        close_transfer(transfer_id=transfer_id, reason=" ", actor=PLANNER, now=NOW)
    close_transfer(transfer_id=transfer_id, reason="fell off the truck", actor=PLANNER, now=NOW)
    row = Transfer.objects.get()
    assert (row.status, row.lines.get().missing_qty) == ("closed", 4)
    assert live_cases("transfer_short") == []
    drain(NOW)
    assert [(p.kind, p.qty) for p in promises([got.demand_id])[got.demand_id]] == [
        ("stock", 4),
        ("stock", 2),
        ("none", 3),
    ]
    assert breaches() == []


def test_only_what_nobody_claims_may_be_sent(goods):
    product, source, target = goods
    open_and_reserve([spec(product, 7)])
    transfer_id, line = requested(product, source, target, 6)
    with pytest.raises(NotFreeToSend) as refused:
        ship_transfer(transfer_id=transfer_id, actor=PLANNER, now=NOW)
    assert (refused.value.data["asked"], refused.value.data["free"]) == ("6", "3")
    ship_transfer(transfer_id=transfer_id, shipped={line: Decimal(3)}, actor=PLANNER, now=NOW)
    ship_transfer(transfer_id=transfer_id, shipped={line: Decimal(3)}, actor=PLANNER, now=NOW)
    assert StockMovement.objects.filter(kind="transfer_out").count() == 1
    with pytest.raises(IllegalTransition):
        ship_transfer(transfer_id=transfer_id, shipped={line: Decimal(1)}, actor=PLANNER, now=NOW)
    assert breaches() == []


def test_a_transfer_is_cancelled_before_it_leaves_and_not_after(goods):
    product, source, target = goods
    early, _ = requested(product, source, target, 2)
    late, _ = shipped(product, source, target, 2)
    for _ in range(2):
        cancel_transfer(transfer_id=early, reason="not needed", actor=PLANNER, now=NOW)
    with pytest.raises(IllegalTransition):
        cancel_transfer(transfer_id=late, actor=PLANNER, now=NOW)
    assert [t.status for t in Transfer.objects.order_by("id")] == ["cancelled", "shipped"]


def test_a_late_truck_moves_its_supply_and_not_a_closed_one(goods):
    product, source, target = goods
    transfer_id, line = shipped(product, source, target, 2)
    later = ETA + timedelta(days=4)
    reschedule_transfer(transfer_id=transfer_id, expected_date=later, actor=PLANNER, now=NOW)
    assert dict(available(product).in_transit) == {later: 2}
    with pytest.raises(InvalidInput):
        reschedule_transfer(transfer_id=transfer_id, expected_date=TODAY - timedelta(1), actor=PLANNER, now=NOW)
    arrive(transfer_id, {line: (2, 0)})
    with pytest.raises(TransferIsOver):
        reschedule_transfer(transfer_id=transfer_id, expected_date=ETA, actor=PLANNER, now=NOW)


def ask(source, target, lines, key="k", expected=ETA):
    return request_transfer(
        from_site_id=source.pk, to_site_id=target.pk, expected_date=expected, lines=lines, key=key, actor=PLANNER,
        now=NOW,
    )  # fmt: skip


def test_a_transfer_to_itself_or_of_a_closed_site_is_refused_with_the_remedy(goods):
    product, source, target = goods
    line = TransferLineSpec(product.pk, Decimal(1))
    with pytest.raises(TransferToItself) as refused:
        ask(source, source, [line])
    assert "Choose another site" in refused.value.remedy
    closed = SiteFactory(is_active=False)
    for a, b in ((closed, target), (source, closed)):
        with pytest.raises(SiteIsClosed):
            ask(a, b, [line])
    assert Transfer.objects.count() == 0


def test_lots_that_are_another_products_unknown_recalled_or_expired_do_not_travel(goods):
    product, source, target = goods
    other = StockedProductFactory()
    stock(other, source, 5, lot="THEIRS")
    stock(product, source, 5, lot="OLD", expiry=TODAY + timedelta(days=1))
    Lot.objects.filter(code="OLD").update(expiry_date=TODAY - timedelta(days=1))
    stock(product, source, 5, lot="BAD")
    Lot.objects.filter(code="BAD").update(is_recalled=True)
    wrong = {"theirs": LotOfAnotherProduct, "NONE": UnknownLot, "OLD": LotIsExpired, "bad": LotIsRecalled}
    for code, refusal in wrong.items():
        with pytest.raises(refusal) as refused:
            ask(source, target, [TransferLineSpec(product.pk, Decimal(1), code)])
        assert refused.value.remedy
    assert f"lot of {other.sku}" in _message_of(source, target, product, "theirs")


def _message_of(source, target, product, code):
    with pytest.raises(LotOfAnotherProduct) as refused:
        ask(source, target, [TransferLineSpec(product.pk, Decimal(1), code)])
    return refused.value.message


def test_everything_wrong_with_a_request_is_told_at_once(goods):
    product, source, target = goods
    lines = [TransferLineSpec(product.pk, Decimal("0.00001")), TransferLineSpec(product.pk, Decimal(-1))]
    with pytest.raises(InvalidInput) as wrong:
        ask(source, target, [*lines, TransferLineSpec(0, Decimal(1))], expected=TODAY - timedelta(days=1))
    assert [e.code for e in wrong.value.errors] == [
        "not_a_quantity", "not_a_quantity", "named_twice", "unknown_product", "in_the_past",
    ]  # fmt: skip
    with pytest.raises(InvalidInput):
        ask(source, target, [])


def test_the_same_key_asks_once(goods):
    product, source, target = goods
    ids = {ask(source, target, [TransferLineSpec(product.pk, Decimal(1))]) for _ in range(2)}
    assert len(ids) == Transfer.objects.count() == 1


def test_what_cannot_have_arrived_is_told_line_by_line(goods):
    product, source, target = goods
    transfer_id, line = shipped(product, source, target, 6)
    arrive(transfer_id, {line: (4, 0)})
    for figures, code in (((3, 0), "less_than_before"), ((6, 1), "more_than_sent"), ((4, -1), "not_a_quantity")):
        with pytest.raises(InvalidInput) as wrong:
            arrive(transfer_id, {line: figures})
        assert [e.code for e in wrong.value.errors] == [code]
    with pytest.raises(InvalidInput):
        arrive(transfer_id, {0: (1, 0)})
    with pytest.raises(NotFound):
        arrive(0, {})
    assert on_hand(product, target) == 4


def test_a_lot_that_ran_out_on_the_way_comes_in_as_expired(goods):
    product, source, target = goods
    stock(product, source, 5, lot="L1", expiry=TODAY + timedelta(days=2))
    transfer_id, line = shipped(product, source, target, 5, lot="L1")
    Lot.objects.filter(code="L1").update(expiry_date=TODAY - timedelta(days=1))
    arrive(transfer_id, {line: (5, 0)})
    assert (on_hand(product, target), on_hand(product, target, "expired")) == (0, 5)


def test_the_checker_names_a_transfer_whose_supply_was_changed_behind_its_back(goods):
    product, source, target = goods
    shipped(product, source, target, 6)
    InboundSupply.objects.update(ordered_qty=9)
    (found,) = breaches()
    assert found.startswith("dated supply of transfers is what travels: TR-")
    assert "6.0000 travel, 9.0000 are expected" in found


def test_the_timeline_of_a_transfer_tells_its_life(goods):
    from core.journal import timeline

    product, source, target = goods
    transfer_id, line = shipped(product, source, target, 6)
    arrive(transfer_id, {line: (6, 0)})
    verbs = [item.verb for item in timeline(DocumentRef("transfer", transfer_id))]
    assert verbs == ["received", "shipped", "requested"]
