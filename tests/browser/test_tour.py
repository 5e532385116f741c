"""docs/how-to/tour.md, walked as it is written: five minutes per persona on the demo company that `./run` makes.

The steps of a persona are one test, in the order of the page; what one persona does, the next ones see.
"""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser.demo import Visitor, running_demo
from tests.browser.visit import DESKTOP, checked, settle

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("tour")]
CONSOLE = "/admin/"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, dict[str, str]]]:
    with running_demo(tmp_path_factory.mktemp("tour") / "data") as stage:
        yield stage


@pytest.fixture
def visitor(demo: tuple[str, dict[str, str]], chrome: Any) -> Iterator[Visitor]:
    origin, passwords = demo
    visitor = Visitor(origin, chrome, {})
    visitor.passwords = passwords
    yield from checked(visitor)


def at(visitor: Visitor, key: str, path: str, width: int = DESKTOP) -> Any:
    """A page of the persona, signed in at the door."""
    return visitor.open(path, f"{key}@thornquay.example", width=width)


def follow(page: Any, name: str, *, exact: bool = False) -> None:
    """Press the link (in a list, on the page, in the sidebar) and wait for what it opens."""
    with page.expect_navigation(wait_until="load"):
        page.get_by_role("link", name=name, exact=exact).first.click()
    settle(page)


def menu(page: Any, name: str) -> None:
    """The entry of the sidebar."""
    word = page.locator("span").filter(has_text=re.compile(rf"^\s*{name}\s*$"))
    with page.expect_navigation(wait_until="load"):
        page.locator("a").filter(has=word).first.click()
    settle(page)


def press(page: Any, name: str) -> None:
    with page.expect_navigation(wait_until="load"):
        page.get_by_role("button", name=name).first.click()
    settle(page)


def order(page: Any, po_number: str) -> None:
    """Orders → the PO number in the search field → the order."""
    menu(page, "Orders")
    page.get_by_placeholder("Order or PO number, customer, SKU").fill(po_number)
    with page.expect_navigation(wait_until="load"):
        page.keyboard.press("Enter")
    follow(page, "SO-")


def shown(page: Any, *words: str) -> None:
    for text in words:
        page.get_by_text(text).first.wait_for()


def test_the_personas_of_the_tour_can_sign_in(demo: tuple[str, dict[str, str]]) -> None:
    _origin, passwords = demo
    personas = ("cs", "finance", "finance-approver", "planner", "warehouse", "rep", "buyer", "approver", "auditor")
    assert {f"{key}@thornquay.example" for key in personas} <= set(passwords)


def test_customer_service_sees_what_waits_says_why_and_mends_a_draft(visitor: Visitor) -> None:
    page = at(visitor, "cs", CONSOLE)
    shown(page, "Perfect order rate", "Orders on hold", "Live cases by kind")
    menu(page, "Exceptions")
    with page.expect_navigation(wait_until="load"):
        page.locator("tr", has_text="Promise moved").get_by_role("link", name="EX-").first.click()
    shown(page, "20 moved from", "stock came in for it")
    press(page, "Take")
    follow(page, "Order SO-")
    shown(page, "40 backordered", "first promised", "the delivery it waits for has another date")
    page.get_by_text("Price, quantities and reasons of line 1").click()
    shown(page, "Why this price", "Promises made", "place 1 of 2")
    order(page, "MC-61144")
    page.get_by_label("SKU").fill("GLN-120")
    press(page, "Match line 2")
    press(page, "Submit 2 lines")
    shown(page, "Submitted")
    order(page, "VET-118")
    press(page, "Submit 1 line")
    shown(page, "needs a valid State pharmacy licence")


def test_finance_signs_second_and_the_hold_clears_itself(visitor: Visitor) -> None:
    page = at(visitor, "finance-approver", CONSOLE)
    menu(page, "Holds")
    shown(page, "over the limit of 30,000.00")
    menu(page, "Approvals")
    follow(page, "Credit", exact=True)
    shown(page, "Refits its ward")
    number = page.locator(".field-number .readonly").inner_text().strip()
    press(page, "Approve")
    shown(page, "Approved.")

    page = at(visitor, "finance", CONSOLE)
    menu(page, "Credit accounts")
    page.locator("#searchbar").fill("10443")
    with page.expect_navigation(wait_until="load"):
        page.keyboard.press("Enter")
    follow(page, "10443")
    shown(page, "Exposure build-up")
    page.get_by_label("Limit amount").fill("60000")
    page.get_by_label("Note").fill("Second signature is there, see the approval.")
    page.get_by_label("Approval", exact=True).fill(number)
    press(page, "Save")
    order(page, "CH-1404")
    shown(page, "Hold cleared")
    assert page.locator(".wb-hold").count() == 0


def test_finance_reviews_an_override_of_somebody_else(visitor: Visitor) -> None:
    page = at(visitor, "finance", CONSOLE)
    menu(page, "Overrides")
    with page.expect_navigation(wait_until="load"):
        page.locator("tr", has_text="not reviewed").get_by_role("link", name="Hold release").click()
    shown(page, "Chain verified", "Nobody has reviewed this override yet.", "8,653.00 over the limit of 75,000.00")
    page.get_by_label("Note").fill("Deposit is on the account.")
    press(page, "OK")
    shown(page, "The review is recorded.", "OK by Petra Lindquarn")


def test_a_planner_sees_who_waits_and_moves_the_delivery(visitor: Visitor) -> None:
    page = at(visitor, "planner", CONSOLE)
    menu(page, "Products")
    page.get_by_placeholder("SKU, name, barcode").fill("GWN-100")
    with page.expect_navigation(wait_until="load"):
        page.keyboard.press("Enter")
    follow(page, "GWN-100")
    shown(page, "On its way", "Waiting for it, in the order they are served", "40 of 60", "40 of 40")
    follow(page, "SO-100809")
    page.get_by_text("Price, quantities and reasons of line 1").click()
    shown(page, "20 of 60 allocated", "place 1 of 2")
