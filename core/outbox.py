"""Facts and the reactions to them: written with the change, one job row per reaction, done exactly once.

`publish` writes the fact and its jobs in the caller's transaction. The relay (a process, and a beat tick)
leases due jobs with SKIP LOCKED and sends only their ids; a worker locks the row, checks again, runs the
reaction's one service call and marks it done in one commit. Wiping the broker loses nothing. The row lock is the lease
of a job that runs, however long: nobody leases it again, and whoever was sent it a second time leaves it alone at once.
`config/flow.py` lists facts and reactions.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar

import structlog
from django.db import connection, transaction

from core import codec, locks, sql, wake
from core.actors import Actor, system
from core.models import Job, JobState, OutboxFact
from core.uow import require_uow, retrying, unit_of_work

log = structlog.get_logger(__name__)

LEASE = timedelta(seconds=60)
MAX_ATTEMPTS = 5
LONGEST_WAIT = timedelta(hours=1)
BATCH = 50
BACKLOG = 200  # jobs of one reaction that one transaction works off


@dataclass(frozen=True)
class Fact:
    """Base of all facts: a frozen dataclass in the past tense, of ids and plain values."""

    kind: ClassVar[str] = "core.Fact"

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.kind = f"{cls.__module__.split('.')[0]}.{cls.__name__}"
        _fact_types[cls.kind] = cls


_fact_types: dict[str, type[Fact]] = {}


@dataclass(frozen=True)
class JobDied(Fact):
    """A reaction failed five times: somebody has to look."""

    job_id: int
    reaction: str
    error: str


@dataclass(frozen=True)
class JobContext:
    """What a reaction is told besides the fact.

    `key` is unique per job: pass it on as the effect's idempotency key.
    """

    job_id: int
    key: str
    now: datetime
    actor: Actor
    stream: str
    seq: int


@dataclass(frozen=True)
class Reaction:
    """One service call.

    With `latest_only`, a fact older than one already done on the same stream is skipped. `run_many` makes one call for
    many facts at once, with the same effect as `run` for each: how a backlog is worked off (`run_jobs`). `when` says of a
    fact, by its own words alone, whether there is anything to do: where there is not, no job is written.
    """

    name: str
    run: Callable[[Any, JobContext], object]
    latest_only: bool = False
    run_many: Callable[[Sequence[Any], Sequence[JobContext]], object] | None = None
    seconds: int = 0  # that one run may take, where a worker's own limit is too short
    when: Callable[[Any], bool] | None = None


_flow: dict[str, tuple[Reaction, ...]] = {}
_reactions: dict[str, Reaction] = {}


def register_flow(flow: Mapping[type[Fact], tuple[Reaction, ...]]) -> None:
    """Take config/flow.py as the whole truth; called once at start-up. A flow that is refused changes nothing."""
    named: dict[str, Reaction] = {}
    for reaction in (r for reactions in flow.values() for r in reactions):
        if named.setdefault(reaction.name, reaction) is not reaction:
            raise ValueError(f"two reactions are named {reaction.name!r}")
    _flow.clear()
    _flow.update({fact_type.kind: reactions for fact_type, reactions in flow.items()})
    _reactions.clear()
    _reactions.update(named)


@dataclass(frozen=True)
class Note:
    """A fact with its place: `stream` ("order:12") and a number that grows along it."""

    fact: Fact
    stream: str
    seq: int


@require_uow
def publish(fact: Fact, *, stream: str, seq: int, now: datetime, actor: Actor | None = None) -> None:
    publish_many([Note(fact, stream, seq)], now=now, actor=actor)


# Ids rise in the order the facts were told, and a fact's jobs in the order of its reactions.
_PUBLISH = """
WITH noted AS (
  INSERT INTO core_outboxfact (kind, stream, seq, payload, at, request_id)
  SELECT kind, stream, seq, payload, %(now)s::timestamptz, %(request_id)s::text
    FROM ROWS FROM (json_to_recordset(%(facts)s::json) AS (kind text, stream text, seq bigint, payload jsonb))
         WITH ORDINALITY AS told(kind, stream, seq, payload, place)
   ORDER BY place
  RETURNING id, kind, stream, seq
), placed AS (
  SELECT id, kind, stream, seq, row_number() OVER (ORDER BY id) AS fact_place FROM noted
)
INSERT INTO core_job (fact_id, reaction, stream, seq, state, deliveries, attempts, next_at, outcome, last_error)
SELECT placed.id, owed.reaction, placed.stream, placed.seq, 'ready', 0, 0, %(now)s::timestamptz, '', ''
  FROM placed
  JOIN unnest(%(kinds)s::text[], %(reactions)s::text[]) WITH ORDINALITY AS owed(kind, reaction, place) USING (kind)
 WHERE NOT EXISTS (SELECT FROM unnest(%(idle_places)s::bigint[], %(idle_reactions)s::text[]) AS idle(fact_place, reaction)
                    WHERE idle.fact_place = placed.fact_place AND idle.reaction = owed.reaction)
 ORDER BY placed.id, owed.place
