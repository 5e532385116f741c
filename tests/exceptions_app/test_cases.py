from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, ProgrammingError, transaction

from accounts.models import User
from core import journal
from core.actors import Actor
from core.errors import InvalidInput, NotFound
from core.lifecycle import IllegalTransition
from core.models import OutboxFact
from core.refs import DocumentRef
from core.testing import race, unit
from core.uow import OutsideUnitOfWork
from exceptions_app.kinds import UnknownKind
from exceptions_app.models import Case, CaseEvent, SlaStep
from exceptions_app.queries import case_snapshots, cases_for, queue_counts
from exceptions_app.rules.asks import CaseSpec
from exceptions_app.services.close_case import close_case
from exceptions_app.services.close_causes import close_causes
from exceptions_app.services.comment_case import comment_case
from exceptions_app.services.moves import CaseIsOver
from exceptions_app.services.open_case import open_case, open_cases
from exceptions_app.services.reopen_case import AnotherCaseIsOpen, reopen_case
from exceptions_app.services.resolve_case import resolve_case
from exceptions_app.services.resume_case import CaseDoesNotWait, resume_case
from exceptions_app.services.snooze_case import snooze_case
from exceptions_app.services.start_work import start_work
from exceptions_app.services.take_case import TakenByAPerson, take_case
from exceptions_app.services.wait_for import wait_for
from tests.factories.exceptions import LEAK, SPILL, opened, subject, teams

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 3, 10, tzinfo=UTC)  # a Tuesday, an hour after opening
HOUR = timedelta(hours=1)


@pytest.fixture
def ann():
    user = User.objects.create(username="ann", email="ann@example.com", first_name="Ann", roles=["warehouse"])
    return Actor("Ann", user_id=user.pk, roles=frozenset({"warehouse"}))


def verbs(case: Case) -> list[str]:
    return list(case.events.order_by("id").values_list("verb", flat=True))


def facts() -> list[str]:
    return [k.removeprefix("exceptions_app.") for k in OutboxFact.objects.order_by("id").values_list("kind", flat=True)]


def test_a_case_gets_a_number_an_owner_a_clock_and_a_place_in_its_subjects_journal():
    case = opened(now=NOW, summary="12 broken", evidence={"qty": Decimal("12")})
    assert case.number.startswith("EX-1")
    assert (case.queue.code, case.severity, case.status) == ("warehouse", "high", "open")
    assert (case.respond_by, case.resolve_by) == (NOW + HOUR, NOW + 4 * HOUR)
    assert case.evidence == {"qty": "12"}
    assert case.steps.count() == 6
    assert verbs(case) == ["opened"]
    assert journal.timeline(subject())[0].summary == f"Spill: case {case.number} opened for Warehouse"
    assert facts() == ["CaseOpened"]


def test_a_second_sighting_refreshes_the_case_and_opens_no_other():
    first = opened(now=NOW, evidence={"qty": 1})
    second = opened(now=NOW + HOUR, evidence={"qty": 2}, money_at_risk=Decimal("99.00"), summary="more")
    assert second.pk == first.pk
    assert (second.times_seen, second.evidence, second.summary) == (2, {"qty": 2}, "more")
    assert (second.money_at_risk, second.last_seen_at) == (Decimal("99.00"), NOW + HOUR)
    assert (second.opened_at, second.resolve_by) == (NOW, NOW + 4 * HOUR)
    assert facts() == ["CaseOpened"]
    assert second.steps.count() == 6


def test_other_causes_subjects_and_kinds_are_cases_of_their_own():
    ids = {
        opened(now=NOW).pk,
        opened(now=NOW, cause_key="line:2").pk,
        opened(now=NOW, subject_id=2).pk,
        opened(now=NOW, kind=LEAK.code).pk,
    }
    assert len(ids) == 4


def test_a_hundred_cases_cost_as_many_statements_as_one(django_assert_num_queries):
    teams()
    opened(now=NOW)

    def specs(count: int, start: int) -> list[CaseSpec]:
        return [CaseSpec(SPILL.code, subject(n), "x") for n in range(start, start + count)]

    with unit(), django_assert_num_queries(13) as one:
        open_cases(specs(1, 10), now=NOW)
    with unit(), django_assert_num_queries(len(one)):
        ids = open_cases(specs(100, 11) + specs(1, 11), now=NOW)
    assert len(set(ids)) == 100
    assert ids[0] == ids[-1]
    with unit(), django_assert_num_queries(2):  # seen again, weighed again
        assert open_cases(specs(100, 11), now=NOW) == ids[:100]


