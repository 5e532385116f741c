"""Whom each step is told: the person, the manager, on up; the absent are skipped; after a downtime one word each."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.core import mail

from config.flow import FLOW
from core.actors import Actor
from core.models import OutboxFact
from core.testing import drain
from exceptions_app.models import Notice, RoutingRule
from exceptions_app.rules.escalation import Fired, collapsed, whom_to_tell
from exceptions_app.services.assign_case import assign_case
from exceptions_app.services.mail_notice import REACTION
from exceptions_app.services.start_work import start_work
from exceptions_app.services.sweep import sweep
from exceptions_app.services.take_case import take_case
from tests.factories.accounts import AbsenceFactory, UserFactory
from tests.factories.exceptions import LEAK, SPILL, opened, teams

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 3, 9, tzinfo=UTC)  # Tuesday, opening time; the spill is to be answered in 1 h, mended in 4 h
HOUR = timedelta(hours=1)


@pytest.fixture
def line():
    """Ann reports to Bob, who reports to Cid."""
    cid = UserFactory(first_name="Cid")
    bob = UserFactory(first_name="Bob", reports_to=cid)
    return UserFactory(first_name="Ann", roles=["warehouse"], reports_to=bob), bob, cid


def as_actor(user) -> Actor:
    return Actor(str(user), user_id=user.pk, roles=frozenset(user.roles))


def told() -> list[tuple[int, str, bool]]:
    return list(Notice.objects.order_by("pk").values_list("user_id", "kind", "is_late"))


def test_the_steps_go_to_the_person_the_manager_and_on_up(line):
    ann, bob, cid = line
    case = opened(now=NOW)
    start_work(case_id=case.pk, actor=as_actor(ann), now=NOW)
    for hours in (2, 3, 4):
        sweep(now=NOW + hours * HOUR)
    assert told() == [(ann.pk, "warning", False), (bob.pk, "warning", False), (cid.pk, "breach", False)]
    assert list(case.steps.filter(clock="resolve").order_by("threshold").values_list("told", flat=True)) == [
        ann.pk,
        bob.pk,
        cid.pk,
    ]
    case.refresh_from_db()
    assert case.escalation == 100


def test_who_is_away_is_skipped_and_the_delegate_told(line):
    ann, bob, cid = line
    dee = UserFactory()
    AbsenceFactory(user=ann, away_from=date(2026, 11, 3), back_on=date(2026, 11, 9), delegate=dee)
    AbsenceFactory(user=bob, away_from=date(2026, 11, 3), back_on=date(2026, 11, 9))
    case = opened(now=NOW)
    start_work(case_id=case.pk, actor=as_actor(ann), now=NOW)
    for hours in (2, 3, 4):
        sweep(now=NOW + hours * HOUR)
    assert [user for user, _, _ in told()] == [dee.pk, cid.pk, cid.pk]


def test_after_a_day_of_downtime_each_step_fires_once_in_order_and_each_person_hears_once(line):
    ann, bob, cid = line
    case = opened(now=NOW)
    teams()["warehouse"].__class__.objects.filter(code="warehouse").update(lead=ann)
    assert (sweep(now=NOW + 24 * HOUR).steps, sweep(now=NOW + 24 * HOUR).steps) == (6, 0)
    assert told() == [(ann.pk, "warning", True), (bob.pk, "warning", True), (cid.pk, "breach", True)]
    words = Notice.objects.get(user=cid).text
    assert words == (
        f"{case.number}, Spill: the time to respond has run out, the time to resolve has run out (noticed late)"
    )
    facts = OutboxFact.objects.filter(kind="exceptions_app.CaseEscalated").order_by("seq")
    assert [f.payload["told_id"] for f in facts] == [ann.pk, bob.pk, cid.pk] * 2


def test_a_case_nobody_has_and_no_lead_is_told_to_nobody_and_still_fires():
    opened(now=NOW)
    assert sweep(now=NOW + HOUR).steps == 3
    assert told() == []


def test_the_word_is_mailed_once_after_the_commit(line):
    ann, _, _ = line
    case = opened(now=NOW)
    start_work(case_id=case.pk, actor=as_actor(ann), now=NOW)
    sweep(now=NOW + 2 * HOUR)
    assert mail.outbox == []
    drain(NOW + 2 * HOUR)
    (sent,) = mail.outbox
    assert (sent.to, sent.subject) == ([ann.email], f"Time is passing: {case.number} Spill")
    assert f"/admin/exceptions_app/case/{case.pk}/change/" in sent.body
    assert "50 % of the time to resolve has passed" in sent.alternatives[0].content
    assert Notice.objects.get().mailed_at == NOW + 2 * HOUR


def test_an_assignment_a_warning_and_a_breach_are_mailed_each_to_whom_it_is_for(line):
    ann, bob, cid = line
    case = opened(now=NOW)
    assign_case(case_id=case.pk, user_id=ann.pk, actor=as_actor(bob), now=NOW)
    start_work(case_id=case.pk, actor=as_actor(ann), now=NOW)
    sweep(now=NOW + 4 * HOUR)
    drain(NOW + 4 * HOUR)
    assert sorted((m.to[0], m.subject.partition(":")[0]) for m in mail.outbox) == sorted(
        [
            (ann.email, "Yours"),
            (ann.email, "Time is passing"),
            (bob.email, "Time is passing"),
            (cid.email, "Out of time"),
        ]
    )
    breach = next(m for m in mail.outbox if m.to == [cid.email])
    assert "the time to resolve has run out" in breach.body


def test_that_mail_cannot_be_sent_is_not_told_by_mail(line):
    ann, _, _ = line
    RoutingRule.objects.create(kind="job_died", person=ann)
    opened(now=NOW, kind="job_died", cause_key=REACTION)
    opened(now=NOW, kind="job_died", cause_key="measure the invoice")
    drain(NOW)
    assert [m.subject[:5] for m in mail.outbox] == ["Yours"]
    assert REACTION in {reaction.name for reactions in FLOW.values() for reaction in reactions}


def test_a_rule_gives_a_new_case_to_a_person_or_their_delegate_who_hears_of_it(line):
    ann, bob, _ = line
    AbsenceFactory(user=ann, away_from=date(2026, 11, 3), back_on=date(2026, 11, 9), delegate=bob)
    RoutingRule.objects.create(kind=SPILL.code, person=ann, queue=teams()["quality"])
    case = opened(now=NOW)
    assert (case.status, case.assignee_id, case.queue.code) == ("assigned", bob.pk, "quality")
    assert case.responded_at is None
    assert told() == [(bob.pk, "assigned", False)]
    take_case(case_id=case.pk, actor=as_actor(bob), now=NOW + HOUR / 4)
    case.refresh_from_db()
    assert case.responded_at == NOW + HOUR / 4


def test_work_is_shared_out_to_whoever_is_there_and_has_the_least():
    teams()
    busy, idle = UserFactory(roles=["finance"]), UserFactory(roles=["finance"])
    UserFactory(roles=["warehouse"])
    away = UserFactory(roles=["finance"])
    AbsenceFactory(user=away, away_from=date(2026, 11, 1), back_on=None)
    take_case(case_id=opened(now=NOW, subject_id=9).pk, actor=as_actor(busy), now=NOW)
    RoutingRule.objects.create(kind=LEAK.code, spreads=True)
    owners = [opened(now=NOW, kind=LEAK.code, subject_id=n).assignee_id for n in range(3)]
    assert owners == [idle.pk, busy.pk, idle.pk]


def test_a_shorter_line_ends_with_its_last():
    assert [whom_to_tell(percent, [7]) for percent in (50, 75, 100)] == [7, 7, 7]
    assert whom_to_tell(75, []) is None
    fired = [Fired(1, "resolve", 50, False, 7), Fired(1, "resolve", 75, True, 7), Fired(2, "resolve", 50, False, None)]
    (word,) = collapsed(fired)
    assert (word.is_breach, word.is_late, word.words) == (
        False,
        True,
        "75 % of the time to resolve has passed (noticed late)",
    )
