"""Payment terms nobody knows hold the order; one click on its case says what they mean, and it is never asked again."""

from datetime import timedelta

import pytest
from django.urls import reverse

from accounts.approvals import AuthorityExceeded
from accounts.states import Role
from billing.models import Invoice
from core.actors import Actor
from core.errors import InvalidInput, NotPermitted
from core.models import OverrideEntry
from core.overrides import Reason
from core.testing import drain
from credit.models import CreditAccount, TermsWords
from credit.queries import discounts, due_dates, terms_by_code
from credit.services.name_terms import WordsTaken, keep_terms_words
from exceptions_app.models import Case
from exceptions_app.queries import case_snapshots
from exceptions_app.services.apply_resolution import apply_resolution
from exceptions_app.suggestions import of_case
from orders.models import Hold
from orders.rules.terms_words import likely
from orders.services.name_terms import name_terms
from orders.services.place import place
from tests.factories.accounts import StaffFactory
from tests.factories.credit import TermsFactory, TermsWordsFactory
from tests.factories.flow import shipped, stocked_world
from tests.factories.orders import CLERK, FINANCE, NOW, make_world

WHY = Reason("terms_words", "Their treasurer writes it like this")
TERMS = [("NET30", "Net 30 days"), ("NET60", "Net 60 days"), ("PREPAID", "Prepayment"), ("2-10", "2 % in 10, net 30")]


def acting(*roles):
    user = StaffFactory(roles=list(roles))
    return Actor(str(user), user_id=user.pk, roles=frozenset(user.roles), channel="console")


@pytest.mark.parametrize(
    ("said", "first"),
    [("30 days net", "NET30"), ("N60", "NET60"), ("2% 10 net 30", "2-10"), ("prepayment!", "PREPAID"), ("??", "2-10")],
)
def test_the_likeliest_terms_come_first_and_all_are_there(said, first):
    found = likely(said, TERMS)
    assert found[0][0] == first
    assert sorted(found) == sorted(TERMS)


def held(world, said="60 days"):
    order = place(world.draft(5, terms_code=said), actor=CLERK, now=NOW)
    drain(NOW)
    return order


def click(case, code, actor):
    return apply_resolution(case_id=case.pk, code=code, actor=actor, now=NOW, key=code)


@pytest.mark.django_db
def test_one_click_says_what_the_words_mean_and_the_next_order_is_not_asked_again():
    world = make_world()
    credit = CreditAccount.objects.get()
    credit.terms = TermsFactory(code="NET60", name="Net 60 days", net_days=60)
    credit.save(update_fields=["terms"])
    TermsFactory(code="NET30")
    order = held(world)
    assert "Say once which terms they are, or give the order others." in order.holds[0].message
    case = Case.objects.get(kind="credit_hold")
    offered = [r for r in of_case(case_snapshots([case.pk])[case.pk], NOW) if r.code.startswith("terms:")]
    assert [(r.code, r.label) for r in offered] == [
        ("terms:NET60", "“60 days” means Net 60 days (NET60)"),
        ("terms:NET30", "“60 days” means Net 30 days (NET30)"),
    ]
    with pytest.raises(NotPermitted):
        click(case, "terms:NET60", CLERK)
    assert click(case, "terms:NET60", FINANCE) == ""
    assert not Hold.objects.filter(cleared_at=None).exists()
    assert (TermsWords.objects.get().words, OverrideEntry.objects.get().after["mean"]) == ("60 days", "NET60")
    drain(NOW)
    case.refresh_from_db()
    assert case.status == "resolved"
    again = place(world.draft(5, terms_code="60 Days"), actor=CLERK, now=NOW)  # upper and lower case are one
    assert again.holds == ()
    assert due_dates([("60 DAYS", NOW.date())]) == {("60 DAYS", NOW.date()): NOW.date() + timedelta(days=60)}


@pytest.mark.django_db
def test_words_that_mean_worse_terms_than_agreed_hold_it_still_and_the_case_stays():
    world = make_world()  # Net 30 days
    TermsFactory(code="NET60", name="Net 60 days", net_days=60)
    held(world)
    case = Case.objects.get(kind="credit_hold")
    told = click(case, "terms:NET60", FINANCE)
    assert "Something else still holds the order" in told
    case.refresh_from_db()
    assert case.status == "open"
    assert not [r for r in of_case(case_snapshots([case.pk])[case.pk], NOW) if r.code.startswith("terms:")]


@pytest.mark.django_db
def test_the_invoice_is_due_by_what_the_words_of_a_contract_mean():
    TermsWordsFactory(words="N30")
    world = stocked_world()
    CreditAccount.objects.update(terms=TermsFactory(code="NET60", name="Net 60 days", net_days=60))
    order_id = shipped(world, 6).order_id
    assert Invoice.objects.get().order_id == order_id
    assert due_dates([("n30", NOW.date())])["n30", NOW.date()] == NOW.date() + timedelta(days=30)
    assert set(terms_by_code({"n30", "NET60", "nobody"})) == {"n30", "NET60"}
    assert discounts([("nobody", NOW.date(), 5, 5, "USD")]) == [None]


@pytest.mark.django_db
def test_who_may_say_what_words_mean_and_never_two_things():
    world = make_world()
    TermsFactory(code="NET60", name="Net 60 days", net_days=60)
    order = held(world, "MONTHLY")
    ask = {"order_id": order.order_id, "reason": WHY, "now": NOW}
    finance = acting(Role.FINANCE)
    with pytest.raises(InvalidInput):
        name_terms(terms_code="NET99", actor=FINANCE, **ask)
    TermsWordsFactory(words="monthly")
    with pytest.raises(WordsTaken):
        name_terms(terms_code="NET60", actor=FINANCE, **ask)
    with pytest.raises(InvalidInput):
        keep_terms_words(row=TermsWords(words="NET60", terms=TermsFactory(code="NET30")), actor=finance, now=NOW)
    with pytest.raises(WordsTaken):
        keep_terms_words(row=TermsWords(words="Monthly ", terms=TermsFactory(code="NET60")), actor=finance, now=NOW)
    big = place(world.draft(9_000, terms_code="X"), actor=CLERK, now=NOW)
    with pytest.raises(AuthorityExceeded):
        name_terms(order_id=big.order_id, terms_code="NET30", reason=WHY, actor=finance, now=NOW)
    assert not OverrideEntry.objects.exists()


@pytest.mark.django_db
def test_words_kept_on_their_page_let_go_what_they_held(client):
    world = make_world()
    held(world, "MONTHLY")
    client.force_login(StaffFactory(roles=[Role.FINANCE]))
    values = {"words": "Monthly", "terms": TermsFactory(code="NET30").pk}
    assert client.post(reverse("admin:credit_termswords_add"), values).status_code == 302
    drain(NOW)
    assert not Hold.objects.filter(cleared_at=None).exists()
