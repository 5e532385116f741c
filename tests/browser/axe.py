"""Accessibility by axe-core (vendor/README.md): no violation of WCAG 2.2 AA, told with its remedy."""

from functools import cache
from pathlib import Path
from typing import Any

SCRIPT = Path(__file__).parent / "vendor" / "axe.min.js"
TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa")
RUN = """tags => axe.run(document, {
  runOnly: {type: "tag", values: tags}, resultTypes: ["violations"], preload: false, elementRef: false,
})"""


@cache
def _source() -> str:
    return SCRIPT.read_text(encoding="utf-8")


def violations(page: Any) -> list[str]:
    """One line per element that breaks a rule: the rule, the element, what axe says mends it."""
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(_source())  # through the debugger: no script tag, so no policy of the page is touched
    found = page.evaluate(RUN, list(TAGS))
    return [_line(rule, node) for rule in found["violations"] for node in rule["nodes"]]


def _line(rule: dict[str, Any], node: dict[str, Any]) -> str:
    target = " ".join(str(part) for part in node["target"])
    remedy = " ".join(node["failureSummary"].split())
    return f"axe {rule['id']} ({rule['impact']}): {target}: {remedy} [{rule['helpUrl']}]"
