"""Put a component into a kit, or change how many go in: kits may hold kits, never themselves."""

from collections import defaultdict
from datetime import datetime

from catalog.locks import Shape, hold_still
from catalog.models import KitComponent
from catalog.rules.circles import closes_circle
from core.actors import Actor
from core.errors import FieldError, InvalidInput
from core.reference import save_reference
from core.uow import door_verb


@door_verb(joinable=True)
def keep_kit_component(*, row: KitComponent, actor: Actor, now: datetime) -> int:
    """The component's id. Raises InvalidInput."""
    hold_still(Shape.KITS)
    if _contains_itself(row):
        said = f"{row.component} contains {row.kit} already: the kit would contain itself."
        raise InvalidInput([FieldError("/component", "circle", said, "Take the kit out of the component first.")])
    return save_reference(row=row, actor=actor, now=now).pk


def _contains_itself(row: KitComponent) -> bool:
    below: dict[int, list[int]] = defaultdict(list)
    for kit, component in KitComponent.objects.exclude(pk=row.pk).values_list("kit_id", "component_id"):
        below[kit].append(component)
    return closes_circle(below, above=row.kit_id, under=row.component_id)
