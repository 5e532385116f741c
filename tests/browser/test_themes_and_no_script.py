"""What is chosen stays chosen, and the portal works for whoever runs no script."""

import pytest

from tests.browser import company
from tests.browser.visit import PHONE, Surfer, settle

IS_DARK = "() => document.documentElement.dataset.theme || ''"
PAPER = "() => getComputedStyle(document.documentElement).backgroundColor"


def test_the_portal_remembers_the_chosen_theme(surfer: Surfer) -> None:
    page = surfer.open("/", "buyer", theme="light")
    light = page.evaluate(PAPER)
    page.click("[data-theme-toggle]")
    dark = page.evaluate(PAPER)
    assert (page.evaluate(IS_DARK), dark == light) == ("dark", False)
    surfer.go(page, "/orders/")
    assert (page.evaluate(IS_DARK), page.evaluate(PAPER)) == ("dark", dark)
    page.click("[data-theme-toggle]")
    page.reload()
    assert (page.evaluate(IS_DARK), page.evaluate(PAPER)) == ("light", light)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_without_a_choice_the_system_s_theme_applies(surfer: Surfer, theme: str) -> None:
    page = surfer.open("/", "buyer", theme=theme)
    assert page.evaluate(IS_DARK) == ""
    red = int(page.evaluate(PAPER).removeprefix("rgb(").split(",")[0])
    assert (red > 200) == (theme == "light")


def test_the_console_remembers_the_chosen_theme(surfer: Surfer) -> None:
    page = surfer.open("/admin/", "service", theme="light")
    page.keyboard.press("Control+e")  # from "as the system" to light
    page.wait_for_selector("html.light")
    page.keyboard.press("Control+e")
    page.wait_for_selector("html.dark")
    surfer.go(page, "/admin/orders/order/")
    page.wait_for_selector("html.dark")


@pytest.mark.parametrize("width", [1360, PHONE])
def test_an_order_is_placed_without_any_script(surfer: Surfer, width: int) -> None:
    page = surfer.page("buyer", width=width, script=False)
    page.goto(f"{surfer.origin}/quick-order/?mode=paste")
    page.fill("[name=text]", "HV-100\t4\nNO-SUCH-THING, 1\nSUT-3-0 2")
    page.click("button[value=preview]")
    assert "1 line needs your attention" in page.locator("[role=alert]").inner_text()
    page.locator("button[value=review]:visible").first.click()
    assert "1 line left out" in page.locator("main").inner_text()
    page.fill("[name=po_number]", f"PO-NO-SCRIPT-{width}")
    page.click("form[data-once] button[type=submit]:not([formaction])")
    order = company.order(f"PO-NO-SCRIPT-{width}")
    assert page.url.endswith(f"/orders/{order.number}/")
    assert {line.product.sku: line.qty for line in order.lines.all()} == {"CATH-16F": 4, "SUT-3-0": 2}


def test_a_suggestion_is_taken_without_any_script(surfer: Surfer) -> None:
    page = surfer.page("buyer", script=False)
    page.goto(f"{surfer.origin}/quick-order/")
    page.fill("#item-1", "CATH-16")
    page.fill("#qty-1", "1")
    page.click("button[value=preview]")
    page.click("button[data-suggestion]")
    assert page.input_value("#item-1") == "CATH-16F"
    assert page.locator("[role=alert]").count() == 0


def test_typing_an_item_shows_its_price_at_once(surfer: Surfer) -> None:
    page = surfer.open("/quick-order/", "buyer")
    page.fill("#item-1", "HV-100")
    page.fill("#qty-1", "10")
    page.keyboard.press("Tab")
    page.locator("#answer-1 .row-amount", has_text="98.00").wait_for()
    assert "98.00" in page.locator("#summary").inner_text()
    page.fill("#item-1", "GHOST")
    page.keyboard.press("Tab")
    page.wait_for_selector("#item-1[aria-invalid=true]")
    settle(page)
