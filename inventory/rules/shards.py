"""How a run over everything is cut: into shards that are short transactions, whatever one product weighs."""

from collections.abc import Iterable, Mapping, Sequence

MOST_PRODUCTS = 100
MOST_LINES = 2_500  # less than a second of one core under the locks
MOST_TIED = 4  # shards' worth of products that orders may tie together


def shards(
    lines: Mapping[int, int],
    ties: Iterable[Sequence[int]] = (),
    *,
    most_products: int = MOST_PRODUCTS,
    most_lines: int = MOST_LINES,
) -> list[tuple[int, ...]]:
    """The products, in the order of their ids, cut where a shard would have too many of them or of their open `lines`.

    A product is never cut: its demands compete for the same stock. Nor are products of `ties`, each those of an order
    that is judged as a whole, unless so many orders hang together that they would be more than four shards: then the
    later orders are judged by their parts. What is more than a shard by itself is alone.
    """
    found: list[tuple[int, ...]] = []
    part: list[int] = []
    weight = 0
    for block in _blocks(lines, ties, MOST_TIED * most_products, MOST_TIED * most_lines):
        count = sum(lines[i] for i in block)
        if part and (len(part) + len(block) > most_products or weight + count > most_lines):
            found.append(tuple(part))
            part, weight = [], 0
        part += block
        weight += count
    return [*found, tuple(part)] if part else found


def cut_by(parts: Iterable[Sequence[int]], ties: Iterable[Sequence[int]]) -> int:
    """How many orders, each the products of one of `ties`, have lines in several parts all the same."""
    part_of = {i: n for n, part in enumerate(parts) for i in part}
    return sum(len({part_of[i] for i in tie if i in part_of}) > 1 for tie in ties)


def heavy(lines: Mapping[int, int], parts: Iterable[Sequence[int]], *, most_lines: int = MOST_LINES) -> list[int]:
    """The products of shards that are more than one should be: these are planned before anything is locked. A lighter shard
    is done sooner than its plan would be compared with what it was made from."""
    return sorted(i for part in parts if sum(lines[i] for i in part) > most_lines for i in part)


def _blocks(
    lines: Mapping[int, int], ties: Iterable[Sequence[int]], most_products: int, most_lines: int
) -> list[list[int]]:
    """The products that stay together, each block in order, by their first product."""
    block_of = {i: [i] for i in lines}
    for tie in ties:
        some = [i for i in tie if i in block_of]
        blocks = list({id(block_of[i]): block_of[i] for i in some}.values())
        whole = [i for block in blocks for i in block]
        if len(blocks) < 2 or len(whole) > most_products or sum(lines[i] for i in whole) > most_lines:
            continue
        block_of |= dict.fromkeys(whole, whole)
    return sorted(sorted(block) for block in {id(block): block for block in block_of.values()}.values())
