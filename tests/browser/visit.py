"""Somebody at a browser: opens pages as a person of the company, in a theme, and looks at them closely."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from django.conf import settings

from tests.browser import axe, company
from tests.browser.recorder import Recorder
from tests.factories.doors import browser_of

THEMES = ("light", "dark")
DESKTOP, PHONE, NARROW = 1360, 390, 320
HEIGHTS = {DESKTOP: 900, PHONE: 844, NARROW: 640}
SCREENS = Path(__file__).resolve().parents[1] / "output" / "screens"
SLOWEST_MS = 20_000
# Everything that moves or arrives late: letters in their own shapes, and two frames to draw them.
SETTLED = """() => document.fonts.ready.then(() => new Promise((done) =>
  requestAnimationFrame(() => requestAnimationFrame(() => done(true)))))"""
# The page's own width over the window's, and whatever sticks out.
SIDEWAYS = """() => {
  const root = document.scrollingElement, over = root.scrollWidth - root.clientWidth;
  if (over <= 0) return "";
  const wide = [...document.body.querySelectorAll("*")].filter((el) =>
    el.getBoundingClientRect().right > root.clientWidth + 1).slice(-3);
  const name = (el) => [el.tagName.toLowerCase(), el.id && `#${el.id}`, ...[...el.classList].map((c) => `.${c}`)].join("");
  return `scrolls sideways by ${over} px: ${wide.map(name).join(", ")}`;
}"""


class Surfer:
    """`contexts` are kept by whoever made it; pages are closed with the surfer."""

    def __init__(self, origin: str, chrome: Any, contexts: dict[Any, Any]) -> None:
        self.origin = origin
        self._chrome = chrome
        self._contexts = contexts
        self._pages: list[tuple[Any, Recorder]] = []

    def page(self, who: str | None, *, theme: str = "light", width: int = DESKTOP, script: bool = True) -> Any:
        """An empty page of the person (None: a stranger), watched from now on."""
        context = self._context(who, theme, script)
        page = context.new_page()
        page.set_viewport_size({"width": width, "height": HEIGHTS[width]})
        page.set_default_timeout(SLOWEST_MS)
        recorder = Recorder(self.origin)
        recorder.watch(page)
        self._pages.append((page, recorder))
        return page

    def open(self, path: str, who: str | None, **how: Any) -> Any:
        page = self.page(who, **how)
        self.go(page, path)
        return page

    def go(self, page: Any, path: str) -> Any:
        """The answer of the server, when the page has settled."""
        answer = page.goto(f"{self.origin}{path}", wait_until="load")
        settle(page)
        return answer

    def recorder(self, page: Any) -> Recorder:
        return next(recorder for known, recorder in self._pages if known is page)

    def close(self) -> list[str]:
        """Close the pages; what went wrong on them, all of it."""
        faults = []
        for page, recorder in self._pages:
            faults += [f"{page.url.removeprefix(self.origin)}: {fault}" for fault in recorder.unexpected()]
            page.close()
        return faults

    def _context(self, who: str | None, theme: str, script: bool) -> Any:
        key = who, theme, script
        if key not in self._contexts:
            context = self._chrome.new_context(
                color_scheme=theme, java_script_enabled=script, reduced_motion="reduce", locale="en-US"
            )
            if who:
                self._sign_in(context, who)
            self._contexts[key] = context
        return self._contexts[key]

    def _sign_in(self, context: Any, who: str) -> None:
        """By the cookie of a session made here: the sign-in page has its own tests."""
        name = settings.SESSION_COOKIE_NAME
        value = browser_of(company.person(who)).cookies[name].value
        context.add_cookies([{"name": name, "value": value, "url": self.origin}])


def settle(page: Any) -> None:
    page.evaluate(SETTLED)


def arrive(page: Any, path: str) -> None:
    """Wait until the page at the path (a pattern) is there and has settled."""
    page.wait_for_url(re.compile(rf"^https?://[^/]+{path}([?#]|$)"), wait_until="load")
    settle(page)


def faults_of(page: Any, name: str, *, theme: str, widths: Iterable[int]) -> list[str]:
    """Look at the page at each width: nothing sticks out, axe finds nothing. A picture of each is kept for people."""
    faults = []
    SCREENS.mkdir(parents=True, exist_ok=True)
    for width in widths:
        page.set_viewport_size({"width": width, "height": HEIGHTS[width]})
        settle(page)
        picture = SCREENS / f"{name}-{theme}-{width}.png"
        page.screenshot(path=picture)
        found = [words for words in (page.evaluate(SIDEWAYS), *axe.violations(page)) if words]
        _note_beside(picture, found)
        faults += [f"{name} {theme} {width}: {words}" for words in found]
    return faults


def _note_beside(picture: Path, found: list[str]) -> None:
    note = picture.with_suffix(".txt")
    if found:
        note.write_text("\n".join([*found, ""]), encoding="utf-8")
    else:
        note.unlink(missing_ok=True)


def checked(surfer: Surfer) -> Iterator[Surfer]:
    """For a fixture: the test fails when any of its pages did what no page may do."""
    yield surfer
    faults = surfer.close()
    assert not faults, "\n".join(faults)
