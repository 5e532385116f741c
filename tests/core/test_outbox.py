from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Event
from time import monotonic
from typing import Any

import pytest
from structlog.testing import capture_logs

from core import outbox
from core.actors import system
from core.errors import Refused
from core.models import Job, NumberSeries, OutboxFact
from core.outbox import Fact, JobDied, Note, Reaction
from core.testing import drain, flow_of, race, unit
from core.uow import door_verb

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)


@dataclass(frozen=True)
class Rained(Fact):
    millimetres: int


class NotToday(Refused):
    pass


def count(reaction: str) -> int:
    return NumberSeries.objects.filter(code=reaction).values_list("next_value", flat=True).first() or 0


@door_verb
def add(*, code: str, amount: int) -> None:
    row, _ = NumberSeries.objects.get_or_create(code=code, defaults={"next_value": 0})
    row.next_value += amount
    row.save()


def adds(name: str, **options: Any) -> Reaction:
    return Reaction(name, lambda fact, job: add(code=name, amount=fact.millimetres), **options)


def refuses(name: str) -> Reaction:
    def act_then_fail(fact: Rained, job: outbox.JobContext) -> None:
        add(code=name, amount=fact.millimetres)
        raise NotToday

    return Reaction(name, act_then_fail)


def rain(*amounts: int, stream: str = "sky:1") -> None:
    with unit():
        outbox.publish_many([Note(Rained(mm), stream, n) for n, mm in enumerate(amounts, start=1)], now=NOW)


def test_each_reaction_gets_its_own_job_with_the_fact(django_assert_num_queries):
    with flow_of({Rained: (adds("garden"), adds("barrel"))}):
        with unit(), django_assert_num_queries(1):
            outbox.publish_many([Note(Rained(n), "sky:1", n) for n in range(1, 6)], now=NOW, actor=system("x"))
        assert (OutboxFact.objects.count(), Job.objects.count()) == (5, 10)
        assert len(drain(NOW)) == 10
    assert (count("garden"), count("barrel")) == (15, 15)
    assert set(Job.objects.values_list("state", flat=True)) == {"done"}


def test_what_is_rolled_back_was_never_published():
    def fail_after_publishing() -> None:
        with unit():
            outbox.publish(Rained(1), stream="sky:1", seq=1, now=NOW)
            raise ZeroDivisionError

    with flow_of({Rained: (adds("garden"),)}):
        with pytest.raises(ZeroDivisionError):
            fail_after_publishing()
        assert drain(NOW) == []
    assert not OutboxFact.objects.exists()


def test_a_done_job_is_not_run_again():
    with flow_of({Rained: (adds("garden"),)}):
        rain(5)
        job = Job.objects.get()
        assert [outbox.run_job(job.pk, now=NOW), outbox.run_job(job.pk, now=NOW)] == ["done", "gone"]
    assert count("garden") == 5


@pytest.mark.django_db(transaction=True)
def test_a_job_sent_to_three_workers_at_once_takes_effect_once():
    with flow_of({Rained: (adds("garden"),)}):
        rain(5)
        job = Job.objects.get()
        outcomes = race(*[lambda: outbox.run_job(job.pk, now=NOW)] * 3)
    assert outcomes.count("done") == 1 and set(outcomes) <= {"done", "gone", "running"}
    assert count("garden") == 5


@pytest.mark.django_db(transaction=True)
def test_a_job_that_outlives_its_lease_is_neither_leased_again_nor_waited_for():
    begun, told = Event(), Event()

    def slow(fact: Rained, job: outbox.JobContext) -> None:
        begun.set()
        assert told.wait(20)
        add(code="garden", amount=fact.millimetres)

    def look_on() -> tuple[list[int], str, float]:
        assert begun.wait(20)
        (job_id,) = Job.objects.values_list("id", flat=True)
        later, started = NOW + timedelta(hours=1), monotonic()
        leased, outcome = outbox.lease_due(now=later), outbox.run_job(job_id, now=later)
        waited = monotonic() - started
        told.set()
        return leased, outcome, waited

    with flow_of({Rained: (Reaction("garden", slow),)}), capture_logs() as logs:
        rain(5)
        (job_id,) = outbox.lease_due(now=NOW)
        first, (leased, second, waited) = race(lambda: outbox.run_job(job_id, now=NOW), look_on)
        assert (first, leased, second) == ("done", [], "running")
        assert waited < 3  # the lock time-out, after which it would be a failure
        assert outbox.run_job(job_id, now=NOW) == "gone"
    job = Job.objects.get()
    assert (count("garden"), job.attempts, job.deliveries, job.last_error) == (5, 0, 1, "")
    assert [line["event"] for line in logs] == []


def test_a_reaction_that_may_take_long_says_so_to_the_worker():
    def nothing(fact: Rained, job: outbox.JobContext) -> None:
        return None

    with flow_of({Rained: (adds("garden"), Reaction("patience", nothing, seconds=1800))}):
        rain(5)
        ids = outbox.lease_due(now=NOW)
        longer = outbox.seconds_of(ids)
    assert longer == {Job.objects.get(reaction="patience").pk: 1800} and len(ids) == 2


def test_a_failing_reaction_undoes_its_own_effect_and_neither_blocks_nor_repeats_the_others():
    with flow_of({Rained: (adds("garden"), refuses("roof"), adds("barrel"))}):
        rain(5)
        outcomes = [outbox.run_job(j.pk, now=NOW) for j in Job.objects.order_by("id")]
    assert outcomes == ["done", "failed", "done"]
    assert (count("garden"), count("roof"), count("barrel")) == (5, 0, 5)
    failed = Job.objects.get(reaction="roof")
    assert (failed.state, failed.attempts) == ("ready", 1)
    assert failed.last_error.startswith("NotToday")


