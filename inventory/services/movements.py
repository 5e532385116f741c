"""Numbers of movements whose document is a balance or a lot itself: they have no lines to be numbered by."""

from collections.abc import Collection

from django.db.models import Max

from inventory.models import StockMovement
from inventory.states import MovementKind


def next_sequences(ids: Collection[int], kind: MovementKind, *, source_kind: str = "stock_balance") -> dict[int, int]:
    """{document id: its next free number}. The document is locked, so two cannot take the same. One statement."""
    rows = StockMovement.objects.filter(source_kind=source_kind, source_id__in=ids, kind=kind)
    known = dict(rows.values("source_id").annotate(last=Max("sequence")).values_list("source_id", "last"))
    return {i: known.get(i, 0) + 1 for i in ids}
