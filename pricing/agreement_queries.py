"""Reads of what was agreed for documents."""

from collections.abc import Sequence
from datetime import datetime

from core import sql

_UNTIL = """
    SELECT min(a.valid_until) FROM unnest(%(kinds)s::text[], %(ids)s::bigint[]) AS w(kind, id)
    JOIN pricing_priceagreement a ON a.ref_kind = w.kind AND a.ref_id = w.id"""


def agreed_until(documents: Sequence[tuple[str, int]]) -> datetime | None:
    """When the first of the prices agreed for these documents (kind, id) ends; None where none was. One statement."""
    if not documents:
        return None
    ((moment,),) = sql.rows(_UNTIL, {"kinds": [k for k, _ in documents], "ids": [i for _, i in documents]})
    return moment
