"""The pictures of docs/how-to/tour.md, taken from a running demo site:

./run manage print_signins | .venv/bin/python docs/pictures/take.py [http://localhost:8000]
"""

import io
import os
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import sync_playwright

HERE = Path(__file__).parent
DESKTOP, PHONE = (1280, 800), (390, 844)
COLOURS = 224  # enough for ink, paper, states and their edges, and half of the bytes
SIGN_IN = re.compile(r"(\S+)@thornquay\.example\s+(\S+)")


def first(name: str) -> Callable[[Any], None]:
    """Open the first thing of that name in the list."""

    def open_it(page: Any) -> None:
        with page.expect_navigation(wait_until="load"):
            page.get_by_role("link", name=name).first.click()

    return open_it


def explained(page: Any) -> None:
    first("SO-")(page)
    page.get_by_text("Price, quantities and reasons of line 1").click()


def typed(page: Any) -> None:
    for number, (item, qty) in enumerate([("GWN-100", "40"), ("GLN-12O", "4"), ("STR-100", "24")], start=1):
        page.fill(f"#item-{number}", item)
        page.fill(f"#qty-{number}", qty)
        page.keyboard.press("Tab")
    page.locator("#answer-3 .row-amount", has_text=".").wait_for()
    page.get_by_text("Did you mean").wait_for()


@dataclass(frozen=True)
class Picture:
    name: str
    who: str
    path: str
    then: Callable[[Any], None] | None = None
    size: tuple[int, int] = DESKTOP
    theme: str = "light"


PICTURES = (
    Picture("dashboard", "cs", "/admin/", size=(1280, 860)),
    Picture("cases", "cs", "/admin/exceptions_app/case/", theme="dark", size=(1280, 620)),
    Picture("moved-promise", "cs", "/admin/orders/order/?q=SX-8841", explained, size=(1280, 860)),
    Picture("credit-hold", "finance-approver", "/admin/orders/order/?q=CH-1404", first("SO-"), size=(1280, 700)),
    Picture("override", "finance", "/admin/core/overrideentry/", first("Hold release"), size=(1280, 860)),
    Picture("stock", "planner", "/admin/catalog/product/?q=GWN-100", first("GWN-100"), size=(1280, 620)),
    Picture("pick", "warehouse", "/admin/exceptions_app/case/?kind=short_pick", first("EX-"), size=(1280, 620)),
    Picture("portal-home", "buyer", "/", size=(1280, 640)),
    Picture("quick-order", "buyer", "/quick-order/", typed, size=(1280, 700)),
    Picture("quick-order-phone", "buyer", "/quick-order/", typed, size=PHONE, theme="dark"),
    Picture("order-phone", "buyer", "/orders/?q=MC-61120", first("SO-"), size=PHONE),
)


def take(picture: Picture, browser: Any, site: str, state: Any) -> bytes:
    width, height = picture.size
    context = browser.new_context(
        color_scheme=picture.theme,
        reduced_motion="reduce",
        locale="en-US",
        viewport={"width": width, "height": height},
        storage_state=state,
    )
    page = context.new_page()
    page.goto(f"{site}{picture.path}", wait_until="load")
    if picture.then:
        picture.then(page)
    page.evaluate("document.fonts.ready.then(() => document.activeElement.blur())")
    taken = bytes(page.screenshot())
    context.close()
    return taken


def signed_in(browser: Any, site: str, who: str, password: str) -> Any:
    context = browser.new_context(locale="en-US")
    page = context.new_page()
    page.goto(f"{site}/sign-in/login/", wait_until="load")
    page.fill("#id_login", f"{who}@thornquay.example")
    page.fill("#id_password", password)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/sign-in/" not in url)
    state = context.storage_state()
    context.close()
    return state


def small(png: bytes) -> bytes:
    image = Image.open(io.BytesIO(png)).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    out = io.BytesIO()
    image.save(out, "PNG", optimize=True)
    return out.getvalue()


def main(site: str, passwords: Mapping[str, str]) -> None:
    as_root = ["--no-sandbox"] if os.geteuid() == 0 else []
    program = os.environ.get("OMS_CHROMIUM", "/usr/bin/chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=as_root)
        states = {who: signed_in(browser, site, who, passwords[who]) for who in sorted({p.who for p in PICTURES})}
        for picture in PICTURES:
            data = small(take(picture, browser, site, states[picture.who]))
            (HERE / f"{picture.name}.png").write_bytes(data)
            print(f"{picture.name}.png {len(data) / 1000:.0f} kB")
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "http://localhost:8000", dict(SIGN_IN.findall(sys.stdin.read())))
