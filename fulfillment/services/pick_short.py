"""What a short pick leaves of a line, where the account does not want so little sent after it. Part of confirm_pick."""

from collections.abc import Mapping
from datetime import datetime

from accounts.queries import account_snapshots
from core import outbox
from core.actors import Actor
from core.clock import company_day
from core.uow import require_uow
from fulfillment.events import RestWithinTolerance
from fulfillment.rules.tolerance import is_rest_closed
from inventory.queries import demand_states
from orders.queries import line_prices


@require_uow
def tell_rests(demand_of: Mapping[int, int], *, actor: Actor, now: datetime) -> int:
    """Publish the rests within their account's short-close tolerance; `demand_of` is {order_line_id: demand_id} of what
    was picked short. How many. Three statements, none without shorts; orders close them by the fact.
    """
    if not demand_of:
        return 0
    lines = line_prices(demand_of)
    accounts = account_snapshots({x.account_id for x in lines.values()}, on=company_day(now))
    states = demand_states(list(demand_of.values())) if any(a.short_close_percent for a in accounts.values()) else {}
    notes = []
    for line_id, line in lines.items():
        state, percent = states.get(demand_of[line_id]), accounts[line.account_id].short_close_percent
        if state is None or state.released:
            continue
        rest = state.backordered + state.reserved + state.allocated
        if is_rest_closed(wanted=state.ordered - state.cancelled, rest=rest, percent=percent):
            fact = RestWithinTolerance(line.order_id, line_id, rest)
            notes.append(outbox.Note(fact, f"order_line:{line_id}", int(now.timestamp() * 1_000_000)))
    outbox.publish_many(notes, now=now, actor=actor)
    return len(notes)
