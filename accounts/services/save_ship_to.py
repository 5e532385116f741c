"""Keep an address from the console. A new default takes the place of the old one."""

from datetime import datetime

from accounts.models import ShipTo
from accounts.rules.asks import ShipToSpec
from accounts.rules.checks import ship_to_problems
from accounts.services.add_ship_to import ShipToExists
from core.actors import Actor
from core.errors import InvalidInput, Refused
from core.reference import write_reference
from core.uow import door_verb


class DefaultShipToStays(Refused):
    template = "{place} is the account's default ship-to, so it stays in use."
    remedy_template = "Make another one the default first."


@door_verb(refuse_on={"one_ship_to_per_account_and_code": ShipToExists})
def save_ship_to(*, row: ShipTo, actor: Actor, now: datetime) -> int:
    """The ship-to's id. Raises InvalidInput, ShipToExists, DefaultShipToStays (it would be the default and closed)."""
    spec = ShipToSpec(**{name: getattr(row, name) for name in ShipToSpec.__dataclass_fields__})
    if problems := ship_to_problems(spec):
        raise InvalidInput(problems)
    others = ShipTo.objects.filter(account=row.account_id).exclude(pk=row.pk)
    if row.is_default and not row.is_active:
        raise DefaultShipToStays(place=str(row))
    if others.filter(code=row.code).exists():
        raise ShipToExists
    if row.is_default:
        others.filter(is_default=True).update(is_default=False)
    elif row.is_active and not others.filter(is_default=True).exists():
        row.is_default = True  # an account with addresses has a default
    write_reference(row=row, actor=actor, now=now)
    return row.pk
