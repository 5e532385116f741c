"""Remember which rows of an order file were taken, and what a cancellation took back of which sale."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import connection

from core.uow import door_verb
from integrations.locks import lock_imported_lines
from integrations.models import ImportedLine
from integrations.states import ImportedKind

_INSERT = """
INSERT INTO integrations_importedline
  (account_id, product_id, kind, invoice, ref, order_id, happened_at, qty, reversed_qty)
SELECT a, p, %s, i, r, o, h, q, 0
FROM json_to_recordset(%s) AS new(a bigint, p bigint, i text, r text, o bigint, h timestamptz, q numeric)
ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class TakenRow:
    """`qty` in base units. `order_id` is None for a reversal: its return knows the order."""

    account_id: int
    product_id: int
    invoice: str
    ref: str
    order_id: int | None
    at: datetime | None
    qty: Decimal


@door_verb
def record_sales(rows: Sequence[TakenRow]) -> None:
    """Rows known before stay as they are."""
    _insert(rows, ImportedKind.SALE)


@door_verb
def record_reversals(rows: Sequence[TakenRow], *, taken_back: dict[int, Decimal]) -> None:
    """`taken_back`: imported sale → quantity. The table refuses more than was sold."""
    sales = lock_imported_lines(taken_back)
    for sale in sales:
        sale.reversed_qty += taken_back[sale.pk]
    ImportedLine.objects.bulk_update(sales, ["reversed_qty"])
    _insert(rows, ImportedKind.REVERSAL)


def _insert(rows: Sequence[TakenRow], kind: ImportedKind) -> None:
    if not rows:
        return
    told = [
        {
            "a": r.account_id,
            "p": r.product_id,
            "i": r.invoice,
            "r": r.ref,
            "o": r.order_id,
            "h": r.at.isoformat() if r.at else None,
            "q": str(r.qty),
        }
        for r in rows
    ]
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, [kind.value, json.dumps(told)])
