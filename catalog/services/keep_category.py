"""Add a category, rename it, or put it under another: to any depth, never in a circle."""

from collections import defaultdict
from datetime import datetime

from catalog.locks import Shape, hold_still
from catalog.models import Category
from catalog.rules.circles import closes_circle
from core.actors import Actor
from core.errors import FieldError, InvalidInput
from core.reference import save_reference
from core.uow import door_verb


@door_verb(joinable=True)
def keep_category(*, row: Category, actor: Actor, now: datetime) -> int:
    """The category's id. Raises InvalidInput."""
    hold_still(Shape.CATEGORIES)
    if row.pk and row.parent_id and _stands_in_itself(row.pk, row.parent_id):
        said = f"{row.parent} stands inside {row.name} already."
        raise InvalidInput([FieldError("/parent", "circle", said, "Choose a category outside of it.")])
    return save_reference(row=row, actor=actor, now=now).pk


def _stands_in_itself(category_id: int, parent_id: int) -> bool:
    below: dict[int, list[int]] = defaultdict(list)
    for pk, above in Category.objects.exclude(parent=None).values_list("id", "parent_id"):
        below[above].append(pk)
    return closes_circle(below, above=parent_id, under=category_id)
