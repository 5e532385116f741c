import re

import pytest
from django.core import mail
from django.template.loader import render_to_string
from django.test import Client

from tests.factories.accounts import PASSWORD, AccountFactory, UserFactory
from tests.factories.doors import browser_of, buyer_for

pytestmark = pytest.mark.django_db


def test_a_missing_page_says_what_to_do_and_under_which_number_we_find_it():
    page = browser_of(buyer_for(AccountFactory())).get("/orders/NOPE/")
    assert page.status_code == 404
    html = page.content.decode()
    assert "Nothing is here for you" in html
    assert re.search(r"<code>[0-9a-f-]{36}</code>", html)


def test_a_fault_s_page_needs_no_request_and_no_database(django_assert_num_queries):
    with django_assert_num_queries(0):
        html = render_to_string("500.html")
    assert "We could not finish this" in html
    assert "Traceback" not in html


def test_an_expired_form_is_told_in_words_and_not_sent():
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(buyer_for(AccountFactory()), backend="django.contrib.auth.backends.ModelBackend")
    page = browser.post("/quick-order/place", {"key": "k"})
    assert page.status_code == 403
    assert "This form has expired" in page.content.decode()


def test_someone_without_a_role_reads_why_and_can_sign_out():
    page = browser_of(UserFactory()).get("/orders/")
    assert page.status_code == 403
    assert "your role does not include this" in page.content.decode()
    assert "/sign-in/logout/" in page.content.decode()


def test_people_sign_in_by_e_mail_and_a_wrong_password_says_so_beside_the_form(client):
    user = buyer_for(AccountFactory())
    wrong = client.post("/sign-in/login/", {"login": user.email, "password": "wrong"})
    assert 'class="banner tone-bad" role="alert"' in wrong.content.decode()
    right = client.post("/sign-in/login/", {"login": user.email, "password": PASSWORD})
    assert (right.status_code, right["Location"]) == (302, "/")


def test_who_forgot_the_password_is_written_to_in_our_words_and_a_used_link_says_so(client):
    user = buyer_for(AccountFactory())
    assert (
        "Look into your mail"
        in client.post("/sign-in/password/reset/", {"email": user.email}, follow=True).content.decode()
    )
    (letter,) = mail.outbox
    assert "Choose a new password" in letter.subject
    assert "example.com" not in letter.body and "Hello from" not in letter.body
    assert len(letter.alternatives) == 1
    link = re.search(r"https?://[^/]+(/\S+)", letter.body)[1]
    assert "Choose a new password" in client.get(link, follow=True).content.decode()
    assert "This link no longer works" in client.get("/sign-in/password/reset/key/0-set-password/").content.decode()


def test_an_error_s_page_names_the_request_once():
    html = browser_of(buyer_for(AccountFactory())).get("/orders/NOPE/").content.decode()
    assert len(re.findall(r"[0-9a-f]{8}-[0-9a-f-]{27}", html)) == 1
