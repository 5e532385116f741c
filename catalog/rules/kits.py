"""Kits: as many can be had as the scarcest of their components allows (domain.md §2)."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from catalog.rules.asks import KitPart


def kit_availability(available: Mapping[int, Decimal], components: Sequence[KitPart]) -> Decimal:
    """Whole kits out of `available` base units by component; one that is not named there has none, less than none
    counts as none. Without components there is no kit: 0."""
    kits = [max(available.get(part.component_id, Decimal(0)), Decimal(0)) // part.qty for part in components]
    return min(kits, default=Decimal(0))
