"""Send nothing more to an address; orders that name it keep it."""

from datetime import datetime

from accounts.models import ShipTo
from accounts.services.save_ship_to import DefaultShipToStays
from core import journal
from core.actors import Actor
from core.errors import NotFound
from core.refs import DocumentRef
from core.uow import door_verb


@door_verb(refuse_on={"the_default_ship_to_is_active": DefaultShipToStays})
def deactivate_ship_to(*, ship_to_id: int, actor: Actor, now: datetime) -> None:
    """The last one in use may go, and with it the default. Raises NotFound, DefaultShipToStays."""
    place = ShipTo.objects.filter(pk=ship_to_id).select_related("account").first()
    if place is None:
        raise NotFound(kind="ship-to", ident=ship_to_id)
    others = ShipTo.objects.filter(account=place.account_id, is_active=True).exclude(pk=ship_to_id)
    if place.is_default and others.exists():
        raise DefaultShipToStays(place=str(place))
    if not ShipTo.objects.filter(pk=ship_to_id, is_active=True).update(is_active=False, is_default=False):
        return
    account = DocumentRef("account", place.account_id, place.account.code)
    entry = journal.Entry(account, "ship_to_deactivated", f"ship-to {place} is not used any more")
    journal.write([entry], actor=actor, now=now)
