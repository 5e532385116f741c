"""The page that keeps an allocation policy, and the run's history."""

import pytest

from inventory.models import AllocationPolicy
from inventory.policy_queries import policy_called
from inventory.states import Strategy
from tests.factories.accounts import StaffFactory
from tests.factories.doors import browser_of
from tests.factories.inventory import StockedProductFactory

pytestmark = pytest.mark.django_db
ADD = "/admin/inventory/allocationpolicy/add/"


SETTINGS = (
    "code name lock_days uses_lots order_cap_percent passes borrow_after_days regions margin_edges may_take_promises "
    "is_default skus categories note"
)


def sent(**fields):
    empty = dict.fromkeys(SETTINGS.split(), "")
    row = {"name-0": "near", "strategy-0": "win", "who-0": "tier 1; due within 3", "sort-0": "", "fair-0": ""}
    return {**empty, **row, **fields}


def test_a_planner_writes_a_policy_and_changes_it():
    product, browser = StockedProductFactory(), browser_of(StaffFactory(roles=["planner"]))
    made = browser.post(ADD, sent(code="Spring", name="Spring", regions="West, East", skus=product.sku, passes="2"))
    assert made.status_code == 302
    policy = policy_called("spring")
    assert policy is not None
    assert (policy.passes, dict(policy.region_ranks), policy.segments[0].strategy) == (
        2,
        {"West": 1, "East": 2},
        Strategy.WIN,
    )
    row = AllocationPolicy.objects.get(code="spring")
    page = f"/admin/inventory/allocationpolicy/{row.pk}/change/"
    text = browser.get(page).content.decode()
    assert 'value="tier 1; due within 3"' in text
    assert f'value="{product.sku}"' in text
    browser.post(page, sent(name="Spring", lock_days="4", note="holiday season"))
    changed = policy_called("spring")
    assert changed is not None
    assert (changed.version, changed.lock_days, changed.passes) == (2, 4, None)
    assert row.versions.get(version=2).note == "holiday season"


def test_every_error_is_told_and_what_was_typed_stays():
    browser = browser_of(StaffFactory(roles=["planner"]))
    wrong = sent(code="x", name="X", lock_days="soon", order_cap_percent="much")
    page = browser.post(ADD, {**wrong, "who-0": "nice people"})
    text = page.content.decode()
    assert page.status_code == 422
    assert "Lock window: soon is not a whole number." in text
    assert "Order cap: much is not a number." in text
    assert 'value="nice people"' in text
    assert AllocationPolicy.objects.filter(code="x").count() == 0


def test_who_may_only_look_sees_a_policy_and_saves_nothing():
    browser = browser_of(StaffFactory(roles=["warehouse"]))
    row = AllocationPolicy.objects.get()
    page = f"/admin/inventory/allocationpolicy/{row.pk}/change/"
    assert browser.get(page).status_code == 200
    assert browser.post(page, sent(name="Mine")).status_code == 403
