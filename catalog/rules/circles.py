"""No category stands in itself and no kit contains itself, however long the way round."""

from collections.abc import Iterable, Mapping
from typing import TypeVar

K = TypeVar("K", int, str)


def closes_circle(below: Mapping[K, Iterable[K]], *, above: K, under: K) -> bool:
    """Whether putting `under` below `above` closes a circle, given what stands below what already."""
    seen, todo = set[K](), [under]
    while todo:
        here = todo.pop()
        if here == above:
            return True
        if here not in seen:
            seen.add(here)
            todo.extend(below.get(here, ()))
    return False


def way_up(category_id: int | None, parents: Mapping[int, int | None]) -> tuple[int, ...]:
    """From a category to the root, itself first; an old circle is gone through once."""
    path: list[int] = []
    while category_id is not None and category_id not in path:
        path.append(category_id)
        category_id = parents.get(category_id)
    return tuple(path)
