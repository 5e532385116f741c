"""Finance says no: what a hold keeps back is cancelled, with the reason; what the warehouse has goes on."""

from datetime import datetime

from core.actors import Actor
from core.errors import FieldError, InvalidInput, NotFound, NotPermitted
from core.uow import door_verb
from orders.models import Hold
from orders.rules.asks import CancelOutcome
from orders.services.cancel import cancel_what_is_open
from orders.services.clear_hold import HoldNotOpen

LEAST_REASON = 10


@door_verb
def reject_hold(*, hold_id: int, note: str, actor: Actor, now: datetime) -> CancelOutcome:
    """Cancel everything of the held order that is not released, by somebody who could have cleared the hold.

    Raises NotFound, HoldNotOpen, NotPermitted, InvalidInput (a reason of under ten characters), NothingToCancel.
    """
    hold = Hold.objects.filter(pk=hold_id).first()
    if hold is None:
        raise NotFound(kind="hold", ident=hold_id)
    if not actor.has_role(*hold.clearable_by):
        raise NotPermitted(actor=actor.label, verb=f"reject a {hold.reason} hold", roles=", ".join(hold.clearable_by))
    if len(note.strip()) < LEAST_REASON:
        raise InvalidInput([FieldError("/note", "too_short", "Say why in at least ten characters.")])
    if hold.cleared_at is not None:
        raise HoldNotOpen(by=hold.cleared_by)
    reason = f"{hold.reason} refused by {actor.label}: {note.strip()}"
    return cancel_what_is_open(hold.order_id, reason=reason, actor=actor, now=now)
