"""Let what is there go: what waits of a line becomes a line of its own."""

from datetime import datetime
from typing import Any

from core.actors import Actor
from core.errors import Refused
from core.quantity import plain
from exceptions_app.rules.asks import CaseSnapshot
from exceptions_app.rules.ranking import Effect
from exceptions_app.suggestions import Resolution, register
from inventory.exception_kinds import PROMISE_LOST, PROMISE_MOVED
from orders.exception_kinds import AGED_BACKORDER, CANCEL_DATE_AT_RISK
from orders.resolutions.goods import waiting_lines
from orders.resolutions.holds import SELLERS
from orders.rules.picture import LinePicture
from orders.services.split_line import split_line, why_not_split

NOTHING_TO_SPLIT = "No line of it is there in part: all waits, or nothing does."


class NothingIsThereInPart(Refused):
    template = NOTHING_TO_SPLIT
    remedy_template = "Look for other stock, a substitute, or a new date."


def _split_of(case: CaseSnapshot) -> LinePicture | None:
    """The first waiting line of which a part is there."""
    order, waiting = waiting_lines(case)
    is_open = order is not None and order.meta.get("status") == "submitted"
    return next((x for x in waiting if not why_not_split(x, is_submitted=is_open)), None)


def preview_split(case: CaseSnapshot, now: datetime) -> Effect:
    line = _split_of(case)
    if line is None or line.demand is None:
        return Effect("", is_possible=False, why_not=NOTHING_TO_SPLIT)
    waits = line.demand.backordered
    ready = plain(line.demand.open - waits)
    return Effect(f"{ready} of {line.sku} need not wait; {plain(waits)} keep their price, place and date on a new line")


def split(case: CaseSnapshot, *, actor: Actor, now: datetime, key: str) -> Any:
    line = _split_of(case)
    if line is None:
        raise NothingIsThereInPart
    reason = f"Decided on case {case.number}: {case.summary}"[:300]
    return split_line(order_id=case.subject.id, line_no=line.line_no, reason=reason, actor=actor, now=now)


for waits_for_stock in (PROMISE_MOVED.code, PROMISE_LOST.code, AGED_BACKORDER, CANCEL_DATE_AT_RISK):
    register(Resolution(waits_for_stock, "split", "Split the line", preview_split, split, SELLERS))
