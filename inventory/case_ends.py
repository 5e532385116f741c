"""What tells that stock's pushed cases are over: everybody is served, or the goods are not there any more. One statement
each, whatever the number of cases."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from core import sql
from exceptions_app.rules.asks import CaseSnapshot
from inventory import failed_wins
from inventory.services.run_by_policy import SHOWN

_SERVED = """
SELECT w.id FROM unnest(%(ids)s::bigint[], %(kinds)s::text[], %(subjects)s::bigint[]) AS w(id, kind, subject)
 WHERE NOT EXISTS (
    SELECT FROM (
        SELECT b.product_id FROM inventory_stockbalance b WHERE w.kind = 'stock_balance' AND b.id = w.subject
        UNION ALL
        SELECT b.product_id FROM inventory_countline c JOIN inventory_stockbalance b ON b.id = c.balance_id
         WHERE w.kind = 'stock_count' AND c.count_id = w.subject
        UNION ALL
        SELECT l.product_id FROM inventory_lot l WHERE w.kind = 'lot' AND l.id = w.subject) p
      JOIN inventory_demand d ON d.product_id = p.product_id
     WHERE d.backordered_qty > 0 AND d.ordered_qty > d.cancelled_qty + d.shipped_qty)
"""


_GIVEN_BACK = """
SELECT w.id FROM unnest(%(ids)s::bigint[], %(subjects)s::bigint[]) AS w(id, subject)
 WHERE NOT EXISTS (
    SELECT FROM inventory_demand d
     WHERE d.product_id = w.subject AND d.backordered_qty > 0 AND d.ordered_qty > d.cancelled_qty + d.shipped_qty
       AND (w.id <> ALL(%(named)s::bigint[]) OR EXISTS (
            SELECT FROM unnest(%(of)s::bigint[], %(documents)s::text[]) AS x(id, document)
             WHERE x.id = w.id AND x.document = d.ref_number)))
"""


def given_back(cases: Sequence[CaseSnapshot], now: datetime) -> Collection[int]:
    """None of the documents that lost stock to a run waits for the product any more; where not all are named, nobody."""
    cases = [
        c for c in cases if not c.cause_key.startswith(failed_wins.PREFIX)
    ]  # these end when their own line is served
    lost = {c.id: [str(one["document"]) for one in c.evidence.get("lost", ())] for c in cases}
    named = {pk: some for pk, some in lost.items() if 0 < len(some) < SHOWN}
    pairs = [(pk, document) for pk, some in named.items() for document in some]
    return _ids(
        _GIVEN_BACK,
        {**_columns(cases), "named": list(named), "of": [p[0] for p in pairs], "documents": [p[1] for p in pairs]},
    )


def served_again(cases: Sequence[CaseSnapshot], now: datetime) -> Collection[int]:
    """Stock gave way, and nobody waits for the product any more."""
    return _ids(_SERVED, {**_columns(cases), "kinds": [c.subject.kind for c in cases]})


_SCRAPPED = """
SELECT w.id FROM unnest(%(ids)s::bigint[], %(subjects)s::bigint[]) AS w(id, subject)
 WHERE NOT EXISTS (SELECT FROM inventory_stockbalance b
                    WHERE b.lot_id = w.subject AND b.on_hand_qty > 0 AND b.status = 'expired')
"""


def scrapped(cases: Sequence[CaseSnapshot], now: datetime) -> Collection[int]:
    """Nothing of the expired lot is on hand any more."""
    return _ids(_SCRAPPED, _columns(cases))


_NOT_HELD = """
SELECT w.id FROM unnest(%(ids)s::bigint[], %(claims)s::bigint[], %(opened)s::timestamptz[]) AS w(id, claim_id, opened_at)
  JOIN inventory_claim c ON c.id = w.claim_id JOIN inventory_stockbalance b ON b.id = c.balance_id
  JOIN inventory_lot l ON l.id = b.lot_id JOIN inventory_demand d ON d.id = c.demand_id
 WHERE NOT l.is_recalled
    OR NOT (d.backordered_qty > 0 AND d.ordered_qty > d.cancelled_qty + d.shipped_qty) AND NOT EXISTS (
        SELECT FROM inventory_claim x JOIN inventory_stockbalance y ON y.id = x.balance_id
         WHERE x.demand_id = c.demand_id AND y.lot_id = b.lot_id
           AND (x.state = 'open' AND x.kind IN ('released', 'picked') OR x.ended = 'shipped' AND x.ended_at >= w.opened_at))
