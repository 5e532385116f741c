"""Counting a site: blind, against the books at the moment of posting, large variances with a second pair of eyes."""

from datetime import timedelta
from decimal import Decimal

import pytest

from accounts.approvals import SelfApproval, decide
from accounts.models import ApprovalRequest
from accounts.states import Role
from core.actors import Actor
from core.errors import InvalidInput, NotFound
from core.lifecycle import IllegalTransition
from core.testing import drain, unit
from inventory.models import CountLine, StockBalance, StockCount, StockMovement
from inventory.queries import demand_states
from inventory.rules.counts import FoundStock
from inventory.services.adjust_stock import adjust_stock
from inventory.services.allocate import allocate
from inventory.services.open_count import cancel_count, open_count
from inventory.services.places import LotOfAnotherProduct, SiteIsClosed
from inventory.services.post_count import ApprovedByACounter, NothingCounted, post_count
from inventory.services.record_counts import record_counts
from inventory.services.release_claims import release_claims
from tests.factories.accounts import StaffFactory
from tests.factories.inventory import (
    NOW,
    PLANNER,
    SiteFactory,
    StockedProductFactory,
    breaches,
    demand,
    open_and_reserve,
    spec,
    stock,
)
from tests.factories.stock import live_cases, on_hand

pytestmark = pytest.mark.django_db


@pytest.fixture
def place():
    return StockedProductFactory(), SiteFactory()


def opened(site, products=None, key="k"):
    ids = None if products is None else [p.pk for p in products]
    return open_count(site_id=site.pk, product_ids=ids, key=key, actor=PLANNER, now=NOW)


def line_of(count_id, product):
    return CountLine.objects.get(count_id=count_id, balance__product=product).pk


def record(count_id, figures, *, actor=PLANNER, now=NOW, found=()):
    record_counts(
        count_id=count_id, counted={i: Decimal(q) for i, q in figures.items()}, found=found, actor=actor, now=now
    )


def counted(site, product, qty, **fields):
    count_id = opened(site, [product], key=f"{product.pk} {qty}")
    record(count_id, {line_of(count_id, product): qty}, **fields)
    return count_id


def post(count_id, *, actor=PLANNER, now=NOW):
    return post_count(count_id=count_id, actor=actor, now=now)


def person(role):
    user = StaffFactory(roles=[role])
    return Actor(label=str(user), user_id=user.pk, roles=frozenset({role}))


def test_a_count_has_a_line_for_everything_there_and_one_for_a_product_that_should_not_be(place):
    product, site = place
    other, missing = StockedProductFactory.create_batch(2)
    stock(product, site, 3, lot="A")
    stock(product, site, 4, lot="B")
    stock(other, site, 5)
    stock(other, SiteFactory(), 5)
    assert StockCount.objects.get(pk=opened(site)).lines.count() == 3
    assert StockCount.objects.get(pk=opened(site, [product, missing], "k2")).lines.count() == 3
    assert opened(site) == opened(site)


def test_counts_become_movements_and_what_is_not_counted_stays(place):
    product, site = place
    other = StockedProductFactory()
    stock(product, site, 10)
    stock(other, site, 5)
    count_id = opened(site)
    record(count_id, {line_of(count_id, product): 8})
    done = post(count_id)
    assert (done.is_posted, done.variances, done.gave_way) == (True, 1, 0)
    assert (on_hand(product), on_hand(other)) == (8, 5)
    (movement,) = StockMovement.objects.filter(kind="count")
    assert (movement.qty, movement.source_kind, movement.source_id) == (-2, "stock_count", count_id)
    assert post(count_id).variances == 1
    assert StockMovement.objects.filter(kind="count").count() == 1
    assert breaches() == []


def test_what_moves_between_counting_and_posting_is_no_variance(place):
    product, site = place
    stock(product, site, 10)
    count_id = counted(site, product, 9)
    transfer_now = NOW + timedelta(hours=1)
    shipped_later(product, site, 4, transfer_now)
    post(count_id, now=NOW + timedelta(hours=2))
    assert on_hand(product, site) == 5
    assert StockMovement.objects.get(kind="count").qty == -1


def shipped_later(product, site, qty, now):
    from inventory.services.ship_transfer import ship_transfer
    from tests.factories.stock import requested

    transfer_id, _ = requested(product, site, SiteFactory(), qty)
    ship_transfer(transfer_id=transfer_id, actor=PLANNER, now=now)


def test_a_correction_made_after_the_count_is_not_made_twice(place):
    product, site = place
    balance_id = stock(product, site, 10)
    first = counted(site, product, 8)
    second = opened(site, [product], "again")
    record(second, {line_of(second, product): 8})
    adjust_stock(
        balance_id=balance_id, qty=Decimal(-2), reason="found empty", actor=PLANNER, now=NOW + timedelta(hours=1)
    )
    for count_id in (first, second):
        post(count_id, now=NOW + timedelta(hours=2))
    assert on_hand(product) == 8


def test_goods_on_no_line_are_added_where_they_were_found(place):
    product, site = place
    stock(product, site, 10, lot="A")
    stock(product, SiteFactory(), 1, lot="B")
    count_id = opened(site)
    record(count_id, {line_of(count_id, product): 10}, found=[FoundStock(product.pk, Decimal(3), "b")])
    post(count_id)
    assert {b.lot.code: b.on_hand_qty for b in StockBalance.objects.filter(site=site)} == {"A": 10, "B": 3}


