"""The EDI desk's screens: they open, they show what came, and their actions go through the services."""

from datetime import UTC, datetime
from io import BytesIO

import pytest
from django.urls import reverse

from accounts.states import Role
from core.actors import system
from integrations.models import EdiTransaction, InboxFile, Interchange, OutboundDocument, PartnerProfile
from integrations.services.receive_edi import Report, receive_edi
from orders.models import Order
from tests.factories.accounts import UserFactory
from tests.factories.catalog import ProductFactory
from tests.factories.integrations import PartnerFactory
from tests.integrations.samples import file, po

pytestmark = pytest.mark.django_db

SCREENS = ("partnerprofile", "inboxfile", "interchange", "editransaction", "outbounddocument", "importedline")


def receive(text):
    receive_edi(
        name="in.edi",
        stream=BytesIO(text.encode()),
        report=Report(),
        actor=system("test"),
        now=datetime(2026, 11, 3, 10, tzinfo=UTC),
    )


@pytest.fixture
def lead(client):
    client.force_login(UserFactory(roles=[Role.CS_LEAD], is_staff=True))
    return client


@pytest.mark.parametrize("screen", SCREENS)
def test_every_list_opens_for_the_desk_and_is_searched(lead, screen):
    receive(file(po()))
    assert lead.get(reverse(f"admin:integrations_{screen}_changelist"), {"q": "1"}).status_code == 200


@pytest.mark.parametrize("model", [PartnerProfile, InboxFile, Interchange, EdiTransaction, OutboundDocument])
def test_every_document_opens_and_shows_its_text(lead, model):
    receive(file(po()))
    row = model.objects.get()
    page = lead.get(reverse(f"admin:integrations_{model._meta.model_name}_change", args=[row.pk]))
    assert page.status_code == 200
    if model is not PartnerProfile:
        assert "850" in page.content.decode()


def test_a_warehouse_person_sees_nothing_of_it(client):
    client.force_login(UserFactory(roles=[Role.WAREHOUSE], is_staff=True))
    assert client.get(reverse("admin:integrations_editransaction_changelist")).status_code == 403


def test_a_set_is_mended_in_the_form_and_replayed_by_the_action(lead):
    PartnerFactory()
    ProductFactory(sku="A-1")
    receive(file(po(lines="PO1*1*-5*EA*10**VN*A-1")))
    kept = EdiTransaction.objects.get()
    address = reverse("admin:integrations_editransaction_change", args=[kept.pk])
    assert lead.post(address, {"text": kept.text.replace("*-5*", "*5*")}).status_code == 302
    lead.post(
        reverse("admin:integrations_editransaction_changelist"), {"action": "replay", "_selected_action": [kept.pk]}
    )
    kept.refresh_from_db()
    assert (kept.state, Order.objects.count()) == ("accepted", 1)


def test_a_partner_is_confirmed_by_the_action(lead):
    receive(file(po()))
    partner = PartnerProfile.objects.get()
    lead.post(
        reverse("admin:integrations_partnerprofile_changelist"),
        {"action": "confirm", "_selected_action": [partner.pk]},
    )
    partner.refresh_from_db()
    assert partner.status == "confirmed"
