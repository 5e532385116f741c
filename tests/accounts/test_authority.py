"""Authority: kept by the installation, lent to a delegate, used up in a day, and what happens when nobody decides."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from accounts import approvals, queries
from accounts.approval_queries import decidable
from accounts.models import ApprovalRequest, AuthorityLimit, AuthorityUse
from accounts.services.escalate_approvals import escalate_approvals
from accounts.services.expire_approvals import expire_approvals
from accounts.services.save_authority import OwnAuthority, remove_authority, save_authority
from accounts.states import ApprovalState, Role
from core import journal
from core.actors import Actor, system
from core.models import ExchangeRate
from core.refs import DocumentRef
from core.testing import drain, race, unit
from exceptions_app.models import Case
from exceptions_app.services.apply_resolution import apply_resolution
from tests.factories.accounts import AbsenceFactory, AuthorityFactory, StaffFactory

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
ORDER = DocumentRef("order", 7, "SO-7")


def acting(user):
    return Actor(label=str(user), user_id=user.pk, roles=frozenset(user.roles))


def ask(user, *, content="a" * 64, amount="500", points=None, kind="price", part="", now=NOW, currency="USD"):
    with unit():
        return approvals.request(
            kind=kind,
            subject=ORDER,
            content_hash=content,
            amount=Decimal(amount),
            currency=currency,
            actor=acting(user),
            now=now,
            expires_at=now + timedelta(days=2),
            margin_points=points,
            content={"part": part, "price_asked": Decimal("9.5")} if part else {},
        )


def decide(approval_id, user, now=NOW, *, approve=True):
    approvals.decide(approval_id=approval_id, approve=approve, actor=acting(user), now=now)


def test_points_of_margin_count_like_the_amount():
    lead, pricing, clerk = StaffFactory(roles=[Role.CS_LEAD]), StaffFactory(roles=[Role.PRICING]), StaffFactory()
    pk = ask(clerk, amount="10", points=Decimal("5.01"))
    with pytest.raises(approvals.AuthorityExceeded):
        decide(pk, lead)
    decide(pk, pricing)
    assert queries.approvals([pk])[pk].decided_by == pricing.pk


def test_the_installations_limit_is_read_when_deciding():
    lead, pk = StaffFactory(roles=[Role.CS_LEAD]), ask(StaffFactory())
    limit = AuthorityFactory(kind="price", role=Role.CS_LEAD, max_amount=Decimal(499))
    with pytest.raises(approvals.AuthorityExceeded, match="over 500"):
        decide(pk, lead)
    AuthorityLimit.objects.filter(pk=limit.pk).update(max_amount=Decimal(500))
    decide(pk, lead)


def test_nobody_sets_their_own_authority():
    boss, operator = StaffFactory(roles=[Role.FINANCE_APPROVER]), StaffFactory(roles=[Role.OPERATOR])
    mine = AuthorityLimit(kind="credit", role=Role.FINANCE_APPROVER)
    pretending = Actor("Boss", user_id=boss.pk, roles=frozenset({Role.OPERATOR}))
    with pytest.raises(OwnAuthority):
        save_authority(row=mine, actor=pretending, now=NOW)
    save_authority(row=mine, actor=acting(operator), now=NOW)
    mine.role = Role.CS  # away from oneself is a change of one's own authority too
    with pytest.raises(OwnAuthority):
        save_authority(row=mine, actor=acting(boss), now=NOW)
    with pytest.raises(OwnAuthority):
        remove_authority(row=AuthorityLimit.objects.get(), actor=acting(boss), now=NOW)
    assert AuthorityLimit.objects.get().role == Role.FINANCE_APPROVER


def test_a_delegate_decides_for_who_is_away_and_the_row_says_so():
    away, delegate, clerk = StaffFactory(roles=[Role.PRICING]), StaffFactory(roles=[Role.CS]), StaffFactory()
    pk = ask(clerk, amount="20000")
    with pytest.raises(approvals.AuthorityExceeded):
        decide(pk, delegate)
    AbsenceFactory(user=away, delegate=delegate, away_from=date(2026, 6, 1), back_on=date(2026, 6, 8))
    with pytest.raises(approvals.AuthorityExceeded):
        decide(pk, delegate, now=NOW - timedelta(days=1))
    decide(pk, delegate)
    row = ApprovalRequest.objects.get()
    assert (row.decided_by, row.decided_for, row.state) == (delegate, away, ApprovalState.APPROVED)
    assert "who is away" in journal.timeline(ORDER)[0].summary


def test_who_asked_lends_no_authority_to_their_delegate_either():
    asker, delegate = StaffFactory(roles=[Role.PRICING]), StaffFactory(roles=[Role.CS])
    pk = ask(asker)
    AbsenceFactory(user=asker, delegate=delegate, away_from=date(2026, 5, 31), back_on=None)
    with pytest.raises(approvals.AuthorityExceeded):
        decide(pk, delegate)
    with (
        pytest.raises(IntegrityError, match="an_approval_is_not_decided_for_who_asked_for_it"),
        transaction.atomic(),
    ):
        ApprovalRequest.objects.update(state="approved", decided_by=delegate, decided_at=NOW, decided_for_id=asker.pk)


def test_a_delegate_of_a_delegate_stands_in_while_both_are_away():
    boss, middle, last = (StaffFactory(roles=[r]) for r in (Role.FINANCE_APPROVER, Role.CS, Role.CS))
    AbsenceFactory(user=boss, delegate=middle, away_from=date(2026, 5, 30), back_on=None)
    AbsenceFactory(user=middle, delegate=last, away_from=date(2026, 5, 30), back_on=None)
    pk = ask(StaffFactory(), amount="900000")
    decide(pk, last)
    assert ApprovalRequest.objects.get().decided_for == boss


def test_a_days_authority_is_used_up_and_is_new_tomorrow():
    AuthorityFactory(kind="price", role=Role.CS_LEAD, max_amount=Decimal(600), day_amount=Decimal(1000))
    lead, clerk = StaffFactory(roles=[Role.CS_LEAD]), StaffFactory()
    one, two, three = (ask(clerk, content=c * 64, part=c) for c in "abc")
    decide(one, lead)
    decide(two, lead)
    with pytest.raises(approvals.AuthorityUsedUp, match="has approved 1,000"):
        decide(three, lead)
    assert AuthorityUse.objects.get().used_amount == 1000
    assert queries.approvals([three])[three].state == ApprovalState.PENDING
    decide(three, lead, now=NOW + timedelta(hours=12))
    assert [u.used_amount for u in AuthorityUse.objects.order_by("day")] == [1000, 500]


def test_two_parts_of_a_document_wait_side_by_side_and_a_newer_price_outdates_only_its_own_part():
    lead, clerk = StaffFactory(roles=[Role.CS_LEAD]), StaffFactory()
    first, other = ask(clerk, content="a" * 64, part="line 1"), ask(clerk, content="b" * 64, part="line 2")
    newer = ask(clerk, content="c" * 64, part="line 1")
    decide(other, lead)
    with pytest.raises(approvals.ContentChanged):
        decide(first, lead)
    decide(newer, lead)


def test_undecided_at_half_time_it_goes_up_once_with_a_case_that_the_decision_closes():
    boss = StaffFactory(roles=[Role.CS_LEAD])
    manager = StaffFactory(roles=[Role.CS], reports_to=boss)
    clerk = StaffFactory(reports_to=manager)
    pk = ask(clerk)
    sweep = system("approvals clock")
    assert escalate_approvals(actor=sweep, now=NOW + timedelta(hours=23)) == 0
    later = NOW + timedelta(hours=24)
    assert escalate_approvals(actor=sweep, now=later) == 1
    assert escalate_approvals(actor=sweep, now=later) == 0
    row = ApprovalRequest.objects.get()
    assert (row.escalated_at, row.escalated_to) == (later, boss)  # the manager could not approve it
    drain(later)
    case = Case.objects.get()
    assert (case.kind, case.money_at_risk, case.status) == ("approval_overdue", Decimal(500), "open")
    decide(pk, boss, now=later)
    drain(later)
    case.refresh_from_db()
    assert case.status != "open"


def test_where_nobody_above_has_the_authority_it_goes_to_the_roles_that_have_it():
    ask(StaffFactory(reports_to=StaffFactory(roles=[Role.CS])), amount="1000.01")
    assert escalate_approvals(actor=system("approvals clock"), now=NOW + timedelta(days=1)) == 1
    row = ApprovalRequest.objects.get()
    assert row.escalated_to is None
    assert journal.timeline(ORDER)[0].summary.endswith("asked of pricing or finance_approver")
    drain(NOW + timedelta(days=1))
    case = Case.objects.get()
    assert "pricing or finance_approver" in case.summary


def test_another_currency_is_counted_in_the_companys_wherever_authority_is_looked_at():
    """1,000 USD is as far as a lead goes: 120,000 JPY are 780, 900 EUR are 1,125."""
    for currency, rate in (("JPY", "0.0065"), ("EUR", "1.25")):
        ExchangeRate.objects.create(base=currency, quote="USD", valid_from=NOW.date(), rate=Decimal(rate))
    boss = StaffFactory(roles=[Role.CS_LEAD])
    clerk = StaffFactory(reports_to=boss)
    asked = [
        ask(clerk, content=c[0] * 64, amount=a, currency=c, part=c)
        for a, c in (("120000", "JPY"), ("900", "EUR"), ("1", "GBP"))
    ]
    assert decidable(queries.approvals(asked).values(), boss.pk, now=NOW) == {asked[0]}
    assert escalate_approvals(actor=system("approvals clock"), now=NOW + timedelta(days=1)) == 3
    assert list(ApprovalRequest.objects.order_by("pk").values_list("escalated_to", flat=True)) == [boss.pk, None, None]
    whom = {
        e.data["approval_id"]: e.summary.partition("asked of ")[2]
        for e in journal.timeline(ORDER)
        if e.verb == "approval_escalated"
    }
    assert whom == {asked[0]: str(boss), asked[1]: "pricing or finance_approver", asked[2]: "finance_approver"}
    with pytest.raises(approvals.AuthorityExceeded) as refused:
        decide(asked[1], boss)
    assert "role pricing, finance_approver" in refused.value.in_words
    decide(asked[0], boss)


def test_what_ends_undecided_closes_its_case():
    ask(StaffFactory())
    sweep, later = system("approvals clock"), NOW + timedelta(days=1)
    escalate_approvals(actor=sweep, now=later)
    drain(later)
    end = NOW + timedelta(days=2)
    assert expire_approvals(actor=sweep, now=end) == 1
    drain(end)
    assert Case.objects.exclude(status="open").count() == 1


def test_the_console_keeps_authority_and_shows_what_was_asked(client):
    client.force_login(StaffFactory(roles=[Role.OPERATOR]))
    values = {"kind": "price", "role": Role.CS_LEAD, "max_amount": "750", "max_margin_points": "", "day_amount": ""}
    assert client.post(reverse("admin:accounts_authoritylimit_add"), values).status_code == 302
    assert AuthorityLimit.objects.get().max_amount == 750
    pk = ask(StaffFactory(), part="line 1", points=Decimal(3))
    page = client.get(reverse("admin:accounts_approvalrequest_change", args=[pk])).content.decode()
    assert "9.5" in page
    assert "points" in page


@pytest.mark.races
@pytest.mark.django_db(transaction=True)
def test_eight_approvals_at_once_never_pass_the_days_authority():
    AuthorityFactory(kind="price", role=Role.CS_LEAD, max_amount=Decimal(600), day_amount=Decimal(1500))
    lead, clerk = StaffFactory(roles=[Role.CS_LEAD]), StaffFactory()
    asked = [ask(clerk, content=f"{n}" * 64, part=f"line {n}") for n in range(8)]
    outcomes = race(*(lambda pk=pk: decide(pk, lead) for pk in asked))
    refused = [o for o in outcomes if isinstance(o, approvals.AuthorityUsedUp)]
    assert len(refused) == 5, outcomes
    assert AuthorityUse.objects.get().used_amount == 1500
    assert ApprovalRequest.objects.filter(state="approved").count() == 3


@pytest.mark.races
@pytest.mark.django_db(transaction=True)
def test_of_two_approvals_at_once_one_counts():
    first, second = StaffFactory(roles=[Role.CS_LEAD]), StaffFactory(roles=[Role.CS_LEAD])
    pk = ask(StaffFactory())
    outcomes = race(lambda: decide(pk, first), lambda: decide(pk, second, approve=False))
    assert sum(o is None for o in outcomes) == 1, outcomes


@pytest.mark.parametrize(("code", "state"), [("approve", "approved"), ("reject", "rejected")])
def test_an_overdue_approval_is_decided_from_its_case_with_ones_own_authority_alone(code, state):
    boss = StaffFactory(roles=[Role.CS_LEAD])
    pk = ask(StaffFactory(reports_to=boss))
    later = NOW + timedelta(days=1)
    escalate_approvals(actor=system("approvals clock"), now=later)
    drain(later)
    case = Case.objects.get(kind="approval_overdue")
    with pytest.raises(approvals.AuthorityExceeded):
        apply_resolution(case_id=case.pk, code=code, actor=acting(StaffFactory(roles=[Role.CS])), now=later, key="k")
    assert queries.approvals([pk])[pk].state == "pending"
    apply_resolution(case_id=case.pk, code=code, actor=acting(boss), now=later, key="k")
    drain(later)
    case.refresh_from_db()
    assert (case.status, case.resolution_code) == ("resolved", code)
    row = queries.approvals([pk])[pk]
    assert (row.state, row.note, row.decided_by) == (state, f"case {case.number}", boss.pk)
