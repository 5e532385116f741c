"""Many orders chosen by a person are to be released: kept as a run at once, worked off in the background."""

from collections.abc import Sequence
from datetime import datetime

from accounts.states import Role
from core import outbox
from core.actors import Actor
from core.errors import FieldError, InvalidInput, NotPermitted
from core.uow import door_verb
from fulfillment.events import ReleaseAsked
from fulfillment.models import ReleaseResult, ReleaseRun
from fulfillment.states import RunKind
from orders.ledgers import order_numbers

MAY = (Role.CS, Role.CS_LEAD, Role.PLANNER, Role.WAREHOUSE, Role.OPERATOR)
MOST = 5_000


@door_verb
def ask_release(*, order_ids: Sequence[int], what: str = "", actor: Actor, now: datetime) -> int:
    """The run's id. `what` tells by which filters they were chosen. Every gate is asked again when its turn comes.

    Raises NotPermitted, InvalidInput (none chosen, too many, an order that is not there).
    """
    if not actor.has_role(*MAY):
        raise NotPermitted(actor=actor.label, verb="release orders", roles=", ".join(MAY))
    ids = list(dict.fromkeys(order_ids))
    if not ids or len(ids) > MOST:
        words = "Choose at least one order." if not ids else f"At most {MOST:,} orders are released at once."
        raise InvalidInput([FieldError("/order_ids", "bad_count", words)])
    if missing := set(ids) - order_numbers(ids).keys():
        raise InvalidInput([FieldError("/order_ids", "unknown", f"There is no order {min(missing)}.")])
    run = ReleaseRun.objects.create(
        kind=RunKind.PERSON, asked_at=now, asked_by=actor.label, what=what[:300], asked_count=len(ids)
    )
    ReleaseResult.objects.bulk_create(ReleaseResult(run=run, order_id=order_id) for order_id in ids)
    outbox.publish(ReleaseAsked(run.pk, 1), stream=f"release_run:{run.pk}", seq=1, now=now, actor=actor)
    return run.pk
