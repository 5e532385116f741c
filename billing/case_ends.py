"""What tells that pushed cases about money are over. One statement each, whatever the number of cases."""

from collections.abc import Collection, Sequence
from datetime import datetime

from core import sql
from exceptions_app.rules.asks import CaseSnapshot

_APPROVED = """
SELECT w.id FROM unnest(%(ids)s::bigint[], %(subjects)s::bigint[]) AS w(id, claim_id)
  JOIN billing_chargebackclaim c ON c.id = w.claim_id
 WHERE EXISTS (SELECT FROM billing_chargebackclaim x
                WHERE x.account_id = c.account_id AND x.id > c.id AND x.status = 'approved'
                  AND x.reference = c.reference AND x.sale_date = c.sale_date AND x.currency = c.currency
                  AND (x.product_id = c.product_id OR c.product_id IS NULL AND x.qty = c.qty))
"""


def was_approved_since(cases: Sequence[CaseSnapshot], now: datetime) -> Collection[int]:
    """The distributor, or somebody for them, entered the claim again and it passed: the same reference, day and product
    (where the product was not known: the same quantity)."""
    return _ids(_APPROVED, cases)


_BOOKED = """
SELECT w.id FROM unnest(%(ids)s::bigint[], %(subjects)s::bigint[]) AS w(id, payment_id)
  JOIN billing_payment p ON p.id = w.payment_id WHERE p.status = 'succeeded'
"""


def is_booked(cases: Sequence[CaseSnapshot], now: datetime) -> Collection[int]:
    """The payment came in the right currency after all, or was booked at the day's rate."""
    return _ids(_BOOKED, cases)


_ISSUED = """
SELECT w.id FROM unnest(%(ids)s::bigint[], %(subjects)s::bigint[]) AS w(id, approval_id)
  JOIN billing_repricing r ON r.approval_id = w.approval_id
"""


def is_issued(cases: Sequence[CaseSnapshot], now: datetime) -> Collection[int]:
    """The documents of the approved repricing are out, from wherever."""
    return _ids(_ISSUED, cases)


def _ids(statement: str, cases: Sequence[CaseSnapshot]) -> set[int]:
    asked = {"ids": [c.id for c in cases], "subjects": [c.subject.id for c in cases]}
    return {pk for (pk,) in sql.rows(statement, asked)}
