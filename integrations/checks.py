"""What must always be true of what came in: nothing read is lost, nothing reversed twice."""

from collections.abc import Iterator

from django.db import connection

from core import invariants

_WITHOUT_ORDER = """
SELECT t.id, t.control, t.state FROM integrations_editransaction t
 WHERE t.state IN ('accepted', 'accepted_with_errors') AND t.order_id IS NULL ORDER BY t.id LIMIT 100
"""
_UNDECIDED = """
SELECT t.id, t.control, i.control FROM integrations_editransaction t
  JOIN integrations_interchange i ON i.id = t.interchange_id
 WHERE t.state = 'received' AND i.state <> 'received' ORDER BY t.id LIMIT 100
"""
_REVERSED = """
SELECT s.invoice, s.ref, s.reversed_qty, coalesce(sum(r.qty), 0) FROM integrations_importedline s
  JOIN orders_orderline l ON l.order_id = s.order_id AND l.external_ref = s.ref
  LEFT JOIN fulfillment_returnline r ON r.order_line_id = l.id
 WHERE s.kind = 'sale' AND s.reversed_qty > 0
 GROUP BY s.id HAVING s.reversed_qty > coalesce(sum(r.qty), 0) ORDER BY s.id LIMIT 100
"""


def register() -> None:
    """Called once by the room's AppConfig."""
    invariants.register("an accepted EDI order is an order", accepted_sets_have_orders)
    invariants.register("an answered interchange has no undecided set", answered_means_decided)
    invariants.register("what an import reversed is in a return", reversals_have_returns)


def accepted_sets_have_orders() -> Iterator[str]:
    for pk, control, state in _rows(_WITHOUT_ORDER):
        yield f"set {control} (id {pk}) is {state} and has no order"


def answered_means_decided() -> Iterator[str]:
    for pk, control, interchange in _rows(_UNDECIDED):
        yield f"set {control} (id {pk}) of interchange {interchange} is undecided, the interchange was answered"


def reversals_have_returns() -> Iterator[str]:
    for invoice, ref, reversed_qty, returned in _rows(_REVERSED):
        yield f"invoice {invoice} line {ref}: {reversed_qty} reversed, {returned} in returns"


def _rows(statement: str) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall()
