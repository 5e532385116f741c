"""Runs by policy and under pools on PostgreSQL: what is taken, kept, told, and what a policy is made of."""

import os
import random
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.errors import InvalidInput
from core.testing import drain, unit
from exceptions_app.models import Case
from exceptions_app.services.detect import detect_all
from inventory.models import AllocationChange, AllocationPolicy, AllocationPolicyVersion, AllocationRun, Claim
from inventory.policy_queries import policies, rules_of
from inventory.queries import decisions, demand_states, reasons
from inventory.rules.asks import RankSnapshot, SplitAsk
from inventory.rules.policy import DEFAULT, Policy
from inventory.rules.policy_text import SegmentDraft
from inventory.services.allocate import allocate
from inventory.services.reserve import reserve
from inventory.services.save_policy import PolicyDraft, save_policy
from inventory.services.what_if import what_if
from inventory.split_queries import split_plan
from tests.factories.accounts import AccountFactory, StaffFactory, TierFactory
from tests.factories.doors import browser_of
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
from tests.factories.pools import cap, north, protect

pytestmark = pytest.mark.django_db
ALL_AGAIN = (SegmentDraft("all", "redistribute"),)


def run(product, key="run", now=NOW):
    return allocate(trigger_key=key, product_ids=[product.pk], actor=PLANNER, now=now)


def got(demand_id):
    s = demand_states([demand_id])[demand_id]
    return s.backordered, s.reserved, s.allocated


def policy(*segments, product=None, **settings):
    skus = (product.sku,) if product else ()
    draft = PolicyDraft(Policy(code="shortage", name="Shortage", **settings), segments or ALL_AGAIN, skus=skus)
    return save_policy(draft=draft, actor=PLANNER, now=NOW)


@pytest.fixture
def product():
    found = StockedProductFactory()
    stock(found, SiteFactory(), 10)
    return found


def test_the_seeded_default_is_what_runs_did_before_there_were_policies(product):
    row = AllocationPolicy.objects.get()
    assert (row.is_default, row.version) == (True, 1)
    (default,) = policies()
    assert default.is_plain
    assert replace(default, code="default", name="Default", version=0) == DEFAULT
    assert rules_of([product.pk]).by_policy == set()


def test_a_policy_that_may_take_promises_deals_firm_claims_again_and_opens_a_case(product):
    low = demand(product, 8, tier=3)
    run(product, "first")
    policy(product=product, may_take_promises=True)
    high = demand(product, 6, tier=1)
    outcome = run(product, "second")
    assert (got(high), got(low)) == ((0, 0, 6), (4, 0, 4))
    case = Case.objects.get(kind="allocation_conflict")
    assert case.summary.startswith("4 promised to O")
    changes = AllocationChange.objects.filter(run_id=outcome.run_id).order_by("demand_id")
    assert [(c.demand_id, c.before_qty, c.after_qty) for c in changes] == [(low, 8, 4), (high, 0, 6)]
    assert Case.objects.filter(kind="promise_moved").count() == 0  # the fact's reaction opens it, later
    assert breaches() == []
    run(product, "third")
    assert AllocationChange.objects.exclude(run__trigger_key="first").count() == 2


def test_a_run_by_rank_tells_too_who_gained_and_whose_day_moved(product):
    """Both want it at once; six more come in five days. Then four more are there, and the second is served sooner."""
    first, second = demand(product, 8), demand(product, 6)
    outcome = run(product, "first")
    rows = AllocationChange.objects.filter(run_id=outcome.run_id).order_by("demand_id")
    assert [(c.demand_id, c.before_qty, c.after_qty) for c in rows] == [(first, 0, 8), (second, 0, 2)]
    stock(product, SiteFactory(), 4)
    later = run(product, "later")
    (row,) = AllocationChange.objects.filter(run_id=later.run_id)
    assert (row.demand_id, row.before_qty, row.after_qty) == (second, 2, 6)
    assert run(product, "again").allocated == 0
    assert AllocationChange.objects.count() == 3
    page = browser_of(StaffFactory(is_superuser=True)).get(f"/admin/inventory/allocationrun/{outcome.run_id}/change/")
    assert "2 lines gained 10" in page.content.decode()
    assert "lost" not in page.content.decode().split("Gained, lost, moved")[1][:200]


