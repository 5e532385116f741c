"""Every console screen: its list, its form for a new row and the page of a row, in both themes and two widths."""

from typing import Any

import pytest
from django.contrib import admin
from django.test import RequestFactory
from django.urls import URLResolver, reverse

from core.console import ServiceAdmin
from tests.browser import company
from tests.browser.visit import DESKTOP, PHONE, THEMES, Surfer, faults_of

WIDTHS = (DESKTOP, PHONE)
SCREENS: dict[str, ServiceAdmin] = {m._meta.label_lower: a for m, a in admin.site._registry.items()}  # type: ignore[misc]
EVERY_SCREEN = {"changelist", "add", "change", "delete", "history"}


def who_works_at(screen: ServiceAdmin) -> str:
    """The persona who may do most there."""
    for roles in (screen.access.act, screen.access.view):
        for name, (own, _first, _last) in company.STAFF.items():
            if not roles.isdisjoint(own):
                return name
    raise AssertionError(f"Nobody in tests/browser/company.py may look at {screen}: add a persona")


def pages_of(label: str, who: str) -> dict[str, str]:
    """The name of each page (for its picture) and its address."""
    screen = SCREENS[label]
    opts, name = screen.model._meta, label.replace(".", "-")
    route = f"admin:{opts.app_label}_{opts.model_name}"
    pages = {f"{name}-list": reverse(f"{route}_changelist")}
    request = RequestFactory().get("/admin/")
    request.user = company.person(who)
    if screen.has_add_permission(request):
        pages[f"{name}-add"] = reverse(f"{route}_add")
    row = company.row_of(screen.model)
    assert row is not None, f"No {label} to look at: let tests/browser/company.py make one"
    pages[f"{name}-page"] = reverse(f"{route}_change", args=[row.pk])
    return pages


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("label", SCREENS)
def test_a_screen_can_be_used_by_everybody_at_every_width(walker: Surfer, label: str, theme: str) -> None:
    who = who_works_at(SCREENS[label])
    page, faults = walker.page(who, theme=theme), []
    for name, path in pages_of(label, who).items():
        answer = walker.go(page, path)
        assert answer.status == 200, f"{path} as {who}"
        faults += faults_of(page, name, theme=theme, widths=WIDTHS)
    assert not faults, "\n".join(faults)


def walk(resolver: URLResolver, space: str = "") -> Any:
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            yield from walk(entry, entry.namespace or space)
        else:
            yield space, entry
