"""Which orders could go to the warehouse, and what release runs found: a constant number of statements."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from core import sql
from fulfillment.models import RecallRequest, ReleasePolicy, ReleaseResult, Shipment
from fulfillment.rules.asks import RecallView
from fulfillment.rules.release_policy import Candidate, Policy
from fulfillment.states import SHIPMENT, PolicyEffect, RecallState, RunKind, ShipmentStatus

MANY = 5_000

_READY = """
WITH ready AS (
  SELECT l.order_id, sum(d.allocated_qty) AS qty, sum(round(d.allocated_qty * l.unit_price, 2)) AS worth,
         array_agg(d.id) AS demands
    FROM inventory_demand d JOIN orders_orderline l ON l.demand_id = d.id
   WHERE d.allocated_qty > 0 AND d.ref_kind = 'order' GROUP BY l.order_id
), found AS (
  SELECT o.id, o.number, o.account_id, a.tier_id, o.currency, o.version, o.total_amount, r.qty, r.worth,
         o.requested_date,
         ARRAY(SELECT DISTINCT b.site_id FROM inventory_claim c JOIN inventory_stockbalance b ON b.id = c.balance_id
                WHERE c.demand_id = ANY(r.demands) AND c.state = 'open' AND c.kind = 'hard') AS sites,
         EXISTS (SELECT FROM orders_hold h
                  WHERE h.order_id = o.id AND h.cleared_at IS NULL AND 'release' = ANY(h.blocks)) AS is_held
    FROM ready r JOIN orders_order o ON o.id = r.order_id JOIN accounts_account a ON a.id = o.account_id
   WHERE o.status = 'submitted'
     AND (%(orders)s::bigint[] IS NULL OR o.id = ANY(%(orders)s::bigint[]))
     AND (%(account)s::text = '' OR upper(a.code) = upper(%(account)s::text))
     AND (%(tier)s::bigint IS NULL OR a.tier_id = %(tier)s::bigint)
     AND (%(currency)s::text = '' OR o.currency = %(currency)s::text)
     AND (%(low)s::numeric IS NULL OR o.total_amount >= %(low)s::numeric)
     AND (%(high)s::numeric IS NULL OR o.total_amount <= %(high)s::numeric)
     AND (%(until)s::date IS NULL OR o.requested_date <= %(until)s::date)
)
SELECT * FROM found
 WHERE (%(site)s::bigint IS NULL OR %(site)s::bigint = ANY(sites)) AND (%(held)s::boolean OR NOT is_held)
 ORDER BY id LIMIT %(limit)s
"""


@dataclass(frozen=True)
class Filters:
    """What a person chooses orders by; None and empty: any. `site_id`: something of it is allocated there."""

    account_code: str = ""
    tier_id: int | None = None
    site_id: int | None = None
    currency: str = ""
    min_value: Decimal | None = None
    max_value: Decimal | None = None
    requested_until: date | None = None
    with_held: bool = True
    order_ids: tuple[int, ...] | None = None


ANY = Filters()


def candidates(filters: Filters = ANY, *, limit: int = MANY) -> list[Candidate]:
    """Submitted orders with stock allocated hard, the oldest first. One statement."""
    asked = {
        "orders": None if filters.order_ids is None else list(filters.order_ids),
        "account": filters.account_code.strip(),
        "tier": filters.tier_id,
        "currency": filters.currency,
        "low": filters.min_value,
        "high": filters.max_value,
        "until": filters.requested_until,
        "site": filters.site_id,
        "held": filters.with_held,
        "limit": limit,
    }
    return [
        replace(Candidate(*row[:10]), site_ids=frozenset(row[10]), is_held=row[11]) for row in sql.rows(_READY, asked)
    ]


def policies() -> list[Policy]:
    """Those in force, in the order they are asked. One statement."""
    rows = ReleasePolicy.objects.filter(is_active=True).order_by("rank", "pk")
    return [
        Policy(
            row.pk,
            row.name,
            row.rank,
            PolicyEffect(row.effect),
            row.account_id,
            row.tier_id,
            row.site_id,
            row.currency,
            row.min_value,
            row.max_value,
            frozenset(row.weekdays),
            row.from_time,
            row.to_time,
            row.time_zone,
        )
        for row in rows
    ]


class Tried(NamedTuple):
    """An order's last automatic try that was refused, and what the order was then."""

    result_id: int
    version: int
    allocated: Decimal
    message: str
    at: datetime


def last_tries(order_ids: Collection[int]) -> dict[int, Tried]:
    """{order id: its last automatic try}. One statement."""
    rows = ReleaseResult.objects.filter(order_id__in=set(order_ids), run__kind=RunKind.POLICY, at__isnull=False)
    newest = rows.order_by("order_id", "-pk").distinct("order_id")
    columns = newest.values_list("order_id", "pk", "order_version", "allocated_qty", "message", "at")
    return {order_id: Tried(pk, version, qty, message, at) for order_id, pk, version, qty, message, at in columns if at}


def recalls_of(shipment_id: int) -> list[RecallRequest]:
    """Newest first. One statement."""
    return list(RecallRequest.objects.filter(shipment_id=shipment_id).order_by("-pk"))


def find_recalls(
    account_ids: Collection[int] | None, *, state: str = "", before_id: int | None = None, limit: int = 50
) -> list[RecallView]:
    """Newest first, of shipments of these accounts (None: of all). One statement."""
    rows = RecallRequest.objects.order_by("-pk")
    if account_ids is not None:
        rows = rows.filter(shipment__account_id__in=account_ids)
    if state:
        rows = rows.filter(state=state)
    if before_id is not None:
        rows = rows.filter(pk__lt=before_id)
    columns = ("pk", "shipment__public_id", "shipment__number", "shipment__order__number", "shipment__site__code")
    said = ("state", "note", "asked_at", "asked_by", "respond_by", "answer", "answered_at")
    return [RecallView(*row) for row in rows.values_list(*columns, *said)[:limit]]


def open_recall_of(shipment_id: int) -> int | None:
    """The id of the one that waits for an answer. One statement."""
    rows = RecallRequest.objects.filter(shipment_id=shipment_id, state=RecallState.ASKED)
    return rows.values_list("pk", flat=True).first()


def asked_back(shipment_id: int) -> str:
    """Who wants it back, and why; empty: nobody waits for an answer. One statement."""
    row = RecallRequest.objects.filter(shipment_id=shipment_id, state=RecallState.ASKED).first()
    return f"{row.asked_by} asks for this shipment back: {row.note}. The warehouse answers below." if row else ""


def is_recallable(shipment_id: int) -> bool:
    """In the warehouse's hands and not picked yet."""
    status = Shipment.objects.filter(pk=shipment_id).values_list("status", flat=True).first()
    return status is not None and SHIPMENT.allows(ShipmentStatus(status), ShipmentStatus.CANCELLED)
