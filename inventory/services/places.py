"""Where stock may be: the balance of a place, lot and status, made where there is none; lots by what people call them."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Q

from catalog.queries import product_snapshots
from core.clock import local_date
from core.errors import NotFound, Refused
from inventory.models import Lot, Site, StockBalance
from inventory.states import SiteKind, StockStatus


class SiteIsClosed(Refused):
    template = "Site {site} is closed: {verb}."
    remedy_template = "Choose another site, or open it again under Sites."


class NothingOfOursThere(Refused):
    template = "{site} is a vendor's site: it holds the vendor's offer and no stock of ours, so {verb}."
    remedy_template = "Choose one of our own sites; what the vendor can be asked for is kept under Vendors' offers."


class LotOfAnotherProduct(Refused):
    template = "Lot {lot} is a lot of {known}, not of {product}."
    remedy_template = "Read the label again: name the product's own lot, or leave the lot empty."


class UnknownLot(Refused):
    template = "No lot {lot} of {product} is known."
    remedy_template = "Read the label again; a new lot comes in by a receipt."


class LotIsRecalled(Refused):
    template = "Lot {lot} is recalled: {verb}."
    remedy_template = "Scrap it or send it back; lift the recall under Lots if it was a mistake."


class LotIsExpired(Refused):
    template = "Lot {lot} expired on {expiry_date}: {verb}."
    remedy_template = "Scrap it, or correct the date of the lot's receipt if it is wrong."


@dataclass(frozen=True)
class Place:
    """Where our own stock of a product can be."""

    product_id: int
    site_id: int
    lot_id: int | None = None
    status: StockStatus = StockStatus.AVAILABLE
    owner: str = ""


def balances_at(places: Collection[Place]) -> dict[Place, int]:
    """{place: balance id}, made where there is none: two statements, none for no places."""
    if not places:
        return {}
    rows = [
        StockBalance(product_id=p.product_id, site_id=p.site_id, lot_id=p.lot_id, status=p.status, owner=p.owner)
        for p in sorted(set(places), key=_order)
    ]
    StockBalance.objects.bulk_create(rows, ignore_conflicts=True)
    return known_balances(places)


def known_balances(places: Iterable[Place]) -> dict[Place, int]:
    """{place: balance id} of those that have one. One statement."""
    wanted = set(places)
    rows = StockBalance.objects.filter(
        product_id__in={p.product_id for p in wanted}, site_id__in={p.site_id for p in wanted}
    ).values_list("id", "product_id", "site_id", "lot_id", "status", "owner")
    found = {Place(p, s, lot, StockStatus(status), owner): pk for pk, p, s, lot, status, owner in rows}
    return {place: pk for place, pk in found.items() if place in wanted}


def place_of(balance: StockBalance, status: StockStatus | None = None) -> Place:
    """The balance's place, or the same place in another status."""
    wanted = StockStatus(balance.status) if status is None else status
    return Place(balance.product_id, balance.site_id, balance.lot_id, wanted, balance.owner)


def _order(place: Place) -> tuple[int, int, int, str, str]:
    return place.product_id, place.site_id, place.lot_id or 0, place.status, place.owner


def site_called(site_id: int, *, verb: str, may_be_vendor: bool = False) -> Site:
    """An open site. Raises NotFound, SiteIsClosed, NothingOfOursThere; `verb` says what it cannot do."""
    site = Site.objects.filter(pk=site_id).first()
    if site is None:
        raise NotFound(kind="site", ident=site_id)
    if not site.is_active:
        raise SiteIsClosed(site=site.code, verb=verb)
    if site.kind == SiteKind.VENDOR and not may_be_vendor:
        raise NothingOfOursThere(site=site.code, verb=verb)
    return site


def refuse_vendors(site_ids: Collection[int], *, verb: str) -> None:
    """Raises NothingOfOursThere where one of the sites is a vendor's. One statement."""
    code = Site.objects.filter(pk__in=site_ids, kind=SiteKind.VENDOR).values_list("code", flat=True).first()
    if code is not None:
        raise NothingOfOursThere(site=code, verb=verb)


def lots_called(named: Collection[tuple[int, str]]) -> dict[tuple[int, str], Lot]:
    """The lots of (product, lot code), in capitals or not. Raises LotOfAnotherProduct, UnknownLot. Two statements."""
    asked = {(product_id, code.strip()) for product_id, code in named if code.strip()}
    if not asked:
        return {}
    match = Q(pk__in=())
    for code in {code for _, code in asked}:
        match |= Q(code__iexact=code)
    rows = list(Lot.objects.filter(match))
    found = {(lot.product_id, lot.code.upper()): lot for lot in rows}
    for product_id, code in sorted(asked):
        if (product_id, code.upper()) not in found:
            raise _unknown(product_id, code, rows)
    return {(p, code): found[p, code.strip().upper()] for p, code in named if code.strip()}


def _unknown(product_id: int, code: str, rows: Sequence[Lot]) -> Refused:
    others = sorted({lot.product_id for lot in rows if lot.code.upper() == code.upper()})
    products = product_snapshots([product_id, *others[:3]])
    product = products[product_id].sku if product_id in products else str(product_id)
    if others:
        return LotOfAnotherProduct(lot=code, product=product, known=", ".join(products[i].sku for i in others[:3]))
    return UnknownLot(lot=code, product=product)


def refuse_unfit(lots: Iterable[Lot], *, verb: str, on: date) -> None:
    """Raises LotIsRecalled, LotIsExpired."""
    for lot in lots:
        if lot.is_recalled:
            raise LotIsRecalled(lot=lot.code, verb=verb)
        if lot.expiry_date is not None and lot.expiry_date < on:
            raise LotIsExpired(lot=lot.code, expiry_date=lot.expiry_date, verb=verb)


def status_on_arrival(lot: Lot | None, *, on: date) -> StockStatus:
    """Good stock, unless its lot says otherwise."""
    if lot is not None and lot.is_recalled:
        return StockStatus.RECALLED
    if lot is not None and lot.expiry_date is not None and lot.expiry_date < on:
        return StockStatus.EXPIRED
    return StockStatus.AVAILABLE


def today_at(site: Site, now: datetime) -> date:
    return local_date(now, site.time_zone)


def skus(product_ids: Collection[int]) -> Mapping[int, str]:
    """{product: SKU}, for messages. One statement."""
    return {i: p.sku for i, p in product_snapshots(list(product_ids)).items()}