def test_counted_below_what_is_promised_claims_give_way_and_one_case_tells(place):
    product, site = place
    stock(product, site, 10)
    (got,) = open_and_reserve([spec(product, 9)])
    done = post(counted(site, product, 7))
    assert (done.gave_way, done.pending) == (1, 0)
    state = demand_states([got.demand_id])[got.demand_id]
    assert (state.reserved, state.backordered) == (7, 2)
    (case,) = live_cases("claims_gave_way")
    assert case.subject_kind == "stock_count"
    stock(product, SiteFactory(), 2)
    drain(NOW)
    assert demand_states([got.demand_id])[got.demand_id].allocated == 9
    assert breaches() == []


def test_counted_below_what_is_being_picked_the_rest_waits_with_a_case_until_a_count_agrees(place):
    product, site = place
    stock(product, site, 10)
    wanted = demand(product, 8)
    allocate(trigger_key="a", product_ids=[product.pk], actor=PLANNER, now=NOW)
    with unit():
        release_claims([wanted], now=NOW)
    count_id = counted(site, product, 5)
    assert post(count_id).pending == 1
    assert on_hand(product) == 8
    line = CountLine.objects.get(count_id=count_id)
    assert (line.variance_qty, line.pending_qty) == (-5, 3)
    (case,) = live_cases("count_pending")
    assert (case.queue.code, "3 are missing" in case.summary) == ("warehouse", True)
    post(counted(site, product, 8))
    assert live_cases("count_pending") == []
    assert breaches() == []


def test_a_variance_worth_more_than_the_site_allows_waits_for_somebody_who_did_not_count(place):
    product, site = StockedProductFactory(standard_cost=Decimal(30)), SiteFactory(count_approval_amount=Decimal(100))
    stock(product, site, 10)
    counter, planner = person(Role.WAREHOUSE), person(Role.PLANNER)
    count_id = counted(site, product, 6, actor=counter)
    done = post(count_id, actor=counter)
    assert (done.is_posted, done.worth) == (False, 120)
    assert on_hand(product) == 10
    assert post(count_id, actor=counter).approval_id == done.approval_id
    with pytest.raises(SelfApproval):
        decide(approval_id=done.approval_id, approve=True, actor=counter, now=NOW)
    decide(approval_id=done.approval_id, approve=True, actor=planner, now=NOW)
    assert post(count_id, actor=counter).is_posted
    assert on_hand(product) == 6
    assert StockCount.objects.get().approval_id == done.approval_id


def test_an_approval_by_a_counter_is_worth_nothing_and_new_figures_need_a_new_one(place):
    product, site = StockedProductFactory(standard_cost=Decimal(30)), SiteFactory(count_approval_amount=Decimal(100))
    stock(product, site, 10)
    counting_planner, asker = person(Role.PLANNER), person(Role.WAREHOUSE)
    count_id = counted(site, product, 6, actor=counting_planner)
    first = post(count_id, actor=asker).approval_id
    decide(approval_id=first, approve=True, actor=counting_planner, now=NOW)
    with pytest.raises(ApprovedByACounter):
        post(count_id, actor=asker)
    record(count_id, {line_of(count_id, product): 5}, actor=asker)
    assert StockCount.objects.get().status == "open"
    second = post(count_id, actor=asker)
    assert (second.is_posted, second.worth) == (False, 150)
    assert ApprovalRequest.objects.count() == 2
    assert on_hand(product) == 10


def test_a_variance_within_the_companys_amount_needs_nobody(place, settings):
    settings.COUNT_APPROVAL_AMOUNT = 120
    product, site = StockedProductFactory(standard_cost=Decimal(30)), SiteFactory()
    stock(product, site, 10)
    assert post(counted(site, product, 6)).is_posted
    assert not post(counted(site, product, 1)).is_posted


def test_a_count_of_a_closed_site_is_refused_also_when_it_closed_later(place):
    product, site = place
    stock(product, site, 10)
    count_id = counted(site, product, 6)
    site.is_active = False
    site.save()
    with pytest.raises(SiteIsClosed) as refused:
        opened(site, [product], "late")
    assert "open it again" in refused.value.remedy
    with pytest.raises(SiteIsClosed):
        post(count_id)
    assert on_hand(product) == 10


def test_bad_figures_are_told_line_by_line_and_nothing_is_written(place):
    product, site = place
    other = StockedProductFactory()
    stock(product, site, 10)
    stock(other, site, 10, lot="THEIRS")
    count_id = opened(site)
    good = line_of(count_id, product)
    with pytest.raises(InvalidInput) as wrong:
        record(count_id, {good: -1, 0: 1}, found=[FoundStock(product.pk, Decimal(0))])
    assert [e.code for e in wrong.value.errors] == ["not_a_quantity", "unknown_line", "not_a_quantity"]
    with pytest.raises(LotOfAnotherProduct):
        record(count_id, {good: 1}, found=[FoundStock(product.pk, Decimal(1), "theirs")])
    assert not CountLine.objects.filter(counted_qty__isnull=False).exists()
    with pytest.raises(NothingCounted):
        post(count_id)
    with pytest.raises(InvalidInput):
        opened(SiteFactory(), None, "empty")
    with pytest.raises(InvalidInput):
        open_count(site_id=site.pk, product_ids=[0], key="x", actor=PLANNER, now=NOW)
    with pytest.raises(NotFound):
        post(0)


def test_a_cancelled_count_is_over_and_a_posted_one_cannot_be_cancelled(place):
    product, site = place
    stock(product, site, 10)
    count_id = counted(site, product, 6)
    for _ in range(2):
        cancel_count(count_id=count_id, reason="wrong aisle", actor=PLANNER, now=NOW)
    with pytest.raises(IllegalTransition):
        post(count_id)
    with pytest.raises(IllegalTransition):
        record(count_id, {line_of(count_id, product): 1})
    done = counted(site, product, 10)
    post(done)
    with pytest.raises(IllegalTransition):
        cancel_count(count_id=done, reason="late", actor=PLANNER, now=NOW)
    assert on_hand(product) == 10
