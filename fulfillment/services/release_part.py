"""Release of a held order what fits: lines that finance names, an amount, or as much as the limit bears now."""

from datetime import datetime

from accounts.states import Role
from core.actors import Actor
from core.errors import NotPermitted
from core.uow import door_verb
from fulfillment.rules.asks import ReleaseOutcome
from fulfillment.services.release_orders import release
from orders.rules.asks import Part

MAY = (Role.FINANCE, Role.FINANCE_APPROVER)


@door_verb
def release_part(*, order_id: int, part: Part, actor: Actor, now: datetime) -> ReleaseOutcome:
    """Within the limit, so nothing is overridden: all nine gates are asked of the part, under the account's lock. The
    credit hold stays for the rest. Whole lines go, in their order, as the account's ship-complete policy permits.

    A refusal is an outcome. Raises NotPermitted (finance decides what goes first).
    """
    if not actor.has_role(*MAY):
        raise NotPermitted(actor=actor.label, verb="release a part of a held order", roles=", ".join(MAY))
    return release([order_id], parts={order_id: part}, actor=actor, now=now)[0]
