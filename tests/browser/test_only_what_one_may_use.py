"""Who may only look sees nothing to press: no form with a button, no link that would refuse them, in the whole console."""

import os
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import Resolver404, resolve, reverse

from tests.browser import company

SCREENS = sorted(admin.site._registry.items(), key=lambda pair: pair[0]._meta.label_lower)
EVERYBODYS = ("/admin/logout", "/admin/jsi18n", "/admin/set-theme")  # signing out is no act on anybody's data


class Controls(HTMLParser):
    """The links of a page, and its forms that something can be sent with: (address, method, what the buttons say)."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.forms: list[tuple[str, str, str]] = []
        self._form: tuple[str, str] | None = None
        self._buttons: list[str] = []
        self._in_button = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        if tag == "a" and said.get("href"):
            self.links.append(said["href"])
        if tag == "form":
            self._form, self._buttons = (said.get("action") or "", (said.get("method") or "get").lower()), []
        sends = (tag == "button" and said.get("type", "submit") == "submit") or said.get("type") == "submit"
        if self._form and sends:
            self._buttons.append(said.get("value") or said.get("name") or "")
            self._in_button = tag == "button"

    def handle_data(self, data: str) -> None:
        if self._in_button:
            self._buttons[-1] += " " + data.strip()

    def handle_endtag(self, tag: str) -> None:
        if tag == "button":
            self._in_button = False
        if tag == "form" and self._form:
            if self._buttons:
                self.forms.append((*self._form, ", ".join(b.strip() for b in self._buttons)))
            self._form = None


def pages() -> list[str]:
    """The list of every screen, and the page of a row of it."""
    found = [reverse("admin:index")]
    for model, _ in SCREENS:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        found.append(reverse(f"{name}_changelist"))
        if row := company.row_of(model):
            found.append(reverse(f"{name}_change", args=[row.pk]))
    return found


def faults(client: Client, *, forms: bool) -> list[str]:
    """What can be pressed, or followed into a refusal."""
    found: list[str] = []
    asked = {"admin:logout"}
    for page in pages():
        shown = client.get(page)
        if shown.status_code != 200:
            continue
        controls = Controls()
        controls.feed(shown.content.decode())
        found += [
            f"{page}: form {action or 'here'}: {buttons}"
            for action, method, buttons in controls.forms
            if forms and method == "post" and not action.startswith(EVERYBODYS)
        ]
        for link in {urlsplit(urljoin(page, href)).path for href in controls.links}:
            name = screen_of(link)
            if name and name not in asked:
                asked.add(name)
                followed = client.get(link)
                followed.close()  # it may be a file
                if followed.status_code == 403:
                    found.append(f"{page}: link {link} is refused")
    return found


def screen_of(link: str) -> str:
    """One link to each screen is followed: what it says, it says of every row."""
    try:
        found = resolve(link)
    except Resolver404:
        return ""
    return found.view_name if link.startswith("/admin/") else ""


def walked() -> list[str]:
    """The auditor; with OMS_PERSONAS=all everybody, of whom only the links are asked: what they may press differs."""
    return list(company.STAFF) if os.environ.get("OMS_PERSONAS") == "all" else ["auditor"]


@pytest.mark.parametrize("persona", walked())
def test_nobody_sees_what_would_refuse_them_and_an_auditor_nothing_to_press(site: str, persona: str) -> None:
    client = Client()
    client.force_login(company.person(persona))
    assert faults(client, forms=persona == "auditor") == []
