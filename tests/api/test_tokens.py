from datetime import timedelta

import pytest
from knox.models import get_token_model
from rest_framework.test import APIClient

from accounts.states import Role
from core import clock
from tests.factories.accounts import PASSWORD, AccountFactory, StaffFactory, UserFactory
from tests.factories.doors import buyer_for, device_of

pytestmark = pytest.mark.django_db


def test_a_password_buys_a_token_that_is_stored_only_as_a_hash():
    user = buyer_for(AccountFactory(code="HARBOR", name="Harbor Dental"))
    answer = APIClient().post("/api/v1/tokens", {"email": user.email, "password": PASSWORD})
    assert answer.status_code == 201
    token = answer.json()["token"]
    row = get_token_model().objects.get()
    assert token not in (row.digest, row.token_key)
    device = APIClient()
    device.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    me = device.get("/api/v1/me").json()
    assert me["email"] == user.email
    assert [c["code"] for c in me["customers"]] == ["HARBOR"]
    assert me["allowed_actions"] == ["order"]


def test_a_wrong_password_an_unknown_name_and_an_inactive_person_look_the_same():
    user = buyer_for(AccountFactory())
    left = UserFactory(is_active=False, roles=[Role.BUYER])
    answers = [
        APIClient().post("/api/v1/tokens", {"email": email, "password": password})
        for email, password in ((user.email, "wrong"), ("nobody@example.com", PASSWORD), (left.email, PASSWORD))
    ]
    assert [a.status_code for a in answers] == [401, 401, 401]
    assert {a.json()["code"] for a in answers} == {"credentials_refused"}
    assert get_token_model().objects.count() == 0


def test_a_forged_a_stale_and_a_revoked_token_are_401_with_the_same_code():
    user = buyer_for(AccountFactory())
    forged = APIClient()
    forged.credentials(HTTP_AUTHORIZATION="Bearer " + "0" * 64)
    stale, revoked = device_of(user), device_of(user)
    get_token_model().objects.order_by("created").first()
    assert revoked.delete("/api/v1/tokens/current").status_code == 204
    get_token_model().objects.update(expiry=clock.now() - timedelta(days=1))
    for device in (forged, stale, revoked):
        answer = device.get("/api/v1/me")
        assert answer.status_code == 401
        assert answer["Content-Type"] == "application/problem+json"
        assert answer.json()["code"] == "token_not_valid"
    missing = APIClient().get("/api/v1/me")
    assert (missing.status_code, missing.json()["code"]) == (401, "not_authenticated")
    assert missing["WWW-Authenticate"].startswith("Bearer")


def test_a_person_without_a_role_gets_in_nowhere():
    answer = device_of(UserFactory()).get("/api/v1/me")
    assert (answer.status_code, answer.json()["code"]) == (403, "not_permitted")


def test_staff_see_all_customers_but_are_not_sent_a_list_of_all():
    me = device_of(StaffFactory()).get("/api/v1/me").json()
    assert (me["sees_all_customers"], me["customers"]) == (True, [])


def test_malformed_json_an_unknown_address_and_a_wrong_method_are_problems_too():
    device = device_of(buyer_for(AccountFactory()))
    broken = device.post("/api/v1/tokens", b'{"email": ', content_type="application/json")
    assert (broken.status_code, broken.json()["code"]) == (400, "malformed_body")
    assert "line 1" in broken.json()["detail"]
    nowhere = device.get("/api/v1/nothing/here")
    assert (nowhere.status_code, nowhere.json()["code"]) == (404, "not_found")
    assert nowhere["Content-Type"] == "application/problem+json"
    wrong = device.put("/api/v1/me", {})
    assert (wrong.status_code, wrong.json()["code"]) == (405, "method_not_allowed")
    form = device.post("/api/v1/tokens", "a=b", content_type="text/plain")
    assert (form.status_code, form.json()["code"]) == (415, "unsupported_media_type")


def test_a_body_above_2_mb_is_refused_before_it_is_read_whole():
    device = device_of(buyer_for(AccountFactory()))
    huge = b'{"email": "' + b"a" * (2 * 1024 * 1024) + b'"}'
    answer = device.post("/api/v1/tokens", huge, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
