"""A run over everything: a job a shard, closed once with the last, done again without harm."""

from dataclasses import replace
from functools import partial

import pytest

from accounts.states import ShipComplete
from core.models import Job, JobState
from core.testing import drain
from inventory.models import AllocationRun, Claim
from inventory.queries import demand_states
from inventory.rules.asks import RankSnapshot
from inventory.rules.policy import Policy
from inventory.rules.policy_text import SegmentDraft
from inventory.rules.shards import shards
from inventory.services import allocate as doors
from inventory.services.allocate import allocate, allocate_shard, start_run
from inventory.services.open_demands import open_demands
from inventory.services.save_policy import PolicyDraft, save_policy
from tests.factories.accounts import AccountFactory, StaffFactory
from tests.factories.doors import browser_of
from tests.factories.inventory import (
    NOW,
    PLANNER,
    SiteFactory,
    StockedProductFactory,
    breaches,
    demand,
    spec,
    stock,
    unit,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def three(monkeypatch):
    """Three products with four units and five wanted each; every one is a shard of its own."""
    monkeypatch.setattr(doors, "shards", partial(shards, most_products=1))
    site = SiteFactory()
    products = [StockedProductFactory() for _ in range(3)]
    for product in products:
        stock(product, site, 4)
    drain(NOW)  # the receipts' own runs find nobody waiting
    for product in products:
        demand(product, 3)
        demand(product, 2)
    return products


def shard_jobs():
    return Job.objects.filter(reaction="allocate a shard of a run")


def test_a_run_is_a_job_for_each_shard_and_the_last_one_closes_it(three):
    started = start_run(trigger_key="nightly", actor=PLANNER, now=NOW)
    assert (started.shards, started.is_new, Claim.objects.count()) == (3, True, 0)
    assert start_run(trigger_key="nightly", actor=PLANNER, now=NOW) == doors.Started(started.run_id, 3, False)
    assert shard_jobs().count() == 3
    run = AllocationRun.objects.get(pk=started.run_id)
    for shard in (3, 1):
        allocate_shard(run_id=run.pk, shard=shard, actor=PLANNER, now=NOW)
        run.refresh_from_db()
        assert run.finished_at is None
    drain(NOW)
    run.refresh_from_db()
    assert run.finished_at == NOW
    assert (run.result["demands"], run.result["allocated"], run.result["still_short"]) == (6, "12.0000", "3.0000")
    assert run.result["product_ids"] == sorted(p.pk for p in three)
    assert run.shards.filter(finished_at__isnull=False).count() == 3
    assert shard_jobs().filter(state=JobState.DONE).count() == 3
    assert breaches() == []
    reader = browser_of(StaffFactory(is_superuser=True))
    page = reader.get(f"/admin/inventory/allocationrun/{run.pk}/change/").content.decode()
    assert "6 lines gained 12" in page
    for part in run.shards.all():
        assert f'<a href="/admin/inventory/allocationrun/{part.pk}/change/">run {part.pk}</a> (2 lines)' in page


def test_a_shard_done_again_changes_nothing(three):
    first = allocate(trigger_key="once", actor=PLANNER, now=NOW)
    claims = list(Claim.objects.order_by("pk").values_list("pk", "qty"))
    again = [allocate_shard(run_id=first.run_id, shard=n, actor=PLANNER, now=NOW) for n in (1, 2, 3)]
    assert [a.allocated for a in again] == [4, 4, 4]
    assert allocate(trigger_key="once", actor=PLANNER, now=NOW) == first
    assert list(Claim.objects.order_by("pk").values_list("pk", "qty")) == claims
    assert AllocationRun.objects.filter(parent=first.run_id).count() == 3


def test_a_run_that_was_interrupted_is_finished_by_the_same_key(three, monkeypatch):
    monkeypatch.setattr(doors, "allocate_shard", stop_at(2))
    with pytest.raises(KeyboardInterrupt):
        allocate(trigger_key="broken off", actor=PLANNER, now=NOW)
    assert Claim.objects.values("balance__product").distinct().count() == 1
    monkeypatch.undo()
    outcome = allocate(trigger_key="broken off", actor=PLANNER, now=NOW)
    assert (outcome.demands, outcome.allocated) == (6, 12)
    assert breaches() == []


def an_order_of_two(account, one, other, qty=4):
    """A line of each product, of one order that ships complete or not at all."""
    first = spec(one, qty, account_id=account.pk, rank=RankSnapshot(tier_rank=1))
    second = replace(first, key=f"{first.key} 2", line_no=2, product_id=other.pk)
    with unit():
        ids = open_demands([first, second], now=NOW)
    return [ids[first.key], ids[second.key]]


@pytest.fixture
def judged(monkeypatch):
    """Three products with four units and one without, each a shard of its own but for what ties them, under a policy that
    judges orders."""
    monkeypatch.setattr(doors, "shards", partial(shards, most_products=1))
    site, products = SiteFactory(), [StockedProductFactory() for _ in range(4)]
    for product in products[:3]:
        stock(product, site, 4)
    drain(NOW)
    draft = PolicyDraft(
        Policy(code="whole", name="Whole", passes=1),
        (SegmentDraft("all", "gain"),),
        skus=tuple(p.sku for p in products),
    )
    save_policy(draft=draft, actor=PLANNER, now=NOW)
    return products


def test_an_order_that_ships_complete_is_judged_whole_though_its_lines_would_be_in_two_shards(judged):
    one, between, other, _ = judged
    account = AccountFactory(ship_complete=ShipComplete.ORDER)
    fits = an_order_of_two(account, one, other)
    waits = demand(one, 4, tier=2)
    alone = demand(between, 3)
    outcome = allocate(trigger_key="whole", actor=PLANNER, now=NOW)
    assert held(*fits, waits, alone) == [4, 4, 0, 3]
    scope = AllocationRun.objects.get(pk=outcome.run_id).scope
    assert sorted(scope["of"]) == sorted([sorted([one.pk, other.pk]), [between.pk]])
    assert breaches() == []


@pytest.mark.parametrize("by", ["run", "receipt"])
def test_what_its_other_line_lacks_takes_the_stock_of_an_order_back_also_where_there_is_none_of_it(judged, by):
    one, other = judged[0], judged[3]
    lacking = an_order_of_two(AccountFactory(ship_complete=ShipComplete.ORDER), one, other)
    next_one = demand(one, 3, tier=2)
    allocate(trigger_key="x", product_ids=[one.pk] if by == "receipt" else None, actor=PLANNER, now=NOW)
    assert held(*lacking, next_one) == [0, 0, 3]
    assert breaches() == []


def test_an_order_that_a_receipt_s_run_only_touches_is_judged_with_what_its_other_line_holds(judged):
    """The first is tied to `between`, which brings the second's line of it into the run; of its other product there is
    none. Judged by that line alone it would take what is left of `between` and wait with it."""
    one, between, _, none_there = judged
    account = AccountFactory(ship_complete=ShipComplete.ORDER)
    first = an_order_of_two(account, one, between, 2)
    lacking = an_order_of_two(account, between, none_there, 2)
    waits = demand(between, 2, tier=2)
    outcome = allocate(trigger_key="receipt", product_ids=[one.pk], actor=PLANNER, now=NOW)
    assert outcome.product_ids == tuple(sorted([one.pk, between.pk]))
    assert held(*first, *lacking, waits) == [2, 2, 0, 0, 2]
    assert outcome.by_parts == 0
    assert breaches() == []


def test_orders_judged_by_their_parts_are_counted_on_the_run_s_page(judged, monkeypatch):
    monkeypatch.setattr(doors, "shards", lambda lines, ties: [(i,) for i in sorted(lines)])
    one, other = judged[0], judged[1]
    an_order_of_two(AccountFactory(ship_complete=ShipComplete.ORDER), one, other)
    outcome = allocate(trigger_key="cut", actor=PLANNER, now=NOW)
    assert outcome.by_parts == 1
    page = browser_of(StaffFactory(is_superuser=True)).get(f"/admin/inventory/allocationrun/{outcome.run_id}/change/")
    assert "1: what hangs together is more than four shards" in page.content.decode()


def held(*demand_ids):
    states = demand_states(demand_ids)
    return [states[i].allocated for i in demand_ids]


def stop_at(number):
    def shard_or_stop(*, shard, **asked):
        if shard == number:
            raise KeyboardInterrupt
        return allocate_shard(shard=shard, **asked)

    return shard_or_stop


def test_a_run_of_nothing_is_finished_at_once():
    started = start_run(trigger_key="idle", actor=PLANNER, now=NOW)
    assert (started.shards, shard_jobs().count()) == (0, 0)
    assert AllocationRun.objects.get().finished_at == NOW
    assert allocate(trigger_key="idle", actor=PLANNER, now=NOW).demands == 0
