"""Reads about lots: what is due to be set aside, where a lot is, and where it went."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection

from accounts.queries import names
from core import refs
from core.refs import DocumentRef
from inventory.models import Transfer

_DUE = """
    SELECT b.lot_id, array_agg(b.id ORDER BY b.id)
      FROM inventory_stockbalance b JOIN inventory_lot l ON l.id = b.lot_id JOIN inventory_site s ON s.id = b.site_id
     WHERE b.on_hand_qty > b.released_qty + b.picked_qty
       AND (l.is_recalled AND b.status <> 'recalled'
            OR NOT l.is_recalled AND b.status IN ('available', 'quality')
               AND l.expiry_date < (%s::timestamptz AT TIME ZONE s.time_zone)::date)
     GROUP BY b.lot_id ORDER BY b.lot_id"""


def lots_to_set_aside(now: datetime) -> dict[int, list[int]]:
    """{lot: its balances} that are past their date where they lie, or not yet blocked though recalled. One statement."""
    return dict(_rows(_DUE, [now]))


@dataclass(frozen=True)
class LotHolding:
    """What of a lot is at a site in one status, and how much of it is claimed."""

    balance_id: int
    site: str
    status: str
    on_hand: Decimal
    promised: Decimal
    in_warehouse: Decimal


_HOLDINGS = """
    SELECT b.lot_id, b.id, s.code, b.status, b.on_hand_qty, b.reserved_qty + b.allocated_qty,
           b.released_qty + b.picked_qty
      FROM inventory_stockbalance b JOIN inventory_site s ON s.id = b.site_id
     WHERE b.lot_id = ANY(%s) AND b.on_hand_qty > 0 ORDER BY s.rank, s.code, b.status, b.id"""


def lot_holdings(lot_ids: Collection[int]) -> dict[int, list[LotHolding]]:
    """Where each lot is; [] for one that is nowhere. One statement."""
    found: dict[int, list[LotHolding]] = {i: [] for i in lot_ids}
    for lot_id, *columns in _rows(_HOLDINGS, [list(lot_ids)]):
        found[lot_id].append(LotHolding(*columns))
    return found


@dataclass(frozen=True)
class LotClaim:
    """A document that holds stock of a lot, now."""

    document: DocumentRef
    line_no: int
    site: str
    kind: str
    qty: Decimal


_CLAIMS = """
    SELECT d.ref_kind, d.ref_id, d.ref_number, d.line_no, s.code, c.kind, c.qty
      FROM inventory_claim c JOIN inventory_stockbalance b ON b.id = c.balance_id
      JOIN inventory_site s ON s.id = b.site_id JOIN inventory_demand d ON d.id = c.demand_id
     WHERE b.lot_id = %s AND c.state = 'open' ORDER BY c.id LIMIT %s"""


def lot_claims(lot_id: int, *, limit: int = 200) -> list[LotClaim]:
    """Who would lose stock by a recall, the oldest claims first. One statement."""
    return [LotClaim(DocumentRef(*row[:3]), *row[3:]) for row in _rows(_CLAIMS, [lot_id, limit])]


@dataclass(frozen=True)
class LotShipment:
    """A part of a lot that left by a shipment, for a line of a document of an account."""

    shipment: DocumentRef
    site: str
    document: DocumentRef
    line_no: int
    account_id: int | None
    account: str
    qty: Decimal
    shipped_at: datetime


_SHIPPED = """
    SELECT m.source_kind, m.source_id, s.code, d.ref_kind, d.ref_id, d.ref_number, d.line_no, d.account_id, -m.qty, m.at
      FROM inventory_stockbalance b
      JOIN inventory_stockmovement m ON m.balance_id = b.id AND m.kind IN ('ship', 'consumption')
      JOIN inventory_site s ON s.id = b.site_id
      JOIN inventory_claim c ON c.id = m.sequence JOIN inventory_demand d ON d.id = c.demand_id
     WHERE b.lot_id = %s ORDER BY m.at DESC, m.id DESC"""


def shipments_with_lot(lot_id: int) -> list[LotShipment]:
    """Every shipment that contained the lot, the newest first: one statement, and one each for the names of accounts
    and the numbers of shipments."""
    rows = _rows(_SHIPPED, [lot_id])
    shipments = refs.numbered(DocumentRef(*r[:2]) for r in rows)
    called = names({row[7] for row in rows if row[7] is not None})
    return [
        LotShipment(shipment, r[2], DocumentRef(*r[3:6]), r[6], r[7], called.get(r[7], ""), r[8], r[9])
        for shipment, r in zip(shipments, rows, strict=True)
    ]


def transfer_numbers(ids: Collection[int]) -> dict[int, str]:
    """{transfer: its number}. One statement."""
    return dict(Transfer.objects.filter(pk__in=ids).values_list("id", "number"))


def _rows(sql: str, parameters: list[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall()
