"""Four eyes."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from accounts import approvals, queries
from accounts.models import ApprovalRequest
from accounts.services.expire_approvals import expire_approvals
from accounts.states import ApprovalState, Role
from core import journal, locks
from core.actors import Actor, system
from core.errors import NotFound, NotPermitted
from core.lifecycle import IllegalTransition
from core.models import OutboxFact
from core.refs import DocumentRef
from core.testing import unit
from tests.factories.accounts import AdminFactory, ApprovalFactory, StaffFactory

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
LATER = NOW + timedelta(days=1)
ORDER = DocumentRef("order", 7, "SO-7")


def acting(user):
    return Actor(label=str(user), user_id=user.pk, roles=frozenset(user.roles))


@pytest.fixture
def clerk():
    return acting(StaffFactory(roles=[Role.CS]))


@pytest.fixture
def lead():
    return acting(StaffFactory(roles=[Role.CS_LEAD]))


def ask(actor, *, content="a" * 64, amount=Decimal(500), now=NOW, kind="price"):
    with unit():
        return approvals.request(
            kind=kind,
            subject=ORDER,
            content_hash=content,
            amount=amount,
            currency="USD",
            actor=actor,
            now=now,
            expires_at=now + timedelta(days=1),
            reason="Match a competitor",
        )


def use(approval_id, *, content="a" * 64, now=NOW):
    with unit():
        return approvals.require(approval_id=approval_id, content_hash=content, now=now)


def decide(approval_id, actor, *, approve=True, now=NOW, note=""):
    approvals.decide(approval_id=approval_id, approve=approve, note=note, actor=actor, now=now)


def test_a_yes_opens_the_door_for_exactly_this_content(clerk, lead):
    pk = ask(clerk)
    with pytest.raises(approvals.ApprovalMissing):
        use(pk)
    decide(pk, lead, note="Once")
    found = use(pk)
    assert (found.decided_by, found.state, found.subject, found.note) == (lead.user_id, "approved", ORDER, "Once")
    with pytest.raises(approvals.ContentChanged):
        use(pk, content="b" * 64)
    assert [e.verb for e in journal.timeline(ORDER)] == ["approval_approved", "approval_requested"]
    assert OutboxFact.objects.get().payload["is_approved"] is True


def test_a_no_stays_a_no(clerk, lead):
    pk = ask(clerk)
    decide(pk, lead, approve=False)
    with pytest.raises(approvals.ApprovalMissing):
        use(pk)
    with pytest.raises(IllegalTransition):
        decide(pk, lead)


def test_an_approval_ends(clerk, lead):
    pk = ask(clerk)
    decide(pk, lead)
    assert use(pk, now=LATER - timedelta(seconds=1)).id == pk
    with pytest.raises(approvals.ApprovalExpired):
        use(pk, now=LATER)


def test_too_late_is_too_late_to_decide(clerk, lead):
    pk = ask(clerk)
    with pytest.raises(approvals.ApprovalExpired):
        decide(pk, lead, now=LATER)
    assert ApprovalRequest.objects.get().state == ApprovalState.PENDING


def test_who_asked_does_not_approve_not_even_a_superuser():
    boss = acting(AdminFactory())
    pk = ask(boss)
    with pytest.raises(approvals.SelfApproval):
        decide(pk, boss)
    assert queries.approvals([pk])[pk].decided_by is None


def test_the_database_has_the_last_word_on_four_eyes(clerk):
    pk = ask(clerk)
    row = ApprovalRequest.objects.filter(pk=pk)
    with pytest.raises(IntegrityError, match="an_approval_is_decided_by_someone_else"), transaction.atomic():
        row.update(state="approved", decided_by_id=clerk.user_id, decided_at=NOW)
    with pytest.raises(IntegrityError, match="a_decided_approval_says_who_and_when"), transaction.atomic():
        row.update(state="approved")


def test_authority_ends_at_the_amount_and_a_no_needs_none(clerk, lead):
    pk = ask(clerk, amount=Decimal("1000.01"))
    with pytest.raises(approvals.AuthorityExceeded) as refusal:
        decide(pk, lead)
    assert refusal.value.remedy == "Ask someone with the role pricing, finance_approver."
    decide(pk, lead, approve=False)
    assert queries.approvals([pk])[pk].state == ApprovalState.REJECTED


def test_roles_are_read_when_deciding_not_from_the_session(clerk):
    pretender = StaffFactory(roles=[Role.WAREHOUSE])
    pk = ask(clerk)
    with pytest.raises(approvals.AuthorityExceeded):
        decide(pk, Actor(label="x", user_id=pretender.pk, roles=frozenset({Role.FINANCE_APPROVER})))


@pytest.mark.parametrize("who", ["system", "inactive"])
def test_only_a_living_person_approves(clerk, who):
    gone = StaffFactory(roles=[Role.FINANCE_APPROVER], is_active=False)
    pk = ask(clerk)
    with pytest.raises(NotPermitted):
        decide(pk, system("robot") if who == "system" else acting(gone))


def test_the_system_may_ask(lead):
    pk = ask(system("EDI receive"))
    decide(pk, lead)
    assert use(pk).requested_by is None


def test_asking_again_for_the_same_gives_the_same_request(clerk, lead):
    pk = ask(clerk)
    assert ask(lead) == pk
    decide(pk, lead)
    assert ask(clerk) == pk
    assert ApprovalRequest.objects.count() == 1
    assert [e.verb for e in journal.timeline(ORDER)] == ["approval_approved", "approval_requested"]


def test_asking_after_a_no_or_after_the_end_asks_anew(clerk, lead):
    first = ask(clerk)
    decide(first, lead, approve=False)
    second = ask(clerk)
    third = ask(clerk, now=LATER)
    assert len({first, second, third}) == 3
    assert queries.approvals([second])[second].state == ApprovalState.EXPIRED


def test_a_request_for_newer_content_outdates_the_older(clerk, lead):
    old = ask(clerk)
    new = ask(clerk, content="b" * 64)
    with pytest.raises(approvals.ContentChanged):
        decide(old, lead)
    decide(new, lead)
    assert use(new, content="b" * 64).id == new


def test_what_nobody_decided_is_closed_once(clerk):
    pk = ask(clerk)
    assert expire_approvals(actor=system("sweep"), now=NOW) == 0
    assert expire_approvals(actor=system("sweep"), now=LATER) == 1
    assert expire_approvals(actor=system("sweep"), now=LATER) == 0
    assert queries.approvals([pk])[pk].state == ApprovalState.EXPIRED


def test_asking_takes_no_lock_and_using_takes_rank_18(clerk, lead):
    pk = ask(clerk)
    decide(pk, lead)
    with unit():
        approvals.request(
            kind="price",
            subject=ORDER,
            content_hash="c" * 64,
            amount=None,
            currency="",
            actor=clerk,
            now=NOW,
            expires_at=LATER,
        )
        assert locks.highest() == -1
        approvals.require(approval_id=pk, content_hash="a" * 64, now=NOW)
        assert locks.highest() == locks.Rank.QUOTE


def test_lists_show_what_waits_soonest_first(clerk):
    pk = ask(clerk)
    ApprovalFactory(requested_at=NOW - timedelta(days=3))
    sooner = ApprovalFactory(kind="credit", requested_at=NOW, expires_at=NOW + timedelta(hours=1))
    assert [a.id for a in queries.pending_approvals(now=NOW)] == [sooner.pk, pk]
    assert [a.id for a in queries.pending_approvals(now=NOW, kinds=["price"])] == [pk]
    assert [a.id for a in queries.approvals_of(ORDER, kind="price")] == [pk]
    assert queries.approvals_of(ORDER, kind="credit") == []


def test_an_unknown_approval(clerk):
    with pytest.raises(approvals.ApprovalMissing):
        use(999)
    with pytest.raises(NotFound):
        decide(999, clerk)
