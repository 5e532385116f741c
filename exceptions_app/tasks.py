"""The clock's tick and the scheduled look at what must always be true. Safe with none, one or three beats."""

from celery import shared_task

from core import clock, invariants
from exceptions_app.services.detect import detect_all
from exceptions_app.services.report_breaches import report_breaches
from exceptions_app.services.sweep import sweep as sweep_clocks

MOST_BATCHES = 50
BATCH = 1000  # cases a transaction


@shared_task(name="exceptions_app.tasks.sweep")
def sweep() -> int:
    """Fire every due step; the number fired."""
    now, fired = clock.db_now(), 0
    for _ in range(MOST_BATCHES):
        swept = sweep_clocks(now=now, limit=BATCH)
        fired += swept.steps
        if not swept.cases:
            break
    return fired


@shared_task(name="exceptions_app.tasks.detect")
def detect() -> int:
    """Look for every kind's causes; how many cases were opened or resolved themselves."""
    found = detect_all(now=clock.db_now())
    return sum(one.opened + one.closed for one in found)


@shared_task(name="exceptions_app.tasks.check_invariants")
def check_invariants() -> int:
    """Run all invariant checks and open a case for each that is broken; the number of breaches."""
    breaches = invariants.run()
    if breaches:
        report_breaches(breaches, now=clock.db_now())
    return len(breaches)
