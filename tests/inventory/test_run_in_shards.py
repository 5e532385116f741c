"""A run over everything: a job a shard, closed once with the last, done again without harm."""

from functools import partial

import pytest

from core.models import Job, JobState
from core.testing import drain
from inventory.models import AllocationRun, Claim
from inventory.rules.shards import shards
from inventory.services import allocate as doors
from inventory.services.allocate import allocate, allocate_shard, start_run
from tests.factories.inventory import NOW, PLANNER, SiteFactory, StockedProductFactory, breaches, demand, stock

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
