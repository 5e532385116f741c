"""Gather what is to be written about promises that moved: a letter a person and order, sent by `send_letters`."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import connection

from accounts.buyer_queries import Reader, buyers_to_tell, reps_to_tell
from accounts.states import PromiseMail
from core.quantity import plain
from core.uow import door_verb
from integrations.rules.letters import Move, due_at, kept
from orders.line_queries import told_lines
from orders.rules.asks import ToldLine

# Two who tell of the same order at once append to the same row: the second waits for the first.
_GATHER = """
INSERT INTO integrations_promiseletter AS letter
    (user_id, order_id, order_number, po_number, account_id, is_rep, mail, moves, state, created_at, due_at, attempts,
     problem)
SELECT user_id, order_id, order_number, po_number, account_id, is_rep, mail, moves, 'waiting', %(now)s, due_at, 0, ''
  FROM json_to_recordset(%(letters)s) AS x(user_id bigint, order_id bigint, order_number text, po_number text,
       account_id bigint, is_rep boolean, mail text, moves jsonb, due_at timestamptz)
 ORDER BY order_id, user_id
ON CONFLICT (order_id, user_id) WHERE state = 'waiting'
DO UPDATE SET moves = letter.moves || EXCLUDED.moves, due_at = LEAST(letter.due_at, EXCLUDED.due_at)
"""


@dataclass(frozen=True)
class Moved:
    """A promise of a demand that moved in the run `seq`; days, None: no date."""

    demand_id: int
    qty: Decimal
    was: date | None
    now: date | None
    cause: str
    seq: int


@door_verb
def gather_letters(moved: Sequence[Moved], *, now: datetime) -> int:
    """How many letters gained something. Five statements for one move and for thousands; told twice, a move counts once.

    The buyer is who placed the order, where they buy for the customer; else everybody who orders for it. The reps are
    those of the line's splits.
    """
    lines = told_lines([m.demand_id for m in moved])
    if not lines:
        return 0
    buyers = buyers_to_tell({line.account_id for line in lines.values()})
    reps = reps_to_tell({rep_id for line in lines.values() for rep_id in line.rep_ids})
    letters: dict[tuple[int, int], dict[str, Any]] = {}
    for move in moved:
        line = lines.get(move.demand_id)
        for reader, is_rep in _readers(line, buyers, reps) if line else ():
            _add(letters, move, lines[move.demand_id], reader, is_rep, now)
    if letters:
        with connection.cursor() as cursor:
            cursor.execute(_GATHER, {"letters": json.dumps(list(letters.values())), "now": now})
    return len(letters)


def _readers(
    line: ToldLine, buyers: Mapping[int, Mapping[int, Reader]], reps: Mapping[int, Reader]
) -> Iterable[tuple[Reader, bool]]:
    mine = buyers.get(line.account_id, {})
    placer = mine.get(line.entered_by_id or 0)
    told = [(reader, False) for reader in ([placer] if placer else mine.values())]
    told += [(reps[rep_id], True) for rep_id in line.rep_ids if rep_id in reps]
    return [(reader, is_rep) for reader, is_rep in told if reader.mail != PromiseMail.NONE]


def _add(
    letters: dict[tuple[int, int], dict[str, Any]],
    move: Moved,
    line: ToldLine,
    reader: Reader,
    is_rep: bool,
    now: datetime,
) -> None:
    letter = letters.setdefault(
        (line.order_id, reader.user_id),
        {
            "user_id": reader.user_id, "order_id": line.order_id, "order_number": line.order_number,
            "po_number": line.po_number, "account_id": line.account_id, "is_rep": is_rep, "mail": str(reader.mail),
            "moves": [], "due_at": due_at(reader.mail, now=now, time_zone=reader.time_zone).isoformat(),
        },
    )  # fmt: skip
    told = Move(move.demand_id, line.line_no, line.sku, plain(move.qty), move.was, move.now, move.cause, move.seq)
    letter["moves"].append(kept(told))
