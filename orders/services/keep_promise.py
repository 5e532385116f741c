"""The customer takes the day a line is promised for now: said once, told to whoever looked after the moved promise."""

from dataclasses import dataclass
from datetime import date, datetime

from core import journal, outbox
from core.actors import Actor
from core.errors import NotFound, Refused
from core.refs import DocumentRef
from core.uow import door_verb
from inventory.queries import promises
from inventory.rules.asks import PromiseSlice
from orders.events import PromiseKept
from orders.models import PromiseAnswer
from orders.rules.promising import last_day
from orders.services.cancel import locked_order


class NothingMoved(Refused):
    template = "No promise of line {line_no} is later than it was first."
    remedy_template = "Look at the order again: its promise is good as it is."


@dataclass(frozen=True)
class Kept:
    order_id: int
    number: str
    line_no: int
    until: date | None


@door_verb
def keep_promise(*, order_id: int, line_no: int, word: str, actor: Actor, now: datetime) -> Kept:
    """`word`: who said so and how. Said again for the same day it changes nothing. Raises NotFound, NothingMoved."""
    order, _ = locked_order(order_id)
    line = next((x for x in order.lines if x.line_no == line_no and x.demand), None)
    if line is None or line.demand is None or line.line_id is None:
        raise NotFound(kind="order line", ident=line_no)
    slices = [s for s in promises([line.demand.demand_id]).get(line.demand.demand_id, ()) if is_moved(s)]
    if not slices:
        raise NothingMoved(line_no=line_no)
    until = last_day(slices)
    answer, is_new = PromiseAnswer.objects.get_or_create(
        line_id=line.line_id, promised_date=until,
        defaults={"answered_at": now, "answered_label": actor.label, "word": word[:300]},
    )  # fmt: skip
    if is_new:
        ref = DocumentRef("order", order.order_id, order.number)
        day = f"{until.day} {until:%b %Y}" if until else "no date yet"
        words = f"Line {line_no}: the customer keeps waiting, {day} is good"
        entry = journal.Entry(ref, "promise_kept", words, {"line_no": line_no, "word": answer.word})
        journal.write([entry], actor=actor, now=now)
        fact = PromiseKept(order.order_id, order.number, order.account_id, (line.demand.demand_id,))
        outbox.publish(fact, stream=f"order:{order.order_id}:kept", seq=answer.pk, now=now, actor=actor)
    return Kept(order.order_id, order.number, line_no, until)


def is_moved(part: PromiseSlice) -> bool:
    """Promised later than it was first, or without a day now."""
    first = part.first_delivery_date
    return first is not None and (part.delivery_date is None or part.delivery_date > first)
