"""Decide which sites serve demands, order by order, and keep the answer with its reasons."""

import json
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from core import sql
from core.uow import require_uow
from inventory.rules.sourcing_order import Routed, plan_orders
from inventory.sourcing_queries import surroundings, wants_of

_KEEP = """
    WITH planned AS (
        SELECT (d->>0)::bigint AS id, (d->>1)::bigint AS rule_id, d->3 AS why,
               ARRAY(SELECT jsonb_array_elements_text(d->2))::bigint[] AS route
        FROM jsonb_array_elements(%(planned)s::jsonb) AS d
    ), routed AS (
        UPDATE inventory_demand d SET route = p.route FROM planned p WHERE d.id = p.id AND d.route <> p.route)
    INSERT INTO inventory_demandsourcing AS old (demand_id, rule_id, explanation, planned_at)
    SELECT id, rule_id, why, %(now)s::timestamptz FROM planned
    ON CONFLICT (demand_id) DO UPDATE SET rule_id = excluded.rule_id, explanation = excluded.explanation,
        planned_at = excluded.planned_at"""
_FORGET = """
    WITH gone AS (DELETE FROM inventory_demandsourcing WHERE demand_id = ANY(%(ids)s::bigint[]))
    UPDATE inventory_demand SET route = '{}' WHERE id = ANY(%(ids)s::bigint[]) AND route <> '{}'"""


@require_uow
def plan_routes(demand_ids: Collection[int], *, now: datetime) -> dict[int, Routed]:
    """{demand id: its route} of what is backordered of the demands, where a sourcing rule decides. The caller holds their
    locks or has just opened them. What is free is read without a lock: a route is an order of preference, the claim that
    follows is the guarded one. A demand that no rule decides any more loses its route.
    """
    wants = wants_of(demand_ids)
    if not wants:
        return {}
    found = plan_orders(wants, surroundings(wants, now=now, own_demands=[w.key for w in wants]), now=now)
    keep_routes(found, of=[w.key for w in wants], now=now)
    return found


@require_uow
def keep_routes(found: Mapping[int, Routed], *, of: Collection[int], now: datetime) -> None:
    """Write the routes with their reasons; those `of` the demands that no rule decides have none any more."""
    if found:
        sql.rows(f"{_KEEP} RETURNING 1", {"planned": _packed(found.values()), "now": now})
    if free := [i for i in of if i not in found]:
        sql.rows(f"{_FORGET} RETURNING 1", {"ids": free})


def _packed(routed: Iterable[Routed]) -> str:
    rows = [[r.key, r.rule_id, list(r.route), r.explanation.as_json()] for r in routed]
    return json.dumps(rows, ensure_ascii=False)
