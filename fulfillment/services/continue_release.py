"""The next orders of a release run, and a word for those after them."""

from datetime import datetime

from core import outbox
from core.actors import Actor
from core.uow import door_verb
from fulfillment import release_queries as queries
from fulfillment.events import ReleaseAsked
from fulfillment.models import ReleaseResult
from fulfillment.release_queries import Filters
from fulfillment.services.release_by_policy import count_on, result_row
from fulfillment.services.release_orders import release
from fulfillment.states import ResultState

BATCH = 100


@door_verb
def continue_release(*, run_id: int, batch: int, actor: Actor, now: datetime) -> int:
    """How many orders of the run are left. Up to 100 are released in this transaction, each with its result; the last
    batch ends the run. Done twice is done once: an order with a result is not tried again."""
    waiting = ReleaseResult.objects.filter(run_id=run_id, state=ResultState.WAITING).order_by("pk")
    rows = {row.order_id: row for row in waiting[:BATCH]}
    if not rows:
        return 0
    outcomes = release(list(rows), actor=actor, now=now)
    after = {c.order_id: c for c in queries.candidates(Filters(order_ids=tuple(rows)))}
    answered = []
    for outcome in outcomes:
        row = result_row(outcome, after.get(outcome.order_id), now)
        row.pk, row.run_id = rows[outcome.order_id].pk, run_id
        answered.append(row)
    names = ["state", "gate", "rule", "message", "shipments", "order_version", "allocated_qty", "at"]
    ReleaseResult.objects.bulk_update(answered, names)
    released = sum(o.is_released for o in outcomes)
    left = waiting.count()
    count_on(run_id, released=released, refused=len(outcomes) - released, finished_at=None if left else now)
    if left:
        fact = ReleaseAsked(run_id, batch + 1)
        outbox.publish(fact, stream=f"release_run:{run_id}", seq=batch + 1, now=now, actor=actor)
    return left