def test_an_undeclared_kind_is_refused_and_so_is_opening_without_a_transaction():
    with pytest.raises(UnknownKind):
        opened(now=NOW, kind="never_declared")
    with pytest.raises(OutsideUnitOfWork):
        open_case(SPILL.code, subject=subject(), account_id=None, money_at_risk=Decimal(0), cause_key="", now=NOW)
    assert not Case.objects.exists()


def test_taking_stops_the_respond_clock_only(ann):
    case = opened(now=NOW)
    take_case(case_id=case.pk, actor=ann, now=NOW + HOUR / 2)
    case.refresh_from_db()
    assert (case.status, case.assignee_id, case.responded_at) == ("assigned", ann.user_id, NOW + HOUR / 2)
    running = set(case.steps.filter(is_running=True).values_list("clock", "threshold"))
    assert running == {("respond", 50), ("resolve", 50), ("resolve", 75), ("resolve", 100)}
    take_case(case_id=case.pk, actor=ann, now=NOW + HOUR)
    assert verbs(case) == ["opened", "taken"]


def test_the_system_takes_no_case():
    with pytest.raises(TakenByAPerson):
        take_case(case_id=opened(now=NOW).pk, actor=Actor("robot"), now=NOW)


def test_waiting_pauses_the_clock_and_resuming_moves_the_due_times_by_open_time(ann):
    case = opened(now=NOW)
    start_work(case_id=case.pk, actor=ann, now=NOW)
    wait_for(case_id=case.pk, waiting_for="a call back", actor=ann, now=NOW + HOUR)
    assert not SlaStep.objects.filter(case=case, is_running=True).exists()
    resume_case(case_id=case.pk, actor=ann, now=NOW + 24 * HOUR)  # Wednesday 10:00: 6 + 1 open hours later
    case.refresh_from_db()
    assert (case.status, case.waiting_since, case.paused_seconds) == ("in_progress", None, 7 * 3600)
    assert case.resolve_by == NOW + 27 * HOUR  # three of the four hours were left
    assert case.steps.get(clock="resolve", threshold=50).due_at == NOW + 25 * HOUR
    assert not case.steps.filter(clock="respond", is_running=True).exists()
    with pytest.raises(CaseDoesNotWait):
        resume_case(case_id=case.pk, actor=ann, now=NOW + 25 * HOUR)


def test_waiting_needs_a_reason_and_an_end_to_the_first_wait(ann):
    case = opened(now=NOW)
    with pytest.raises(InvalidInput):
        wait_for(case_id=case.pk, waiting_for=" ", actor=ann, now=NOW)
    wait_for(case_id=case.pk, waiting_for="parts", actor=ann, now=NOW)
    with pytest.raises(IllegalTransition):
        close_case(case_id=case.pk, actor=ann, now=NOW)
    assert Case.objects.get().status == "waiting"


def test_snoozing_hides_and_lets_the_clock_run(ann):
    case = opened(now=NOW)
    snooze_case(case_id=case.pk, until=NOW + HOUR, actor=ann, now=NOW)
    case.refresh_from_db()
    assert (case.snoozed_until, case.resolve_by) == (NOW + HOUR, NOW + 4 * HOUR)
    assert case.steps.filter(is_running=True).count() == 6
    with pytest.raises(InvalidInput):
        snooze_case(case_id=case.pk, until=NOW, actor=ann, now=NOW)


def test_a_resolved_case_is_closed_and_a_live_one_is_not(ann):
    case = opened(now=NOW)
    with pytest.raises(IllegalTransition):
        close_case(case_id=case.pk, actor=ann, now=NOW)
    resolve_case(case_id=case.pk, note="swept up", actor=ann, now=NOW + HOUR)
    close_case(case_id=case.pk, actor=ann, now=NOW + 2 * HOUR)
    case.refresh_from_db()
    assert (case.status, case.resolved_at, case.closed_at) == ("closed", NOW + HOUR, NOW + 2 * HOUR)
    assert not case.steps.filter(is_running=True, due_at__gt=NOW + HOUR).exists()
    with pytest.raises(CaseIsOver):
        resolve_case(case_id=case.pk, note="again", actor=ann, now=NOW)
    comment_case(case_id=case.pk, text="for the record", actor=ann, now=NOW)
    assert verbs(case) == ["opened", "resolved", "closed", "commented"]
    assert facts() == ["CaseOpened", "CaseEnded"]


