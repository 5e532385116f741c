import pytest
from django.urls import get_resolver
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema

from core.access import NOBODY, Access
from tests.factories.accounts import AccountFactory
from tests.factories.doors import browser_of, buyer_for


def schema():
    return SchemaGenerator(api_version="v1").get_schema(request=None, public=True)


def test_the_description_is_valid_and_names_every_address():
    found = schema()
    validate_schema(found)
    assert found["openapi"].startswith("3.1")
    assert {"/api/v1/orders", "/api/v1/orders/preview", "/api/v1/availability", "/api/v1/tokens"} <= set(found["paths"])


def test_nothing_described_speaks_of_cost_or_margin():
    text = str(schema()).lower()
    assert "margin" not in text
    assert "cost" not in text


def test_every_endpoint_declares_its_access():
    api = next(r for r in get_resolver().url_patterns if str(r.pattern) == "api/")
    owners = [getattr(p.callback, "cls", None) or getattr(p.callback, "view_class", None) for p in api.url_patterns]
    assert len(owners) >= 10
    assert [o for o in owners if not isinstance(o.access, Access) or o.access is NOBODY] == []


def test_every_operation_says_in_a_line_what_it_does():
    found = schema()["paths"]
    summaries = [operation["summary"] for path in found.values() for operation in path.values()]
    assert len(summaries) > 50
    assert all(summaries) and not [s for s in summaries if s.endswith(".") or s == "One address"]


@pytest.mark.django_db
def test_the_entrance_leads_to_what_describes_the_api(client):
    found = client.get("/api/v1/").json()
    assert client.get(found["description"]).status_code == 200
    assert client.get(found["documentation"]).status_code == 200
    assert client.get(found["tokens"]).status_code == 405


@pytest.mark.django_db
def test_the_docs_come_from_our_own_files_and_need_no_token(client):
    page = client.get("/api/docs/").content.decode()
    assert "/static/drf_spectacular_sidecar/" in page
    assert "cdn" not in page.lower()
    assert client.get("/api/schema/").status_code == 200
    assert browser_of(buyer_for(AccountFactory())).get("/api/v1/me").status_code == 200
