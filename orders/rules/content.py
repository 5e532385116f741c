"""What an approval of an order is bound to: change any of it, and the approval no longer counts."""

import hashlib
import json

from core.quantity import plain
from orders.rules.picture import OrderPicture

APPROVAL_KIND = "order"  # accounts.approvals.request(kind=…) for an order as a whole


def content_hash(order: OrderPicture) -> str:
    """Who, where to, which purchase order, and every line's product, quantity and price; the same whether the order is
    about to be written or was read ("3" and "3.0000")."""
    lines = [
        [x.line_no, x.product_id, plain(x.qty), None if x.unit_price is None else plain(x.unit_price), x.ship_to_id]
        for x in order.lines
    ]
    body = [order.account_id, order.ship_to_id, order.po_number, order.currency, order.terms_code, lines]
    return hashlib.sha256(json.dumps(body, separators=(",", ":")).encode()).hexdigest()
