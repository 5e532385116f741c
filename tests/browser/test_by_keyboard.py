"""The day's work without a mouse."""

from datetime import datetime, timedelta

import pytest
from django.db.models import QuerySet

from core import clock
from exceptions_app.models import Case
from exceptions_app.services.resolve_case import resolve_case
from orders.models import Order
from tests.browser import company
from tests.browser.keys import tab_to, unmarked, where
from tests.browser.visit import DESKTOP, PHONE, THEMES, Surfer, arrive, faults_of
from tests.factories.accounts import PASSWORD
from tests.factories.exceptions import SPILL, opened


def test_a_buyer_signs_in_and_leaves_by_keyboard(surfer: Surfer) -> None:
    page = surfer.open("/sign-in/login/?next=/orders/", None)
    tab_to(page, "#id_login")
    page.keyboard.type("buyer@example.com")
    tab_to(page, "#id_password")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    arrive(page, "/orders/")
    tab_to(page, "a[href='/sign-in/logout/']")
    page.keyboard.press("Enter")
    arrive(page, "/sign-in/logout/")
    tab_to(page, "main button[type=submit]")
    page.keyboard.press("Enter")
    arrive(page, "/sign-in/login/")


def test_a_wrong_password_is_told_where_the_focus_is(surfer: Surfer) -> None:
    page = surfer.open("/sign-in/login/", None)
    page.fill("#id_login", "buyer@example.com")
    page.fill("#id_password", "not this one at all")
    page.keyboard.press("Enter")
    page.wait_for_selector("[role=alert]:focus")
    assert "not correct" in page.locator("[role=alert]").inner_text()


@pytest.mark.parametrize("width", [1360, PHONE])
@pytest.mark.parametrize("path", ["/", "/quick-order/", "/orders/", "/invoices/"])
def test_the_first_stop_of_a_page_skips_to_its_content(surfer: Surfer, path: str, width: int) -> None:
    page = surfer.open(path, "buyer", width=width)
    page.keyboard.press("Tab")
    assert where(page) == 'a "Skip to the content"'
    box = page.locator("a.skip").bounding_box()
    assert box["x"] >= 0 and box["y"] >= 0 and box["width"] > 40, "the link is not seen"
    page.keyboard.press("Enter")
    assert where(page).startswith("main#main")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(
    ("who", "path"),
    [("buyer", "/"), ("buyer", "/quick-order/"), ("buyer", "/orders/"), ("rep", "/"), (None, "/sign-in/login/")],
)
def test_one_sees_where_one_is_on_every_stop_of_the_portal(surfer: Surfer, who: str, path: str, theme: str) -> None:
    assert unmarked(surfer.open(path, who, theme=theme)) == []


def test_a_buyer_places_a_quick_order_by_keyboard_alone(surfer: Surfer) -> None:
    page = surfer.open("/quick-order/", "buyer")
    for number, (item, qty) in enumerate([("HV-100", "3"), ("glove-nit-m", "2")], start=1):
        tab_to(page, f"#item-{number}")
        page.keyboard.type(item)
        page.keyboard.press("Tab")
        assert where(page).startswith(f"input#qty-{number}")
        page.keyboard.type(qty)
        page.keyboard.press("Tab")
        page.locator(f"#answer-{number} .row-amount", has_text=".").wait_for()
    assert page.locator("#answer-1 .row-amount").inner_text() == "29.40"  # 3 at the contract price
    tab_to(page, "button[value=review]")
    page.keyboard.press("Enter")
    page.wait_for_selector("h1:has-text('Review and place')")
    tab_to(page, "[name=po_number]")
    page.keyboard.type("PO-BY-KEYBOARD")
    tab_to(page, "form[data-once] button[type=submit]:not([formaction])")
    page.keyboard.press("Enter")
    arrive(page, r"/orders/SO-\d+/")
    order = company.order("PO-BY-KEYBOARD")
    assert (order.status, order.channel) == ("submitted", "portal")
    assert [line.qty for line in order.lines.order_by("line_no")] == [3, 2]
    assert f"Order {order.number} is placed." in page.locator("main").inner_text()


