from datetime import UTC, datetime, timedelta

import pytest

from core.actors import Actor
from core.models import OutboxFact
from core.testing import race
from exceptions_app.models import Case, SlaStep
from exceptions_app.services.resume_case import resume_case
from exceptions_app.services.sweep import Swept, sweep
from exceptions_app.services.wait_for import wait_for
from exceptions_app.tasks import sweep as sweep_task
from tests.factories.exceptions import opened

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 3, 9, tzinfo=UTC)  # Tuesday, opening time; the spill is to be answered in 1 h, mended in 4 h
HOUR = timedelta(hours=1)
ANN = Actor("Ann")


def fired() -> list[tuple[str, int, bool]]:
    steps = SlaStep.objects.exclude(fired_at=None).order_by("due_at", "clock")
    return list(steps.values_list("clock", "threshold", "late"))


def test_each_step_fires_at_its_time_and_not_before():
    case = opened(now=NOW)
    assert sweep(now=NOW + HOUR / 2 - timedelta(seconds=1)) == Swept(0, 0, 0, 0)
    assert sweep(now=NOW + HOUR / 2) == Swept(1, 1, 0, 0)
    assert sweep(now=NOW + HOUR / 2) == Swept(0, 0, 0, 0)
    assert fired() == [("respond", 50, False)]
    assert case.events.last().actor_label == "Holdfast, case clocks"
    assert sweep(now=NOW + HOUR) == Swept(1, 2, 1, 1)
    case.refresh_from_db()
    assert case.breached_at == NOW + HOUR
    assert list(case.events.order_by("id").values_list("verb", flat=True)) == [
        "opened",
        "escalated",
        "escalated",
        "breached",
    ]


def test_after_a_downtime_every_step_fires_once_in_order_and_is_marked_late():
    case = opened(now=NOW)
    assert sweep(now=NOW + 48 * HOUR) == Swept(1, 6, 2, 6)
    assert fired() == [
        ("respond", 50, True),
        ("respond", 75, True),
        ("respond", 100, True),
        ("resolve", 50, True),
        ("resolve", 75, True),
        ("resolve", 100, True),
    ]
    case.refresh_from_db()
    assert case.breached_at == NOW + HOUR  # when it broke, not when it was noticed
    facts = OutboxFact.objects.filter(stream=f"case:{case.pk}").order_by("seq")
    kinds = [f.kind.removeprefix("exceptions_app.") for f in facts]
    assert kinds.count("CaseEscalated") == 6
    assert kinds.count("CaseBreached") == 2
    assert [f.seq for f in facts] == list(range(1, 10))
    last = facts.filter(kind="exceptions_app.CaseEscalated").last()
    assert (last.payload["threshold"], last.payload["is_late"], last.payload["to_role"]) == (100, True, "planner")


def test_a_paused_case_fires_nothing_but_what_was_due_before():
    case = opened(now=NOW)
    wait_for(case_id=case.pk, waiting_for="parts", actor=ANN, now=NOW + HOUR / 2)
    assert sweep(now=NOW + 30 * HOUR) == Swept(1, 1, 0, 1)
    assert fired() == [("respond", 50, True)]
    resume_case(case_id=case.pk, actor=ANN, now=NOW + 24 * HOUR)
    assert sweep(now=NOW + 24 * HOUR) == Swept(0, 0, 0, 0)
    assert sweep(now=NOW + 24 * HOUR + HOUR / 2) == Swept(1, 2, 1, 1)


def test_two_hundred_cases_cost_as_many_statements_as_one(django_assert_max_num_queries):
    for n in range(30):
        opened(now=NOW, subject_id=n)
    with django_assert_max_num_queries(9):
        assert sweep(now=NOW + 48 * HOUR).steps == 180


def test_the_task_goes_on_until_nothing_is_due(monkeypatch):
    for n in range(3):
        opened(now=NOW, subject_id=n)
    monkeypatch.setattr("core.clock.db_now", lambda: NOW + 48 * HOUR)
    assert sweep_task() == 18
    assert sweep_task() == 0


@pytest.mark.django_db(transaction=True)
def test_sweeps_at_the_same_time_fire_each_step_once():
    for n in range(40):
        opened(now=NOW, subject_id=n)

    def sweep_all() -> int:
        return sum(sweep(now=NOW + 48 * HOUR, limit=7).steps for _ in range(40))

    swept = race(sweep_all, sweep_all, sweep_all)
    assert sum(swept) == 240
    assert SlaStep.objects.filter(fired_at=None).count() == 0
    assert OutboxFact.objects.filter(kind="exceptions_app.CaseEscalated").count() == 240
    assert OutboxFact.objects.filter(kind="exceptions_app.CaseBreached").count() == 80
    assert Case.objects.filter(breached_at=NOW + HOUR).count() == 40
