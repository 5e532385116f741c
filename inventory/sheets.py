"""What of stock is imported and exported as sheets: a snapshot of what is there, receipts, supply on its way."""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import connection

from accounts.states import STAFF, Role
from catalog.queries import products_by_sku
from core import sheets
from core.access import allow
from core.actors import Actor
from core.cells import Choice, Day, Number, Text
from core.refs import DocumentRef
from core.sheet_table import SheetTable
from core.sheets import Cells, Change, Column, Key, Problem, Sheet, Stored, Within
from inventory.models import InboundSupply, Lot, Site
from inventory.rules.asks import InboundSpec, ReceiptLine
from inventory.services.apply_snapshot import SnapshotLine, apply_snapshot
from inventory.services.receive_stock import receive_lines
from inventory.services.record_inbound import record_supplies
from inventory.services.serials import one_unit_or_none, serial_products
from inventory.states import FIELD_KINDS, InboundKind, StockStatus

KEEPERS = allow(view=STAFF, act={Role.PLANNER, Role.WAREHOUSE, Role.OPERATOR})
PLANNERS = allow(view=STAFF, act={Role.PLANNER, Role.OPERATOR})
Problems = Mapping[int, Sequence[Problem]]
FILE_RECEIPT = "receipt_file"
QTY = Number(14, 4)
ABOVE_ZERO = Number(14, 4, low=Decimal("0.0001"))
_SKU_WORDS = ("item", "item number", "product code", "stock code", "article", "part number", "product")
_SITE = Column("site", "Site", Text(20), True, refers="site", aliases=("warehouse", "location", "site code", "dc"))
_SKU = Column("product", "SKU", Text(60), True, refers="product", aliases=_SKU_WORDS)
_LOT = Column("lot", "Lot", Text(40), aliases=("batch", "lot number", "batch number"))
_EXPIRES = Column("expiry_date", "Expires", Day(), clears=False, aliases=("expiry", "expiry date", "use by"),
                  help="Of a lot named for the first time; a known lot keeps its date.")  # fmt: skip
_STOCK = (
    _SITE,
    _SKU,
    _LOT,
    Column("status", "Status", Choice(tuple(StockStatus)), True, aliases=("stock status",)),
    Column("on_hand", "On hand", QTY, True, aliases=("quantity", "qty", "on hand quantity", "stock")),
    _EXPIRES,
)
_RECEIPTS = (
    Column("document", "Document", Text(60), True, aliases=("receipt", "delivery note", "receipt number")),
    _SITE,
    _SKU,
    _LOT,
    Column("qty", "Quantity", ABOVE_ZERO, True, aliases=("received", "received quantity")),
    _EXPIRES,
    Column("inbound", "Expected under", Text(60), aliases=("purchase order", "po", "reference"),
           help="The reference of the supply it came with."),
)  # fmt: skip
_PURCHASES = tuple(k for k in InboundKind if k != InboundKind.TRANSFER)
_INBOUND = (
    Column("kind", "Kind", Choice(_PURCHASES), True),
    Column("reference", "Reference", Text(60), True, aliases=("purchase order", "po")),
    _SITE,
    _SKU,
    Column("ordered_qty", "Ordered", ABOVE_ZERO, True, aliases=("quantity", "qty")),
    Column("eta_date", "Expected on", Day(), True, aliases=("eta", "expected", "due date")),
    Column("confidence_percent", "Confidence, %", Number(3, high=Decimal(100)), clears=False, default="100"),
)  # fmt: skip
_inbound_table = SheetTable(
    "inventory.InboundSupply", _INBOUND, ("kind", "reference", "site", "product"),
    (("site", "code"), ("product", "sku")), "inbound_supply", only="t.kind <> 'transfer'",
)  # fmt: skip