def test_reopening_goes_on_with_the_open_time_that_was_left(ann):
    case = opened(now=NOW)
    resolve_case(case_id=case.pk, note="swept up", actor=ann, now=NOW + HOUR)
    reopen_case(case_id=case.pk, reason="spilled again", actor=ann, now=NOW + 24 * HOUR)
    case.refresh_from_db()
    assert (case.status, case.resolved_at, case.resolve_by) == ("reopened", None, NOW + 27 * HOUR)
    start_work(case_id=case.pk, actor=ann, now=NOW + 24 * HOUR)
    assert verbs(case) == ["opened", "resolved", "reopened", "started"]


def test_a_case_is_not_reopened_beside_a_newer_one_of_the_same_cause(ann):
    old = opened(now=NOW)
    resolve_case(case_id=old.pk, note="swept up", actor=ann, now=NOW)
    new = opened(now=NOW + HOUR)
    assert new.pk != old.pk
    with pytest.raises(AnotherCaseIsOpen):
        reopen_case(case_id=old.pk, reason="again", actor=ann, now=NOW + HOUR)
    assert Case.objects.get(pk=old.pk).status == "resolved"


def test_cases_resolve_themselves_when_their_causes_are_gone_and_the_others_stay(ann):
    gone, other = opened(now=NOW, cause_key="line:1"), opened(now=NOW, cause_key="line:2")
    elsewhere = opened(now=NOW, cause_key="line:1", subject_id=2)
    wait_for(case_id=gone.pk, waiting_for="parts", actor=ann, now=NOW)
    with unit():
        assert close_causes(SPILL.code, subject(), ["line:1", "line:9"], now=NOW + HOUR) == [gone.pk]
        assert close_causes(SPILL.code, subject(), ["line:1"], now=NOW + HOUR) == []
    statuses = dict(Case.objects.values_list("pk", "status"))
    assert statuses == {gone.pk: "auto_resolved", other.pk: "open", elsewhere.pk: "open"}
    assert verbs(gone) == ["opened", "paused", "auto_resolved"]
    with unit():
        assert close_causes(SPILL.code, subject(), None, now=NOW + HOUR) == [other.pk]


def test_the_database_has_the_last_word():
    case = opened(now=NOW)
    with pytest.raises(ProgrammingError, match="Invalid transition"), transaction.atomic():
        Case.objects.update(status="closed", resolved_at=NOW)
    other = opened(now=NOW, subject_id=2)
    with pytest.raises(IntegrityError, match="one_open_case"), transaction.atomic():
        Case.objects.filter(pk=other.pk).update(subject_id=1)
    with pytest.raises(ProgrammingError, match="append_only"), transaction.atomic():
        CaseEvent.objects.update(note="never")
    assert case.events.get().note == "Spill"


def test_nobody_acts_on_a_case_that_is_not_there(ann):
    with pytest.raises(NotFound):
        take_case(case_id=-1, actor=ann, now=NOW)


def test_subjects_of_several_kinds_get_their_cases_in_one_statement(django_assert_num_queries):
    case = opened(now=NOW)
    refs = [DocumentRef("order", 1), DocumentRef("order", 2), DocumentRef("shipment", 1)]
    with django_assert_num_queries(1):
        found = cases_for(refs)
    assert [c.number for c in found["order", 1]] == [case.number]
    assert found["order", 2] == found["shipment", 1] == []
    assert case_snapshots([case.pk])[case.pk].is_live


def test_queue_counts_leave_paused_cases_out_of_what_is_overdue(ann, django_assert_num_queries):
    teams()
    for n in range(1, 4):
        opened(now=NOW, subject_id=n)
    waiting = opened(now=NOW, subject_id=4)
    wait_for(case_id=waiting.pk, waiting_for="parts", actor=ann, now=NOW)
    with django_assert_num_queries(2):
        counts = {c.code: c for c in queue_counts(now=NOW + 5 * HOUR)}
    warehouse = counts["warehouse"]
    assert (warehouse.live, warehouse.unassigned, warehouse.overdue, warehouse.soon) == (4, 4, 3, 0)
    assert counts["finance"].live == 0


@pytest.mark.django_db(transaction=True)
def test_two_who_open_the_same_case_at_once_get_one_case():
    cases = race(*[lambda: opened(now=NOW)] * 4)
    assert len({case.pk for case in cases}) == 1
    case = Case.objects.get()
    assert (case.times_seen, case.steps.count(), case.events.count()) == (4, 6, 1)
    assert facts() == ["CaseOpened"]
