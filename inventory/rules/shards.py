"""How a run over everything is cut: into shards that are short transactions, whatever one product weighs."""

from collections.abc import Mapping

MOST_PRODUCTS = 100
MOST_LINES = 2_500  # less than a second of one core under the locks


def shards(
    lines: Mapping[int, int], *, most_products: int = MOST_PRODUCTS, most_lines: int = MOST_LINES
) -> list[tuple[int, ...]]:
    """The products, in the order of their ids, cut where a shard would have too many of them or of their open `lines`.

    A product is never cut: its demands compete for the same stock. One with more lines than that is alone.
    """
    found: list[tuple[int, ...]] = []
    part: list[int] = []
    weight = 0
    for product_id, count in sorted(lines.items()):
        if part and (len(part) == most_products or weight + count > most_lines):
            found.append(tuple(part))
            part, weight = [], 0
        part.append(product_id)
        weight += count
    return [*found, tuple(part)] if part else found


def heavy(lines: Mapping[int, int], *, most_lines: int = MOST_LINES) -> list[int]:
    """The products that are more than a shard should be: these are planned before anything is locked. A lighter shard is
    done sooner than its plan would be compared with what it was made from."""
    return [product_id for product_id, count in sorted(lines.items()) if count > most_lines]
