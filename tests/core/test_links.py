"""A link to a row is one only for whom its screen lets in; the words stay."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.urls import reverse
from django.utils.html import format_html

from accounts.states import Role
from core.links import may_look, opened_links
from tests.factories.accounts import StaffFactory

pytestmark = pytest.mark.django_db


def asked_by(rf, role):
    request = rf.get("/")
    request.user = StaffFactory(roles=[role])
    return request


@pytest.mark.parametrize(("role", "is_open"), [(Role.OPERATOR, True), (Role.CS, False), (Role.WAREHOUSE, False)])
def test_a_person_is_linked_only_for_those_who_look_after_people(rf, role, is_open):
    request = asked_by(rf, role)
    address = reverse("admin:accounts_user_change", args=[7])
    link = format_html('by <a href="{}" class="text-link">{}</a>, today', address, "Ann <b>")
    assert opened_links(link, request) == (link if is_open else "by Ann &lt;b&gt;, today")
    assert may_look(request, "accounts.User") is is_open


def test_links_to_what_everybody_sees_and_elsewhere_stay_and_unsafe_text_is_not_touched(rf):
    request = asked_by(rf, Role.WAREHOUSE)
    order = format_html('<a href="{}">SO-1</a>', reverse("admin:orders_order_change", args=[1]))
    away = format_html('<a href="{}">there</a>', "/somewhere/else/")
    assert (opened_links(order, request), opened_links(away, request)) == (order, away)
    text = '<a href="/admin/accounts/user/7/change/">Ann</a>'
    assert opened_links(text, request) is text
    request.user = AnonymousUser()
    assert not may_look(request, "orders.Order")
