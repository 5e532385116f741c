"""docs/how-to/tour.md, walked as it is written: five minutes per persona on the demo company that `./run` makes.

The steps of a persona are one test, in the order of the page; what one persona does, the next ones see.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest

from config.launcher.folder import REPOSITORY
from tests.browser.demo import Visitor, running_demo
from tests.browser.visit import DESKTOP, PHONE, arrive, checked, settle

pytestmark = [pytest.mark.slow]
CONSOLE = "/admin/"
TOUR = REPOSITORY / "docs" / "how-to" / "tour.md"
PATIENCE = 40  # looks, half a second apart


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
    """The entry of the sidebar, whose section is opened if it is not yet."""
    word = page.locator("span").filter(has_text=re.compile(rf"^\s*{name}\s*$"))
    section = page.locator("#nav-sidebar-apps details:not([open])").filter(has=page.locator("a").filter(has=word))
    if section.count():
        section.locator("summary").click()
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


def shown(page: Any, *words: str | re.Pattern[str]) -> None:
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
    shown(page, "against 30,000 USD")
    menu(page, "Approvals")
    follow(page, "Credit", exact=True)
    shown(page, "Refits its ward")
    shown(page, "Petra Lindquarn asks", "good for 60,000")
    press(page, "Approve")
    shown(page, "Approved.")

    page = at(visitor, "finance", CONSOLE)
    menu(page, "Credit accounts")
    page.locator("#searchbar").fill("10443")
    with page.expect_navigation(wait_until="load"):
        page.keyboard.press("Enter")
    follow(page, "10443")
    shown(page, "Exposure build-up", "good for 60,000")
    assert page.get_by_label("Limit amount").input_value() == "60000.00"  # the second signature set it
    order(page, "CH-1404")
    shown(page, "Hold cleared")
    assert page.locator(".wb-hold").count() == 0


def test_finance_reviews_an_override_of_somebody_else(visitor: Visitor) -> None:
    page = at(visitor, "finance", CONSOLE)
    menu(page, "Overrides")
    with page.expect_navigation(wait_until="load"):
        page.locator("tr", has_text="not reviewed").get_by_role("link", name="Hold release").click()
    shown(page, "Chain verified", "Nobody has reviewed this override yet.", "Over by ")
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
    with page.expect_navigation(wait_until="load"):  # the one behind, whatever its number
        page.locator("tr", has_text="40 of 60").get_by_role("link", name="SO-").click()
    page.get_by_text("Price, quantities and reasons of line 1").click()
    shown(page, "20 of 60 allocated", "place 1 of 2")
    menu(page, "Inbound")
    page.locator("#searchbar").fill("PO-7701")
    with page.expect_navigation(wait_until="load"):
        page.keyboard.press("Enter")
    follow(page, "PO-7701")
    was = date.fromisoformat(page.get_by_label("ETA date").input_value())
    page.get_by_label("ETA date").fill((was + timedelta(days=7)).isoformat())
    press(page, "Save")
    menu(page, "Exceptions")
    within_seconds(page, "Promise moved", row_words="Elderworth")
    with page.expect_navigation(wait_until="load"):
        page.locator("tr", has_text="Elderworth").get_by_role("link", name="EX-").first.click()
    days = "|".join(day(was + timedelta(days=n)) for n in (9, 10, 11))  # two days of transit, over a weekend or not
    within_seconds(page, re.compile(f"to ({days}): the delivery it waits for has another date"))


def day(value: date) -> str:
    return f"{value.day} {value:%b %Y}"


def within_seconds(page: Any, words: str | re.Pattern[str], *, row_words: str = "") -> None:
    """What relay and workers do shows up a moment later: look again until it does."""
    place = page.locator("tr", has_text=row_words) if row_words else page
    for _ in range(PATIENCE):
        if place.get_by_text(words).count():
            return
        page.wait_for_timeout(500)
        page.reload(wait_until="load")
    shown(page, words)


def test_the_warehouse_mends_a_short_pick_and_sends_an_order(visitor: Visitor) -> None:
    page = at(visitor, "warehouse", CONSOLE)
    menu(page, "Exceptions")
    with page.expect_navigation(wait_until="load"):
        page.locator("tr", has_text="Short pick").get_by_role("link", name="EX-").first.click()
    shown(page, "16 short on SH-", "bin empty, 24 found")
    page.get_by_label("Note").fill("The rest was in the next bay.")
    press(page, "Resolve")
    shown(page, "The case is resolved.")
    order(page, "MC-61120")
    press(page, "Release what is allocated")
    shown(page, "Released 2 shipments to the warehouse.")
    follow(page, "SH-")
    follow(page, "Confirm pick…")
    press(page, "Confirm pick")
    shown(page, "Pick confirmed.")
    follow(page, "Confirm shipment…")
    page.get_by_label("Carrier").fill("UPS Ground")
    page.get_by_label("Tracking number").fill("1Z4410027755")
    press(page, "Confirm shipment")
    shown(page, "Shipment confirmed. Billing invoices it now.")
    follow(page, "SO-")
    within_seconds(page, "INV-")


def test_a_rep_sells_for_a_customer_by_the_api_and_sees_it_in_the_portal(visitor: Visitor) -> None:
    if not (shutil.which("curl") and shutil.which("sh")):
        pytest.skip("no curl here")
    (commands,) = re.findall(r"## The rep.*?```sh\n(.*?)```", TOUR.read_text(encoding="utf-8"), flags=re.DOTALL)
    stage = {"SITE": visitor.origin, "PASSWORD": visitor.passwords["rep@thornquay.example"]}
    written = re.sub(r"^(SITE|PASSWORD)=.*$", "", commands, flags=re.MULTILINE)
    done = subprocess.run(["sh", "-e"], input=written, env={**os.environ, **stage}, capture_output=True, text=True)
    said = done.stdout
    assert done.returncode == 0, done.stderr
    assert '"name":"Dario Quillfeather"' in said
    assert '"sku":"SCR-100"' in said and '"can_submit":true' in said
    assert said.count('"number":"SO-') >= 2 and "idempotency-replayed: true" in said.lower()
    page = at(visitor, "rep", "/choose")
    press(page, "Order for Copperridge Medical Center")
    shown(page, "You now act for Copperridge Medical Center.", "OR-CASE-5513")
    follow(page, "SO-", exact=False)


def test_a_buyer_orders_with_a_wrong_number_and_keeps_a_draft_for_the_approver(visitor: Visitor) -> None:
    page = at(visitor, "buyer", "/", width=PHONE)
    shown(page, "Needs your attention", "Recent orders", "Credit available")
    page.set_viewport_size({"width": DESKTOP, "height": 900})
    follow(page, "Orders")
    follow(page, "SO-")
    follow(page, "Quick order")
    for number, (item, qty) in enumerate([("GWN-100", "40"), ("GLN-12O", "4")], start=1):
        page.fill(f"#item-{number}", item)
        page.fill(f"#qty-{number}", qty)
        page.keyboard.press("Tab")
    shown(page, "Surgical gown, level 3, M", "No product has the number GLN-12O.")
    page.get_by_role("button", name="GLN-120").click()
    page.locator("#answer-2 .row-amount", has_text=".").wait_for()
    press(page, "Review order")
    shown(page, "Review and place", "Credit available after this")
    page.get_by_label("Your PO number").fill("MC-TOUR-1")
    press(page, "Place order for")
    arrive(page, r"/orders/SO-\d+/")
    shown(page, "Your PO number MC-TOUR-1")
    follow(page, "Quick order")
    page.fill("#item-1", "GLN-120")
    page.fill("#qty-1", "600")
    press(page, "Keep as draft")


def test_an_approver_places_what_the_buyer_kept_and_cancels_what_is_open(visitor: Visitor) -> None:
    page = at(visitor, "approver", "/")
    follow(page, "Orders")
    page.get_by_label("State").select_option(label="Not placed yet")
    press(page, "Find")
    follow(page, "SO-")
    follow(page, "Go on with this draft")
    press(page, "Review order")
    page.get_by_label("Your PO number").fill("MC-TOUR-2")
    press(page, "Place order for")
    arrive(page, r"/orders/SO-\d+/")
    shown(page, "Your PO number MC-TOUR-2")


def test_an_auditor_sees_every_override_and_can_change_nothing(visitor: Visitor) -> None:
    page = at(visitor, "auditor", CONSOLE)
    menu(page, "Overrides")
    follow(page, "Hold release")
    shown(page, "Chain verified", "Good until")
    assert page.get_by_role("button", name="OK", exact=True).count() == 0
    menu(page, "Journal")
    page.locator("#searchbar").fill("Anselm Burkhollow")
    with page.expect_navigation(wait_until="load"):
        page.keyboard.press("Enter")
    shown(page, "Anselm Burkhollow")
    order(page, "LAB-3391")
    shown(page, "Timeline")
    assert page.get_by_role("button", name="Release what is allocated").count() == 0
