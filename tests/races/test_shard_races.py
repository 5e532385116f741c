"""The shards of a run on several workers at once, on one that is killed, and with supply that moves under the plan."""

from datetime import timedelta
from functools import partial
from threading import Event

import pytest

from core import outbox
from core.models import Job, JobState
from core.testing import drain, race
from inventory.models import AllocationRun, Claim, StockBalance
from inventory.rules.policy import Policy
from inventory.rules.policy_text import SegmentDraft
from inventory.rules.shards import heavy, shards
from inventory.services import allocate as doors
from inventory.services import run_products
from inventory.services.allocate import allocate, start_run
from inventory.services.save_policy import PolicyDraft, save_policy
from tests.factories.inventory import NOW, PLANNER, SiteFactory, StockedProductFactory, breaches, demand, stock

pytestmark = pytest.mark.django_db(transaction=True)
PRODUCTS = 8


@pytest.fixture
def ruled(monkeypatch):
    """Eight products of one policy, 3 units each at two sites and 8 wanted; every one is a shard of its own."""
    monkeypatch.setattr(doors, "shards", partial(shards, most_products=1))
    draft = PolicyDraft(
        Policy(code="all", name="All", may_take_promises=True),
        (SegmentDraft("all", "redistribute", sort="date", fair="demand"),), is_default=True,
    )  # fmt: skip
    save_policy(draft=draft, actor=PLANNER, now=NOW)
    sites = [SiteFactory(), SiteFactory()]
    products = [StockedProductFactory() for _ in range(PRODUCTS)]
    for product in products:
        for site in sites:
            stock(product, site, 3)
    drain(NOW)  # the receipts' own runs find nobody waiting
    for product in products:
        demand(product, 5)
        demand(product, 3)
    return products


def waiting_jobs():
    return list(Job.objects.filter(reaction="allocate a shard of a run").order_by("pk").values_list("pk", flat=True))


def test_shards_on_four_workers_each_job_sent_twice_close_the_run_once(ruled):
    started = start_run(trigger_key="spread", actor=PLANNER, now=NOW)
    jobs = waiting_jobs()
    assert len(jobs) == started.shards == PRODUCTS

    def worker(mine):
        return [outbox.run_job(job_id, now=NOW) for job_id in mine]

    found = race(*(partial(worker, some) for some in (jobs[:4], jobs[4:], jobs[::-1], jobs[::2] + jobs[1::2])))
    outcomes = [outcome for some in found for outcome in some]
    assert outcomes.count("done") == PRODUCTS
    assert set(outcomes) <= {"done", "gone", "running"}
    run = AllocationRun.objects.get(pk=started.run_id)
    assert (run.finished_at, run.result["demands"], run.result["allocated"]) == (NOW, 2 * PRODUCTS, "48.0000")
    assert run.shards.count() == PRODUCTS
    assert breaches() == []


class Killed(BaseException):
    """A worker that is gone in the middle: nobody catches it, its transaction is lost."""


def test_the_shard_of_a_worker_that_is_killed_is_done_by_another(ruled, monkeypatch):
    started = start_run(trigger_key="killed", actor=PLANNER, now=NOW)
    leased = outbox.lease_due(now=NOW, limit=1)
    monkeypatch.setattr(doors, "_close", die)
    (death,) = race(partial(outbox.run_job, leased[0], now=NOW))
    assert isinstance(death, Killed)
    monkeypatch.undo()
    assert Claim.objects.count() == 0  # what it had written went with it
    late = NOW + 2 * outbox.LEASE
    assert leased[0] in (again := outbox.lease_due(now=late))
    assert {outbox.run_job(job_id, now=late) for job_id in again} == {"done"}
    assert AllocationRun.objects.get(pk=started.run_id).finished_at == late
    assert not Job.objects.filter(reaction="allocate a shard of a run").exclude(state=JobState.DONE).exists()
    assert breaches() == []


def die(*asked):
    raise Killed


def test_supply_that_moves_between_the_plan_and_its_publishing_is_planned_again_and_nothing_else_is(ruled, monkeypatch):
    monkeypatch.undo()  # one shard of all products
    monkeypatch.setattr(doors, "heavy", partial(heavy, most_lines=1))
    planned, moved = Event(), Event()
    monkeypatch.setattr(run_products, "plan_by_policy", pause_after_the_first(planned, moved))
    site = StockBalance.objects.filter(product=ruled[0]).earliest("pk").site

    def receive():
        assert planned.wait(timeout=20)
        stock(ruled[0], site, 3)
        moved.set()

    outcome, _ = race(lambda: allocate(trigger_key="moving", actor=PLANNER, now=NOW), receive)
    assert (outcome.planned_again, outcome.allocated) == (1, 6 * PRODUCTS + 2)  # 8 are wanted, 9 are there now
    assert Claim.objects.filter(demand__product=ruled[0]).count() >= 2
    assert sum(Claim.objects.filter(demand__product=ruled[0]).values_list("qty", flat=True)) == 8
    assert breaches() == []


def pause_after_the_first(planned, moved):
    """The plan made ahead is shown to be made; the run goes on when something has moved."""
    real = run_products.plan_by_policy

    def paused(stage, *, now, ahead=None):
        plan = real(stage, now=now, ahead=ahead)
        if ahead is None:
            planned.set()
            assert moved.wait(timeout=20)
        return plan

    return paused


def test_a_plan_nothing_moved_under_is_published_as_it_is(ruled, monkeypatch):
    monkeypatch.setattr(doors, "heavy", partial(heavy, most_lines=1))
    outcome = allocate(trigger_key="calm", actor=PLANNER, now=NOW)
    assert (outcome.planned_again, outcome.allocated) == (0, 6 * PRODUCTS)
    later = NOW + timedelta(minutes=1)
    again = allocate(trigger_key="calm again", actor=PLANNER, now=later)
    assert (again.allocated, again.planned_again) == (0, 0)
    assert breaches() == []