# --- where the rows of the sheets without a table of their own are kept ------------------------------------------------
@dataclass(frozen=True)
class SqlSource:
    """`select` gives id, version and a text per column, over `t`; `key` are the SQL texts the keys are compared with."""

    columns: tuple[Column, ...]
    select: str
    tables: str
    key: tuple[str, ...]

    def stored(self, keys: Sequence[Key]) -> dict[Key, list[Stored]]:
        names = [f"k{i}" for i in range(len(self.key))]
        match = " AND ".join(f"upper({sql}) = upper(k.{n})" for n, sql in zip(names, self.key, strict=True))
        arrays = ", ".join(["%s::text[]"] * len(names))
        found: dict[Key, list[Stored]] = {}
        rows = _rows(
            f"SELECT k.n, {self.select} FROM unnest({arrays}) WITH ORDINALITY AS k({', '.join(names)}, n)"
            f" JOIN ({self.tables}) ON {match}",
            [[key[i] for key in keys] for i in range(len(names))],
        )
        for n, pk, version, *values in rows:
            found.setdefault(keys[n - 1], []).append(Stored(pk, version, self._cells(values)))
        return found

    def known(self, column: str, codes: Iterable[str]) -> dict[str, str]:
        table, code = {"site": ("inventory_site", "code"), "product": ("catalog_product", "sku")}[column]
        sql = f"SELECT k.code, r.{code} FROM unnest(%s::text[]) AS k(code) JOIN {table} r ON upper(r.{code}) = upper(k.code)"
        return dict(_rows(sql, [sorted(codes)]))

    def batches(self, size: int, within: Within | None = None) -> Iterator[list[Cells]]:
        last, (among, ids) = 0, _among(within)
        sql = f"SELECT {self.select} FROM {self.tables} WHERE t.id > %s{among} ORDER BY t.id LIMIT %s"
        while rows := _rows(sql, [last, *ids, size]):
            last = rows[-1][0]
            yield [self._cells(values) for _, _, *values in rows]

    def count(self, within: Within | None = None) -> int:
        among, ids = _among(within)
        ((found,),) = _rows(f"SELECT count(*) FROM {self.tables} WHERE true{among}", ids)
        return int(found)

    def _cells(self, values: Sequence[str]) -> Cells:
        return dict(zip((c.name for c in self.columns), values, strict=True))


_stock_source = SqlSource(
    _STOCK,
    "t.id, t.xmin::text || '(' || t.on_hand_qty::text, s.code, p.sku, coalesce(l.code, ''), t.status,"
    " trim_scale(t.on_hand_qty)::text,"
    " coalesce(l.expiry_date::text, '')",
    "inventory_stockbalance t JOIN inventory_site s ON s.id = t.site_id AND t.owner = ''"
    " JOIN catalog_product p ON p.id = t.product_id LEFT JOIN inventory_lot l ON l.id = t.lot_id",
    ("s.code", "p.sku", "coalesce(l.code, '')", "t.status"),
)
_receipt_source = SqlSource(
    _RECEIPTS,
    "t.id, t.qty::text, t.reason, s.code, p.sku, coalesce(l.code, ''), trim_scale(t.qty)::text,"
    " coalesce(l.expiry_date::text, ''), ''",
    "inventory_stockmovement t JOIN inventory_stockbalance b ON b.id = t.balance_id"
    f" AND t.kind = 'receipt' AND t.source_kind = '{FILE_RECEIPT}' JOIN inventory_site s ON s.id = b.site_id"
    " JOIN catalog_product p ON p.id = b.product_id LEFT JOIN inventory_lot l ON l.id = b.lot_id",
    ("t.reason", "s.code", "p.sku", "coalesce(l.code, '')"),
)


