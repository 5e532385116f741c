"""Hands on the keyboard only: what Tab reaches, and whether one sees where one is."""

from collections.abc import Iterator
from typing import Any

MOST_STOPS = 120
WHERE = """() => {
  const el = document.activeElement;
  return el === document.body ? "" : el.tagName.toLowerCase() + (el.id && `#${el.id}`) + ` "${
    (el.getAttribute("aria-label") || el.innerText || el.value || el.name || "").trim().slice(0, 40)}"`;
}"""
# What tells the focused element from itself without focus: an outline, a ring, or another background or border.
LOOK = """(el) => {
  const s = getComputedStyle(el);
  const outline = s.outlineStyle === "none" || s.outlineWidth === "0px" ? "" : `${s.outlineWidth} ${s.outlineColor}`;
  return [outline, s.boxShadow, s.backgroundColor, s.borderColor].join("|");
}"""
MARKED = f"""() => {{
  const look = {LOOK}, el = document.activeElement, chain = [el, el.parentElement, el.closest("label")].filter(Boolean);
  const box = el.getBoundingClientRect();
  if (!box.width || !box.height || box.bottom <= 0 || box.top >= innerHeight) return "is not in view";
  const with_focus = chain.map(look);
  el.blur();
  const without = chain.map(look);
  el.focus({{focusVisible: true, preventScroll: true}});
  return with_focus.some((words, n) => words !== without[n]) ? "" : "looks as if it had no focus";
}}"""


def where(page: Any) -> str:
    return str(page.evaluate(WHERE))


def stops(page: Any) -> Iterator[str]:
    """Press Tab until it leaves the page; the name of each stop."""
    here = ""
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        if not (here := where(page)):
            return
        yield here
    raise AssertionError(f"Tab found no end after {MOST_STOPS} stops; it is at {here}")


def is_at(page: Any, selector: str) -> bool:
    return bool(page.evaluate("s => document.activeElement.matches(s)", selector))


def tab_to(page: Any, selector: str) -> None:
    """Tab to what the selector names, unless one is there."""
    seen = []
    if is_at(page, selector):
        return
    for here in stops(page):
        if is_at(page, selector):
            return
        seen.append(here)
    raise AssertionError(f"Tab never came to {selector}, only to {seen}")


def unmarked(page: Any) -> list[str]:
    """The stops at which one does not see where one is."""
    found, last = [], ""
    for here in stops(page):
        # Looking takes the focus away and gives it back, which would keep a date's field at its first part for ever.
        if here != last and (why := page.evaluate(MARKED)):
            found.append(f"{here} {why}")
        last = here
    return found
