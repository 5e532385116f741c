"""The doors themselves: lockout, the life of a session, CSRF, headers and cookies."""

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from axes.models import AccessAttempt
from django.conf import settings
from django.test import Client
from django.urls import reverse
from knox.models import get_token_model
from rest_framework.test import APIClient

from accounts.states import Role
from core import clock, journal
from core.refs import DocumentRef
from tests.factories.accounts import PASSWORD, AccountFactory, AdminFactory, StaffFactory
from tests.factories.doors import browser_of, buyer_for

pytestmark = pytest.mark.django_db
LOGIN = "/sign-in/login/"


@pytest.fixture
def lockout(settings):
    settings.AXES_ENABLED = True
    settings.ACCOUNT_RATE_LIMITS = False  # the library's own brake stands before ours on the page
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "DEFAULT_THROTTLE_CLASSES": []}


def by_page(name, password, **more):
    return Client(**more).post(LOGIN, {"login": name, "password": password})


def by_console(name, password, **more):
    door = Client(**more).get("/admin/login/", follow=True)
    assert door.redirect_chain[-1][0].startswith(LOGIN), "the console has no door of its own"
    return by_page(name, password, **more)


def by_token(name, password, **more):
    return APIClient(**more).post("/api/v1/tokens", {"email": name, "password": password})


@pytest.mark.parametrize("door", [by_page, by_console, by_token])
def test_five_wrong_passwords_lock_the_name_at_every_door(lockout, door):
    user = buyer_for(AccountFactory())
    for n in range(5):
        answer = door(user.email.upper() if n % 2 else user.email, f"wrong {n}", REMOTE_ADDR=f"203.0.113.{n}")
    assert answer.status_code == 429
    for every in (by_page, by_console, by_token):
        right = every(user.email, PASSWORD, REMOTE_ADDR="198.51.100.7")
        assert (right.status_code, right["Retry-After"]) == (429, "900")
        assert "locked" in right.content.decode()
    assert by_token(user.email, PASSWORD).json()["code"] == "locked_out"
    assert by_token(user.email, PASSWORD)["Content-Type"] == "application/problem+json"
    assert get_token_model().objects.count() == 0
    other = buyer_for(AccountFactory())
    assert by_page(other.email, PASSWORD).status_code == 302, "another name is locked too"


def test_four_wrong_passwords_and_a_right_one_let_in(lockout):
    user = buyer_for(AccountFactory())
    assert [by_token(user.email, "wrong").status_code for _ in range(4)] == [401] * 4
    assert by_token(user.email, PASSWORD).status_code == 201


def test_a_locked_name_is_let_in_again_after_15_minutes(lockout):
    user = buyer_for(AccountFactory())
    for _ in range(5):
        by_token(user.email, "wrong")
    with time_machine.travel(clock.now() + timedelta(minutes=16)):
        assert by_token(user.email, PASSWORD).status_code == 201


def test_an_operator_unlocks_a_name_and_the_journal_tells_it(lockout):
    user = buyer_for(AccountFactory())
    for _ in range(5):
        by_page(user.email, "wrong")
    row = AccessAttempt.objects.get()
    form = {"action": "unlock", "_selected_action": [row.pk]}
    address = reverse("admin:axes_accessattempt_changelist")
    browser_of(StaffFactory(roles=[Role.AUDITOR])).post(address, form)  # the action is not offered to one who looks
    assert AccessAttempt.objects.exists()
    browser_of(AdminFactory()).post(address, form)
    assert by_token(user.email, PASSWORD).status_code == 201
    assert journal.timeline(DocumentRef("user", user.pk))[0].verb == "unlocked"


def test_guessed_second_factors_count_as_wrong_passwords(lockout):
    from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret

    user = buyer_for(AccountFactory())
    TOTP.activate(user, generate_totp_secret())
    sent = {"email": user.email, "password": PASSWORD}
    assert APIClient().post("/api/v1/tokens", sent).json()["code"] == "code_needed"
    answers = [APIClient().post("/api/v1/tokens", {**sent, "otp": f"00000{n}"}).status_code for n in range(6)]
    assert answers[-1] == 429
    assert get_token_model().objects.count() == 0


def test_a_session_ends_after_an_hour_unused_and_after_12_in_any_case():
    browser = browser_of(buyer_for(AccountFactory()))
    start = clock.now()
    with time_machine.travel(start) as traveller:
        assert browser.get("/").status_code == 200
        traveller.move_to(start + timedelta(minutes=59))
        assert browser.get("/").status_code == 200
        traveller.move_to(start + timedelta(minutes=59 + 61))
        assert browser.get("/").status_code == 302
    browser = browser_of(buyer_for(AccountFactory()))
    with time_machine.travel(start) as traveller:
        seen = []
        for half_hour in range(26):
            traveller.move_to(start + timedelta(minutes=30 * half_hour))
            seen.append(browser.get("/").status_code)
        assert seen == [200] * 25 + [302]


