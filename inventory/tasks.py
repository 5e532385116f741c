"""Scheduled work: each task reads the database's clock once and calls one service. Late, twice or never does no harm."""

from datetime import datetime, timedelta

from celery import shared_task

from core import clock
from core.actors import system
from core.quantity import plain
from inventory.queries import is_run_under_way, products_worth_a_run
from inventory.services.allocate import start_run
from inventory.services.ask_fill_up import replenish
from inventory.services.expire_claims import BATCH, expire_claims
from inventory.services.expire_lots import expire_lots
from inventory.services.offer_transfer import expire_offers
from inventory.services.prepare_fill_ups import prepare_fill_ups
from inventory.services.push_expiring import push_expiring

ROUNDS = 20
LONGEST_RUN = timedelta(minutes=30)  # one that is older has a shard somebody must look at, and stops no other


@shared_task(name="inventory.tasks.run_allocation")
def run_allocation() -> int:
    """The backstop behind the reactions: products that have backordered demand and free stock, usually none. How many
    shards were left to the workers; while those of an earlier run are under way there is no other."""
    now = clock.db_now()
    sweep(now)
    if not products_worth_a_run() or is_run_under_way(since=now - LONGEST_RUN):
        return 0
    return start_run(trigger_key=f"schedule {now.isoformat()}", actor=system("scheduled allocation"), now=now).shards


@shared_task(name="inventory.tasks.expire_claims")
def expire_old_claims() -> int:
    return sweep(clock.db_now())


def sweep(now: datetime) -> int:
    """End all claims past their time, in batches of one transaction each."""
    ended = 0
    for _ in range(ROUNDS):
        some = expire_claims(now=now)
        ended += some
        if some < BATCH:
            break
    return ended


@shared_task(name="inventory.tasks.expire_lots")
def expire_due_lots() -> str:
    """Once an hour: every site's own midnight is near one. A lot claimed at this moment is left to the next tick."""
    return plain(expire_lots(actor=system("expiry sweep"), now=clock.db_now()))


@shared_task(name="inventory.tasks.look_after_the_field")
def look_after_the_field() -> str:
    """Every quarter of an hour: what is missing to par is asked for, what was allocated becomes transfers, offers end,
    lots near their expiry are pushed. Each is done once however often this runs."""
    now, actor = clock.db_now(), system("field stock")
    asked = replenish(key=f"schedule {now.isoformat()}", actor=actor, now=now)
    made = prepare_fill_ups(actor=actor, now=now)
    ended = expire_offers(actor=actor, now=now)
    pushed = push_expiring(actor=actor, now=now)
    return f"{len(asked)} fill-ups, {len(made)} transfers, {ended} offers ended, {pushed} lots pushed"
