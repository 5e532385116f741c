"""Reads, batch-shaped: a constant number of SQL statements whatever the number of ids."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db.models import Count, F, Max, Q, Sum
from django.db.models.functions import Coalesce

from core import sql
from core.explain import Explanation
from inventory.models import AllocationRun, Claim, Demand, DemandDecision, InboundSupply, Promise, Site, StockBalance
from inventory.models.demand import UNSHIPPED
from inventory.pool_queries import RULED_OF_PRODUCTS, offers
from inventory.rules.allocate import in_words
from inventory.rules.asks import (
    NOTHING,
    Availability,
    AvailabilityQuery,
    ClaimedStock,
    DemandState,
    Holding,
    MadePromise,
    OpenInbound,
    PromiseSlice,
    SiteAvailability,
    SiteSnapshot,
)
from inventory.rules.atp import dated_atp, expected_on
from inventory.rules.sourcing import GENERAL_KINDS
from inventory.rules.vendor import shown_name
from inventory.states import STOCK_HOLD, ClaimKind, ClaimState, InboundKind, PromiseKind, StockStatus

FREE = F("on_hand_qty") - F("reserved_qty") - F("allocated_qty") - F("released_qty") - F("picked_qty")
USABLE = Q(status=StockStatus.AVAILABLE, owner="", site__is_active=True) & (
    Q(lot__isnull=True) | Q(lot__is_recalled=False)
)
OPEN_KINDS = tuple(ClaimKind)
ZERO = Decimal(0)
_KINDS = [str(kind) for kind in GENERAL_KINDS]


def availability(query: AvailabilityQuery) -> dict[int, Availability]:
    """Per product, in total and per site: what is there, what is spoken for, what this account can have, and when.

    An answer for every product asked, known or not. Four statements in one round trip for any number of products;
    six more in another where some have pools, safety stock or caps.
    """
    parameters = _availability_parameters(query)
    texts = (_BALANCES, _GIVEN_BACK, _INBOUND, _WANTED)
    balances, given_back, inbound, wanted = sql.answers(*(sql.Statement(text, parameters, list) for text in texts))
    coming = _coming(inbound, query.on)
    sites = _sites(balances, {(r[0], r[1]): (r[2], r[3]) for r in given_back}, coming)
    due: dict[int, list[tuple[date, Decimal]]] = defaultdict(list)
    ruled = [product_id for product_id, day, _ in wanted if day is None]
    for product_id, day, qty in wanted:
        if day is not None:
            due[product_id].append((day, qty))
    found = {i: _available(i, sites.get(i, ()), coming.get(i, {}), due.get(i, ()), query.on) for i in query.product_ids}
    return found | offers(query, found, ruled) if ruled else found


def promises(demand_ids: Collection[int]) -> dict[int, tuple[PromiseSlice, ...]]:
    """The current slices of each demand, earliest delivery first; () for a demand without any. One statement."""
    rows = Promise.objects.filter(demand_id__in=demand_ids, is_current=True)
    columns = rows.order_by(F("delivery_date").asc(nulls_last=True), "id").values_list(
        "demand_id", "qty", "kind", "site_id", "ship_date", "delivery_date", "first_delivery_date", "slip_cause",
        "inbound_id",
    )  # fmt: skip
    found: dict[int, list[PromiseSlice]] = {i: [] for i in demand_ids}
    for demand_id, qty, kind, site_id, ship, delivery, first, cause, inbound_id in columns:
        promise = PromiseSlice(qty, PromiseKind(kind), site_id, ship, delivery, first, cause, inbound_id)
        found[demand_id].append(promise)
    return {i: tuple(slices) for i, slices in found.items()}


def first_promised_days(demand_ids: Collection[int]) -> dict[int, date]:
    """{demand: the last day it was first promised for}, also once it shipped; without one absent. One statement."""
    rows = Promise.objects.filter(demand_id__in=list(demand_ids), delivery_date__isnull=False)
    return dict(rows.values_list("demand_id").annotate(day=Max(Coalesce("first_delivery_date", "delivery_date"))))


def moved_promises(demand_ids: Collection[int]) -> dict[int, tuple[PromiseSlice, ...]]:
    """Of each demand, the current slices that come later than first promised; demands without one are absent.
    One statement."""
    rows = Promise.objects.filter(demand_id__in=demand_ids, is_current=True, delivery_date__gt=F("first_delivery_date"))
    found: dict[int, tuple[PromiseSlice, ...]] = {}
    for p in rows.order_by("delivery_date", "id"):
        part = PromiseSlice(
            p.qty, PromiseKind(p.kind), p.site_id, p.ship_date, p.delivery_date, p.first_delivery_date, p.slip_cause
        )
        found[p.demand_id] = (*found.get(p.demand_id, ()), part)
    return found


def demand_states(demand_ids: Collection[int]) -> dict[int, DemandState]:
    """The quantity ledger of each demand that exists. One statement."""
    rows = Demand.objects.filter(pk__in=demand_ids).values_list(
        "id", "product_id", "ordered_qty", "cancelled_qty", "backordered_qty", "reserved_qty", "allocated_qty",
        "released_qty", "picked_qty", "shipped_qty", "is_blocked",
    )  # fmt: skip
    return {row[0]: DemandState(*row) for row in rows}


def claims(demand_ids: Collection[int], kinds: Iterable[ClaimKind] = OPEN_KINDS) -> dict[int, list[ClaimedStock]]:
    """The open claims of each demand, of the given kinds, in the order they were made. One statement."""
    rows = Claim.objects.filter(demand_id__in=demand_ids, state=ClaimState.OPEN, kind__in=list(kinds)).order_by("id")
    columns = rows.values_list(
        "demand_id", "id", "balance_id", "balance__site_id", "balance__lot_id", "balance__product_id", "qty"
    )
    found: dict[int, list[ClaimedStock]] = {i: [] for i in demand_ids}
    for row in columns:
        found[row[0]].append(ClaimedStock(*row))
    return found


def holdings(demand_ids: Collection[int]) -> dict[int, tuple[Holding, ...]]:
    """What stands for each demand now, place by place, for screens. One statement."""
    rows = Claim.objects.filter(demand_id__in=demand_ids, state=ClaimState.OPEN).order_by("id")
    columns = rows.values_list("demand_id", "kind", "balance__site__code", "balance__lot__code", "qty", "expires_at")
    found: dict[int, list[Holding]] = {i: [] for i in demand_ids}
    for demand_id, kind, site, lot, qty, expires_at in columns:
        found[demand_id].append(Holding(kind, site, lot or "", qty, expires_at))
    return {i: tuple(held) for i, held in found.items()}


def promise_history(demand_ids: Collection[int]) -> dict[int, tuple[MadePromise, ...]]:
    """Every promise made for each demand, newest first, the replaced ones too. One statement."""
    rows = Promise.objects.filter(demand_id__in=demand_ids).order_by("-made_at", "-id")
    columns = rows.values_list("demand_id", "qty", "site__code", "delivery_date", "made_at", "is_current", "slip_cause")
    found: dict[int, list[MadePromise]] = {i: [] for i in demand_ids}
    for demand_id, qty, site, delivery_date, made_at, is_current, cause in columns:
        found[demand_id].append(MadePromise(qty, site or "", delivery_date, made_at, is_current, cause))
    return {i: tuple(made) for i, made in found.items()}


def site_snapshots(ids: Collection[int] | None = None) -> dict[int, SiteSnapshot]:
    """The sites by id; all of them when `ids` is None. One statement."""
    rows = Site.objects.all() if ids is None else Site.objects.filter(pk__in=ids)
    columns = rows.values_list(
        "id", "code", "name", "kind", "region", "time_zone", "rank", "lead_days", "transit_days", "is_active",
        "lines_per_day",
    )  # fmt: skip
    return {row[0]: SiteSnapshot(*row) for row in columns}


def own_site() -> int | None:
    """Where goods come that nobody says a place for: the open DC, hub or third party of the first rank. One statement."""
    rows = Site.objects.filter(is_active=True, kind__in=_KINDS).order_by("rank", "pk")
    return rows.values_list("pk", flat=True).first()


def names_of_sites() -> dict[int, str]:
    """{site: its name as customers read it}. One statement."""
    return {pk: shown_name(kind, name) for pk, kind, name in Site.objects.values_list("id", "kind", "name")}


def decisions(demand_ids: Collection[int]) -> dict[int, Explanation]:
    """Why each demand has what it has: its last decision, where there was one. One statement."""
    rows = DemandDecision.objects.filter(demand_id__in=demand_ids).values_list("demand_id", "explanation")
    return {demand_id: Explanation.from_json(data) for demand_id, data in rows}


_REASONS = """
    SELECT d.demand_id, d.explanation, trim(ahead.ref_number || ' line ' || ahead.line_no)
    FROM inventory_demanddecision d
    LEFT JOIN inventory_demand ahead ON ahead.id = (d.explanation #>> '{inputs,next_ahead_demand}')::bigint
    WHERE d.demand_id = ANY(%(demand_ids)s::bigint[])"""


def reasons(demand_ids: Collection[int]) -> dict[int, str]:
    """The same as one line for people, who is next ahead by document and line. One statement."""
    rows = sql.rows(_REASONS, {"demand_ids": list(demand_ids)})
    return {
        demand_id: in_words(Explanation.from_json(json.loads(data)), ahead or "") for demand_id, data, ahead in rows
    }


def free_on(balance_ids: Collection[int]) -> dict[int, Decimal]:
    """{balance: units on it that nobody holds}, not locked. One statement, none for no ids."""
    rows = StockBalance.objects.filter(pk__in=balance_ids).values_list("pk").annotate(free=FREE)
    return dict(rows) if balance_ids else {}


def open_inbound(*, due_until: date | None = None, product_ids: Collection[int] | None = None) -> list[OpenInbound]:
    """What is still to come, all of it, what is expected by that day or of these products: earliest first. One statement."""
    rows = InboundSupply.objects.filter(is_closed=False, ordered_qty__gt=F("received_qty"))
    if due_until is not None:
        rows = rows.filter(eta_date__lte=due_until)
    if product_ids is not None:
        rows = rows.filter(product_id__in=product_ids)
    columns = ("pk", "product_id", "site_id", "reference", "ordered_qty", "received_qty", "eta_date")
    found = rows.order_by("eta_date", "pk").values_list(*columns, "confidence_percent", "kind")
    return [
        OpenInbound(pk, product_id, site_id, reference, ordered - received, eta, ordered, sure, InboundKind(kind))
        for pk, product_id, site_id, reference, ordered, received, eta, sure, kind in found
    ]


def net_stock() -> dict[int, Decimal]:
    """{product: good stock of ours nobody claims, less what is backordered}; what replenishment starts from.

    Two statements. Products without stock and backorders are absent.
    """
    found: dict[int, Decimal] = defaultdict(Decimal)
    free = StockBalance.objects.filter(USABLE, site__kind__in=_KINDS).values("product_id").annotate(free=Sum(FREE))
    for product_id, qty in free.values_list("product_id", "free"):
        found[product_id] += qty
    short = (
        Demand.objects.filter(UNSHIPPED, backordered_qty__gt=0)
        .values("product_id")
        .annotate(short=Sum("backordered_qty"))
    )
    for product_id, qty in short.values_list("product_id", "short"):
        found[product_id] -= qty
    return dict(found)


def lines_worth_a_run() -> dict[int, int]:
    """{product: its waiting lines} where an allocation could serve some now: backordered with free stock, or reserved
    softly. The second half catches up on an allocation whose job was lost. One statement.
    """
    stocked = StockBalance.objects.annotate(free=FREE).filter(USABLE, free__gt=0, site__kind__in=_KINDS)
    waiting = Q(backordered_qty__gt=0, product_id__in=stocked.values("product_id")) | Q(reserved_qty__gt=0)
    open_now = Demand.objects.filter(UNSHIPPED, waiting, is_blocked=False).exclude(ref_kind=STOCK_HOLD)
    rows = open_now.values_list("product_id")
    return dict(rows.annotate(lines=Count("pk")).order_by("product_id"))


def is_run_under_way(*, since: datetime) -> bool:
    """Whether a run over everything that began since then has shards that are not done. One statement."""
    return AllocationRun.objects.filter(
        scope__has_key="shards", finished_at__isnull=True, started_at__gte=since
    ).exists()


def products_worth_a_run() -> list[int]:
    """Those products. One statement."""
    return sorted(lines_worth_a_run())


_LOOKED_AT = """s.is_active AND CASE WHEN %(sites)s::bigint[] IS NULL THEN s.kind = ANY(%(kinds)s::text[])
                            ELSE s.id = ANY(%(sites)s::bigint[]) END"""
_LIVES_LONG_ENOUGH = """b.status = 'available' AND NOT coalesce(l.is_recalled, false)
    AND coalesce(l.expiry_date >= greatest(%(today)s::date + s.transit_days, %(delivery)s::date)
                                  + %(shelf_life)s::int, true)"""
_BALANCES = f"""
    SELECT b.product_id, b.site_id, s.code, sum(b.on_hand_qty), sum(b.reserved_qty), sum(b.allocated_qty),
           sum(b.released_qty + b.picked_qty),
           coalesce(sum(b.on_hand_qty) FILTER (WHERE NOT u.is_usable), 0),
           coalesce(sum(b.on_hand_qty - b.reserved_qty - b.allocated_qty - b.released_qty - b.picked_qty)
                    FILTER (WHERE u.is_usable), 0)
    FROM inventory_stockbalance b JOIN inventory_site s ON s.id = b.site_id
    LEFT JOIN inventory_lot l ON l.id = b.lot_id
    CROSS JOIN LATERAL (SELECT {_LIVES_LONG_ENOUGH} AS is_usable) u
    WHERE b.product_id = ANY(%(products)s::bigint[]) AND b.owner = '' AND {_LOOKED_AT}
    GROUP BY b.product_id, b.site_id, s.code, s.rank ORDER BY b.product_id, s.rank, b.site_id"""
_GIVEN_BACK = f"""
    SELECT b.product_id, b.site_id, coalesce(sum(c.qty) FILTER (WHERE c.has_run_out), 0),
           coalesce(sum(c.qty) FILTER (WHERE NOT c.has_run_out), 0)
    FROM (
        SELECT balance_id, qty, true AS has_run_out FROM inventory_claim
        WHERE state = 'open' AND kind = 'soft' AND expires_at <= coalesce(%(now)s::timestamptz, statement_timestamp())
        UNION ALL
        SELECT balance_id, qty, false FROM inventory_claim
        WHERE state = 'open' AND kind IN ('soft', 'hard') AND demand_id = ANY(%(own)s::bigint[])
          AND (expires_at IS NULL OR expires_at > coalesce(%(now)s::timestamptz, statement_timestamp()))
    ) c JOIN inventory_stockbalance b ON b.id = c.balance_id JOIN inventory_site s ON s.id = b.site_id
    LEFT JOIN inventory_lot l ON l.id = b.lot_id
    WHERE b.product_id = ANY(%(products)s::bigint[]) AND b.owner = '' AND {_LIVES_LONG_ENOUGH}
    GROUP BY b.product_id, b.site_id"""
_INBOUND = f"""
    SELECT i.product_id, i.site_id, i.eta_date, i.past_due_cutoff_days, sum(i.ordered_qty - i.received_qty)
    FROM inventory_inboundsupply i JOIN inventory_site s ON s.id = i.site_id
    WHERE i.product_id = ANY(%(products)s::bigint[]) AND NOT i.is_closed AND i.ordered_qty > i.received_qty
      AND i.confidence_percent >= %(confidence)s::int
      AND {_LOOKED_AT}
    GROUP BY i.product_id, i.site_id, i.eta_date, i.past_due_cutoff_days"""
# Which of the products have pools is told in rows without a day: asked for itself, it would cost every caller.
_WANTED = f"""
    SELECT product_id, requested_date, sum(backordered_qty) FROM inventory_demand
    WHERE product_id = ANY(%(products)s::bigint[]) AND backordered_qty > 0 AND ordered_qty > cancelled_qty + shipped_qty
      AND NOT id = ANY(%(own)s::bigint[])
    GROUP BY product_id, requested_date
    UNION ALL SELECT product_id, NULL, 0 FROM ({RULED_OF_PRODUCTS}) ruled"""
Days = dict[date, Decimal]


def _availability_parameters(query: AvailabilityQuery) -> dict[str, Any]:
    return {
        "products": list(query.product_ids),
        "sites": None if query.site_ids is None else list(query.site_ids),
        "kinds": _KINDS,
        "today": query.on,
        "delivery": query.delivery_date,
        "shelf_life": query.min_shelf_life_days,
        "own": list(query.ignore_demand_ids),
        "now": query.now,
        "confidence": settings.OMS_LEAST_CONFIDENCE_PERCENT,
    }


def _coming(rows: Iterable[tuple[int, int, date, int, Decimal]], today: date) -> dict[int, dict[int, Days]]:
    """{product: {site: {day: qty}}}; overdue supply counts from tomorrow, until its cut-off."""
    found: dict[int, dict[int, Days]] = defaultdict(lambda: defaultdict(lambda: defaultdict(Decimal)))
    for product_id, site_id, eta, cutoff, qty in rows:
        day = expected_on(eta, today=today, cutoff_days=cutoff)
        if day is not None:
            found[product_id][site_id][day] += qty
    return found


def _sites(
    rows: Iterable[tuple[Any, ...]],
    given_back: Mapping[tuple[int, int], tuple[Decimal, Decimal]],
    coming: Mapping[int, Mapping[int, Days]],
) -> dict[int, list[SiteAvailability]]:
    """`given_back` are the reservations that ran out and the claims of the demands to ignore, on usable stock."""
    found: dict[int, list[SiteAvailability]] = defaultdict(list)
    for row in rows:
        product_id, site_id = row[0], row[1]
        days = coming[product_id].get(site_id) if product_id in coming else None
        site = SiteAvailability._make((*row[1:8], ZERO, row[8], dict(sorted(days.items())) if days else NOTHING, ZERO))
        if returned := given_back.get((product_id, site_id)):  # few of the thousands of rows of a long list
            site = site._replace(reserved=site.reserved - returned[0], available=site.available + sum(returned))
        found[product_id].append(site)
    return found


def _available(
    product_id: int,
    sites: Sequence[SiteAvailability],
    coming: Mapping[int, Days],
    wanted: Iterable[tuple[date, Decimal]],
    today: date,
) -> Availability:
    on_hand = reserved = allocated = released = unusable = available = ZERO
    for site in sites:
        on_hand += site.on_hand
        reserved += site.reserved
        allocated += site.allocated
        released += site.released
        unusable += site.unusable
        available += site.available
    transit: Days = defaultdict(Decimal)
    for days in coming.values():
        for day, qty in days.items():
            transit[day] += qty
    atp = dated_atp(available, transit.items(), wanted, today=today)
    in_transit = dict(sorted(transit.items()))
    return Availability(
        product_id, tuple(sites), on_hand, reserved, allocated, released, unusable, ZERO, in_transit, available, atp
    )
