"""Tell a moved promise on its order's history, which the buyer reads in the portal and the rep in the API."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from core import journal
from core.actors import Actor
from core.quantity import plain
from core.refs import DocumentRef
from core.uow import door_verb
from orders.line_queries import named_lines


@dataclass(frozen=True)
class MovedPromise:
    """`qty` of a demand promised for `was` comes on `now` (words of days; "no date yet")."""

    demand_id: int
    qty: Decimal
    was: str
    now: str
    cause: str


@door_verb
def tell_promises(moved: Sequence[MovedPromise], *, actor: Actor, now: datetime) -> int:
    """How many were told; a demand that is no order's is nobody's history. Two statements."""
    lines = named_lines([m.demand_id for m in moved])
    entries = [
        journal.Entry(
            DocumentRef("order", line.order_id, line.order_number),
            "promise_changed",
            f"Line {line.line_no}: {plain(m.qty)} of {line.sku} promised for {m.was}, now {m.now}: {m.cause}",
            {"line_no": line.line_no, "qty": plain(m.qty), "was": m.was, "now": m.now, "cause": m.cause},
        )
        for m in moved
        if (line := lines.get(m.demand_id))
    ]
    journal.write(entries, actor=actor, now=now)
    return len(entries)
