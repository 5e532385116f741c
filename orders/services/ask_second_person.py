"""Ask for the yes of a second person about an order: one home of every kind of override that orders ask for."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from accounts import approvals
from accounts.approval_queries import is_of_the_house
from core.actors import Actor
from core.overrides import Reason
from core.refs import DocumentRef
from core.uow import require_uow
from orders.rules.picture import OrderPicture

__all__ = ["ask_second_person", "is_of_the_house"]

ASK_FOR = timedelta(days=3)  # how long a request waits


@require_uow
def ask_second_person(
    order: OrderPicture,
    *,
    kind: str,
    content_hash: str,
    amount: Decimal,
    content: Mapping[str, Any],
    reason: Reason,
    actor: Actor,
    now: datetime,
    margin_points: Decimal | None = None,
) -> int:
    """The approval to wait for, of `amount` in the order's currency. The same asked twice is one request. A "part" in the
    content lets requests about several lines wait side by side."""
    return approvals.request(
        kind=kind,
        subject=DocumentRef("order", order.order_id, order.number),
        content_hash=content_hash,
        amount=amount,
        currency=order.currency,
        actor=actor,
        now=now,
        expires_at=now + ASK_FOR,
        reason=reason.note.strip(),
        margin_points=margin_points,
        account_id=order.account_id,
        content={**content, "reason_code": reason.code},
    )
