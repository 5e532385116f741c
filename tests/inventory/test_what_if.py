"""Trying a policy, applying what was shown, and moving stock by hand."""

import json
from datetime import timedelta
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from accounts.approvals import decide
from core.actors import Actor
from core.models import OutboxFact, OverrideEntry
from core.overrides import Reason, ReasonTooShort
from exceptions_app.models import Case
from inventory.models import AllocationRun, Claim, Demand, Promise
from inventory.policy_queries import policy_called
from inventory.queries import demand_states
from inventory.rules.asks import RankSnapshot
from inventory.rules.policy import Policy
from inventory.rules.policy_text import SegmentDraft
from inventory.services.allocate import allocate
from inventory.services.apply_policy import ChangedSinceShown, apply_policy
from inventory.services.reallocate import NotToBeMoved, impact_of, reallocate
from inventory.services.save_policy import PolicyDraft, save_policy
from inventory.services.what_if import what_if
from tests.factories.accounts import AccountFactory, StaffFactory, TierFactory
from tests.factories.doors import browser_of
from tests.factories.inventory import (
    NOW,
    PLANNER,
    TODAY,
    InboundFactory,
    SiteFactory,
    StockedProductFactory,
    breaches,
    demand,
    stock,
)

pytestmark = pytest.mark.django_db
WHY = Reason("what_if", "the strategic customer comes first this week")
SOON = TODAY + timedelta(days=3)


@pytest.fixture
def short():
    """8 firm for a standard order; a strategic one waits for 6: (product, low, high)."""
    product = StockedProductFactory()
    stock(product, SiteFactory(), 8)
    InboundFactory(product=product, site=SiteFactory(), ordered_qty=20, eta_date=TODAY + timedelta(days=10))
    account = AccountFactory(tier=TierFactory(rank=1))
    low = demand(product, 8, rank=RankSnapshot(tier_rank=3, unit_margin=Decimal(1)))
    allocate(trigger_key="first", product_ids=[product.pk], actor=PLANNER, now=NOW)
    high = demand(product, 6, account_id=account.pk, rank=RankSnapshot(tier_rank=1, unit_margin=Decimal("2.5")))
    allocate(trigger_key="second", product_ids=[product.pk], actor=PLANNER, now=NOW)
    save_policy(
        draft=PolicyDraft(Policy(code="again", name="Deal again"), (SegmentDraft("all", "redistribute"),)),
        actor=PLANNER, now=NOW,
    )  # fmt: skip
    return product, low, high


def firm(demand_id):
    return demand_states([demand_id])[demand_id].allocated


def tables():
    return [list(m.objects.order_by("pk").values()) for m in (Claim, Promise, AllocationRun, OutboxFact)]


def test_a_what_if_says_who_gains_who_loses_and_what_slips_and_writes_nothing(short):
    product, low, high = short
    before = tables()
    found = what_if([product.pk], now=NOW, policy=policy_called("again"))
    assert tables() == before
    rows = {c.demand_id: (c.before, c.after, c.slips, c.firm_lost) for c in found.changes}
    assert rows == {high: (0, 6, False, 0), low: (8, 2, True, 6)}
    s = found.summary
    assert (s.moved, s.slips, s.whole.gained, s.whole.lost) == (2, 1, 6, 6)
    assert {rank: (p.gained, p.lost) for rank, p in s.tiers.items()} == {1: (6, 0), 3: (0, 6)}
    assert found.takes_promises
    assert what_if([product.pk], now=NOW).summary.whole.lost == 0  # the product's own policy keeps what is firm


def test_what_is_held_back_for_the_best_tier_is_not_dealt_to_the_others(short):
    product, low, high = short
    found = what_if([product.pk], now=NOW, policy=policy_called("again"), hold_back=Decimal(7))
    assert {c.demand_id: c.after for c in found.changes} == {high: 6, low: 1}


def test_applying_asks_for_approval_where_promises_are_taken_and_records_the_override(short):
    product, low, high = short
    shown = what_if([product.pk], now=NOW, policy=policy_called("again"))
    asked = {"policy_code": "again", "versions": shown.versions, "reason": WHY, "actor": PLANNER, "now": NOW}
    waiting = apply_policy(**asked)
    assert waiting.outcome is None
    assert (firm(low), firm(high)) == (8, 0)
    lead = StaffFactory(roles=["planner"])
    decide(
        approval_id=waiting.approval_id, approve=True, note="agreed with sales", now=NOW,
        actor=Actor(label=str(lead), user_id=lead.pk, roles=frozenset({"planner"})),
    )  # fmt: skip
    applied = apply_policy(**asked, approval_id=waiting.approval_id)
    assert applied.outcome is not None
    assert (firm(low), firm(high)) == (2, 6)
    entry = OverrideEntry.objects.get()
    assert (entry.kind, entry.subject_id, entry.approval_id) == (
        "allocation",
        applied.outcome.run_id,
        waiting.approval_id,
    )
    assert (entry.approver_id, entry.approver_label) == (lead.pk, str(lead))
    assert entry.money_effect == Decimal("9.00")  # 6 × 2.50 − 6 × 1.00
    assert Case.objects.filter(kind="allocation_conflict").count() == 1
    assert breaches() == []


