"""What a scanned code is in stock: product, lot or serial number, and where it lies. And where numbered units are."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from django.db import connection

from catalog.queries import scan
from catalog.rules.asks import Scan
from catalog.states import Tracking
from core import refs
from core.refs import DocumentRef
from inventory.lot_queries import LotHolding, lot_holdings
from inventory.models import Lot


@dataclass(frozen=True)
class StockScan:
    """`lot_id` is the lot, or the numbered unit, the code names; None where it names only a product.

    `problem` and `remedy` say why a code is nothing we can take: an unknown barcode, lot or serial number.
    """

    code: str
    product_id: int | None = None
    sku: str = ""
    lot_id: int | None = None
    lot: str = ""
    serial: str = ""
    is_recalled: bool = False
    holdings: tuple[LotHolding, ...] = ()
    refusal: str = ""
    problem: str = ""
    remedy: str = ""


def scan_stock(codes: Sequence[str]) -> list[StockScan]:
    """In the order given; four statements for any number of codes."""
    scans = scan(codes)
    lots = _lots(scans)
    found = [_answer(s, lots) for s in scans]
    holdings = lot_holdings([f.lot_id for f in found if f.lot_id is not None])
    return [replace(f, holdings=tuple(holdings.get(f.lot_id or 0, ()))) for f in found]


def _lots(scans: Sequence[Scan]) -> dict[tuple[int, str], Lot]:
    products = {s.product.id for s in scans if s.product is not None}
    named = {text.upper() for s in scans for text in (s.lot, s.serial) if text}
    rows = Lot.objects.filter(product_id__in=products) if named else ()
    return {(x.product_id, x.code.upper()): x for x in rows if x.code.upper() in named}


def _answer(s: Scan, lots: dict[tuple[int, str], Lot]) -> StockScan:
    if s.refusal is not None:
        return StockScan(s.code, refusal=s.refusal.code, problem=s.refusal.message, remedy=s.refusal.remedy)
    assert s.product is not None  # a scan has a product or a refusal
    known = StockScan(s.code, s.product.id, s.product.sku, lot=s.lot, serial=s.serial)
    is_numbered = s.product.tracking == Tracking.SERIAL
    name, what = (s.serial, "serial number") if is_numbered and s.serial else (s.lot, "lot")
    if is_numbered and not s.serial:
        words = f"The code names {s.product.sku}, but no serial number."
        return replace(known, refusal="no_serial", problem=words, remedy="Scan the unit's own label.")
    if not name:
        return known
    lot = lots.get((s.product.id, name.upper()))
    if lot is None:
        words = f"No {what} {name} of {s.product.sku} is known."
        remedy = "Scan it again; a new one comes in by a receipt."
        return replace(known, refusal=f"unknown_{what.split()[0]}", problem=words, remedy=remedy)
    return replace(known, lot_id=lot.pk, is_recalled=lot.is_recalled)


@dataclass(frozen=True)
class Whereabouts:
    """Where a numbered unit is: "in stock", "promised", "released", "picked", "in a trunk", "in transit", "shipped" …
    `document` is the order that holds it, the transfer it travels by, or the shipment it left with."""

    state: str
    site: str = ""
    status: str = ""
    document: DocumentRef | None = None


_WHERE = """
    SELECT l.id, s.code, s.kind, b.status, c.kind, d.ref_kind, d.ref_id, d.ref_number,
           m.kind, m.source_kind, m.source_id
      FROM unnest(%s::bigint[]) AS l(id)
      LEFT JOIN LATERAL (SELECT * FROM inventory_stockbalance x WHERE x.lot_id = l.id AND x.on_hand_qty > 0
                          ORDER BY x.id LIMIT 1) b ON true
      LEFT JOIN inventory_site s ON s.id = b.site_id
      LEFT JOIN LATERAL (SELECT * FROM inventory_claim x WHERE x.balance_id = b.id AND x.state = 'open'
                          ORDER BY x.id LIMIT 1) c ON true
      LEFT JOIN inventory_demand d ON d.id = c.demand_id
      LEFT JOIN LATERAL (SELECT x.* FROM inventory_stockmovement x JOIN inventory_stockbalance y ON y.id = x.balance_id
                          WHERE y.lot_id = l.id ORDER BY x.id DESC LIMIT 1) m ON b.id IS NULL"""
_HELD = {"soft": "promised", "hard": "promised", "released": "released", "picked": "picked"}
_GONE = {"ship": "shipped", "transfer_out": "in transit", "scrap": "scrapped", "consumption": "used"}
_AT = {"trunk": "in a trunk", "consignment": "on consignment"}


def serials_where(lot_ids: Collection[int]) -> dict[int, Whereabouts]:
    """Where each numbered unit is. One statement, and one a kind of document for their numbers."""
    with connection.cursor() as cursor:
        cursor.execute(_WHERE, [list(lot_ids)])
        found = {row[0]: _whereabouts(*row[1:]) for row in cursor.fetchall()}
    named = {(r.kind, r.id): r for r in refs.numbered(w.document for w in found.values() if w.document)}
    return {
        i: replace(w, document=named[w.document.kind, w.document.id]) if w.document else w for i, w in found.items()
    }


def _whereabouts(
    site: str | None, site_kind: str, status: str, claim: str | None, ref_kind: str, ref_id: int, ref_number: str,
    moved: str | None, source_kind: str, source_id: int,
) -> Whereabouts:  # fmt: skip
    if site is not None and claim is not None:
        return Whereabouts(_HELD[claim], site, status, DocumentRef(ref_kind, ref_id, ref_number))
    if site is not None:
        return Whereabouts(_AT.get(site_kind, "in stock"), site, status)
    if moved is None:
        return Whereabouts("not received")
    document = DocumentRef(source_kind, source_id) if moved in ("ship", "transfer_out", "consumption") else None
    return Whereabouts(_GONE.get(moved, "off the books"), document=document)
