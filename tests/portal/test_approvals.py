"""Approvals at the portal and the API: who sees what, who may decide, and that a forged call changes nothing."""

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.urls import reverse

from accounts import approvals
from accounts.models import ApprovalRequest
from accounts.states import Role
from core import clock
from core.actors import Actor
from core.refs import DocumentRef
from core.testing import unit
from tests.factories.accounts import AccountFactory, AuthorityFactory, BuyerFactory, StaffFactory, UserFactory
from tests.factories.doors import browser_of, device_of

pytestmark = pytest.mark.django_db


def ask(account, user, *, kind="price", amount="90"):
    now = clock.now()
    with unit():
        pk = approvals.request(
            kind=kind,
            subject=DocumentRef("order", 7, "SO-7"),
            content_hash=uuid4().hex,
            amount=Decimal(amount),
            currency="USD",
            actor=Actor(str(user), user_id=user.pk, roles=frozenset(user.roles)),
            now=now,
            expires_at=now + timedelta(days=2),
            account_id=account.pk,
            margin_points=Decimal("7.77"),
            content={"sku": "GLV-1", "price_now": "10", "price_asked": "8.25", "floor": "8.11", "currency": "USD"},
            reason="Match the other offer",
        )
    return ApprovalRequest.objects.get(pk=pk)


@pytest.fixture
def buyer():
    return BuyerFactory(user=UserFactory(roles=[Role.BUYER]))


def test_a_buyer_sees_what_concerns_the_company_and_never_its_floor_or_margin(buyer):
    row = ask(buyer.account, StaffFactory())
    ask(AccountFactory(), StaffFactory())
    ask(buyer.account, StaffFactory(), kind="credit")
    page = browser_of(buyer.user).get(reverse("portal:approvals")).content.decode()
    items = device_of(buyer.user).get("/api/v1/approvals").json()["items"]
    assert [i["id"] for i in items] == [str(row.public_id)]
    assert items[0]["allowed_actions"] == []
    for told in (page, str(items)):
        assert "8.25" in told
        assert "8.11" not in told
        assert "7.77" not in told


def test_a_buyer_decides_only_what_the_house_lets_them(buyer):
    row = ask(buyer.account, StaffFactory(), kind="purchase order")
    where = reverse("portal:approval-decide", args=[row.public_id])
    browser = browser_of(buyer.user)
    browser.post(where, {"decision": "approve"})
    row.refresh_from_db()
    assert row.state == "pending"
    AuthorityFactory(kind="purchase order", role=Role.BUYER, max_amount=Decimal(100))
    browser.post(where, {"decision": "approve", "note": "Fine"})
    row.refresh_from_db()
    assert (row.state, row.decided_by, row.decision_note) == ("approved", buyer.user, "Fine")


def test_another_companys_approval_is_not_there(buyer):
    AuthorityFactory(kind="price", role=Role.BUYER, max_amount=None)
    row = ask(AccountFactory(), StaffFactory())
    where = reverse("portal:approval-decide", args=[row.public_id])
    assert browser_of(buyer.user).post(where, {"decision": "approve"}).status_code == 404
    answer = device_of(buyer.user).post(
        f"/api/v1/approvals/{row.public_id}/decision",
        {"decision": "approve"},
        format="json",
        HTTP_IDEMPOTENCY_KEY=str(uuid4()),
    )
    assert answer.status_code == 404
    row.refresh_from_db()
    assert row.state == "pending"


def test_staff_decide_over_the_api_once_per_key(buyer):
    lead, row = StaffFactory(roles=[Role.CS_LEAD]), ask(buyer.account, StaffFactory())
    row.margin_points = None
    row.save()
    device, key = device_of(lead), str(uuid4())
    where = f"/api/v1/approvals/{row.public_id}/decision"
    assert device.post(where, {"decision": "approve"}, format="json").status_code == 400
    first = device.post(where, {"decision": "approve", "note": "ok"}, format="json", HTTP_IDEMPOTENCY_KEY=key)
    assert (first.status_code, first.json()["state"]) == (200, "approved")
    again = device.post(where, {"decision": "approve", "note": "ok"}, format="json", HTTP_IDEMPOTENCY_KEY=key)
    assert (again.status_code, again["Idempotency-Replayed"]) == (200, "true")
    other = device.post(where, {"decision": "reject"}, format="json", HTTP_IDEMPOTENCY_KEY=key)
    assert other.status_code == 422


def test_a_forged_body_names_no_approver_and_no_amount(buyer):
    lead, row = StaffFactory(roles=[Role.CS_LEAD]), ask(buyer.account, StaffFactory())
    where = f"/api/v1/approvals/{row.public_id}/decision"
    forged = {"decision": "approve", "decided_by": lead.pk, "amount": "0"}
    answer = device_of(lead).post(where, forged, format="json", HTTP_IDEMPOTENCY_KEY=str(uuid4()))
    assert answer.status_code == 400 or answer.status_code == 422
    row.refresh_from_db()
    assert (row.state, row.amount) == ("pending", Decimal(90))
