"""Every list of the console, also one added tomorrow: the same statements for 1 and for 50 rows, and few of them."""

import pytest
from django.contrib import admin
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.states import Role
from core.console import ServiceAdmin
from core.lists import LongListPaginator
from tests.budgets.any_rows import AnyRows
from tests.factories.accounts import StaffFactory

pytestmark = pytest.mark.django_db

FEW = 16  # session, person, count, page, the filters' choices, what a page's rows are asked for together
SCREENS = sorted(admin.site._registry.items(), key=lambda pair: pair[0]._meta.label_lower)


@pytest.fixture
def client_of_all_roles(client):
    client.force_login(StaffFactory(roles=[role.value for role in Role if role.value not in ("buyer",)]))
    return client


def statements(client, address):
    with CaptureQueriesContext(connection) as queries:
        page = client.get(address)
    assert page.status_code == 200
    return page, [query["sql"] for query in queries]


@pytest.mark.parametrize(("model", "screen"), SCREENS, ids=[model._meta.label_lower for model, _ in SCREENS])
def test_a_list_takes_the_same_few_statements_for_1_and_for_50_rows(client_of_all_roles, monkeypatch, model, screen):
    AnyRows(51).of(model)
    address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist") + _everything(screen)
    monkeypatch.setattr(screen, "list_max_show_all", 0)
    client_of_all_roles.get(address)
    found = {}
    for rows in (1, 50):
        monkeypatch.setattr(screen, "list_per_page", rows)
        page, found[rows] = statements(client_of_all_roles, address)
        assert len(page.context_data["cl"].result_list) == rows
    assert len(found[1]) == len(found[50]), "\n".join(found[50])
    assert len(found[50]) <= FEW, "\n".join(found[50])


def _everything(screen):
    """Lists that open on what is to do are asked for everything there is."""
    own = {getattr(f, "parameter_name", "") for f in screen.list_filter if not isinstance(f, str)}
    return next(
        (
            f"?{name}=all"
            for name in ("progress", "state")
            if name in own and screen.model._meta.model_name in ("case", "hold", "stockhold")
        ),
        "",
    )


@pytest.mark.parametrize(("model", "screen"), SCREENS, ids=[model._meta.label_lower for model, _ in SCREENS])
def test_a_list_counts_no_further_than_it_pages_and_shows_seven_columns_at_most(model, screen):
    assert isinstance(screen, ServiceAdmin)
    assert screen.paginator is LongListPaginator
    assert screen.show_full_result_count is False
    assert len(screen.list_display) <= 7


def test_the_dashboard_takes_the_same_statements_with_nothing_and_with_50_of_everything(client_of_all_roles):
    address = reverse("admin:index")
    client_of_all_roles.get(address)
    _, before = statements(client_of_all_roles, address)
    rows = AnyRows(50)
    for model, _ in SCREENS:
        rows.of(model)
    _, after = statements(client_of_all_roles, address)
    assert len(before) == len(after)
    assert len(after) <= 24, "\n".join(after)
