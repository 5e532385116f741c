from collections.abc import Sequence
from datetime import datetime

from django.db import connection

from core.uow import door_verb, require_uow
from orders.events import LinesReleased
from reporting.services.upsert_measure import measure_ids

_FIRST = """
UPDATE reporting_ordermeasure m SET first_released_at = %s, release_lines = f.lines, short_lines = f.short
  FROM unnest(%s::bigint[], %s::int[], %s::int[]) AS f(id, lines, short)
 WHERE m.id = f.id AND m.first_released_at IS NULL
"""


@door_verb
def record_released(fact: LinesReleased, *, now: datetime) -> None:
    """Note how many lines were short when the orders were first released; later releases do not count."""
    _record([fact], now)


@door_verb
def record_many_released(facts: Sequence[LinesReleased], *, now: datetime) -> None:
    """The same for many facts in one transaction: the statements of one."""
    _record(facts, now)


@require_uow
def _record(facts: Sequence[LinesReleased], now: datetime) -> None:
    first = {fact.order_id: fact for fact in facts if fact.is_first}
    if not first:
        return
    measures = measure_ids(first)
    rows = [(measures[i], fact.lines, fact.short_lines) for i, fact in first.items()]
    with connection.cursor() as cursor:
        cursor.execute(_FIRST, [now, *(list(column) for column in zip(*rows, strict=True))])
