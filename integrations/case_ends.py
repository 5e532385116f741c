"""What tells that pushed cases of the EDI desk are over. One statement each, whatever the number of cases."""

from collections.abc import Collection, Sequence
from datetime import datetime

from core import sql
from exceptions_app.rules.asks import CaseSnapshot

_DECIDED = """
SELECT w.id FROM unnest(%(ids)s::bigint[], %(sets)s::bigint[]) AS w(id, set_id)
  JOIN integrations_editransaction t ON t.id = w.set_id WHERE t.state NOT IN ('quarantined', 'rejected')
"""


def not_kept_aside(cases: Sequence[CaseSnapshot], now: datetime) -> Collection[int]:
    """The transaction was taken, or given up on its own page."""
    return _of_sets(_DECIDED, cases)


_OVER = """
SELECT w.id FROM unnest(%(ids)s::bigint[], %(sets)s::bigint[]) AS w(id, set_id)
  JOIN integrations_editransaction t ON t.id = w.set_id
 WHERE EXISTS (SELECT FROM integrations_editransaction x JOIN orders_order o ON o.id = x.order_id
                WHERE x.partner_id = t.partner_id AND x.po_number = t.po_number AND x.release_number = t.release_number
                  AND t.po_number <> '' AND (o.status IN ('cancelled', 'closed')
                       OR x.id > t.id AND x.state IN ('accepted', 'accepted_with_errors')))
"""


def nothing_to_change(cases: Sequence[CaseSnapshot], now: datetime) -> Collection[int]:
    """The order it wants changed is cancelled or done, or a later transaction with its PO number was taken instead."""
    return {*_of_sets(_OVER, cases), *_of_sets(_DECIDED, cases)}


def _of_sets(statement: str, cases: Sequence[CaseSnapshot]) -> set[int]:
    named = [c for c in cases if c.subject.kind == "edi_transaction"]
    asked = {"ids": [c.id for c in named], "sets": [c.subject.id for c in named]}
    return {pk for (pk,) in sql.rows(statement, asked)}
