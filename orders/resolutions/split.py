"""Split a line: what is there goes now, what waits becomes a line of its own with its date."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from core.actors import Actor
from core.clock import company_day
from core.errors import Refused
from core.quantity import plain
from exceptions_app.rules.asks import CaseSnapshot
from exceptions_app.rules.ranking import Effect
from exceptions_app.suggestions import Resolution, register
from inventory.exception_kinds import PROMISE_LOST, PROMISE_MOVED
from inventory.queries import promises
from inventory.rules.asks import PromiseSlice
from orders.exception_kinds import AGED_BACKORDER, CANCEL_DATE_AT_RISK
from orders.lateness import behind
from orders.resolutions.goods import waiting_lines
from orders.resolutions.holds import SELLERS
from orders.rules.picture import LinePicture, OrderPicture
from orders.services.split_line import split_line, why_not_split

NOTHING_TO_SPLIT = "No line of it is there in part: all waits, or nothing does."


class NothingIsThereInPart(Refused):
    template = NOTHING_TO_SPLIT
    remedy_template = "Look for other stock, a substitute, or a new date."


def _split_of(case: CaseSnapshot) -> tuple[OrderPicture | None, LinePicture | None]:
    """The order, and its first waiting line of which a part is there."""
    order, waiting = waiting_lines(case)
    is_open = order is not None and order.meta.get("status") == "submitted"
    return order, next((x for x in waiting if not why_not_split(x, is_submitted=is_open)), None)


def preview_split(case: CaseSnapshot, now: datetime) -> Effect:
    """Part now, the rest with its date."""
    order, line = _split_of(case)
    if order is None or line is None or line.demand is None:
        return Effect("", is_possible=False, why_not=NOTHING_TO_SPLIT)
    waits = line.demand.backordered
    ready = plain(line.demand.open - waits)
    rest = _day_of_the_rest(promises([line.demand.demand_id]).get(line.demand.demand_id, ()), now)
    when = f"on {rest.day} {rest:%b}" if rest else "when there is a date"
    text = f"{ready} of {line.sku} go now; {plain(waits)} come {when}, at their price and place in the queue, on a new line"
    return Effect(text, days_late=behind(order, [line], {line.demand.demand_id: rest}))


def _day_of_the_rest(parts: Sequence[PromiseSlice], now: datetime) -> date | None:
    """The last day that is promised for what waits; nothing where part of it has none."""
    days = [part.delivery_date for part in parts]
    known = [day for day in days if day is not None and day > company_day(now)]
    return max(known) if known and None not in days else None


def split(case: CaseSnapshot, *, actor: Actor, now: datetime, key: str) -> Any:
    _, line = _split_of(case)
    if line is None:
        raise NothingIsThereInPart
    reason = f"Decided on case {case.number}: {case.summary}"[:300]
    return split_line(order_id=case.subject.id, line_no=line.line_no, reason=reason, actor=actor, now=now)


for waits_for_stock in (PROMISE_MOVED.code, PROMISE_LOST.code, AGED_BACKORDER, CANCEL_DATE_AT_RISK):
    register(Resolution(waits_for_stock, "split", "Split: part now, the rest later", preview_split, split, SELLERS))