def test_a_failing_reaction_waits_twice_as_long_each_time_and_dies_after_five_attempts():
    deaths: list[JobDied] = []
    flow = {Rained: (refuses("roof"),), JobDied: (Reaction("mourn", lambda fact, job: deaths.append(fact)),)}
    with flow_of(flow):
        rain(5)
        job = Job.objects.get()
        waits, outcomes = [], []
        for _ in range(5):
            outcomes.append(outbox.run_job(job.pk, now=NOW))
            job.refresh_from_db()
            waits.append(int((job.next_at - NOW).total_seconds()))
        assert outcomes == ["failed"] * 4 + ["dead"]
        assert waits[:4] == [60, 120, 240, 480]
        assert outbox.run_job(job.pk, now=NOW) == "gone"
        drain(NOW)
    (death,) = deaths
    assert (death.job_id, death.reaction) == (job.pk, "roof")
    assert count("roof") == 0


def test_a_reaction_to_a_death_that_dies_itself_does_not_die_for_ever():
    with flow_of({Rained: (refuses("roof"),), JobDied: (refuses("mourn"),)}):
        rain(5)
        for _ in range(5):
            for job in Job.objects.filter(state="ready"):
                outbox.run_job(job.pk, now=NOW)
        for _ in range(5):
            for job in Job.objects.filter(state="ready"):
                outbox.run_job(job.pk, now=NOW)
    assert set(Job.objects.values_list("reaction", "state")) == {("roof", "dead"), ("mourn", "dead")}
    assert Job.objects.count() == 2


def test_a_dead_job_can_be_revived_once_its_cause_is_mended():
    with flow_of({Rained: (refuses("roof"),)}):
        rain(5)
        job = Job.objects.get()
        for _ in range(5):
            outbox.run_job(job.pk, now=NOW)
        assert outbox.revive(job.pk, now=NOW) is True
        assert outbox.revive(job.pk, now=NOW) is False
    with flow_of({Rained: (adds("roof"),)}):
        drain(NOW)
    assert count("roof") == 5


def test_a_fact_older_than_one_already_done_is_skipped_where_only_the_latest_counts():
    with flow_of({Rained: (adds("gauge", latest_only=True), adds("barrel"))}):
        rain(1, 10)
        for job in Job.objects.order_by("-seq", "id"):
            outbox.run_job(job.pk, now=NOW)
    assert (count("gauge"), count("barrel")) == (10, 11)
    assert Job.objects.get(reaction="gauge", seq=1).outcome == "stale"


def test_a_lease_hides_a_job_and_doubles_with_each_delivery():
    with flow_of({Rained: (adds("garden"),)}):
        rain(5)
    job = Job.objects.get()
    moment, leases = NOW, []
    for _ in range(4):
        assert outbox.lease_due(now=moment) == [job.pk]
        assert outbox.lease_due(now=moment) == []
        job.refresh_from_db()
        leases.append(job.next_at - moment)
        moment = job.next_at
    assert leases == [timedelta(seconds=s) for s in (60, 120, 240, 480)]
    assert outbox.lease_due(now=moment - timedelta(seconds=1)) == []


@pytest.mark.django_db(transaction=True)
def test_two_relays_at_once_lease_different_jobs():
    with flow_of({Rained: (adds("garden"),)}):
        rain(*range(1, 81))
    first, second = race(*[lambda: outbox.lease_due(now=NOW, limit=40)] * 2)
    assert not set(first) & set(second)
    third = outbox.lease_due(now=NOW, limit=100)
    assert sorted(first + second + third) == sorted(Job.objects.values_list("id", flat=True))
    assert Job.objects.exclude(deliveries=1).count() == 0


def test_a_job_whose_reaction_is_gone_fails_by_itself():
    with flow_of({Rained: (adds("garden"),)}):
        rain(5)
    with flow_of({}):
        assert outbox.run_job(Job.objects.get().pk, now=NOW) == "failed"
    assert "garden" in Job.objects.get().last_error


def test_two_reactions_of_one_name_are_refused_and_the_flow_stays_as_it_was():
    before = dict(outbox.flow())
    with (
        pytest.raises(ValueError, match="two reactions are named 'garden'"),
        flow_of({Rained: (adds("garden"), adds("garden"))}),
    ):
        pytest.fail("the flow was taken")
    assert outbox.flow() == before
    assert before


def test_a_reaction_with_nothing_to_do_about_a_fact_gets_no_job():
    heavy = adds("gutter", when=lambda fact: fact.millimetres > 10)
    with flow_of({Rained: (heavy, adds("meter"))}):
        rain(3, 40, 10, 11)
        owed = list(Job.objects.order_by("id").values_list("reaction", "seq"))
        assert owed == [("meter", 1), ("gutter", 2), ("meter", 2), ("meter", 3), ("gutter", 4), ("meter", 4)]
        drain(NOW)
        assert (count("gutter"), count("meter")) == (51, 64)


def test_a_job_written_before_its_reaction_could_tell_does_nothing_either():
    taken = []
    with flow_of({Rained: (adds("gutter"),)}):
        rain(3, 40, 4)
    many = Reaction(
        "gutter",
        lambda fact, job: taken.append(fact.millimetres),
        run_many=lambda facts, jobs: taken.extend(fact.millimetres for fact in facts),
        when=lambda fact: fact.millimetres > 10,
    )
    with flow_of({Rained: (many,)}):
        ids = list(Job.objects.order_by("id").values_list("id", flat=True))
        assert outbox.run_job(ids[0], now=NOW) == "done"
        assert outbox.run_jobs(ids[1:], "gutter", now=NOW)["done"] == 2
    assert taken == [40]