def test_a_win_that_is_served_in_full_but_late_has_failed_and_is_told(product):
    """The site's goods arrive in two days: one is wanted tomorrow, one in three days, one more than there is."""
    policy(SegmentDraft("must", "win"), product=product)
    late = demand(product, 4, requested_date=TODAY + timedelta(days=1), tier=1)
    in_time = demand(product, 4, requested_date=TODAY + timedelta(days=3), tier=2)
    short = demand(product, 4, requested_date=TODAY + timedelta(days=3), tier=3)
    outcome = run(product)
    assert [got(i)[2] for i in (late, in_time, short)] == [4, 4, 2]
    assert outcome.failed_wins == 2
    assert run(product).failed_wins == 2  # told again by the same key
    told = reasons([late, in_time, short])
    there = TODAY + timedelta(days=2)
    assert f"it is promised for {there.day} {there:%b}" in told[late]
    assert "promised for" not in str(told[in_time])
    assert "there is not enough for all that must be" in str(told[short])
    shown = what_if(product_ids=[product.pk], now=NOW)
    assert sum("promised for" in c.why for c in shown.changes) == 1


def test_a_failed_win_is_the_planner_s_case_once_a_demand_until_it_is_served(product):
    policy(SegmentDraft("must", "win", "tier 1"), product=product)
    served = demand(product, 4, requested_date=TODAY + timedelta(days=3), tier=1)
    late = demand(product, 4, requested_date=TODAY + timedelta(days=1), tier=1)
    short = demand(product, 4, requested_date=TODAY + timedelta(days=3), tier=1)
    other = demand(product, 4, requested_date=TODAY, tier=2)  # waits too, and no policy says it must not
    run(product, "first")
    drain(NOW)
    cases = Case.objects.filter(kind="allocation_conflict", cause_key__startswith="win:")
    assert {c.cause_key for c in cases.all()} == {f"win:{late}", f"win:{short}"}
    assert {c.queue.code for c in cases.all()} == {"planner"}
    told = {c.cause_key: c.summary.split("must be served in full on ")[1] for c in cases.all()}
    there = TODAY + timedelta(days=2)
    assert told[f"win:{late}"].endswith(f": the last comes on {there.day} {there:%b}")
    assert told[f"win:{short}"].endswith(": 2 of 4 are missing")
    run(product, "again")
    drain(NOW)
    assert cases.count() == 2  # seen again, not opened again
    detect_all(now=NOW, only="allocation_conflict")
    assert {c.status for c in cases.all()} == {"open"}
    stock(product, SiteFactory(), 10)
    run(product, "served")
    drain(NOW)
    detect_all(now=NOW, only="allocation_conflict")
    assert {c.cause_key: c.status for c in cases.all()} == {f"win:{late}": "open", f"win:{short}": "auto_resolved"}
    policy(product=product)  # nothing must be won any more
    run(product, "by another policy")
    drain(NOW)
    detect_all(now=NOW, only="allocation_conflict")
    assert {c.status for c in cases.all()} == {"auto_resolved"}
    assert got(served) == (0, 0, 4)
    assert got(other) == (0, 0, 4)


def test_what_is_reserved_is_within_the_percent_of_a_site_that_the_next_run_leaves_one_order(product):
    """Half of what each site has: five of ten and three of six, whole multiples, though nobody else wants it."""
    stock(product, SiteFactory(), 6)
    policy(*ALL_AGAIN, product=product, order_cap_percent=Decimal(50))
    seen = split_plan([SplitAsk(1, product.pk, Decimal(12), TODAY)], account_id=None, now=NOW)[1]
    assert [s.qty for s in seen.slices if s.kind == "stock"] == [5, 3]
    (one,) = open_and_reserve([spec(product, 12)])
    assert (one.reserved, one.backordered) == (8, 4)
    assert "one order takes at most 50 % of what a site has of it" in str(one.explanation.losers)
    (other,) = open_and_reserve([spec(product, 3)])  # another order has its own half of all that is there
    assert (other.reserved, other.backordered) == (3, 0)
    run(product)
    assert (got(one.demand_id), got(other.demand_id)) == ((4, 0, 8), (0, 0, 3))
    with unit():
        again = reserve([one.demand_id], now=NOW + timedelta(hours=1))[one.demand_id]
    assert (again.backordered, got(one.demand_id)) == (4, (4, 0, 8))  # its own claims count towards it
    assert breaches() == []


