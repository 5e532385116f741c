"""Rows of a sheet that are about a pair over a time: no two of one pair at once, on record or in the file."""

from collections.abc import Callable, Mapping, Sequence

from core.sheets import Cells, Change, Problem

Pair = tuple[str, str]
Stretch = tuple[str, str, str]  # the first day, the first day without it, and what it is; days as 2026-11-28
FIRST, LAST = "0000", "9999"


def overlap_problems(
    changes: Sequence[Change], on_record: Mapping[Pair, Sequence[Stretch]], pair_of: Callable[[Cells], Pair]
) -> dict[int, Problem]:
    """{row: problem}. A row that is refused stands in nobody's way."""
    known = {pair: list(stretches) for pair, stretches in on_record.items()}
    found: dict[int, Problem] = {}
    for c in changes:
        values = {**(c.before or {}), **c.after}
        start, end = values.get("valid_from") or FIRST, values.get("valid_to") or LAST
        others = known.setdefault(pair_of(values), [])
        clash = next((what for since, until, what in others if start < until and since < end), None)
        if clash:
            found[c.number] = Problem("valid_from", f"It overlaps {clash}.", "End the earlier one first.")
        else:
            others.append((start, end, f"row {c.number}"))
    return found
