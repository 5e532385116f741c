"""The page that keeps an allocation policy, and the run's history."""

import re
from decimal import Decimal

import pytest

from inventory.models import AllocationPolicy
from inventory.policy_queries import policy_called
from inventory.rules.policy import Filters, Policy, Segment
from inventory.states import FairWeight, SortKey, Strategy
from tests.factories.accounts import StaffFactory
from tests.factories.catalog import CategoryFactory
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


def test_all_a_policy_may_say_is_typed_on_its_page_and_shown_there_again():
    browser, shelf = browser_of(StaffFactory(roles=["planner"])), CategoryFactory()
    row = {
        "name-0": "all",
        "strategy-0": "gain",
        "who-0": "spot",
        "sort-0": "region, contract, margin",
        "fair-0": "tier",
    }
    settings = {
        "lock_days": "4", "uses_lots": "yes", "order_cap_percent": "30", "passes": "1", "borrow_after_days": "10",
        "regions": "West, East", "margin_edges": "3, 7", "may_take_promises": "yes", "is_default": "yes",
        "categories": shelf.code,
    }  # fmt: skip
    assert browser.post(ADD, sent(code="whole", name="Whole", **settings, **row)).status_code == 302
    keys = (SortKey.REGION, SortKey.CONTRACT, SortKey.MARGIN)
    segment = Segment("all", Strategy.GAIN, Filters(is_contract=False), keys, True, FairWeight.TIER, "spot")
    assert policy_called("whole") == Policy(
        "whole", "Whole", 1, (segment,), 4, True, Decimal(30), 1, 10, {"West": 1, "East": 2}, (3, 7), True
    )
    kept = AllocationPolicy.objects.get(is_default=True)
    assert kept.code == "whole"
    text = browser.get(f"/admin/inventory/allocationpolicy/{kept.pk}/change/").content.decode()
    for value in ("4", "30", "1", "10", "West, East", "3, 7", shelf.code, "region, contract, margin"):
        assert f'value="{value}"' in text, value


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


def test_numbers_no_policy_may_have_are_refused_and_nothing_is_saved():
    browser = browser_of(StaffFactory(roles=["planner"]))
    for field, value, words in (
        ("order_cap_percent", "NaN", "A cap is more than 0 and at most 100 percent."),
        ("lock_days", "9" * 5000, "is too large."),
        ("lock_days", "4000000", "A lock window is between 0 and 3650 days."),
        ("name", "n" * 300, "A name has at most 120 characters."),
    ):
        page = browser.post(ADD, sent(**{"code": "x", "name": "X", field: value}))
        assert (page.status_code, words in page.content.decode()) == (422, True), field
    assert not AllocationPolicy.objects.filter(code="x").exists()


def test_who_may_only_look_sees_a_policy_and_saves_nothing():
    browser = browser_of(StaffFactory(roles=["warehouse"]))
    row = AllocationPolicy.objects.get()
    page = f"/admin/inventory/allocationpolicy/{row.pk}/change/"
    shown = browser.get(page)
    assert shown.status_code == 200
    assert '<td data-name="Setting">May take promises</td>' in shown.content.decode()
    assert not re.search(r"<(input|select|textarea)[^>]* name=\"(?!csrf)[a-z_]+(-\d+)?\"", _main(shown))
    assert browser.post(page, sent(name="Mine")).status_code == 403


def _main(page) -> str:
    """The policy's own form, without the console's search and menus around it."""
    return page.content.decode().partition("hf-form")[2].partition("</form>")[0]
