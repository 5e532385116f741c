"""What tells that pushed cases of shipments are over. One statement each, whatever the number of cases."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from core import sql
from credit import queries as credit
from credit.states import CheckPoint
from exceptions_app.rules.asks import CaseSnapshot

_AWAY = """
SELECT w.id FROM unnest(%(ids)s::bigint[], %(shipments)s::bigint[]) AS w(id, shipment_id)
  JOIN fulfillment_shipment s ON s.id = w.shipment_id
 WHERE s.status IN ('shipped', 'in_transit', 'delivered', 'refused', 'cancelled')
"""


def has_left_or_never_will(cases: Sequence[CaseSnapshot], now: datetime) -> Collection[int]:
    """The vendor sent it after all, or it was taken back."""
    return _of_shipments(_AWAY, cases)


_BACK = """
SELECT w.id FROM unnest(%(ids)s::bigint[], %(shipments)s::bigint[]) AS w(id, shipment_id)
  JOIN fulfillment_shipment s ON s.id = w.shipment_id
  JOIN fulfillment_return r ON r.account_id = s.account_id AND r.external_id = 'refused:' || s.number
 WHERE r.status IN ('dispositioned', 'credited', 'replaced', 'closed')
"""


def came_back(cases: Sequence[CaseSnapshot], now: datetime) -> Collection[int]:
    """What was refused is back and inspected; what follows, follows as of any return."""
    return _of_shipments(_BACK, cases)


# What came back by line of orders, by returns asked for since the case was opened.
_AGREED = """
SELECT w.id
  FROM unnest(%(ids)s::bigint[], %(shipments)s::bigint[], %(opened)s::timestamptz[]) AS w(id, shipment_id, opened_at)
 WHERE NOT EXISTS (
    SELECT FROM (SELECT s.order_line_id, sum(n.qty) AS qty FROM fulfillment_damagenote n
                   JOIN fulfillment_shipmentline s ON s.id = n.shipment_line_id
                  WHERE s.shipment_id = w.shipment_id GROUP BY s.order_line_id) bad
     WHERE bad.qty > (SELECT coalesce(sum(l.authorized_qty), 0) FROM fulfillment_returnline l
                        JOIN fulfillment_return r ON r.id = l.parent_id
                       WHERE l.order_line_id = bad.order_line_id AND r.requested_at >= w.opened_at
                         AND r.status NOT IN ('requested', 'rejected')))
"""


def return_is_agreed_on(cases: Sequence[CaseSnapshot], now: datetime) -> Collection[int]:
    """All that arrived damaged is covered by returns that were authorized since; they have a life of their own."""
    asked = {"ids": [c.id for c in cases], "opened": [c.opened_at for c in cases]}
    return _found(_AGREED, {**asked, "shipments": [c.subject.id for c in cases]})


_MATCHED = """
SELECT w.id FROM unnest(%(ids)s::bigint[], %(returns)s::bigint[], %(lines)s::bigint[], %(qtys)s::numeric[],
                        %(opened)s::timestamptz[]) AS w(id, return_id, order_line_id, qty, opened_at)
 GROUP BY w.id
HAVING bool_and(w.qty <= (SELECT coalesce(sum(l.received_qty), 0) FROM fulfillment_returnline l
                            JOIN fulfillment_return r ON r.id = l.parent_id
                           WHERE l.order_line_id = w.order_line_id AND r.id <> w.return_id
                             AND r.requested_at >= w.opened_at AND r.received_at IS NOT NULL))
"""


def is_matched(cases: Sequence[CaseSnapshot], now: datetime) -> Collection[int]:
    """All that came beyond a return is received on another one, asked for after it came."""
    rows = [(c, int(i), Decimal(qty)) for c in cases for i, qty in c.evidence.get("order_lines", {}).items()]
    asked = {
        "ids": [c.id for c, _, _ in rows],
        "returns": [c.subject.id for c, _, _ in rows],
        "lines": [line for _, line, _ in rows],
        "qtys": [qty for _, _, qty in rows],
        "opened": [c.opened_at for c, _, _ in rows],
    }
    return _found(_MATCHED, asked)


def passes_credit_again(cases: Sequence[CaseSnapshot], now: datetime) -> Collection[int]:
    """Nothing that credit sees at shipping is wrong with the account any more, or it is not checked there any more."""
    looks = credit.looks({c.subject.id for c in cases}, point=CheckPoint.SHIP, now=now)
    failing = {account_id for account_id, look in looks.items() if look.reasons}
    return {c.id for c in cases if c.subject.id not in failing}


def _of_shipments(statement: str, cases: Sequence[CaseSnapshot]) -> set[int]:
    asked = {"ids": [c.id for c in cases], "shipments": [c.subject.id for c in cases]}
    return _found(statement, asked)


def _found(statement: str, asked: Mapping[str, Any]) -> set[int]:
    return {pk for (pk,) in sql.rows(statement, asked)}
