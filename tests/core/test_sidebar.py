"""The sidebar marks the page one is on, and the head of a page speaks its words."""

import re
from typing import Any

import pytest
from django.test import RequestFactory
from django.urls import reverse

from config.console import NAVIGATION, said_by_the_sidebar
from config.templatetags.screens import crumbs


def chosen(path: str) -> list[str]:
    request = RequestFactory().get(path)
    return [str(i["title"]) for section in NAVIGATION for i in section["items"] if i["active"](request)]


@pytest.mark.parametrize(
    ("path", "titles"),
    [
        ("/admin/", ["Dashboard"]),
        ("/admin/orders/hold/", ["Holds"]),
        ("/admin/orders/hold/credit-desk/", ["Credit desk"]),
        ("/admin/orders/hold/7/change/", ["Holds"]),
        ("/admin/fulfillment/releaserun/desk/", ["Release desk"]),
        ("/admin/fulfillment/shipment/station/", ["Packing station"]),
        ("/admin/exceptions_app/case/7/change/", ["Exceptions"]),
        ("/admin/orders/holdtype/", ["Hold types"]),
        ("/admin/password_change/", []),
        ("/admin/inventory/allocationrun/what-if/", ["Allocation workbench"]),
    ],
)
def test_one_line_is_chosen(path: str, titles: list[str]) -> None:
    assert chosen(path) == titles


def test_no_two_lines_are_called_the_same() -> None:
    titles = [str(i["title"]) for section in NAVIGATION for i in section["items"]]
    assert sorted(titles) == sorted(set(titles))


def test_the_head_names_section_screen_and_row() -> None:
    address = reverse("admin:inventory_stockbalance_changelist")

    class Row:
        headline = "BLD-100 at ATL"

    parts: list[dict[str, Any]] = [
        {"link": "/admin/inventory/", "title": "Inventory"},
        {"link": address, "title": "stock balances"},
        {"link": f"{address}1/change/", "title": Row()},
    ]
    assert said_by_the_sidebar(address) == ("Allocation and inventory", "Stock")
    request = RequestFactory().get(f"{address}1/change/")
    assert [part["title"] for part in crumbs(parts, request)] == ["Allocation and inventory", "Stock", "BLD-100 at ATL"]


def test_a_page_with_a_line_of_its_own_is_called_by_it():
    desk = reverse("admin:fulfillment_shipment_station")
    parts = [
        {"link": "/admin/fulfillment/", "title": "Fulfillment"},
        {"link": reverse("admin:fulfillment_shipment_changelist"), "title": "shipments"},
    ]
    assert [part["title"] for part in crumbs(parts, RequestFactory().get(desk))] == ["Orders", "Packing station"]


def test_a_screen_called_as_its_section_is_named_once():
    address = reverse("admin:orders_order_changelist")
    parts: list[dict[str, Any]] = [
        {"link": "/admin/orders/", "title": "Orders"},
        {"link": address, "title": "orders"},
        {"link": f"{address}1/change/", "title": "SO-1"},
    ]
    request = RequestFactory().get(f"{address}1/amend/")
    assert [(part["title"], part["link"]) for part in crumbs(parts, request)] == [
        ("Orders", address),
        ("SO-1", f"{address}1/change/"),
    ]


def test_a_screen_without_a_line_keeps_its_own_words() -> None:
    parts = [{"link": "/admin/auth/", "title": "Auth"}, {"link": "/admin/auth/group/", "title": "groups"}]
    assert [part["title"] for part in crumbs(parts, RequestFactory().get("/admin/auth/group/"))] == ["Auth", "groups"]
    profile = [{"title": "Password change"}]
    assert crumbs(profile, RequestFactory().get("/admin/password_change/")) == profile


@pytest.mark.django_db
def test_the_sidebar_opens_the_first_two_sections_and_the_one_of_the_page(client, django_user_model):
    boss = django_user_model.objects.create_superuser(username="boss", email="boss@example.com", password="x")
    client.force_login(boss)
    text = client.get(reverse("admin:inventory_stockbalance_changelist")).content.decode()
    names = [str(section["title"]) for section in NAVIGATION]
    found = dict(re.findall(r'<details class="hf-section" data-section="(\d+)"( open)?>', text))
    opened = [names[int(number) - 1] for number, is_open in found.items() if is_open]
    assert opened == ["Work", "Orders", "Allocation and inventory"]
    assert len(found) == len(names)
    assert re.findall(r'aria-current="page"><span[^>]*>[^<]*</span><span>([^<]*)</span>', text) == ["Stock"]
    assert "{#" not in text
