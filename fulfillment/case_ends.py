"""What tells that pushed cases of shipments are over. One statement each, whatever the number of cases."""

from collections.abc import Collection, Sequence
from datetime import datetime

from core import sql
from exceptions_app.rules.asks import CaseSnapshot

_AWAY = """
SELECT w.id FROM unnest(%(ids)s::bigint[], %(shipments)s::bigint[]) AS w(id, shipment_id)
  JOIN fulfillment_shipment s ON s.id = w.shipment_id WHERE s.status IN ('shipped', 'delivered', 'refused', 'cancelled')
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


def _of_shipments(statement: str, cases: Sequence[CaseSnapshot]) -> set[int]:
    asked = {"ids": [c.id for c in cases], "shipments": [c.subject.id for c in cases]}
    return {pk for (pk,) in sql.rows(statement, asked)}
