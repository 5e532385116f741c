"""A link to a row is one only for whom its screen lets in; the words stay."""

import pytest
from django.urls import reverse
from django.utils.html import format_html

from accounts.states import Role
from core.links import lets_in, opened_links
from tests.factories.accounts import BuyerFactory, StaffFactory
from tests.factories.doors import browser_of

pytestmark = pytest.mark.django_db


def asked_by(rf, role):
    request = rf.get("/")
    request.user = StaffFactory(roles=[role])
    return request


@pytest.mark.parametrize(("role", "is_open"), [(Role.OPERATOR, True), (Role.CS, False), (Role.WAREHOUSE, False)])
def test_a_person_is_linked_only_for_those_who_look_after_people(rf, role, is_open):
    request = asked_by(rf, role)
    address = reverse("admin:accounts_user_change", args=[7])
    link = format_html('by <a class="text-link" href="{}">{}</a>, today', address, "Ann <b>")
    assert opened_links(link, request) == (link if is_open else "by Ann &lt;b&gt;, today")
    assert lets_in(address, request) is is_open


def test_links_to_what_everybody_sees_and_elsewhere_stay(rf):
    request = asked_by(rf, Role.WAREHOUSE)
    order = format_html('<a href="{}">SO-1</a>', reverse("admin:orders_order_change", args=[1]))
    away = '<a href="/somewhere/else/">there</a>'
    both = f"{order}{away}"
    assert opened_links(both, request) == both


def test_an_account_s_page_names_its_buyers_to_all_and_links_them_to_some():
    buyer = BuyerFactory()
    page = reverse("admin:accounts_account_change", args=[buyer.account_id])
    link = f'href="{reverse("admin:accounts_user_change", args=[buyer.user_id])}"'
    seen = {
        role: browser_of(StaffFactory(roles=[role])).get(page).content.decode()
        for role in (Role.OPERATOR, Role.WAREHOUSE)
    }
    assert [link in text for text in seen.values()] == [True, False]
    assert all(str(buyer.user) in text for text in seen.values())