@pytest.mark.parametrize("seed", range(int(os.environ.get("OMS_CASES", "6"))))
def test_a_percent_takes_nothing_away_that_was_reserved(seed):
    """Orders of equal rank come one after the other, of lots of all ages; then everything is dealt again."""
    chance = random.Random(seed)
    product = StockedProductFactory()
    for n in range(chance.randint(1, 3)):
        site = SiteFactory(rank=n)
        for lot in range(chance.randint(1, 3)):
            days = chance.choice([None, 3, 20, 90])
            expiry = None if days is None else TODAY + timedelta(days=days)
            stock(product, site, chance.randint(1, 30), lot=f"L{n}{lot}", expiry=expiry)
    policy(*ALL_AGAIN, product=product, order_cap_percent=Decimal(chance.choice([20, 34, 50, 80])))
    asked = []
    for n in range(chance.randint(2, 6)):
        wish = spec(product, chance.randint(1, 40), min_shelf_life_days=chance.choice([0, 0, 10]))
        asked += open_and_reserve([wish], now=NOW + timedelta(minutes=n))
    had = {r.demand_id: r.reserved for r in asked}
    run(product, now=NOW + timedelta(hours=1))
    assert {i: got(i)[1] + got(i)[2] for i in had} == had
    assert breaches() == []


def test_without_leave_a_run_keeps_what_is_firm_whatever_the_policy_says(product):
    low = demand(product, 8, tier=3)
    run(product, "first")
    policy(SegmentDraft("all", "lose"), product=product)
    high = demand(product, 6, tier=1)
    run(product, "second")
    assert (got(low), got(high)) == ((0, 0, 8), (6, 0, 0))
    assert Case.objects.filter(kind="allocation_conflict").count() == 0
    assert breaches() == []


def test_a_soft_reservation_becomes_firm_in_place_and_a_blocked_one_stays_soft(product):
    policy(product=product, may_take_promises=True)
    (free,) = open_and_reserve([spec(product, 6)])
    (held,) = open_and_reserve([spec(product, 4, is_blocked=True)])
    claims = set(Claim.objects.values_list("pk", flat=True))
    run(product)
    assert (got(free.demand_id), got(held.demand_id)) == ((0, 0, 6), (0, 4, 0))
    assert set(Claim.objects.values_list("pk", flat=True)) == claims
    assert breaches() == []
    run(product, "again")
    assert set(Claim.objects.values_list("pk", flat=True)) == claims


def test_a_big_order_of_the_long_tail_cannot_drain_what_is_kept_for_a_group(product):
    group, member, stranger = north()
    protect(7, product=product, group=group, name="GPO North")
    big = demand(product, 100, account_id=stranger.pk, rank=RankSnapshot(priority=5))
    run(product, "tail")
    assert got(big) == (97, 0, 3)
    losers = [(x.what, x.why) for x in decisions([big])[big].losers]
    assert ("97 more", "what is left is kept for GPO North") in losers
    ours = demand(product, 7, account_id=member.pk)
    run(product, "ours")
    assert got(ours) == (0, 0, 7)
    assert "Place" not in reasons([ours])[ours]
    assert breaches() == []


def test_an_order_cap_counts_what_the_order_has_already(product):
    account = AccountFactory()
    cap(6, product=product)
    first = demand(product, 9, account_id=account.pk)
    run(product, "first")
    assert got(first) == (3, 0, 6)
    run(product, "second")
    assert got(first) == (3, 0, 6)


def test_a_customer_that_takes_whole_orders_only_gives_back_what_it_cannot_complete():
    a, b = StockedProductFactory(), StockedProductFactory()
    site = SiteFactory()
    stock(a, site, 5)
    stock(b, site, 2)
    whole = AccountFactory(ship_complete="order")
    lines = [spec(p, 5, account_id=whole.pk, line_no=n) for n, p in enumerate((a, b), start=1)]
    lines[1] = replace(lines[1], ref=lines[0].ref)
    one, two = (r.demand_id for r in open_and_reserve(lines))
    other = demand(a, 4, account_id=AccountFactory().pk)
    save_policy(
        draft=PolicyDraft(Policy(code="whole", name="Whole orders", passes=2), (), skus=(a.sku, b.sku)),
        actor=PLANNER, now=NOW,
    )  # fmt: skip
    allocate(trigger_key="both", product_ids=[a.pk, b.pk], actor=PLANNER, now=NOW)
    assert (got(one), got(two), got(other)) == ((5, 0, 0), (5, 0, 0), (0, 0, 4))
    assert breaches() == []


