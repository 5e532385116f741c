"""What is asked of the house about an order as a whole: to let go what holds it, to give it other payment terms. What an
approval of it is bound to, and its words."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from core.quantity import plain
from orders.rules.asks import HoldView
from orders.rules.gates import NOT_WAIVED, PO_TO_FOLLOW, PRICE_FLOOR, PURCHASE_APPROVAL
from orders.states import HoldReason

CREDIT_APPROVAL = "credit"  # accounts.approvals.request(kind=…): credit holds and terms, limited as credit is
HOLD_APPROVAL = "hold release"  # … of any other hold: whoever may clear it
HOLD_PART, TERMS_PART = "hold", "payment terms"  # what the "part" of a content begins with
ELSEWHERE = NOT_WAIVED | {
    PURCHASE_APPROVAL,
    PO_TO_FOLLOW,
    PRICE_FLOOR,
}  # ended otherwise: an account, a number, a price


@dataclass(frozen=True)
class Requested:
    """`approvals` are what it waits for; none where all of it was done at once, within the asker's own authority. `was`:
    the terms before."""

    approvals: tuple[int, ...] = ()
    was: str = ""

    @property
    def is_applied(self) -> bool:
        return not self.approvals


def askable(holds: Sequence[HoldView]) -> tuple[HoldView, ...]:
    """The holds somebody may set aside when asked."""
    return tuple(h for h in holds if h.rule not in ELSEWHERE)


def approval_kind(hold: HoldView) -> str:
    return CREDIT_APPROVAL if hold.reason == HoldReason.CREDIT else HOLD_APPROVAL


def release_hash(hold_id: int, total: Decimal, currency: str) -> str:
    """Which hold, of an order worth how much: change either, and the approval no longer counts."""
    return _hash(["hold", hold_id, plain(total), currency])


def terms_hash(order_id: int, total: Decimal, currency: str, before: str, after: str) -> str:
    """Which order, worth how much, from which terms to which."""
    return _hash(["terms", order_id, plain(total), currency, before, after])


def _hash(body: list[object]) -> str:
    return hashlib.sha256(json.dumps(body, separators=(",", ":")).encode()).hexdigest()
