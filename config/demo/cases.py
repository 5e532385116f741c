"""People work on the exception queue every evening: most cases are taken and resolved, a few wait for tomorrow."""

import random
from datetime import datetime, timedelta

from django.db import connection

from config.demo.world import World
from exceptions_app.services.resolve_case import resolve_case
from exceptions_app.services.take_case import take_case

OWNER = {"warehouse": "warehouse", "cs": "cs", "finance": "finance", "pricing": "pricing", "planner": "planner"}
NOTES = {
    "short_pick": "Counted again; the missing units are written off and the rest follows from the next receipt.",
    "promise_moved": "Customer told by phone, takes the new date.",
    "credit_hold": "Payment is announced for this week.",
    "unresolved_lines": "Asked the customer which product is meant.",
}
TONIGHT = 0.8


def work_on_cases(world: World, now: datetime, dice: random.Random) -> None:
    for case_id, kind, queue in _live(before=now - timedelta(minutes=10)):
        if dice.random() > TONIGHT:
            continue
        actor = world.people[OWNER.get(queue, "cs")]
        take_case(case_id=case_id, actor=actor, now=now - timedelta(minutes=5))
        resolve_case(case_id=case_id, note=NOTES.get(kind, "Looked into and mended."), actor=actor, now=now)


def _live(*, before: datetime) -> list[tuple[int, str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.id, c.kind, q.code FROM exceptions_app_case c JOIN exceptions_app_queue q ON q.id = c.queue_id"
            " WHERE c.status IN ('open', 'assigned', 'in_progress', 'reopened') AND c.opened_at < %s"
            " AND c.kind <> 'credit_hold' ORDER BY c.id",
            [before],
        )
        return list(cursor.fetchall())