def test_shares_are_weighed_by_the_tier_of_the_account(product):
    gold, basic = TierFactory(rank=1, fair_share_weight=3), TierFactory(rank=2, fair_share_weight=1)
    policy(SegmentDraft("all", "gain", sort="date", fair="tier"), product=product)
    ids = [demand(product, 20, account_id=AccountFactory(tier=t).pk) for t in (gold, basic)]
    run(product)
    assert [got(i)[2] for i in ids] == [Decimal("7.5"), Decimal("2.5")]


def test_a_policy_keeps_its_versions_and_says_every_error_at_once(product):
    pk = policy(product=product)
    policy(product=product)  # the same again is no new version
    policy(SegmentDraft("near", "win", "due within 3"), *ALL_AGAIN, product=product, lock_days=2)
    row = AllocationPolicy.objects.get(pk=pk)
    assert row.version == 2
    assert [v.version for v in AllocationPolicyVersion.objects.filter(policy=pk).order_by("version")] == [1, 2]
    assert rules_of([product.pk]).policies[product.pk].lock_days == 2
    wrong = PolicyDraft(
        Policy(code="x", name="", order_cap_percent=Decimal(200)),
        (SegmentDraft("a", "win", "tier gold"), SegmentDraft("b", "lose", fair="demand")), skus=("NONE",),
    )  # fmt: skip
    with pytest.raises(InvalidInput) as refused:
        save_policy(draft=wrong, actor=PLANNER, now=NOW)
    assert [e.pointer for e in refused.value.errors] == [
        "/segments.0",
        "/name",
        "/order_cap_percent",
        "/segments.0",
        "/skus",
    ]


def test_a_full_run_is_one_run_of_shards_whose_progress_shows(product):
    demand(product, 3)
    outcome = allocate(trigger_key="all", actor=PLANNER, now=NOW)
    whole = AllocationRun.objects.get(pk=outcome.run_id)
    assert (whole.trigger_key, whole.scope["shards"], whole.shards.filter(finished_at__isnull=False).count()) == (
        "all",
        1,
        1,
    )
    assert whole.result["allocated"] == "3.0000"


def test_the_page_of_a_run_shows_its_progress_and_leads_to_what_each_shard_changed(product):
    policy(product=product)
    demand(product, 3)
    outcome = allocate(trigger_key="all", actor=PLANNER, now=NOW)
    (shard,) = AllocationRun.objects.filter(parent=outcome.run_id)
    desk = browser_of(StaffFactory(roles=["planner"]))
    whole = desk.get(f"/admin/inventory/allocationrun/{outcome.run_id}/change/").content.decode()
    assert "1 of 1 shards" in whole
    address = f"/admin/inventory/allocationrun/{shard.pk}/change/"
    assert f'<a href="{address}">run {shard.pk}</a> (1 line)' in whole
    part = desk.get(address).content.decode()
    assert "0 → 3" in part
    assert f"run {outcome.run_id}</a>" in part


def test_the_number_of_statements_does_not_grow_with_products_and_lines():
    counts = []
    for size in (1, 6):
        products = [StockedProductFactory() for _ in range(size)]
        site, account = SiteFactory(), AccountFactory()
        for p in products:
            stock(p, site, 1)  # somebody is short in either
            for n in range(size):
                demand(p, 2, account_id=account.pk, requested_date=TODAY + timedelta(days=n))
            protect(2, product=p, account=account)
        draft = PolicyDraft(
            Policy(code=f"p{size}", name="P", passes=1, may_take_promises=True),
            ALL_AGAIN,
            skus=tuple(p.sku for p in products),
        )
        save_policy(draft=draft, actor=PLANNER, now=NOW)
        with CaptureQueriesContext(
            connection,
        ) as seen:
            allocate(trigger_key=f"size {size}", product_ids=[p.pk for p in products], actor=PLANNER, now=NOW)
        counts.append(len(seen))
    assert counts[0] == counts[1] <= 40, counts


@pytest.mark.parametrize("is_by_policy", [True, False])
def test_more_stock_on_a_place_a_demand_holds_already_makes_its_claim_larger(product, is_by_policy):
    """A second firm claim of one demand on one balance is refused by the database: the run would fail."""
    if is_by_policy:
        protect(1, account=AccountFactory(), product=product)
    wanted = demand(product, 15)
    run(product, "first")
    held = Claim.objects.get(demand_id=wanted)
    stock(product, held.balance.site, 4)
    run(product, "second")
    expected = 13 if is_by_policy else 14
    (claim,) = Claim.objects.filter(demand_id=wanted, state="open")
    assert (claim.pk, claim.qty) == (held.pk, expected)
    assert breaches() == []