# --- what is wrong with rows ------------------------------------------------------------------------------------------
def check_stock(changes: Sequence[Change], now: datetime) -> Problems:
    """Good stock of a lot that is recalled or past its date, a closed site, a date that is not the lot's."""
    found = _closed_sites(changes, "nothing is counted there")
    lots, numbered = _lots_of(changes), _numbered(changes)
    for c in changes:
        lot = lots.get((c.after["product"].upper(), c.after.get("lot", "").upper()))
        good = c.after["status"] == StockStatus.AVAILABLE and Decimal(c.after["on_hand"] or 0) > 0
        problems = [*_unfit(c, lot, now, is_good=good), *_other_date(c, lot), *_no_unit(c, "on_hand", numbered)]
        found.setdefault(c.number, []).extend(problems)
    return {number: problems for number, problems in found.items() if problems}


def check_receipts(changes: Sequence[Change], now: datetime) -> Problems:
    found = _closed_sites(changes, "nothing is received there")
    lots, expected, numbered = _lots_of(changes), _expected(changes), _numbered(changes)
    for c in changes:
        problems = found.setdefault(c.number, [])
        if c.before is not None and "qty" in c.changed:
            why = f"{c.before['qty']} are received under this document already."
            problems.append(Problem("qty", why, "Receive the rest under another document, or adjust the stock."))
        lot = lots.get((c.after["product"].upper(), c.after.get("lot", "").upper()))
        problems.extend([*_unfit(c, lot, now, is_good=True), *_other_date(c, lot), *_no_unit(c, "qty", numbered)])
        if c.after.get("inbound") and _supply_key(c) not in expected:
            why = f"Nothing open is expected there under {c.after['inbound']}."
            problems.append(Problem("inbound", why, "Correct the reference, or leave it empty."))
    return {number: problems for number, problems in found.items() if problems}


def check_inbound(changes: Sequence[Change], now: datetime) -> Problems:
    return _closed_sites(changes, "nothing is expected there")


def _closed_sites(changes: Sequence[Change], verb: str) -> dict[int, list[Problem]]:
    closed = set(
        Site.objects.filter(code__in={c.after["site"] for c in changes}, is_active=False).values_list("code", flat=True)
    )
    remedy = "Take the row out, or open the site again."
    return {
        c.number: [Problem("site", f"Site {c.after['site']} is closed: {verb}.", remedy)]
        for c in changes
        if c.after["site"] in closed
    }


def _unfit(change: Change, lot: Lot | None, now: datetime, *, is_good: bool) -> list[Problem]:
    if not is_good:
        return []
    if lot is not None and lot.is_recalled:
        return [Problem("lot", f"Lot {lot.code} is recalled.", "Give the status recalled, or lift the recall first.")]
    typed = change.after.get("expiry_date", "")
    expires = lot.expiry_date if lot is not None else date.fromisoformat(typed) if typed else None
    if expires is not None and expires < now.date():
        return [Problem("lot", f"The lot expired on {expires}.", "Give the status expired, or correct the date.")]
    return []


def _other_date(change: Change, lot: Lot | None) -> list[Problem]:
    typed = change.after.get("expiry_date", "")
    if lot is None or not typed or typed == (lot.expiry_date.isoformat() if lot.expiry_date else ""):
        return []
    why = f"Lot {lot.code} expires on {lot.expiry_date or 'no day'}."
    return [Problem("expiry_date", why, "A file does not change a lot: leave the date empty or as it is.")]


def _numbered(changes: Sequence[Change]) -> frozenset[str]:
    """The SKUs in capitals of those whose units have serial numbers. Two statements."""
    ids = products_by_sku({c.after["product"] for c in changes})
    numbered = serial_products(ids.values())
    return frozenset(sku.upper() for sku, pk in ids.items() if pk in numbered)


def _no_unit(change: Change, column: str, numbered: Collection[str]) -> list[Problem]:
    sku = change.after["product"]
    if sku.upper() not in numbered:
        return []
    wrong = one_unit_or_none(sku, change.after.get("lot", ""), Decimal(change.after[column] or 0))
    return [Problem("lot" if wrong[0] == "serial_missing" else column, *wrong[1:])] if wrong else []


