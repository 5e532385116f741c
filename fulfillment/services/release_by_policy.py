"""Release by itself what a policy lets go and every gate passes; what is refused is tried again when something changed."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db.models import F

from core.actors import Actor
from core.uow import door_verb
from fulfillment import release_queries as queries
from fulfillment.models import ReleaseResult, ReleaseRun
from fulfillment.release_queries import Filters, Tried
from fulfillment.rules.asks import ReleaseOutcome
from fulfillment.rules.release_policy import Candidate, Policy, policy_for
from fulfillment.services.release_orders import release
from fulfillment.states import ResultState, RunKind

BATCH = 200
AGAIN = timedelta(minutes=30)  # dates and capacities move without the order changing


def release_by_policy(*, actor: Actor, now: datetime) -> int:
    """How many orders went. About 200 a transaction; safe to run twice, late and beside another: an order that went is no
    candidate any more. A run is kept when something was tried, a result for each order in it."""
    known = queries.policies()
    if not known:
        return 0
    found = queries.candidates(Filters(with_held=False))
    tried = queries.last_tries([c.order_id for c in found])
    due = [(c, p) for c in found if is_due(c, tried.get(c.order_id), now) and (p := policy_for(c, known, now))]
    gone = 0
    for start in range(0, len(due), BATCH):
        gone += _release_batch(due=due[start : start + BATCH], tried=tried, actor=actor, now=now)
    return gone


def is_due(order: Candidate, before: Tried | None, now: datetime) -> bool:
    """Never tried, changed since, or long ago."""
    if before is None or now - before.at >= AGAIN:
        return True
    return (order.version, order.allocated) != (before.version, before.allocated)


@door_verb
def _release_batch(
    *, due: Sequence[tuple[Candidate, Policy]], tried: dict[int, Tried], actor: Actor, now: datetime
) -> int:
    outcomes = {o.order_id: o for o in release([c.order_id for c, _ in due], actor=actor, now=now)}
    released = sum(o.is_released for o in outcomes.values())
    after = {c.order_id: c for c in queries.candidates(Filters(order_ids=tuple(outcomes)))}
    new, same = [], []
    for order, policy in due:
        outcome, before = outcomes[order.order_id], tried.get(order.order_id)
        if not outcome.is_released and order.order_id not in after:
            continue  # somebody else released it while we waited for its lock
        row = result_row(outcome, after.get(order.order_id, order), now)
        row.policy_id = policy.id
        if before is not None and row.state == ResultState.REFUSED and row.message == before.message:
            row.pk = before.result_id
            same.append(row)
        else:
            new.append(row)
    if same:  # the same words as last time: said once, and seen again
        ReleaseResult.objects.bulk_update(same, ["order_version", "allocated_qty", "at"])
    if new:
        run = ReleaseRun.objects.create(
            kind=RunKind.POLICY,
            asked_at=now,
            asked_by=actor.label,
            asked_count=len(new),
            released_count=released,
            refused_count=len(new) - released,
            finished_at=now,
        )
        for row in new:
            row.run_id = run.pk
        ReleaseResult.objects.bulk_create(new)
    return released


def result_row(outcome: ReleaseOutcome, order: Candidate | None, now: datetime) -> ReleaseResult:
    """A result without its run: what the order was after the try is what the next one compares with."""
    refused = outcome.refused[0] if outcome.refused and not outcome.is_released else None
    return ReleaseResult(
        order_id=outcome.order_id,
        state=ResultState.RELEASED if outcome.is_released else ResultState.REFUSED,
        gate=refused.gate if refused else "",
        rule=refused.rule if refused else "",
        message=" ".join(r.message for r in outcome.refused)[:600] if refused else "",
        shipments=len(outcome.shipment_ids),
        order_version=order.version if order else 0,
        allocated_qty=order.allocated if order else 0,
        at=now,
    )


def count_on(run_id: int, *, released: int, refused: int, finished_at: datetime | None) -> None:
    """A run's progress, added in the database."""
    ReleaseRun.objects.filter(pk=run_id).update(
        released_count=F("released_count") + released,
        refused_count=F("refused_count") + refused,
        finished_at=finished_at,
    )