"""


@require_uow
def publish_many(notes: Iterable[Note], *, now: datetime, actor: Actor | None = None) -> None:
    """Write the facts and one job per reaction that has anything to do: one statement whatever the number of facts."""
    told = list(notes)
    facts = [
        {"kind": n.fact.kind, "stream": n.stream, "seq": n.seq, "payload": codec.dump(n.fact)}  #
        for n in told
    ]
    if not facts:
        return
    owed = [(kind, r.name) for kind in sorted({f["kind"] for f in facts}) for r in _flow.get(kind, ())]
    idle = list(_idle(told))
    asked: dict[str, Any] = {
        "facts": json.dumps(facts),
        "kinds": [kind for kind, _ in owed],
        "reactions": [reaction for _, reaction in owed],
        "idle_places": [place for place, _ in idle],
        "idle_reactions": [reaction for _, reaction in idle],
        "request_id": actor.request_id if actor else "",
        "now": now,
    }
    sql.run(_PUBLISH, asked)
    if owed:
        transaction.on_commit(wake.ring, robust=True)


def _idle(notes: Sequence[Note]) -> Iterator[tuple[int, str]]:
    """(place of the fact, from 1; reaction) of those that have nothing to do."""
    for place, note in enumerate(notes, start=1):
        for reaction in _flow.get(note.fact.kind, ()):
            if not _has_work(reaction, note.fact):
                yield place, reaction.name


def _has_work(reaction: Reaction, fact: Fact) -> bool:
    return reaction.when is None or reaction.when(fact)


def lease_due(*, now: datetime, limit: int = BATCH) -> list[int]:
    """Lease up to `limit` due jobs and return their ids.

    The lease doubles per delivery; nothing is ever deleted.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "WITH due AS (SELECT id FROM core_job WHERE state = 'ready' AND next_at <= %s "
            "ORDER BY next_at, id LIMIT %s FOR UPDATE SKIP LOCKED) "
            "UPDATE core_job j SET deliveries = j.deliveries + 1, "
            "next_at = %s + make_interval(secs => %s) * power(2, least(j.deliveries, 6)) "
            "FROM due WHERE j.id = due.id RETURNING j.id",
            [now, limit, now, LEASE.total_seconds()],
        )
        return sorted(job_id for (job_id,) in cursor.fetchall())


def seconds_of(job_ids: Sequence[int]) -> dict[int, int]:
    """{job id: seconds} of jobs whose reaction may take longer than a worker's own limit."""
    longer = {r.name: r.seconds for r in _reactions.values() if r.seconds}
    rows = Job.objects.filter(pk__in=job_ids, reaction__in=longer) if longer and job_ids else Job.objects.none()
    return {pk: longer[reaction] for pk, reaction in rows.values_list("pk", "reaction")}


def run_job(job_id: int, *, now: datetime) -> str:
    """Run one job to its end and say how it ended: done, stale, failed or dead; gone (already done) and running (in
    another worker's hands, who says how it ends) were left alone."""
    try:
        return retrying(lambda: _run_in_a_unit(job_id, now))
    except Exception as error:  # any failure is this job's alone: recorded and tried again, never swallowed
        log.exception("job_failed", job_id=job_id)
        return _record_failure(job_id, error, now=now)


def drain_due(*, now: datetime, limit: int = BACKLOG) -> Counter[str]:
    """Work off in this process what is due at `now`, and what that causes, until nothing is due: outcomes counted.

    Without a relay and workers: commands that carry their own clock. A reaction with a batch form takes up to `limit`
    of its jobs in one transaction.
    """
    outcomes: Counter[str] = Counter()
    while due := due_by_reaction(now):
        round_: Counter[str] = Counter()
        for reaction, job_ids in due.items():
            for start in range(0, len(job_ids), limit):
                round_ += run_jobs(job_ids[start : start + limit], reaction, now=now)
        outcomes += round_
        if round_.keys() <= {"running"}:  # what is left is in a worker's hands
            break
    return outcomes


def due_by_reaction(now: datetime) -> dict[str, list[int]]:
    """Ready jobs by reaction, in the order in which they were owed."""
    found: dict[str, list[int]] = {}
    ready = Job.objects.filter(state=JobState.READY, next_at__lte=now).order_by("id").values_list("id", "reaction")
    for job_id, reaction in ready:
        found.setdefault(reaction, []).append(job_id)
    return found


def run_jobs(job_ids: Sequence[int], reaction: str, *, now: datetime) -> Counter[str]:
    """Run many jobs of one reaction, in one transaction where it has a batch form; outcomes counted.

    A batch that fails is run again one by one, so that a bad job does not take the others down.
    """
    run_many = _reactions[reaction].run_many
    if run_many is not None and len(job_ids) > 1 and not _reactions[reaction].latest_only:
        try:
            return retrying(lambda: _run_all_in_a_unit(job_ids, _reactions[reaction], now))
        except Exception:  # each job is tried and recorded by itself below, never swallowed
            log.exception("job_batch_failed", reaction=reaction, jobs=len(job_ids))
    return Counter(run_job(job_id, now=now) for job_id in job_ids)


