"""Demands that their policy must win and that are not served in full on their day: the planner's case for each, and what
tells that it is over. One statement each."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from decimal import Decimal

from core import sql
from core.quantity import plain
from core.refs import DocumentRef
from exceptions_app.rules.asks import CaseSnapshot, CaseSpec
from inventory.exception_kinds import ALLOCATION_CONFLICT

PREFIX = "win:"  # the cause of such a case is "win:<demand>"

# As the last run decided; a reservation in between (an amendment) decides nothing about it.
_FAILED = """
    SELECT d.id, d.product_id, p.sku, d.ref_number, d.line_no, d.account_id, d.requested_date,
           d.ordered_qty - d.cancelled_qty - d.shipped_qty, d.backordered_qty, last.day
    FROM inventory_demand d JOIN catalog_product p ON p.id = d.product_id
    JOIN inventory_demanddecision x ON x.demand_id = d.id
    CROSS JOIN LATERAL (SELECT max(m.delivery_date) AS day FROM inventory_promise m
                        WHERE m.demand_id = d.id AND m.is_current) last
    WHERE d.id = ANY(%(ids)s::bigint[]) AND d.ordered_qty > d.cancelled_qty + d.shipped_qty
      AND (x.run_id IS NULL OR x.explanation->'inputs'->>'strategy' = 'win')
      AND (d.backordered_qty > 0 OR last.day > d.requested_date) ORDER BY d.id"""


def failed_wins(demand_ids: Collection[int]) -> list[CaseSpec]:
    """The cases of those of the demands that are still not served as they must be."""
    return [_case(*row) for row in sql.rows(_FAILED, {"ids": sorted(demand_ids)})]


def won(cases: Sequence[CaseSnapshot], now: datetime) -> Collection[int]:
    """Those of the cases whose demand is served in full on its day now, open no more, or none its policy must win."""
    demands = {c.id: int(c.cause_key.removeprefix(PREFIX)) for c in cases if c.cause_key.startswith(PREFIX)}
    if not demands:
        return ()
    failing = {row[0] for row in sql.rows(_FAILED, {"ids": sorted(set(demands.values()))})}
    return {case_id for case_id, demand_id in demands.items() if demand_id not in failing}


def _case(
    pk: int, product_id: int, sku: str, number: str, line_no: int, account_id: int | None, wanted: date, open_qty: Decimal,
    missing: Decimal, day: date | None,
) -> CaseSpec:  # fmt: skip
    line = f"{number} line {line_no}"
    late = f"the last comes on {_day(day)}" if day is not None and day > wanted else ""
    short = f"{plain(missing)} of {plain(open_qty)} are missing" if missing > 0 else ""
    return CaseSpec(
        ALLOCATION_CONFLICT.code,
        DocumentRef("product", product_id, sku),
        f"{PREFIX}{pk}",
        account_id,
        summary=f"{line} must be served in full on {_day(wanted)}: {', '.join(filter(None, (short, late)))}",
        evidence={
            "document": line, "wanted": wanted.isoformat(), "open": plain(open_qty), "missing": plain(missing),
            "promised": day.isoformat() if day else "",
        },
    )  # fmt: skip


def _day(day: date) -> str:
    return f"{day.day} {day:%b}"
