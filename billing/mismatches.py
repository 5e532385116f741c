"""Invoice lines whose price is not what was confirmed to the customer: the order line's locked price."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from core import sql
from core.money import line_amount

NEWEST_LINES = 20_000  # a mismatch shows when the invoice is posted: older lines were looked at before

_DIFFERING = """
SELECT i.id, i.number, i.account_id, i.currency, o.id, o.number, x.id, l.id, l.line_no, x.qty - x.credited_qty,
       l.unit_price, x.unit_price, x.amount - x.credited_amount
  FROM billing_invoiceline x JOIN billing_invoice i ON i.id = x.invoice_id
  JOIN orders_orderline l ON l.id = x.order_line_id JOIN orders_order o ON o.id = l.order_id
 WHERE x.rebills_id IS NULL AND x.price_settled_at IS NULL AND x.unit_price IS DISTINCT FROM l.unit_price
   AND x.qty > x.credited_qty AND i.status <> 'draft' AND l.unit_price IS NOT NULL AND {which} ORDER BY x.id
"""
_NEWEST = "x.id > (SELECT coalesce(max(id), 0) FROM billing_invoiceline) - %(newest)s"


@dataclass(frozen=True)
class Mismatch:
    """`qty` base units that were not given back, billed at another price than confirmed; `left` is what is not credited
    of the line. `difference` above 0 was billed too much."""

    invoice_id: int
    invoice_number: str
    account_id: int
    currency: str
    order_id: int
    order_number: str
    line_id: int
    order_line_id: int
    line_no: int
    qty: Decimal
    confirmed_price: Decimal
    billed_price: Decimal
    left: Decimal

    @property
    def difference(self) -> Decimal:
        """Never more than what is left: what was given back of the line is not given back again."""
        billed = line_amount(self.qty, self.billed_price, self.currency)
        return min(self.left, billed - line_amount(self.qty, self.confirmed_price, self.currency))


def newest_mismatches() -> list[Mismatch]:
    """Among the newest lines. 1 SQL."""
    return [Mismatch(*row) for row in sql.rows(_DIFFERING.format(which=_NEWEST), {"newest": NEWEST_LINES})]


def mismatches_of(invoice_ids: Iterable[int]) -> list[Mismatch]:
    """Of these invoices. 1 SQL."""
    which = "i.id = ANY(%(ids)s::bigint[])"
    return [Mismatch(*row) for row in sql.rows(_DIFFERING.format(which=which), {"ids": list(invoice_ids)})]
