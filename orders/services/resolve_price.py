"""What is done about a purchase order whose prices are not ours: ours, theirs, or not at all. The same for all channels."""

from datetime import datetime

from core.actors import Actor
from core.errors import NotFound, Refused
from core.overrides import Reason
from core.uow import door_verb
from orders.queries import account_of, pictures
from orders.rules.repricing import stated_prices
from orders.services.cancel import cancel_lines
from orders.services.override_price import PriceChange, override_order_price


class NothingDiffers(Refused):
    template = "No price of order {number} differs from the customer's any more."
    remedy_template = "Nothing is left to do."


@door_verb
def accept_stated_price(*, order_id: int, reason: Reason, actor: Actor, now: datetime) -> PriceChange:
    """The customer's prices on every line where they differ: at once within the actor's authority, else when somebody
    approves. The hold goes when the prices agree.

    Raises NotFound, NothingDiffers and what override_price raises.
    """
    if account_of(order_id) is None:
        raise NotFound(kind="order", ident=order_id)
    order = pictures([order_id])[order_id]
    prices = stated_prices(order)
    if not prices:
        raise NothingDiffers(number=order.number)
    return override_order_price(order_id, prices, reason=reason, actor=actor, now=now)


def reject_stated_price(*, order_id: int, reason: str, actor: Actor, now: datetime) -> object:
    """Cancel the lines whose prices differ. Raises NotFound, NothingDiffers, NothingToCancel."""
    if account_of(order_id) is None:
        raise NotFound(kind="order", ident=order_id)
    order = pictures([order_id])[order_id]
    differing = stated_prices(order)
    if not differing:
        raise NothingDiffers(number=order.number)
    return cancel_lines(order_id=order_id, quantities=dict.fromkeys(differing), reason=reason, actor=actor, now=now)
