"""Keep the most one order may take of a product."""

from datetime import datetime

from core.actors import Actor
from core.reference import write_reference
from core.uow import door_verb
from inventory.models import OrderCap
from inventory.rules.pool_forms import cap_faults
from inventory.services.save_pool import cells_of, refuse

FIELDS = ("who", "account", "group", "tier", "product", "category", "valid_from", "valid_to")


@door_verb
def save_cap(*, row: OrderCap, actor: Actor, now: datetime) -> int:
    """The cap's id. What an order holds already stays with it. Raises InvalidInput with every bad field."""
    refuse(cap_faults(cells_of(row, FIELDS)))
    write_reference(row=row, actor=actor, now=now)
    return row.pk
