"""A day promised by hand for a line: what an approval of it is bound to, and what lateness costs before and after."""

import hashlib
import json
from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from core.quantity import plain
from inventory.rules.asks import PromiseSlice

PROMISE_APPROVAL = "promise"  # accounts.approvals.request(kind=…) for a day promised by hand


def promise_hash(order_id: int, line_no: int, product_id: int | None, qty: Decimal, day: date) -> str:
    """Which line, of which product, how many are open, for when: change any, and the approval no longer counts."""
    body = [order_id, line_no, product_id, plain(qty), day.isoformat()]
    return hashlib.sha256(json.dumps(body, separators=(",", ":")).encode()).hexdigest()


def days_late(slices: Sequence[PromiseSlice], asked: date | None, day: date | None) -> int:
    """How many days after the first promised day (never promised: the day asked for) `day` is; without a day it is late by
    one at least."""
    if day is None:
        return 1
    firsts = [s.first_delivery_date for s in slices if s.first_delivery_date is not None]
    due = min(firsts, default=asked)
    return max((day - due).days, 0) if due is not None else 0


def last_day(slices: Sequence[PromiseSlice]) -> date | None:
    """The day by which all of them are there; None where one has none, or nothing is promised."""
    days = [s.delivery_date for s in slices]
    known = [day for day in days if day is not None]
    return max(known) if known and len(known) == len(days) else None
