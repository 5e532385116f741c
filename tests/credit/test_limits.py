"""Opening credit accounts and changing limits: authority, four eyes, the override log, and who is told."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from accounts.models import User
from accounts.states import Role
from core.actors import Actor, system
from core.errors import InvalidInput, NotFound, NotPermitted
from core.models import JournalEntry, OutboxFact, OverrideEntry
from core.overrides import Reason, ReasonTooShort
from credit.models import CreditAccount
from credit.services.change_limit import LimitAuthorityExceeded, change_limit
from credit.services.open_credit_account import (
    CreditAccountExists,
    CreditAccountSpec,
    open_credit_account,
    open_credit_accounts,
)
from credit.services.request_limit import request_limit
from tests.factories.accounts import AccountFactory, AuthorityFactory, StaffFactory
from tests.factories.credit import CreditAccountFactory, TermsFactory

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
WHY = Reason("customer_request", "New plant opened, guarantee received")


def person(*roles):
    user = StaffFactory(roles=list(roles))
    return Actor(str(user), user.pk, frozenset(roles), channel="console")


def change(credit, amount, actor, **more):
    values = {"reason": WHY, "now": NOW} | more
    return change_limit(account_id=credit.account_id, limit_amount=Decimal(amount), actor=actor, **values)


def test_finance_raises_to_25000_alone_and_it_is_logged_and_told():
    credit = CreditAccountFactory()
    changed = change(credit, "25000", person(Role.FINANCE), valid_to=date(2027, 1, 1))
    credit.refresh_from_db()
    assert (changed.before, changed.after) == (Decimal(1000), Decimal(25000))
    assert (credit.limit_amount, credit.limit_valid_to, credit.version) == (Decimal(25000), date(2027, 1, 1), 1)
    entry = OverrideEntry.objects.get()
    assert (entry.kind, entry.before["limit_amount"], entry.after["limit_amount"]) == (
        "credit_limit", "1000.00", "25000",
    )  # fmt: skip
    fact = OutboxFact.objects.get()
    assert (fact.kind, fact.stream, fact.seq) == ("credit.CreditImproved", f"credit:{credit.account_id}", 1)
    assert JournalEntry.objects.get().verb == "limit_changed"


def test_25000_01_is_above_finance_and_nothing_changes():
    credit = CreditAccountFactory()
    with pytest.raises(LimitAuthorityExceeded):
        change(credit, "25000.01", person(Role.FINANCE))
    credit.refresh_from_db()
    assert credit.limit_amount == Decimal(1000)
    assert not OverrideEntry.objects.exists()
    assert not OutboxFact.objects.exists()


def test_a_lower_limit_is_logged_and_nobody_is_told_that_credit_improved():
    credit = CreditAccountFactory(limit_amount=90_000)
    change(credit, "80000", person(Role.FINANCE))
    assert OverrideEntry.objects.count() == 1
    assert not OutboxFact.objects.exists()


def test_the_service_desk_sets_no_limits_and_a_reason_of_two_words_is_not_one():
    credit = CreditAccountFactory()
    with pytest.raises(NotPermitted):
        change(credit, "1", person(Role.CS))
    with pytest.raises(ReasonTooShort):
        change(credit, "1", person(Role.FINANCE), reason=Reason("x", "ok boss"))
    with pytest.raises(InvalidInput):
        change(credit, "-1", person(Role.FINANCE))
    credit.refresh_from_db()
    assert credit.limit_amount == Decimal(1000)


def test_an_account_without_credit_has_no_limit_to_change():
    with pytest.raises(NotFound):
        change_limit(
            account_id=AccountFactory().pk, limit_amount=Decimal(1), reason=WHY, actor=person(Role.FINANCE), now=NOW
        )


def test_a_credit_account_is_opened_once_with_known_terms():
    TermsFactory()
    values = {"account_id": AccountFactory().pk, "currency": "USD", "limit_amount": Decimal(500), "now": NOW}
    actor = person(Role.FINANCE)
    with pytest.raises(InvalidInput, match="'NET31'"):
        open_credit_account(**values, terms_code="NET31", actor=actor)
    with pytest.raises(NotPermitted):
        open_credit_account(**values, terms_code="NET30", actor=person(Role.CS))
    pk = open_credit_account(**values, terms_code="NET30", actor=actor)
    assert CreditAccount.objects.get(pk=pk).limit_amount == Decimal(500)
    with pytest.raises(CreditAccountExists):
        open_credit_account(**values, terms_code="NET30", actor=actor)


def test_many_are_opened_at_once_and_those_there_are_left_alone(django_assert_max_num_queries):
    there = CreditAccountFactory()
    new = AccountFactory.create_batch(20)
    specs = [CreditAccountSpec(a.pk, Decimal(9), "NET30") for a in new]
    specs.append(CreditAccountSpec(there.account_id, Decimal(9), "NET30"))
    with django_assert_max_num_queries(8):
        opened = open_credit_accounts(specs, actor=system("import"), now=NOW)
    assert len(opened) == 21
    assert opened[there.account_id] == there.pk
    there.refresh_from_db()
    assert there.limit_amount == Decimal(1000)


def test_a_limit_above_ones_authority_takes_a_second_person():
    from accounts.approvals import decide

    credit, asking, approving = CreditAccountFactory(), person(Role.FINANCE), person(Role.FINANCE_APPROVER)
    approval_id = request_limit(
        account_id=credit.account_id, limit_amount=Decimal(75_000), reason=WHY.note, actor=asking, now=NOW
    )
    decide(approval_id=approval_id, approve=True, note="Statements read", actor=approving, now=NOW)
    change(credit, "75000", asking, approval_id=approval_id)
    credit.refresh_from_db()
    assert credit.limit_amount == Decimal(75_000)
    entry = OverrideEntry.objects.get()
    assert (entry.approval_id, entry.approver_id, entry.account_id) == (
        approval_id, approving.user_id, credit.account_id,
    )  # fmt: skip


def test_an_approval_of_75000_does_not_approve_76000():
    from accounts.approvals import ContentChanged, decide

    credit, asking, approving = CreditAccountFactory(), person(Role.FINANCE), person(Role.FINANCE_APPROVER)
    approval_id = request_limit(
        account_id=credit.account_id, limit_amount=Decimal(75_000), reason=WHY.note, actor=asking, now=NOW
    )
    decide(approval_id=approval_id, approve=True, note="Statements read", actor=approving, now=NOW)
    with pytest.raises(ContentChanged):
        change(credit, "76000", asking, approval_id=approval_id)
    credit.refresh_from_db()
    assert credit.limit_amount == Decimal(1000)


def test_authority_over_limits_is_kept_as_rows_and_read_with_the_roles_of_now():
    credit, finance = CreditAccountFactory(), person(Role.FINANCE)
    AuthorityFactory(kind="credit limit", role=Role.FINANCE, max_amount=Decimal(2_000))
    change(credit, "2000", finance)
    with pytest.raises(LimitAuthorityExceeded, match=r"2000\.00"):
        change(credit, "2000.01", finance)
    with pytest.raises(NotPermitted):  # the rows rule alone: this role has none
        change(credit, "100", person(Role.FINANCE_APPROVER))
    AuthorityFactory(kind="credit limit", role=Role.FINANCE_APPROVER, max_amount=None)
    change(credit, "9000000", person(Role.FINANCE_APPROVER))
    User.objects.filter(pk=finance.user_id).update(roles=[Role.CS])  # the session still says finance
    with pytest.raises(NotPermitted):
        change(credit, "100", finance)
