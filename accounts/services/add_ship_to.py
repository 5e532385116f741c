"""Add an address to an account."""

from dataclasses import asdict
from datetime import datetime

from accounts.models import Account, ShipTo
from accounts.rules.asks import ShipToSpec
from accounts.rules.checks import ship_to_problems
from core import journal
from core.actors import Actor
from core.errors import InvalidInput, NotFound, Refused
from core.refs import DocumentRef
from core.uow import door_verb


class ShipToExists(Refused):
    template = "The account has a ship-to with this code already."
    remedy_template = "Choose another code, or change that ship-to."


@door_verb(refuse_on={"one_ship_to_per_account_and_code": ShipToExists})
def add_ship_to(*, account_id: int, spec: ShipToSpec, actor: Actor, now: datetime) -> int:
    """The new ship-to's id. The first of an account becomes its default; a new default takes the place of the old.

    Raises NotFound, InvalidInput, ShipToExists.
    """
    account = Account.objects.filter(pk=account_id).first()
    if account is None:
        raise NotFound(kind="account", ident=account_id)
    if problems := ship_to_problems(spec):
        raise InvalidInput(problems)
    others = ShipTo.objects.filter(account_id=account_id, is_default=True)
    is_default = spec.is_default or not others.exists()
    if spec.is_default:
        others.update(is_default=False)
    place = ShipTo.objects.create(account_id=account_id, **asdict(spec) | {"is_default": is_default})
    entry = journal.Entry(DocumentRef("account", account_id, account.code), "ship_to_added", f"ship-to {place} added")
    journal.write([entry], actor=actor, now=now)
    return place.pk