def test_what_changed_since_it_was_shown_is_not_applied(short):
    product, low, high = short
    shown = what_if([product.pk], now=NOW, policy=policy_called("again"))
    late = demand(product, 1, tier=2)
    with pytest.raises(ChangedSinceShown):
        apply_policy(policy_code="again", versions=shown.versions, reason=WHY, actor=PLANNER, now=NOW)
    assert (firm(low), firm(high), firm(late)) == (8, 0, 0)


def test_the_command_tries_two_policies_side_by_side_and_writes_nothing(short):
    product, _low, _high = short
    before, out = tables(), StringIO()
    call_command(
        "allocate",
        "--policy",
        "again",
        "--policy",
        "default",
        "--products",
        product.sku,
        "--dry-run",
        "--json",
        stdout=out,
    )
    again, default = json.loads(out.getvalue())["policies"]
    assert (again["policy"], again["summary"]["slips"], default["summary"]["moved"]) == ("again", 1, 0)
    assert tables() == before
    with pytest.raises(CommandError, match="There is no allocation policy nope"):
        call_command("allocate", "--policy", "nope", "--dry-run")
    with pytest.raises(CommandError, match="--dry-run"):
        call_command("allocate", "--policy", "again")
    for wrong in ("NaN", "some", "-1"):
        with pytest.raises(CommandError, match="--hold-back"):
            call_command("allocate", "--dry-run", f"--hold-back={wrong}")
    out = StringIO()
    call_command("allocate", "--products", product.sku, stdout=out)
    assert out.getvalue() == "0 allocated, 6 still short.\n"


def test_the_workbench_shows_it_and_applies_it_with_a_reason(short):
    product, low, high = short
    browser = browser_of(StaffFactory(roles=["planner"]))
    save_policy(
        draft=PolicyDraft(
            Policy(code="again", name="Deal again", may_take_promises=True), (SegmentDraft("all", "redistribute"),)
        ),
        actor=PLANNER, now=NOW,
    )  # fmt: skip
    address = f"/admin/inventory/allocationrun/what-if/?sku={product.sku}&policy=again&beside=default"
    page = browser.get(address)
    text = page.content.decode()
    assert "Deal again" in text and "Apply 2 changes" in text
    token = page.context["token"]
    browser.post(address, {"token": token, "reason": "short"})
    assert firm(high) == 0
    browser.post(address, {"token": token, "reason": "the strategic customer comes first"})
    assert (firm(low), firm(high)) == (2, 6)


def test_stock_is_moved_by_hand_with_its_impact_shown_before_and_an_override_after(short):
    _, low, high = short
    before = tables()
    impact = impact_of(from_id=low, to_id=high, qty=Decimal(5), now=NOW)
    assert tables() == before
    assert (impact.giver.before, impact.giver.after, impact.taker.before, impact.taker.after) == (8, 3, 0, 5)
    assert impact.giver.was == SOON
    assert impact.giver.now is not None and impact.giver.now > SOON
    with pytest.raises(ReasonTooShort):
        reallocate(from_id=low, to_id=high, qty=Decimal(5), reason=Reason("x", "short"), actor=PLANNER, now=NOW)
    assert firm(low) == 8
    with pytest.raises(NotToBeMoved):
        reallocate(from_id=low, to_id=high, qty=Decimal(7), reason=WHY, actor=PLANNER, now=NOW)
    assert reallocate(from_id=low, to_id=high, qty=Decimal(5), reason=WHY, actor=PLANNER, now=NOW) == impact
    assert (firm(low), firm(high)) == (3, 5)
    entry = OverrideEntry.objects.get()
    assert (entry.kind, entry.money_effect) == ("reallocation", Decimal("7.50"))
    assert OutboxFact.objects.filter(kind="inventory.PromiseMoved", payload__demand_id=low).count() == 1
    assert breaches() == []


def test_the_page_that_moves_stock_shows_the_impact_then_moves(short):
    _, low, high = short
    browser = browser_of(StaffFactory(roles=["planner"]))
    address = f"/admin/inventory/demand/{low}/reallocate/"
    wanted = {"to": Demand.objects.get(pk=high).ref_number, "qty": "4", "reason": "agreed with both customers"}
    shown = browser.post(address, wanted)
    assert b"What it would do" in shown.content
    assert firm(high) == 0
    browser.post(address, {**wanted, "shown": f"{high} 4"})
    assert (firm(low), firm(high)) == (4, 4)