def test_what_is_wrong_gets_the_focus_and_leads_to_its_line(surfer: Surfer) -> None:
    page = surfer.open("/quick-order/", "buyer")
    page.fill("#item-2", "CATH-16")
    page.fill("#qty-2", "4")
    page.click("button[value=preview]")
    page.wait_for_selector("#problems:focus")
    assert not Order.objects.filter(lines__stated_code="CATH-16").exists()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.url.endswith("#row-2")


@pytest.mark.parametrize("theme", THEMES)
def test_ctrl_k_finds_an_order_in_the_console(surfer: Surfer, theme: str) -> None:
    page = surfer.open("/admin/", "service", theme=theme)
    page.keyboard.press("Control+k")
    page.wait_for_selector("#search-input-command:focus")
    page.keyboard.type("PO-SHIPPED")
    found = page.locator("#command-results-list li", has=page.locator("a[href*='/orders/order/']"))
    found.first.wait_for()
    for _ in range(page.locator("#command-results-list li").count()):
        page.keyboard.press("ArrowDown")
        if found.and_(page.locator(".active")).count():
            break
    assert faults_of(page, "console-palette", theme=theme, widths=[DESKTOP]) == []
    page.keyboard.press("Enter")
    order = company.order("PO-SHIPPED")
    arrive(page, f"/admin/orders/order/{order.pk}/change/")
    assert order.number in page.locator("main, #main").first.inner_text()


def mop_up(cases: QuerySet[Case], now: datetime) -> None:
    """What a run before left live on a kept database: opened again it would be the same case, and somebody's already."""
    for left_over in cases.filter(resolved_at=None):
        resolve_case(case_id=left_over.pk, note="Mopped", actor=company.CLERK, now=now)


def test_a_case_is_opened_and_taken_by_keyboard(surfer: Surfer) -> None:
    now, order = clock.now(), company.order("PO-OPEN")
    mop_up(Case.objects.filter(kind="short_pick", cause_key="keyboard"), now)
    case = opened(now=now, kind="short_pick", subject_id=order.pk, cause_key="keyboard")
    will = company.person("warehouse")
    page = surfer.open("/admin/exceptions_app/case/", "warehouse")
    tab_to(page, f"a[href*='/case/{case.pk}/']")
    page.keyboard.press("Enter")
    arrive(page, f"/admin/exceptions_app/case/{case.pk}/change/")
    tab_to(page, "form[action*='take'] button")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert Case.objects.get(pk=case.pk).assignee_id == will.pk
    assert page.locator("button", has_text="Take").count() == 0


def test_the_desk_is_walked_by_single_keys_and_its_clocks_count_down_while_one_looks(surfer: Surfer) -> None:
    now = clock.now().replace(microsecond=0)
    mop_up(Case.objects.filter(kind=SPILL.code), now)
    pks = [opened(now=now, subject_id=n, cause_key="desk").pk for n in (1, 2, 3)]
    for hours, pk in enumerate(pks, start=1):
        Case.objects.filter(pk=pk).update(breach_at=now + timedelta(hours=hours, minutes=20))
    page = surfer.open(f"/admin/exceptions_app/case/desk/?view=live&kind={SPILL.code}", "warehouse")
    page.clock.install(time=now)
    page.reload()
    chosen, left = page.locator("tr.is-chosen"), page.locator(f"tr[data-case='{pks[0]}'] time")
    assert chosen.get_attribute("data-case") == str(pks[0])  # whose clock runs out first
    assert left.inner_text() == "1 h 19 min left"
    page.clock.fast_forward("30:00")
    assert (left.inner_text(), left.get_attribute("class")) == ("49 min left", "pill tone-warn")
    page.clock.fast_forward("01:00:00")
    assert (left.inner_text(), left.get_attribute("class")) == ("10 min over", "pill tone-bad")
    for key, place in (("j", 2), ("j", 3), ("k", 2)):
        page.keyboard.press(key)
        page.locator("#desk-said", has_text=f", {place} of 3").wait_for(state="attached")
        assert chosen.get_attribute("data-case") == str(pks[place - 1])
    assert Case.objects.get(pk=pks[1]).number in page.locator("#desk-case-title").inner_text()
    page.keyboard.press("x")
    assert page.locator("#desk-picked").inner_text() == "(1)"
    with page.expect_navigation():
        page.keyboard.press("m")
    assert Case.objects.get(pk=pks[1]).assignee_id == company.person("warehouse").pk
