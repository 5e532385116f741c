"""Allocate: deal free stock and re-dealable soft reservations to all open demand, by rank or policy, with hard claims.

Some products are one transaction. All that have something to deal are a run of shards, each one transaction: in this
process (`allocate`), or as jobs that any worker on any machine takes (`start_run`). Either way the run is closed, once,
with its last shard.
"""

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from core import outbox, sql
from core.actors import Actor
from core.outbox import Note
from core.uow import door_verb
from inventory import locks
from inventory.events import ShardPlanned
from inventory.models import AllocationRun
from inventory.policy_queries import ties_between
from inventory.queries import lines_worth_a_run
from inventory.rules.asks import AllocationOutcome
from inventory.rules.shards import MOST_PRODUCTS, cut_by, heavy, shards
from inventory.services.run_products import outcome_of, result_of, run_products, total_of


def allocate(
    *, trigger_key: str, product_ids: Collection[int] | None = None, actor: Actor, now: datetime
) -> AllocationOutcome:
    """Allocate the products given, in one transaction; without them every product that has something to deal, one
    transaction per shard of products. The same trigger key again changes nothing and gives the first outcome; of a run
    that was interrupted it does what is left.
    """
    if product_ids is not None:
        return allocate_products(trigger_key=trigger_key, product_ids=product_ids, actor=actor, now=now)
    started = _begin(trigger_key=trigger_key, now=now)
    for shard in range(1, started.shards + 1):
        allocate_shard(run_id=started.run_id, shard=shard, actor=actor, now=now)
    return outcome_of(AllocationRun.objects.get(pk=started.run_id))


@door_verb
def allocate_products(
    *, trigger_key: str, product_ids: Collection[int], actor: Actor, now: datetime
) -> AllocationOutcome:
    """Lock demands, inbound, pools and balances, plan, write what changed, say what happened. With the products go those
    of orders that wait for them and are judged as a whole."""
    tied = {i for tie in ties_between(product_ids) for i in tie}
    product_ids = {*product_ids, *sorted(tied.difference(product_ids))[:MOST_PRODUCTS]}
    return run_products(trigger_key=trigger_key, product_ids=product_ids, actor=actor, now=now)


@dataclass(frozen=True)
class Started:
    """A run and how many shards it has; not `is_new` where the key was used before."""

    run_id: int
    shards: int
    is_new: bool


@door_verb
def start_run(*, trigger_key: str, actor: Actor, now: datetime) -> Started:
    """Fan a run over all that has something to deal out into a job per shard, which the workers take. The same trigger
    key again gives the first run."""
    started = _written(trigger_key, now)
    if started.is_new:
        stream = f"allocation_run:{started.run_id}"
        facts = (ShardPlanned(started.run_id, shard) for shard in range(1, started.shards + 1))
        outbox.publish_many([Note(fact, stream, fact.shard) for fact in facts], now=now, actor=actor)
    return started


@door_verb
def _begin(*, trigger_key: str, now: datetime) -> Started:
    return _written(trigger_key, now)


_NEW = """
    INSERT INTO inventory_allocationrun (trigger_key, scope, started_at, finished_at, result)
    VALUES (%(key)s::text, %(scope)s::jsonb, %(now)s::timestamptz, %(finished)s::timestamptz, %(result)s::jsonb)
    ON CONFLICT (trigger_key) DO NOTHING RETURNING id"""


def _written(trigger_key: str, now: datetime) -> Started:
    """The run of this key with the products of each of its shards. A run of nothing is finished at once."""
    lines = lines_worth_a_run()
    ties = ties_between(lines)
    lines |= dict.fromkeys({i for tie in ties for i in tie} - lines.keys(), 1)
    parts = shards(lines, ties)
    scope = {"products": len(lines), "shards": len(parts), "of": parts, "heavy": heavy(lines, parts)}
    scope["cut"] = cut_by(parts, ties)
    result = {} if parts else result_of(total_of(0, ()))
    values = {"scope": json.dumps(scope), "result": json.dumps(result), "finished": None if parts else now}
    is_new = bool(sql.rows(_NEW, {"key": trigger_key, "now": now, **values}))
    stored = AllocationRun.objects.get(trigger_key=trigger_key)
    return Started(stored.pk, stored.scope["shards"], is_new)


@door_verb
def allocate_shard(*, run_id: int, shard: int, actor: Actor, now: datetime) -> AllocationOutcome:
    """One shard of a run, numbered from 1; the last one that is done closes the run. Done again, it changes nothing."""
    scope = AllocationRun.objects.values_list("scope", flat=True).get(pk=run_id)
    product_ids = scope["of"][shard - 1]
    outcome = run_products(
        trigger_key=f"run {run_id} shard {shard}", product_ids=product_ids, actor=actor, now=now, parent_id=run_id,
        is_heavy=not set(scope.get("heavy", ())).isdisjoint(product_ids),
    )  # fmt: skip
    _close(run_id, now)
    return outcome


def _close(run_id: int, now: datetime) -> None:
    """Shards that end at once wait here for one another, a commit long, so that exactly one sees all of them done."""
    whole = locks.lock_run(run_id)
    done = AllocationRun.objects.filter(parent=whole, finished_at__isnull=False)
    if whole.finished_at is None and done.count() == whole.scope["shards"]:
        outcome = total_of(run_id, [outcome_of(part) for part in done], cut=whole.scope.get("cut", 0))
        AllocationRun.objects.filter(pk=run_id).update(finished_at=now, result=result_of(outcome))
