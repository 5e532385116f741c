"""The console's base screens, seen through a real one: the queues of the exceptions room."""

from decimal import Decimal

import pytest
from django.core.exceptions import ImproperlyConfigured

from accounts.models import User
from core import journal
from core.console import PlainDecimalField, ServiceAdmin, ServiceRequired
from core.errors import Refused
from core.refs import DocumentRef
from exceptions_app.admin import CaseAdmin
from exceptions_app.models import Case, Queue
from tests.factories.catalog import ProductFactory

pytestmark = pytest.mark.django_db


class NotOnSundays(Refused):
    template = "Queues are not renamed on Sundays."
    remedy_template = "Come back tomorrow."


@pytest.fixture
def queue():
    return Queue.objects.get_or_create(code="cs", defaults={"name": "Customer service"})[0]


@pytest.fixture
def operator(client):
    user = User.objects.create(username="op", email="op@example.com", is_staff=True, roles=["operator"])
    client.force_login(user)
    return user


def save(client, queue: Queue, **values: str):
    form = {"name": queue.name, "roles": "cs,cs_lead", "escalation_role": "cs_lead", "calendar": "", **values}
    return client.post(f"/admin/exceptions_app/queue/{queue.pk}/change/", form, follow=True)


def test_a_saved_form_is_one_service_call_and_is_journalled(client, operator, queue):
    page = save(client, queue, name="Care")
    assert page.status_code == 200
    queue.refresh_from_db()
    assert queue.name == "Care"
    latest = journal.timeline(DocumentRef("queue", queue.pk))[0]
    assert (latest.verb, latest.actor) == ("changed", "op")


def test_a_refusal_comes_back_in_the_form_with_what_was_typed(client, operator, queue, monkeypatch):
    def refuse(**_):
        raise NotOnSundays

    monkeypatch.setattr("core.console.save_reference", refuse)
    page = save(client, queue, name="Care")
    text = page.content.decode()
    assert page.status_code == 200
    assert "Queues are not renamed on Sundays. Come back tomorrow." in text
    assert 'value="Care"' in text
    assert Queue.objects.get(pk=queue.pk).name == "Customer service"


def test_a_bad_field_is_told_at_the_field_and_nothing_is_stored(client, operator, queue):
    page = save(client, queue, name="")
    assert "This field is required" in page.content.decode()
    assert Queue.objects.get(pk=queue.pk).name == "Customer service"


def test_who_may_only_look_cannot_save(client, queue):
    client.force_login(User.objects.create(username="aud", email="a@example.com", is_staff=True, roles=["auditor"]))
    assert client.get(f"/admin/exceptions_app/queue/{queue.pk}/change/").status_code == 200
    assert save(client, queue, name="Care").status_code == 403
    assert Queue.objects.get(pk=queue.pk).name == "Customer service"


def test_a_screen_that_would_write_by_itself_is_stopped(rf):
    from django.contrib import admin

    screen = CaseAdmin(Case, admin.site)
    with pytest.raises(ServiceRequired):
        screen.save_model(rf.post("/"), Case(), None, change=True)
    with pytest.raises(ServiceRequired):
        screen.delete_model(rf.post("/"), Case())


def test_a_screen_without_access_does_not_start():
    from django.contrib import admin

    class Forgotten(ServiceAdmin):
        pass

    with pytest.raises(ImproperlyConfigured, match="Forgotten does not declare its access"):
        Forgotten(Case, admin.site)


@pytest.mark.parametrize(
    ("kept", "places", "shown"),
    [
        ("1.0000", 4, "1"),
        ("0.5000", 4, "0.5"),
        ("4.780000", 6, "4.78"),
        ("4.785100", 6, "4.7851"),
        ("40000.00", 2, "40000.00"),
        ("12.000000", 6, "12.00"),
    ],
)
def test_a_form_shows_numbers_as_a_person_writes_them(kept, places, shown):
    assert str(PlainDecimalField(decimal_places=places).prepare_value(Decimal(kept))) == shown


def test_what_was_typed_wrongly_is_shown_as_it_was_typed():
    assert PlainDecimalField(decimal_places=4).prepare_value("one") == "one"


def test_a_product_s_form_shows_its_multiple_without_zeros(client):
    user = User.objects.create(username="lead", email="lead@example.com", is_staff=True, roles=["operator"])
    client.force_login(user)
    product = ProductFactory(standard_cost=Decimal("4.780000"))
    text = client.get(f"/admin/catalog/product/{product.pk}/change/").content.decode()
    assert 'value="4.78"' in text
    assert "4.780000" not in text
