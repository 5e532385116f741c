"""Replenish trunks and consignments to par: what is missing is asked for as demand like any other, last in rank."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from accounts.queries import account_snapshots
from catalog.queries import product_snapshots
from catalog.states import ProductStatus
from core import journal
from core.actors import Actor
from core.clock import local_date
from core.numbering import draw
from core.quantity import plain
from core.refs import DocumentRef
from core.uow import door_verb
from inventory import locks
from inventory.field_queries import FieldSite, field_sites, par_levels
from inventory.models import FillUp, FillUpLine
from inventory.rules.asks import DemandSpec
from inventory.rules.field import to_fill_up
from inventory.services.give_way import ask_for_allocation
from inventory.services.open_demands import open_demands

DAYS_AHEAD = 3  # when a fill-up is wanted by


@dataclass(frozen=True)
class Asked:
    """`units` base units of `products` products for a site."""

    fill_up_id: int
    number: str
    site: str
    products: int
    units: Decimal


@door_verb
def replenish(*, key: str, site_ids: Collection[int] | None = None, actor: Actor, now: datetime) -> list[Asked]:
    """Ask for what is missing to par at these sites (all that have par levels): one fill-up a site, none where nothing
    is missing. What is on its way or asked for counts, so that a second run asks for nothing. One run at a time."""
    locks.lock_replenishment()
    sites = {s.id: s for s in field_sites()}
    levels = {i: found for i, found in par_levels(site_ids).items() if i in sites}
    multiples = _sold({x.product_id for found in levels.values() for x in found})
    wanted = {i: to_fill_up([x for x in found if x.product_id in multiples], multiples) for i, found in levels.items()}
    told = set(FillUp.objects.filter(request_key__in=[f"{key}:{i}" for i in wanted]).values_list("site_id", flat=True))
    wanted = {i: found for i, found in wanted.items() if found and i not in told}
    if not wanted:
        return []
    rows = _rows([sites[i] for i in sorted(wanted)], key=key, actor=actor, now=now)
    _demands(rows, wanted, sites, now=now)
    asked = [_asked(row, sites, wanted[row.site_id]) for row in rows]
    entries = [
        journal.Entry(_ref(row), "requested", f"{plain(a.units)} of {a.products} product(s) for {a.site}")
        for row, a in zip(rows, asked, strict=True)
    ]
    journal.write(entries, actor=actor, now=now)
    products = {p for found in wanted.values() for p in found}
    ask_for_allocation(products, "fill-up asked for", now=now, actor=actor)
    return asked


def _sold(product_ids: Collection[int]) -> dict[int, Decimal]:
    """{product: its order multiple}. What is discontinued or recalled is used up, not filled up."""
    products = product_snapshots(product_ids)
    return {i: p.order_multiple for i, p in products.items() if p.status == ProductStatus.ACTIVE}


def _asked(row: FillUp, sites: Mapping[int, FieldSite], wanted: Mapping[int, Decimal]) -> Asked:
    return Asked(row.pk, row.number, sites[row.site_id].code, len(wanted), sum(wanted.values(), Decimal(0)))


def _rows(sites: Collection[FieldSite], *, key: str, actor: Actor, now: datetime) -> list[FillUp]:
    numbers = draw("fill_up", prefix="FL-", count=len(sites))
    return FillUp.objects.bulk_create(
        FillUp(
            number=number,
            request_key=f"{key}:{site.id}",
            site_id=site.id,
            requested_at=now,
            requested_by=actor.label,
            wanted_date=local_date(now, site.time_zone) + timedelta(days=DAYS_AHEAD),
        )
        for number, site in zip(numbers, sites, strict=True)
    )


def _demands(
    rows: Collection[FillUp], wanted: Mapping[int, Mapping[int, Decimal]], sites: Mapping[int, FieldSite], *,
    now: datetime,
) -> None:  # fmt: skip
    """A consignment asks as its customer does: lots live as long as that customer wants them to."""
    owners = {s.account_id for s in sites.values() if s.account_id is not None}
    lives = {i: a.min_shelf_life_days for i, a in account_snapshots(sorted(owners), on=now.date()).items()}
    specs, places = [], {}
    for row in rows:
        account_id = sites[row.site_id].account_id
        for n, (product_id, qty) in enumerate(sorted(wanted[row.site_id].items()), start=1):
            spec = _spec(row, n, product_id, qty, account_id, lives.get(account_id or 0, 0))
            specs.append(spec)
            places[spec.key] = (row, n, product_id)
    ids = open_demands(specs, now=now)
    FillUpLine.objects.bulk_create(
        FillUpLine(fill_up=row, line_no=n, product_id=product_id, demand_id=ids[key])
        for key, (row, n, product_id) in places.items()
    )


def _spec(
    row: FillUp, line_no: int, product_id: int, qty: Decimal, account_id: int | None, shelf_life: int
) -> DemandSpec:
    wanted: date = row.wanted_date
    return DemandSpec(
        f"{row.pk}:{line_no}", _ref(row), line_no, product_id, qty, account_id, wanted, min_shelf_life_days=shelf_life
    )


def _ref(row: FillUp) -> DocumentRef:
    return DocumentRef("fill_up", row.pk, row.number)