def test_every_form_of_the_portal_needs_its_csrf_token():
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(buyer_for(AccountFactory()), backend="django.contrib.auth.backends.ModelBackend")
    for url in ("/quick-order/", "/quick-order/row", "/quick-order/place", "/act-for", "/sign-in/logout/", LOGIN):
        assert browser.post(url, {"text": "x"}).status_code == 403, url


def test_nobody_signs_up_and_nobody_changes_their_own_address():
    assert "password1" not in Client().get("/sign-in/signup/").content.decode()
    assert Client().post("/sign-in/signup/", {"email": "me@example.com"}).status_code in (200, 302, 403)
    assert (
        browser_of(buyer_for(AccountFactory())).post("/sign-in/email/", {"email": "x@example.com"}).status_code == 404
    )


def policy(response):
    parts = [p.split() for p in response["Content-Security-Policy"].split(";") if p.strip()]
    return {p[0]: p[1:] for p in parts}


def test_the_portal_the_sign_in_pages_and_the_api_send_a_strict_policy_and_the_console_a_narrow_exception():
    browser, staff = browser_of(buyer_for(AccountFactory())), browser_of(AdminFactory())
    pages = [browser.get(u) for u in ("/", "/quick-order/", "/orders/", "/invoices/", "/orders/none/", "/api/docs/")]
    for page in (*pages, Client().get(LOGIN), APIClient().get("/api/v1/me"), Client().get("/orders/%00/")):
        found = policy(page)
        assert found["default-src"] == ["'none'"] and found["script-src"] == ["'self'"]
        assert found["frame-ancestors"] == ["'none'"] and found["base-uri"] == ["'none'"]
        assert "'unsafe" not in page["Content-Security-Policy"], page.request["PATH_INFO"]
        assert page["X-Content-Type-Options"] == "nosniff"
        assert page["X-Frame-Options"] == "DENY"
        assert page["Referrer-Policy"] == "same-origin"
        assert page["Cross-Origin-Opener-Policy"] == "same-origin"
        text = page.content.decode()
        assert " style=" not in text and "<style" not in text and " onclick=" not in text
        assert "<script>" not in text
    console = policy(staff.get("/admin/"))
    assert "'unsafe-inline'" not in console["script-src"]
    assert console["script-src"] == ["'self'", "'unsafe-eval'"]


def test_a_page_of_somebody_s_data_is_kept_in_no_cache():
    for page in (browser_of(buyer_for(AccountFactory())).get("/orders/"), browser_of(AdminFactory()).get("/admin/")):
        assert "no-store" in page["Cache-Control"] and "private" in page["Cache-Control"], page.request["PATH_INFO"]


PROBE = """
import django; django.setup()
from django.conf import settings as s
from django.core.management import call_command
assert s.SESSION_COOKIE_SECURE and s.CSRF_COOKIE_SECURE and s.SESSION_COOKIE_HTTPONLY
assert s.SESSION_COOKIE_NAME.startswith("__Host-") and s.CSRF_COOKIE_NAME.startswith("__Host-")
assert s.SECURE_HSTS_SECONDS >= 31536000 and s.SECURE_SSL_REDIRECT and not s.DEBUG and s.AXES_ENABLED
assert s.SESSION_COOKIE_AGE == 43200 and s.SESSION_IDLE_SECONDS == 3600 and s.SESSION_EXPIRE_AT_BROWSER_CLOSE
call_command("check", deploy=True, fail_level="WARNING")
"""


def test_as_in_production_the_cookies_are_host_only_and_the_deploy_check_has_nothing_to_say():
    names = ("PYTEST_VERSION", "PYTEST_CURRENT_TEST", "OMS_DEBUG", "OMS_PLAIN_HTTP", "DJANGO_SETTINGS_MODULE")
    environment = {k: v for k, v in os.environ.items() if k not in names}
    url = "postgresql://app@localhost/holdfast"
    environment |= {"DJANGO_SETTINGS_MODULE": "config.settings", "OMS_SECRET_KEY": "k9!" + "xY7-" * 20}
    environment |= {"DATABASE_URL": url, "MIGRATE_DATABASE_URL": url.replace("app@", "owner@"), "OMS_DB_ROLE": "app"}
    environment |= {"OMS_PUBLIC_URL": "https://oms.example.com", "OMS_ALLOWED_HOSTS": "oms.example.com"}
    done = subprocess.run(
        [sys.executable, "-W", "error::UserWarning", "-c", PROBE],
        cwd=Path(settings.BASE_DIR),
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
