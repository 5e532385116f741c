"""What tests need of the core: run the owed reactions, race real threads, open a unit of work by hand."""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from threading import Barrier

from django.db import connection, transaction

from core import outbox
from core.models import Job, JobState
from core.uow import UnitOfWork, unit_of_work


def drain(now: datetime, *, rounds: int = 20) -> list[tuple[str, str]]:
    """Run all ready jobs, and those they cause, in order; the list of (reaction, outcome).

    Failures raise at once.
    """
    ran: list[tuple[str, str]] = []
    for _ in range(rounds):
        ready = list(Job.objects.filter(state=JobState.READY).order_by("id").values_list("id", "reaction"))
        if not ready:
            return ran
        for job_id, reaction in ready:
            outcome = outbox.run_job(job_id, now=now)
            if outcome in ("failed", "dead"):
                raise AssertionError(f"{reaction}: {Job.objects.get(pk=job_id).last_error}")
            ran.append((reaction, outcome))
    raise AssertionError(f"reactions still cause reactions after {rounds} rounds")


@contextmanager
def unit(verb: str = "test") -> Iterator[UnitOfWork]:
    """A unit of work for calling specialist verbs directly."""
    with unit_of_work(verb) as opened:
        yield opened


@contextmanager
def outer_atomic() -> Iterator[None]:
    """For state machines: an outer transaction, always rolled back, that durable verbs may nest in."""
    block = transaction.atomic()
    block._from_testcase = True  # type: ignore[attr-defined]
    with block:
        yield
        transaction.set_rollback(True)


def race(*calls: Callable[[], object], seconds: float = 30) -> list[object]:
    """Run the calls at once, each in a thread and connection of its own; what each gave or raised, in order.

    Only with `django_db(transaction=True)`: rows of an open test transaction are invisible to other threads.
    """
    barrier = Barrier(len(calls))

    def run(call: Callable[[], object]) -> object:
        try:
            barrier.wait(timeout=seconds)
            return call()
        finally:
            connection.close()

    pool = ThreadPoolExecutor(len(calls))
    futures = [pool.submit(run, call) for call in calls]
    pool.shutdown(wait=False)
    return [future.exception(timeout=seconds) or future.result() for future in futures]


@contextmanager
def flow_of(flow: Mapping[type[outbox.Fact], tuple[outbox.Reaction, ...]]) -> Iterator[None]:
    """Put this flow in the place of config/flow.py for a while."""
    facts, reactions = dict(outbox._flow), dict(outbox._reactions)
    try:
        outbox.register_flow(flow)
        yield
    finally:
        outbox._flow.clear()
        outbox._flow.update(facts)
        outbox._reactions.clear()
        outbox._reactions.update(reactions)
