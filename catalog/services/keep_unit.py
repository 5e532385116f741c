"""Add a packaging of a product, or change it: so many base units, its own barcode."""

from datetime import datetime

from catalog.gtins import gtin_problems
from catalog.models import ProductUnit
from core.actors import Actor
from core.errors import FieldError, InvalidInput
from core.reference import save_reference
from core.uow import door_verb


@door_verb(joinable=True)
def keep_unit(*, row: ProductUnit, actor: Actor, now: datetime) -> int:
    """The unit's id; codes are kept in capitals. Raises InvalidInput with every bad field at once."""
    row.code = row.code.strip().upper()
    problems = gtin_problems(row.gtin, unit_id=row.pk)
    if row.code == row.product.base_unit.upper():
        remedy = "Leave it out: the base unit is always 1 of itself."
        problems.append(FieldError("/code", "base_unit", f"{row.code} is the product's base unit.", remedy))
    if problems:
        raise InvalidInput(problems)
    return save_reference(row=row, actor=actor, now=now).pk
