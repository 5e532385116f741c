"""Reads about stock in the field: whose sites these are, what is there, what a usage names, what is to be filled up."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from django.db.models import F, Q

from accounts.queries import names
from catalog.queries import product_snapshots, scan
from catalog.rules.asks import ProductSnapshot, Scan, UnknownUnit
from catalog.states import Tracking
from core import sql
from core.errors import FieldError
from core.quantity import BadQuantity, is_exact, plain
from inventory.models import FieldUsage, Lot, Site, StockBalance
from inventory.queries import FREE
from inventory.rules.field import Goods, Level, ThereNow, UseLine, take_first_expiring
from inventory.scan_queries import serials_where
from inventory.states import FIELD_KINDS, SiteKind, StockStatus, UsageStatus

ZERO = Decimal(0)
Problem = tuple[str, str, str, str]  # where in the line, code, message, remedy


@dataclass(frozen=True)
class FieldSite:
    """A trunk (with its rep's user) or a consignment (with its customer)."""

    id: int
    code: str
    name: str
    kind: str
    time_zone: str
    is_active: bool
    rep_user_id: int | None
    account_id: int | None


def field_sites(
    *, user_id: int | None = None, account_ids: Collection[int] | None = None, is_open: bool = True
) -> list[FieldSite]:
    """Trunks held by the user and consignments at these accounts; all of both kinds where neither is given. One
    statement, by code."""
    rows = Site.objects.filter(kind__in=FIELD_KINDS)
    if user_id is not None or account_ids is not None:
        mine = Q(kind=SiteKind.TRUNK, rep__user_id=user_id) if user_id is not None else Q(pk__in=())
        rows = rows.filter(mine | Q(kind=SiteKind.CONSIGNMENT, account_id__in=account_ids or ()))
    if is_open:
        rows = rows.filter(is_active=True)
    columns = ("id", "code", "name", "kind", "time_zone", "is_active", "rep__user_id", "account_id")
    return [FieldSite(*row) for row in rows.order_by("code").values_list(*columns)]


@dataclass(frozen=True)
class FieldStock:
    """What of a product is at a field site, by lot; `par`, `coming` and `asked` are of the product there as a whole."""

    site_id: int
    product_id: int
    lot_id: int | None
    lot: str
    expiry_date: date | None
    status: str
    on_hand: Decimal
    free: Decimal


def field_stock(site_ids: Collection[int]) -> list[FieldStock]:
    """Everything that lies there, of any status: by SKU, the earliest expiry first. One statement."""
    rows = StockBalance.objects.filter(site__in=list(site_ids), owner="", on_hand_qty__gt=0).annotate(free=FREE)
    columns = ("site_id", "product_id", "lot_id", "lot__code", "lot__expiry_date", "status", "on_hand_qty", "free")
    ordered = rows.order_by("site_id", "product__sku", F("lot__expiry_date").asc(nulls_last=True), "id")
    return [FieldStock(r[0], r[1], r[2], r[3] or "", *r[4:]) for r in ordered.values_list(*columns)]


_LEVELS = """
    WITH wanted AS (
        SELECT p.site_id, p.product_id, p.par_qty, p.refill_below_qty FROM inventory_parlevel p
        JOIN inventory_site s ON s.id = p.site_id AND s.is_active
        WHERE %(sites)s::bigint[] IS NULL OR p.site_id = ANY(%(sites)s::bigint[])
    ), there AS (
        SELECT b.site_id, b.product_id,
               sum(b.on_hand_qty - b.reserved_qty - b.allocated_qty - b.released_qty - b.picked_qty) AS qty
        FROM inventory_stockbalance b JOIN wanted USING (site_id, product_id)
        LEFT JOIN inventory_lot l ON l.id = b.lot_id
        WHERE b.status = 'available' AND b.owner = '' AND NOT coalesce(l.is_recalled, false) GROUP BY 1, 2
    ), travelling AS (
        SELECT t.to_site_id AS site_id, l.product_id,
               sum(CASE WHEN t.status <> 'requested' THEN l.shipped_qty - l.received_qty - l.damaged_qty - l.missing_qty
                        WHEN l.claim_id IS NULL THEN l.qty ELSE 0 END) AS qty
        FROM inventory_transferline l JOIN inventory_transfer t ON t.id = l.transfer_id
        JOIN wanted w ON w.site_id = t.to_site_id AND w.product_id = l.product_id
        WHERE t.status IN ('requested', 'shipped', 'short') GROUP BY 1, 2
    ), asked AS (
        SELECT f.site_id, l.product_id,
               sum(d.backordered_qty + d.reserved_qty + d.allocated_qty + d.released_qty + d.picked_qty) AS qty
        FROM inventory_fillupline l JOIN inventory_fillup f ON f.id = l.fill_up_id
        JOIN inventory_demand d ON d.id = l.demand_id
        JOIN wanted w ON w.site_id = f.site_id AND w.product_id = l.product_id
        WHERE d.ordered_qty > d.cancelled_qty + d.shipped_qty GROUP BY 1, 2
    )
    SELECT w.site_id, w.product_id, w.par_qty, w.refill_below_qty, coalesce(t.qty, 0), coalesce(v.qty, 0),
           coalesce(a.qty, 0)
    FROM wanted w LEFT JOIN there t USING (site_id, product_id) LEFT JOIN travelling v USING (site_id, product_id)
    LEFT JOIN asked a USING (site_id, product_id) ORDER BY w.site_id, w.product_id"""


def par_levels(site_ids: Collection[int] | None = None) -> dict[int, list[Level]]:
    """{site: its par levels with what is there, on its way and asked for}, of open sites. One statement."""
    found: dict[int, list[Level]] = defaultdict(list)
    parameters = {"sites": None if site_ids is None else list(site_ids)}
    for site_id, *columns in sql.rows(_LEVELS, parameters):
        found[site_id].append(Level(*columns))
    return dict(found)


@dataclass(frozen=True)
class UsageView:
    """A usage with what people call its places; `account` is "CODE Name"."""

    id: int
    number: str
    site_id: int
    site: str
    account_id: int
    account: str
    status: str
    used_at: datetime
    recorded_at: datetime
    recorded_by: str
    case_reference: str
    po_number: str
    is_po_awaited: bool
    note: str
    problem: str


def usages(
    *, site_ids: Collection[int] | None = None, number: str = "", ids: Collection[int] | None = None,
    account_ids: Collection[int] | None = None, is_waiting: bool = False, before_id: int | None = None, limit: int = 50,
) -> list[UsageView]:  # fmt: skip
    """The newest first; `is_waiting`: only those that wait for a PO number or for an order. Two statements."""
    rows = FieldUsage.objects.all()
    if site_ids is not None:
        rows = rows.filter(site__in=list(site_ids))
    if ids is not None:
        rows = rows.filter(pk__in=list(ids))
    if number:
        rows = rows.filter(number=number)
    if account_ids is not None:
        rows = rows.filter(account_id__in=list(account_ids))
    if is_waiting:
        rows = rows.filter(Q(status=UsageStatus.RECORDED) | Q(is_po_awaited=True, po_number=""))
    if before_id is not None:
        rows = rows.filter(pk__lt=before_id)
    columns = (
        "id", "number", "site_id", "site__code", "account_id", "status", "used_at", "recorded_at", "recorded_by",
        "case_reference", "po_number", "is_po_awaited", "note", "problem",
    )  # fmt: skip
    found = list(rows.order_by("-id").values_list(*columns)[:limit])
    called = names({r[4] for r in found})
    return [UsageView(*[*r[:5], called.get(r[4], ""), *r[5:]]) for r in found]


def usage_by_key(key: str) -> int | None:
    return FieldUsage.objects.filter(request_key=key).values_list("id", flat=True).first()


def usage_numbers(ids: Collection[int]) -> dict[int, str]:
    """{usage: its number}. One statement."""
    return dict(FieldUsage.objects.filter(pk__in=ids).values_list("id", "number"))


# --- reading what was used --------------------------------------------------------------------------------------
def read_lines(
    lines: Sequence[UseLine], *, site: FieldSite, on: date, counted_away: Mapping[int, Decimal] | None = None
) -> tuple[list[Goods], list[FieldError]]:
    """What each line takes, and everything that cannot be so. Five statements for any number of lines.

    `on` is the day of the use: a lot past its date then is refused. `counted_away` is what a later count has taken off
    each balance already. A lot used on two lines serves both from one.
    """
    scans = scan([line.code for line in lines])
    products = {s.product.id: s.product for s in scans if s.product is not None}
    lots = _lots_named(lines, scans)
    there = _there(site.id, products, counted_away or {})
    found: list[Goods] = []
    errors: list[FieldError] = []
    for n, (line, scanned) in enumerate(zip(lines, scans, strict=True)):
        read = _read(n, line, scanned, lots, there, site, on)
        if isinstance(read, Goods):
            found.append(read)
            there = _less(there, read)
        else:
            where, *rest = read
            errors.append(FieldError(f"/lines/{n}/{where}", *rest))
    return found, errors


def _lots_named(lines: Sequence[UseLine], scans: Sequence[Scan]) -> dict[str, list[Lot]]:
    """{code in capitals: the lots of that code, of whatever product}. One statement."""
    wanted = {t.strip().upper() for x in lines for t in (x.lot, x.serial)}
    wanted |= {t.upper() for s in scans for t in (s.lot, s.serial)}
    wanted.discard("")
    found: dict[str, list[Lot]] = defaultdict(list)
    if wanted:
        for lot in Lot.objects.extra(where=["upper(code) = ANY(%s)"], params=[sorted(wanted)]):
            found[lot.code.upper()].append(lot)
    return found


def _there(site_id: int, product_ids: Collection[int], extra: Mapping[int, Decimal]) -> list[ThereNow]:
    rows = StockBalance.objects.filter(
        site_id=site_id, product__in=list(product_ids), owner="", status=StockStatus.AVAILABLE
    ).annotate(free=FREE)
    columns = rows.values_list("id", "product_id", "lot_id", "free", "lot__expiry_date", "lot__is_recalled")
    return [ThereNow(r[0], r[1], r[2], r[3] + extra.get(r[0], ZERO), r[4]) for r in columns if not r[5]]


def _less(there: Sequence[ThereNow], goods: Goods) -> list[ThereNow]:
    return [replace(t, free=t.free - goods.takes.get(t.balance_id, ZERO)) for t in there]


def _read(
    n: int, line: UseLine, scanned: Scan, lots: Mapping[str, Sequence[Lot]], there: Sequence[ThereNow],
    site: FieldSite, on: date,
) -> Goods | Problem:  # fmt: skip
    product = scanned.product
    if product is None:
        assert scanned.refusal is not None  # a scan has a product or a refusal
        return "code", scanned.refusal.code, scanned.refusal.message, scanned.refusal.remedy
    unit = line.unit.strip().upper() or scanned.unit or product.base_unit
    qty = _base(line, unit, product)
    if not isinstance(qty, Decimal):
        return qty
    lot = _lot(line, scanned, product, lots, on)
    if isinstance(lot, tuple):
        return lot
    if lot is not None and lot.is_serial and qty != 1:
        words = f"Serial number {lot.code} is one unit, not {plain(qty)}."
        return "quantity", "not_one_unit", words, "Scan each unit by itself."
    places = [t for t in there if t.product_id == product.id and (lot is None or t.lot_id == lot.pk)]
    if lot is None:
        places = [t for t in places if t.expiry_date is None or t.expiry_date >= on]
    takes, short = take_first_expiring(qty, places)
    if short:
        return _not_there(lot, product, qty, qty - short, site)
    only = lot.pk if lot else None
    return Goods(n + 1, line.code.strip(), product.id, product.sku, qty, unit, line.qty, only, takes)


def _base(line: UseLine, unit: str, product: ProductSnapshot) -> Decimal | Problem:
    if not is_exact(line.qty) or line.qty <= 0:
        words = "What was used is above zero, of at most four decimal places."
        return "quantity", "not_a_quantity", words, "Say how many were used."
    try:
        qty = product.to_base(line.qty, unit)
    except UnknownUnit as refusal:
        return "unit", "unknown_unit", refusal.message, refusal.remedy
    except BadQuantity as wrong:
        return "quantity", "does_not_fit", f"{wrong}.", f"Say it in {product.base_unit}, the base unit."
    if product.tracking == Tracking.SERIAL and qty % 1:
        words = f"{product.sku} has serial numbers: {plain(qty)} {product.base_unit} is no whole unit."
        return "quantity", "does_not_fit", words, "Scan each unit by itself."
    return qty


def _lot(
    line: UseLine, scanned: Scan, product: ProductSnapshot, lots: Mapping[str, Sequence[Lot]], on: date
) -> Lot | Problem | None:
    is_numbered = product.tracking == Tracking.SERIAL
    name = (line.serial.strip() or scanned.serial) if is_numbered else (line.lot.strip() or scanned.lot)
    name, where = name or (line.lot.strip() if is_numbered else ""), "serial" if is_numbered else "lot"
    what = "serial number" if is_numbered else "lot"
    if not name:
        if product.tracking == Tracking.NONE:
            return None
        return where, f"{where}_missing", f"{product.sku} is used by its {what}.", f"Scan the {what}, or type it in."
    known = lots.get(name.upper(), ())
    lot = next((x for x in known if x.product_id == product.id), None)
    if lot is None and known:
        others = product_snapshots({x.product_id for x in known})
        called = ", ".join(sorted(p.sku for p in others.values())[:3])
        words = f"{what.capitalize()} {name} is of {called}, not of {product.sku}."
        return where, "lot_of_another_product", words, "Read the label again."
    if lot is None:
        words = f"No {what} {name} of {product.sku} is known."
        return where, f"unknown_{where}", words, "Read the label again; a new one comes in by a receipt."
    if lot.is_recalled:
        words = f"{what.capitalize()} {name} of {product.sku} is recalled: nothing of it is used."
        return where, "lot_recalled", words, "Set it aside and send it back; quality knows of it."
    if lot.expiry_date is not None and lot.expiry_date < on:
        words = f"{what.capitalize()} {name} of {product.sku} expired on {lot.expiry_date}."
        return where, "lot_expired", words, "Set it aside; correct the day of the use if it was used before."
    return lot


def _not_there(lot: Lot | None, product: ProductSnapshot, qty: Decimal, free: Decimal, site: FieldSite) -> Problem:
    if lot is not None and lot.is_serial:
        return _serial_elsewhere(lot, product, site)
    of = f"{product.sku} lot {lot.code}" if lot else product.sku
    words = f"{plain(qty)} of {of} were used, but only {plain(free)} {'is' if free == 1 else 'are'} at {site.code}."
    remedy = "Acknowledge the fill-up that brought the rest, or count the site."
    return "quantity", "more_than_there", words, remedy


def _serial_elsewhere(lot: Lot, product: ProductSnapshot, site: FieldSite) -> Problem:
    where = serials_where([lot.pk])[lot.pk]
    called = f"Serial number {lot.code} of {product.sku}"
    if where.state in ("used", "shipped"):
        by = f" ({where.document})" if where.document else ""
        return "serial", "serial_used", f"{called} was {where.state} before{by}.", "Read the label again."
    if where.site == site.code:
        words = f"{called} is at {site.code}, but {where.state}."
        return "serial", "serial_not_free", words, "Take it out of what it is promised to first."
    at = f" at {where.site}" if where.site else ""
    words = f"{called} is not at {site.code}: by the books it is {where.state}{at}."
    return "serial", "serial_elsewhere", words, "Acknowledge or accept the transfer that brought it."


_COUNTED_AWAY = """
    SELECT l.balance_id, greatest(0, -sum(l.variance_qty + l.pending_qty) - coalesce(
               (SELECT sum(m.qty) FROM inventory_stockmovement m WHERE m.balance_id = l.balance_id
                   AND m.kind = 'count' AND m.source_kind = 'field_usage'), 0))
      FROM inventory_countline l JOIN inventory_stockcount c ON c.id = l.count_id AND c.status = 'posted'
      JOIN inventory_stockbalance b ON b.id = l.balance_id
     WHERE b.site_id = %(site)s::bigint AND l.counted_at > %(used_at)s::timestamptz AND l.variance_qty < 0
     GROUP BY l.balance_id"""


def counted_away(site_id: int, *, used_at: datetime) -> dict[int, Decimal]:
    """{balance: what counts made after `used_at` found missing, and no late usage has explained yet}. One statement."""
    return dict(sql.rows(_COUNTED_AWAY, {"site": site_id, "used_at": used_at}))