def _run_all_in_a_unit(job_ids: Sequence[int], reaction: Reaction, now: datetime) -> Counter[str]:
    with unit_of_work(f"{len(job_ids)} jobs", joinable=True):
        ready = Job.objects.filter(pk__in=job_ids, state=JobState.READY)
        jobs = locks.take_values(locks.Rank.JOB, ready, "reaction", "stream", "seq", "fact_id")
        if not jobs:
            return Counter(gone=len(job_ids))
        of_jobs = OutboxFact.objects.filter(pk__in=[fact_id for *_, fact_id in jobs])
        told = {row[0]: row for row in of_jobs.values_list("pk", "kind", "payload", "request_id")}
        facts = [codec.load(_fact_types[told[fact_id][1]], told[fact_id][2]) for *_, fact_id in jobs]
        contexts = [_context(i, name, stream, seq, told[fact][3], now) for i, name, stream, seq, fact in jobs]
        work = [(fact, its) for fact, its in zip(facts, contexts, strict=True) if _has_work(reaction, fact)]
        if work and reaction.run_many is not None:
            reaction.run_many([fact for fact, _ in work], [its for _, its in work])
        done = {"state": JobState.DONE, "done_at": now, "outcome": "done", "last_error": ""}
        Job.objects.filter(pk__in=[job[0] for job in jobs]).update(**done)
        return Counter(done=len(jobs), gone=len(job_ids) - len(jobs))


def _context(job_id: int, reaction: str, stream: str, seq: int, request_id: str, now: datetime) -> JobContext:
    return JobContext(job_id, f"job:{job_id}", now, system(reaction, request_id=request_id), stream, seq)


def _run_in_a_unit(job_id: int, now: datetime) -> str:
    with unit_of_work(f"job {job_id}", joinable=True):
        return _run_locked(job_id, now)


def _run_locked(job_id: int, now: datetime) -> str:
    ready = Job.objects.filter(pk=job_id, state=JobState.READY)
    rows = locks.take(locks.Rank.JOB, ready, skip_locked=True)
    if not rows:
        return "running" if ready.exists() else "gone"
    (job,) = rows
    fact_row = OutboxFact.objects.get(pk=job.fact_id)
    reaction = _reactions[job.reaction]
    outcome = "stale" if reaction.latest_only and _is_stale(job) else "done"
    if outcome == "done":
        fact = codec.load(_fact_types[fact_row.kind], fact_row.payload)
        context = _context(job.pk, job.reaction, job.stream, job.seq, fact_row.request_id, now)
        if _has_work(reaction, fact):
            reaction.run(fact, context)
    Job.objects.filter(pk=job.id).update(state=JobState.DONE, done_at=now, outcome=outcome, last_error="")
    return outcome


def _is_stale(job: Job) -> bool:
    newer = Job.objects.filter(reaction=job.reaction, stream=job.stream, seq__gt=job.seq, state=JobState.DONE)
    return newer.exists()


def _record_failure(job_id: int, error: Exception, *, now: datetime) -> str:
    with unit_of_work(f"job {job_id} failed"):
        rows = locks.take(locks.Rank.JOB, Job.objects.filter(pk=job_id, state=JobState.READY))
        if not rows:
            return "gone"
        (job,) = rows
        job.attempts += 1
        job.last_error = f"{type(error).__name__}: {error}"[:2000]
        job.next_at = now + min(LEASE * 2 ** (job.attempts - 1), LONGEST_WAIT)
        if job.attempts >= MAX_ATTEMPTS:
            job.state = JobState.DEAD
        job.save(update_fields=["attempts", "last_error", "next_at", "state"])
        if job.state == JobState.DEAD and job.reaction not in {r.name for r in _flow.get(JobDied.kind, ())}:
            publish(JobDied(job.id, job.reaction, job.last_error), stream=f"job:{job.id}", seq=1, now=now)
        return "dead" if job.state == JobState.DEAD else "failed"


def revive(job_id: int, *, now: datetime) -> bool:
    """Make a dead job ready again, after its cause was mended. False when it is not dead."""
    fresh = {"state": JobState.READY, "attempts": 0, "deliveries": 0, "next_at": now}
    return bool(Job.objects.filter(pk=job_id, state=JobState.DEAD).update(**fresh))


def fact_of(job_id: int) -> Fact | None:
    """The fact a job reacts to: for whoever has to clear up after one that died."""
    row = OutboxFact.objects.filter(jobs=job_id).first()
    return None if row is None else codec.load(_fact_types[row.kind], row.payload)


def flow() -> Mapping[str, tuple[Reaction, ...]]:
    """What is registered: fact kind → reactions (docs and tests)."""
    return _flow
