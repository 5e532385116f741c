"""Keep a pool: made or changed from the console."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import Model

from core.actors import Actor
from core.errors import FieldError, InvalidInput, Refused
from core.reference import write_reference
from core.uow import door_verb
from inventory.models import Pool
from inventory.pool_effects import products_waiting_under
from inventory.rules.pool_forms import Fault, pool_faults
from inventory.services.give_way import ask_for_allocation

FIELDS = (
    "kind", "state", "parent", "who", "account", "group", "tier", "region", "product", "category", "site", "site_region",
    "amount_kind", "amount", "valid_from", "valid_to",
)  # fmt: skip


class RingOfPools(Refused):
    template = "A pool cannot stand below itself."
    remedy_template = "Choose a parent that is not below it."


class PoolCodeTaken(Refused):
    template = "Another pool has this code already."
    remedy_template = "Choose another code, or change that pool."


@door_verb(
    refuse_on={
        "inventory_pool_code_key": PoolCodeTaken,
        "no_ring_of_pools": RingOfPools,
        "a_pool_is_not_its_own_parent": RingOfPools,
    }
)
def save_pool(*, row: Pool, actor: Actor, now: datetime) -> int:
    """The pool's id. Who waits for its products is allocated again, since others may have more or less of them now.

    Claims that stand are not taken away: a pool binds who claims from now on. Raises InvalidInput (with every bad
    field), RingOfPools, PoolCodeTaken.
    """
    refuse(pool_faults(cells_of(row, FIELDS), parent_kind=row.parent.kind if row.parent else ""))
    write_reference(row=row, actor=actor, now=now)
    ask_for_allocation(products_waiting_under([row.pk]), f"pool {row.code}", now=now, actor=actor)
    return row.pk


def refuse(faults: Sequence[Fault]) -> None:
    if faults:
        raise InvalidInput([FieldError(f"/{f.field}", "invalid", f.why, f.remedy) for f in faults])


def cells_of(row: Model, fields: Sequence[str]) -> dict[str, str]:
    """The row as a form or a file has it."""
    return {name: _text(getattr(row, name)) for name in fields}


def _text(value: Any) -> str:
    return "" if value is None else str(value)