"""


def not_held_any_more(cases: Sequence[CaseSnapshot], now: datetime) -> Collection[int]:
    """The recall was lifted; or the warehouse holds nothing of the lot for the order, nothing of it left since, and the
    order waits for none of the product. The cause is "claim:<id>"."""
    claims = [c.cause_key.removeprefix("claim:") for c in cases]
    asked = {"claims": [int(n) if n.isdecimal() else 0 for n in claims], "opened": [c.opened_at for c in cases]}
    return _ids(_NOT_HELD, {"ids": [c.id for c in cases], **asked})


# Of a balance's variance: what later counts found of it and late usages explain; or, of a surplus, what counts before had
# missed.
_EXPLAINED = """
SELECT w.id FROM unnest(%(ids)s::bigint[], %(subjects)s::bigint[]) AS w(id, count_id)
  JOIN inventory_stockcount c ON c.id = w.count_id
 WHERE NOT EXISTS (
    SELECT FROM inventory_countline l
      CROSS JOIN LATERAL (
        SELECT coalesce(sum(y.variance_qty), 0) AS qty FROM inventory_countline y JOIN inventory_stockcount z
            ON z.id = y.count_id AND z.status = 'posted' AND z.id > c.id WHERE y.balance_id = l.balance_id) later
      CROSS JOIN LATERAL (
        SELECT coalesce(sum(m.qty), 0) AS qty FROM inventory_stockmovement m JOIN inventory_fieldusage u
            ON m.source_kind = 'field_usage' AND u.id = m.source_id AND u.recorded_at >= c.posted_at
         WHERE m.balance_id = l.balance_id AND m.kind = 'count') used
      CROSS JOIN LATERAL (
        SELECT coalesce(sum(y.variance_qty), 0) AS qty FROM inventory_countline y JOIN inventory_stockcount z
            ON z.id = y.count_id AND z.status = 'posted' AND z.id < c.id
         WHERE y.balance_id = l.balance_id) before
     WHERE l.count_id = c.id
       AND (l.variance_qty < 0 AND l.variance_qty + later.qty + used.qty < 0
            OR l.variance_qty > 0 AND l.variance_qty + later.qty > 0 AND l.variance_qty + before.qty > 0))
"""


def explained(cases: Sequence[CaseSnapshot], now: datetime) -> Collection[int]:
    """All that a count found missing or too many was found again by a later one, or was used and is billed now."""
    return _ids(_EXPLAINED, _columns(cases))


_USED = """
SELECT w.id FROM unnest(%(ids)s::bigint[], %(subjects)s::bigint[], %(sites)s::text[]) AS w(id, subject, site)
 WHERE NOT EXISTS (SELECT FROM inventory_stockbalance b JOIN inventory_site s ON s.id = b.site_id
                    WHERE b.lot_id = w.subject AND b.on_hand_qty > 0 AND s.code = w.site)
"""


def left_the_field(cases: Sequence[CaseSnapshot], now: datetime) -> Collection[int]:
    """The lot that was to expire is used, or brought back; the cause is "<site>: <n> days"."""
    return _ids(_USED, {**_columns(cases), "sites": [c.cause_key.rpartition(":")[0] for c in cases]})


def _columns(cases: Sequence[CaseSnapshot]) -> dict[str, Any]:
    return {"ids": [c.id for c in cases], "subjects": [c.subject.id for c in cases]}


def _ids(statement: str, asked: Mapping[str, Any]) -> set[int]:
    return {pk for (pk,) in sql.rows(statement, asked)}