def _lots_of(changes: Sequence[Change]) -> dict[tuple[str, str], Lot]:
    """{(SKU, lot code) in capitals: lot}. Two statements."""
    ids = products_by_sku({c.after["product"] for c in changes})
    names = {pk: sku for sku, pk in ids.items()}
    codes = {c.after.get("lot", "").upper() for c in changes} - {""}
    rows = Lot.objects.filter(product_id__in=ids.values()) if codes else ()
    return {(names[x.product_id], x.code.upper()): x for x in rows if x.code.upper() in codes}


# --- writing ----------------------------------------------------------------------------------------------------------
def write_stock(changes: Sequence[Change], *, actor: Actor, now: datetime, note: str) -> set[int]:
    sites, products = _ids(changes)
    lines = [
        SnapshotLine(
            c.number, products[c.after["product"].upper()], sites[c.after["site"]], c.after.get("lot", ""),
            StockStatus(c.after["status"]), Decimal(c.after["on_hand"]), _was(c), _day(c),
        )
        for c in changes
    ]  # fmt: skip
    same = {x.row for x in lines if x.on_hand == x.was}  # a new place with nothing there is written already
    moving = [x for x in lines if x.row not in same]
    return same | (apply_snapshot(moving, note=note, actor=actor, now=now) if moving else set())


def write_receipts(changes: Sequence[Change], *, actor: Actor, now: datetime, note: str) -> set[int]:
    """Once per document, place and lot: said again nothing is received twice."""
    sites, products = _ids(changes)
    expected = _expected(changes)
    lines = [
        ReceiptLine(
            products[c.after["product"].upper()], sites[c.after["site"]], Decimal(c.after["qty"]), _document(c),
            c.after.get("lot", ""), _day(c), expected.get(_supply_key(c)),
        )
        for c in changes
    ]  # fmt: skip
    receive_lines(lines, actor=actor, now=now)
    return {c.number for c in changes}


def write_inbound(changes: Sequence[Change], *, actor: Actor, now: datetime, note: str) -> set[int]:
    keys = {c.number: tuple(c.after[name] for name in _inbound_table.key) for c in changes}
    stored = _inbound_table.stored(sorted(set(keys.values())))
    fresh = [c for c in changes if c.version == next((s.version for s in stored.get(keys[c.number], ())), "")]
    sites, products = _ids(fresh)
    specs = [
        InboundSpec(
            products[c.after["product"].upper()], sites[c.after["site"]], c.after["reference"],
            Decimal(_cell(c, "ordered_qty")), date.fromisoformat(_cell(c, "eta_date")),
            int(_cell(c, "confidence_percent") or 100), InboundKind(c.after["kind"]),
        )
        for c in fresh
    ]  # fmt: skip
    record_supplies(specs, actor=actor, now=now)
    return {c.number for c in fresh}


def _cell(change: Change, name: str) -> str:
    """What the file says, or the record where the file lacks the column."""
    return change.after.get(name, (change.before or {}).get(name, ""))


def _document(change: Change) -> DocumentRef:
    """The document's number is its own; the id it is counted once by is made of it."""
    name = change.after["document"]
    digest = hashlib.sha256(name.upper().encode()).hexdigest()
    return DocumentRef(FILE_RECEIPT, int(digest[:15], 16), name)


def _was(change: Change) -> Decimal:
    """On hand when the row was looked at: the version says it behind who wrote the balance last, which an undo asks."""
    return Decimal(change.version.partition("(")[2] or 0)


def _day(change: Change) -> date | None:
    typed = change.after.get("expiry_date", "")
    return date.fromisoformat(typed) if typed else None


def _ids(changes: Sequence[Change]) -> tuple[dict[str, int], dict[str, int]]:
    """The sites by code and the products by SKU in capitals."""
    sites = Site.objects.filter(code__in={c.after["site"] for c in changes}).values_list("code", "id")
    return dict(sites), products_by_sku({c.after["product"] for c in changes})


def _supply_key(change: Change) -> tuple[str, str, str]:
    return change.after.get("inbound", "").upper(), change.after["product"].upper(), change.after["site"]


