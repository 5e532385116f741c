"""What must be true when all is over: nothing sold twice, nothing left lying while somebody waits, nothing lost."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection

from config.torture.company import ACTOR
from core import invariants, outbox
from inventory.rules.sourcing import GENERAL_KINDS
from inventory.services.allocate import allocate
from inventory.tasks import sweep

ROUNDS = 10
LATER = timedelta(hours=2)  # every cart has run out by then, and every failed job is due again

OVERSOLD = """
    SELECT coalesce(sum(c.held - b.on_hand_qty), 0)
    FROM (SELECT balance_id, sum(qty) AS held FROM inventory_claim WHERE state = 'open' GROUP BY balance_id) c
    JOIN inventory_stockbalance b ON b.id = c.balance_id WHERE c.held > b.on_hand_qty"""
# What lies free of a product where it serves everybody, while demand of it waits that is not blocked; what a count finds
# of a recalled lot lies there rightly.
UNDERSOLD = """
    SELECT coalesce(sum(least(f.free, w.waiting)), 0)
    FROM (SELECT b.product_id, sum(on_hand_qty - reserved_qty - allocated_qty - released_qty - picked_qty) AS free
          FROM inventory_stockbalance b JOIN inventory_site s ON s.id = b.site_id AND s.kind = ANY(%s)
          WHERE b.status = 'available' AND b.owner = ''
            AND NOT EXISTS (SELECT FROM inventory_lot l WHERE l.id = b.lot_id AND l.is_recalled) GROUP BY b.product_id) f
    JOIN (SELECT product_id, sum(backordered_qty) AS waiting FROM inventory_demand WHERE NOT is_blocked
          GROUP BY product_id) w ON w.product_id = f.product_id"""
DEADLOCKS = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
DEAD_JOBS = "SELECT reaction || ': ' || left(last_error, 200) FROM core_job WHERE state = 'dead'"
STORED = "SELECT external_id, count(*) FROM orders_order WHERE external_id = ANY(%s) GROUP BY external_id"


def drain(now: datetime) -> None:
    """Do what workers and schedules would: end the carts, run the reactions, deal what is free, until nothing changes."""
    for n in range(ROUNDS):
        moment = now + LATER + timedelta(minutes=n)
        ended = sweep(moment)
        ran = outbox.drain_due(now=moment)
        dealt = allocate(trigger_key=f"torture drain {now.isoformat()} {n}", actor=ACTOR, now=moment)
        if not ended and not ran and not dealt.allocated:
            return
    raise AssertionError(f"after {ROUNDS} rounds there is still something to do")


def oversold() -> Decimal:
    return _number(OVERSOLD)


def undersold() -> Decimal:
    return _number(UNDERSOLD, [[str(kind) for kind in GENERAL_KINDS]])


def deadlocks() -> int:
    """That this database ever saw; the caller takes the difference."""
    return int(_number(DEADLOCKS))


def breaches(placed: Sequence[str], in_doubt: Sequence[str]) -> list[str]:
    """Broken invariants, dead jobs, acknowledged orders that are not there, and any order that is there twice."""
    found = [f"{b.name}: {b.detail}" for b in invariants.run()]
    with connection.cursor() as cursor:
        cursor.execute(DEAD_JOBS)
        found += [f"a reaction died: {words}" for (words,) in cursor.fetchall()]
        cursor.execute(STORED, [[*placed, *in_doubt]])
        stored = dict(cursor.fetchall())
    found += [f"order {key} was acknowledged and is not stored" for key in placed if key not in stored]
    return found + [f"order {key} is stored {count} times" for key, count in stored.items() if count > 1]


def _number(text: str, parameters: Sequence[Any] = ()) -> Decimal:
    with connection.cursor() as cursor:
        cursor.execute(text, parameters or None)
        return Decimal(cursor.fetchone()[0])
