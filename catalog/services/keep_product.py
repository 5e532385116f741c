"""Add a product or change one; its status changes by its own verb (change_product_status)."""

from collections.abc import Collection
from datetime import datetime

from catalog.gtins import gtin_problems
from catalog.models import Product
from core.actors import Actor
from core.errors import InvalidInput
from core.reference import save_reference
from core.uow import door_verb


@door_verb(joinable=True)
def keep_product(*, row: Product, actor: Actor, now: datetime, only: Collection[str] | None = None) -> int:
    """The product's id. Raises InvalidInput with every bad field at once."""
    if problems := gtin_problems(row.gtin, product_id=row.pk):
        raise InvalidInput(problems)
    return save_reference(row=row, actor=actor, now=now, only=only).pk