def _expected(changes: Sequence[Change]) -> dict[tuple[str, str, str], int]:
    """{(reference, SKU, site): open supply} of those named. One statement."""
    named = {c.after.get("inbound", "").upper() for c in changes} - {""}
    if not named:
        return {}
    rows = InboundSupply.objects.filter(is_closed=False).exclude(kind=InboundKind.TRANSFER)
    found = rows.filter(product__sku__in={c.after["product"] for c in changes})
    columns = found.values_list("reference", "product__sku", "site__code", "id")
    return {(r.upper(), sku.upper(), site): pk for r, sku, site, pk in columns if r.upper() in named}


def _among(within: Within | None) -> tuple[str, list[Any]]:
    return ("", []) if within is None else (f" AND t.id IN ({within.sql})", list(within.parameters))


def _rows(sql: str, parameters: list[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall()


STOCK = Sheet(
    "stock", "Stock snapshot", _STOCK, ("site", "product", "lot", "status"), _stock_source, write_stock, KEEPERS,
    checks=check_stock, at_once=True, kept_remedy="Adjust the balance on its own page: a movement is never taken away.",
    help="What is there, place by place: each difference becomes a movement. A place the file lacks stays as it is.",
)  # fmt: skip
RECEIPTS = Sheet(
    "receipts", "Receipts", _RECEIPTS, ("document", "site", "product", "lot"), _receipt_source, write_receipts, KEEPERS,
    checks=check_receipts, at_once=True, kept_remedy="Adjust the stock it brought: a movement is never taken away.",
    help="Goods that arrived, counted once per document, place and lot.",
)  # fmt: skip
INBOUND = Sheet(
    "inbound", "Inbound supply", _INBOUND, _inbound_table.key, _inbound_table, write_inbound, PLANNERS,
    checks=check_inbound, at_once=True, kept_remedy="Lower what is ordered on its own page.",
    help="What is ordered or made and when it is expected. Transfers are not imported.",
)  # fmt: skip


_PAR_LEVELS = (
    _SITE,
    _SKU,
    Column("par_qty", "Par", ABOVE_ZERO, True, aliases=("par level", "target", "quantity")),
    Column("refill_below_qty", "Filled up below", ABOVE_ZERO, aliases=("reorder point", "minimum", "min"),
           help="Empty: as soon as anything is missing."),
)  # fmt: skip
_par_table = SheetTable(
    "inventory.ParLevel", _PAR_LEVELS, ("site", "product"), (("site", "code"), ("product", "sku")), "par_level"
)


def check_par_levels(changes: Sequence[Change], now: datetime) -> Problems:
    """Par levels are kept for trunks and consignments, and a refill starts at or below par."""
    codes = {c.after["site"] for c in changes}
    field = set(Site.objects.filter(code__in=codes, kind__in=FIELD_KINDS).values_list("code", flat=True))
    found: dict[int, list[Problem]] = {}
    for c in changes:
        if c.after["site"] not in field:
            why = f"Site {c.after['site']} is neither a trunk nor a consignment."
            found.setdefault(c.number, []).append(Problem("site", why, "Centers are filled by purchase orders."))
        par, refill = _cell(c, "par_qty"), _cell(c, "refill_below_qty")
        if refill and par and Decimal(refill) > Decimal(par):
            why = f"{refill} is above the par of {par}."
            found.setdefault(c.number, []).append(Problem("refill_below_qty", why, "Give at most the par."))
    return found


PAR_LEVELS = Sheet(
    "par_levels", "Par levels", _PAR_LEVELS, _par_table.key, _par_table, _par_table.write, PLANNERS,
    checks=check_par_levels, remove=_par_table.remove, help="How much trunks and consignments are to hold.",
)  # fmt: skip


def register() -> None:
    """Called once, when the room is ready."""
    for declared in (STOCK, RECEIPTS, INBOUND, PAR_LEVELS):
        sheets.register(declared)
