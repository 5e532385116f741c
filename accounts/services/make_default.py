"""Make an address the one orders go to when they name none."""

from datetime import datetime

from accounts.models import ShipTo
from core import journal
from core.actors import Actor
from core.errors import Busy, NotFound, Refused
from core.refs import DocumentRef
from core.uow import door_verb


class ShipToNotInUse(Refused):
    template = "{place} is not used any more."
    remedy_template = "Set it active again first."


@door_verb(refuse_on={"one_default_ship_to_per_account": Busy, "the_default_ship_to_is_active": ShipToNotInUse})
def make_default(*, ship_to_id: int, actor: Actor, now: datetime) -> None:
    """Raises NotFound, ShipToNotInUse, Busy (somebody else chose another at the same moment)."""
    place = ShipTo.objects.filter(pk=ship_to_id).select_related("account").first()
    if place is None:
        raise NotFound(kind="ship-to", ident=ship_to_id)
    if not place.is_active:
        raise ShipToNotInUse(place=str(place))
    if place.is_default:
        return
    ShipTo.objects.filter(account=place.account_id, is_default=True).update(is_default=False)
    ShipTo.objects.filter(pk=ship_to_id).update(is_default=True)
    account = DocumentRef("account", place.account_id, place.account.code)
    entry = journal.Entry(account, "default_ship_to_changed", f"default ship-to is {place} now")
    journal.write([entry], actor=actor, now=now)
