"""Register an interchange and its sets in the inbox, still undecided. The database says whether it came before."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from core.actors import Actor
from core.uow import door_verb
from integrations.models import EdiTransaction, Interchange
from integrations.rules import x12_tree
from integrations.rules.po850 import content_hash
from integrations.rules.problems import Problem
from integrations.states import Direction, InterchangeState

_CLAIM = """
INSERT INTO integrations_interchange
  (file_id, partner_id, direction, state, control, sent_date, sent_time, is_test, problems, received_at)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, '[]', %s)
ON CONFLICT (partner_id, direction, control, sent_date, sent_time) WHERE state IN ('received', 'done') DO NOTHING
RETURNING id
"""


@dataclass(frozen=True)
class Kept:
    """`transaction_ids` in the order of the file."""

    interchange_id: int
    is_duplicate: bool
    transaction_ids: tuple[int, ...]


@door_verb
def keep_interchange(
    *, parsed: x12_tree.Interchange, file_id: int, partner_id: int, actor: Actor, now: datetime
) -> Kept:
    """A twin that arrives at the same moment waits for the first and is then the duplicate."""
    state = InterchangeState.RECEIVED
    interchange_id = _claim(parsed, file_id, partner_id, state, now)
    if interchange_id is None:
        unfinished = _unfinished(parsed, partner_id)
        if unfinished is not None:
            return unfinished
        state = InterchangeState.DUPLICATE
        interchange_id = _insert(parsed, file_id, partner_id, state, now)
    Interchange.objects.filter(pk=interchange_id).update(problems=problems_json(parsed.problems))
    rows = [
        _row(transaction, group, interchange_id, file_id, partner_id, now)
        for group in parsed.groups
        for transaction in group.transactions
    ]
    made = EdiTransaction.objects.bulk_create(rows)
    return Kept(interchange_id, state is InterchangeState.DUPLICATE, tuple(r.pk for r in made))


def _unfinished(parsed: x12_tree.Interchange, partner_id: int) -> Kept | None:
    """The same interchange, whose receiving broke off before it was answered: go on with its rows."""
    control, on, at = _key(parsed)
    first = Interchange.objects.filter(
        partner_id=partner_id, control=control, sent_date=on, sent_time=at, state=InterchangeState.RECEIVED
    ).first()
    if first is None:
        return None
    rows = list(first.transactions.order_by("id").values_list("id", "content_hash"))
    if [said for _, said in rows] != [content_hash(t) for t in parsed.transactions]:
        return None
    return Kept(first.pk, False, tuple(pk for pk, _ in rows))


def _claim(
    parsed: x12_tree.Interchange, file_id: int, partner_id: int, state: InterchangeState, now: datetime
) -> int | None:
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, [file_id, partner_id, Direction.IN, state, *_key(parsed), _is_test(parsed), now])
        row = cursor.fetchone()
    return int(row[0]) if row else None


def _insert(parsed: x12_tree.Interchange, file_id: int, partner_id: int, state: InterchangeState, now: datetime) -> int:
    control, on, at = _key(parsed)
    row = Interchange.objects.create(
        file_id=file_id,
        partner_id=partner_id,
        state=state,
        control=control,
        sent_date=on,
        sent_time=at,
        is_test=_is_test(parsed),
        received_at=now,
    )
    return row.pk


def _key(parsed: x12_tree.Interchange) -> tuple[str, str, str]:
    return parsed.control[:60], parsed.date[:60], parsed.time[:60]


def _is_test(parsed: x12_tree.Interchange) -> bool:
    return parsed.isa[15] == "T"


def _row(
    transaction: x12_tree.Transaction,
    group: x12_tree.Group,
    interchange_id: int,
    file_id: int,
    partner_id: int,
    now: datetime,
) -> EdiTransaction:
    return EdiTransaction(
        file_id=file_id,
        interchange_id=interchange_id,
        partner_id=partner_id,
        group_control=group.control[:60],
        control=transaction.control[:60],
        set_id=transaction.set_id[:12],
        content_hash=content_hash(transaction),
        text=transaction.text,
        element_separator=transaction.separators.element,
        received_at=now,
    )


def problems_json(problems: Sequence[Problem]) -> list[dict[str, object]]:
    return [
        {"code": p.code, "severity": p.severity.value, "text": p.text, "where": p.where, "value": p.value[:80]}
        for p in problems[:200]
    ]
