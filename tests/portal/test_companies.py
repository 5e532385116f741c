"""A buyer of two companies chooses, sees which everywhere, and never mixes them; a buyer of none reads what to do."""

import re

import pytest

from accounts.states import Role
from orders.models import Order
from orders.services.place import place
from tests.factories.accounts import AccountFactory, AssignmentFactory, BuyerFactory, RepFactory, UserFactory
from tests.factories.doors import browser_of, buyer_for
from tests.factories.orders import CLERK, NOW, make_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def companies():
    """Two companies with an order each."""
    first, second = make_world(stock=100), make_world(stock=100)
    return (first, place(first.draft(3), actor=CLERK, now=NOW)), (second, place(second.draft(4), actor=CLERK, now=NOW))


@pytest.fixture
def browser(companies):
    (first, _), (second, _) = companies
    user = buyer_for(first.account)
    BuyerFactory(user=user, account=second.account)
    return browser_of(user)


def text_of(response):
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def act_for(browser, world, **more):
    return browser.post("/act-for", {"account": str(world.account.pk), **more})


def test_nothing_is_shown_before_it_is_said_for_whom(companies, browser):
    for address in (
        "/",
        "/orders/",
        "/quick-order/",
        "/invoices/",
        "/orders.csv",
        f"/orders/{companies[0][1].number}/",
    ):
        answer = browser.get(address)
        assert answer.status_code == 302
        assert answer["Location"].startswith("/choose"), address
    page = text_of(browser.get("/choose"))
    assert all(world.account.name in page for world, _ in companies)
    assert browser.post("/quick-order/place", {"text": "A\t1", "key": "k"})["Location"] == "/choose"
    assert Order.objects.count() == 2


def test_after_choosing_the_visitor_is_where_they_wanted_to_be(companies, browser):
    (first, order), _ = companies
    asked = browser.get(f"/orders/{order.number}/")["Location"]
    back = re.search(r'name="next" value="([^"]+)"', browser.get(asked).content.decode())[1]
    assert act_for(browser, first, next=back)["Location"] == f"/orders/{order.number}/"
    for elsewhere in ("https://elsewhere.example/", "//elsewhere.example", "/\\elsewhere.example", "javascript:1"):
        assert act_for(browser, first, next=elsewhere)["Location"] == "/", elsewhere


def test_every_page_names_the_company_and_the_other_s_order_is_not_there(companies, browser):
    (first, own), (second, other) = companies
    act_for(browser, first)
    for address in ("/", "/orders/", "/quick-order/", "/invoices/", f"/orders/{own.number}/"):
        page = text_of(browser.get(address))
        assert first.account.name in page and second.account.name not in page, address
        assert other.number not in page
    for address in (
        f"/orders/{other.number}/",
        f"/orders/{other.number}/cancel",
        f"/quick-order/?again={other.number}",
    ):
        assert browser.get(address).status_code == 404, address
    assert browser.post(f"/orders/{other.number}/discard").status_code == 404
    assert other.number not in browser.get("/orders.csv").content.decode()
    act_for(browser, second)
    assert browser.get(f"/orders/{other.number}/").status_code == 200
    assert browser.get(f"/orders/{own.number}/").status_code == 404


def test_a_form_opened_for_one_company_orders_nothing_for_the_other(companies, browser):
    (first, _), (second, _) = companies
    act_for(browser, first)
    form = {"text": f"{second.products[0].sku}\t1", "po_number": "X-1", "key": "k", "for": str(first.account.pk)}
    act_for(browser, second)
    answer = browser.post("/quick-order/place", form)
    assert answer.status_code == 422
    assert f"You act for {second.account.name} now" in text_of(answer)
    kept = browser.post("/quick-order/", {**form, "do": "save"})
    assert "Nothing was ordered or kept" in text_of(kept)
    assert Order.objects.count() == 2


def test_a_choice_outside_what_one_sees_is_a_404_and_chooses_nothing(companies, browser):
    stranger = AccountFactory()
    for given in (str(stranger.pk), "", "0", "-1", "²", "x", "9" * 400):
        assert browser.post("/act-for", {"account": given}).status_code == 404, given
    assert browser.get("/orders/")["Location"].startswith("/choose")


def test_a_rep_finds_one_of_many_customers(companies):
    rep = RepFactory()
    clinics = [AccountFactory(name=f"Clinic {n:02}") for n in range(60)]
    for account in clinics:
        AssignmentFactory(rep=rep, account=account)
    browser = browser_of(rep.user)
    assert "50 of 60 are listed. Search to find the others." in text_of(browser.get("/choose"))
    page = text_of(browser.get("/choose?q=clinic 59"))
    assert "Clinic 59" in page
    assert "Clinic 01" not in page
    assert "None of your companies has this name" in text_of(browser.get(f"/choose?q={companies[0][0].account.code}"))


def test_a_buyer_without_a_company_reads_what_to_do_and_staff_are_not_sent_there():
    lost = browser_of(UserFactory(roles=[Role.BUYER]))
    for address in ("/", "/orders/", "/choose"):
        answer = lost.get(address)
        assert answer.status_code == 403
        assert "Your sign-in has no company yet" in text_of(answer)
        assert "/sign-in/logout/" in answer.content.decode()
