"""How lines would be split by quantity and date if they were ordered now: what reserve would do, not locked."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

from accounts.queries import ship_to_snapshots
from core import sql
from core.clock import local_date
from inventory import locks
from inventory.free_queries import free_stock
from inventory.pool_queries import Pools, read_pools
from inventory.queries import names_of_sites
from inventory.rules.allocate import Plan, allocate
from inventory.rules.asks import PromiseSlice, SplitAsk, SplitLine
from inventory.rules.network import ANYWHERE, Destination
from inventory.rules.pegs import pegs_left
from inventory.rules.pool_book import PoolBook
from inventory.rules.pool_deal import Claimant, PoolDeal
from inventory.rules.promise import Coverage, Peg, fresh_slices, peg_inbound
from inventory.rules.promise_words import split_words
from inventory.rules.sourcing import Need, Supply
from inventory.rules.sourcing_order import Routed, Want, plan_orders
from inventory.rules.sourcing_words import in_words
from inventory.rules.vendor import shown_name
from inventory.sourcing_queries import surroundings
from inventory.states import PromiseKind, SiteKind

ZERO = Decimal(0)
DRAFT = ("draft", 0)
_RUN_OUT = """
    SELECT c.balance_id, sum(c.qty) FROM inventory_claim c JOIN inventory_stockbalance b ON b.id = c.balance_id
    WHERE c.state = 'open' AND c.expires_at <= %(now)s::timestamptz AND b.product_id = ANY(%(products)s::bigint[])
    GROUP BY c.balance_id"""
_OWN = """
    SELECT c.balance_id, c.qty FROM inventory_claim c
    WHERE c.state = 'open' AND c.kind = 'soft' AND c.demand_id = ANY(%(own)s::bigint[])
      AND c.expires_at > %(now)s::timestamptz"""


def split_plan(
    asks: Sequence[SplitAsk],
    *,
    account_id: int | None,
    now: datetime,
    are_alternatives: bool = False,
    own_demands: Collection[int] = (),
) -> dict[int, SplitLine]:
    """{key: how the line would be promised}, adding up to each line's quantity: by the rules of submit, from the same
    stock, pools, sourcing rules and supply on its way. Lines of one product share one truth, the earliest date first;
    of alternatives each is asked as if it were ordered alone. What the `own_demands` hold, those of the draft's own hold,
    is free for them.

    About eleven statements for any number of lines; nothing is locked or written.
    """
    if not asks:
        return {}
    places = _places(asks)
    wants = {a.key: _want(a, account_id, places.get(a.ship_to_id or 0, ANYWHERE)) for a in asks}
    products = sorted({a.product_id for a in asks})
    accounts = [] if account_id is None else [account_id]
    today = local_date(now, "UTC")
    pools = read_pools(products, on=today, account_ids=accounts, ignore_demand_ids=own_demands, now=now)
    back = _own(own_demands, now)
    around = surroundings(list(wants.values()), now=now, pools=pools, own_demands=own_demands, coming_back=back)
    free = _free(around.free, products, back, now)
    baskets = [[a] for a in asks] if are_alternatives else [list(asks)]
    routes = [plan_orders([wants[a.key] for a in basket], around, now=now) for basket in baskets]
    plans = [_deal(b, routed, free, account_id, pools, now) for b, routed in zip(baskets, routes, strict=True)]
    coming = _coming(baskets, plans, now)
    names = {p.site_id: shown_name(p.kind, p.name) for p in around.places.values()}
    vendors = {p.site_id for p in around.places.values() if p.kind == SiteKind.VENDOR}
    found = {}
    for basket, routed, plan in zip(baskets, routes, plans, strict=True):
        for key, cover in _covers(basket, plan, free, routed, coming).items():
            fresh = fresh_slices(cover, around.network.times_to(wants[key].place), now=now)
            slices = tuple(sorted((_told(s, vendors) for s in fresh), key=_there_first))
            why = in_words(routed[key].explanation) if key in routed else ""
            found[key] = SplitLine(slices, split_words(slices, names), why)
    return found


def _told(part: PromiseSlice, vendors: Collection[int]) -> PromiseSlice:
    return replace(part, is_bought=True) if part.site_id in vendors else part


def _there_first(part: PromiseSlice) -> date:
    """What lies in stock goes before what has yet to come, by its day."""
    is_there = part.kind == PromiseKind.STOCK and not part.is_bought
    return date.min if is_there else part.delivery_date or date.max


def _coming(baskets: Sequence[Sequence[SplitAsk]], plans: Sequence[Plan], now: datetime) -> Mapping[int, list[Peg]]:
    """What is on its way of the products some basket finds too little of."""
    missing = set()
    for basket, plan in zip(baskets, plans, strict=True):
        got: dict[int, Decimal] = defaultdict(Decimal)
        for line in plan.lines:
            got[line.demand_id] += line.qty
        missing |= {a.product_id for a in basket if got[a.key] < a.qty}
    inbound = locks.look_at_inbound(sorted(missing)) if missing else []
    return pegs_left(inbound, {}, today=local_date(now, "UTC"))


def _places(asks: Sequence[SplitAsk]) -> dict[int, Destination]:
    ids = {a.ship_to_id for a in asks if a.ship_to_id is not None}
    found = ship_to_snapshots(sorted(ids)) if ids else {}
    return {i: Destination(s.region, s.calendar_id, tuple(s.delivery_days)) for i, s in found.items()}


def _want(ask: SplitAsk, account_id: int | None, place: Destination) -> Want:
    return Want(
        ask.key, DRAFT, ask.product_id, ask.qty, ask.qty, ask.requested_date, account_id, place,
        ask.min_shelf_life_days, ask.weight_kg or ZERO,
    )  # fmt: skip


def _own(demand_ids: Collection[int], now: datetime) -> dict[int, Decimal]:
    """{balance: what they hold there}. One statement, none for no demands."""
    held: dict[int, Decimal] = defaultdict(Decimal)
    for balance_id, qty in sql.rows(_OWN, {"own": list(demand_ids), "now": now}) if demand_ids else ():
        held[balance_id] += qty
    return held


def _free(
    free: Sequence[Supply], products: Sequence[int], own: Mapping[int, Decimal], now: datetime
) -> Sequence[Supply]:
    """With what ran out and nobody swept yet."""
    run_out: dict[int, Decimal] = dict(sql.rows(_RUN_OUT, {"now": now, "products": list(products)}))
    if not run_out:
        return free
    back = {i: run_out.get(i, ZERO) + own.get(i, ZERO) for i in run_out.keys() | own.keys()}
    return free_stock(products, coming_back=back)


def _deal(
    asks: Sequence[SplitAsk],
    routed: Mapping[int, Routed],
    free: Sequence[Supply],
    account_id: int | None,
    rules: Pools,
    now: datetime,
) -> Plan:
    today = local_date(now, "UTC")
    needs = [
        Need(
            a.key, a.product_id, a.qty, a.requested_date, now, min_shelf_life_days=a.min_shelf_life_days,
            route=routed[a.key].route if a.key in routed else (),
        )
        for a in asks
    ]  # fmt: skip
    ruled = frozenset((*rules.stock, *rules.resolved, *rules.shares, *(c.product_id for c in rules.caps)))
    plan = allocate([n for n in needs if n.product_id not in ruled], free, today=today)
    if not ruled:
        return plan
    book = PoolBook(rules.protections, rules.quotas, rules.caps, free=rules.free)
    whose = {a.key: Claimant(account_id, DRAFT) for a in asks}
    pooled = PoolDeal(ruled, book, whose, shares=rules.shares).deal(
        [n for n in needs if n.product_id in ruled], free, today=today
    )
    return Plan((*plan.lines, *pooled.lines), (*plan.decisions, *pooled.decisions))


def _covers(
    asks: Sequence[SplitAsk],
    plan: Plan,
    free: Sequence[Supply],
    routed: Mapping[int, Routed],
    coming: Mapping[int, Sequence[Peg]],
) -> dict[int, Coverage]:
    sites = {s.balance_id: s.site_id for s in free}
    stock: dict[int, dict[int, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for line in plan.lines:
        stock[line.demand_id][sites[line.balance_id]] += line.qty
    short: dict[int, list[tuple[int, Decimal]]] = defaultdict(list)
    for a in sorted(asks, key=lambda a: (a.requested_date, a.key)):
        short[a.product_id].append((a.key, a.qty - sum(stock[a.key].values(), ZERO)))
    routes = {key: r.route for key, r in routed.items()}
    backing: dict[int, tuple[list[Peg], Decimal]] = {}
    for product_id, lines in short.items():
        pegs, uncovered = peg_inbound(lines, coming.get(product_id, ()), routes)
        backing |= {key: (pegs[key], uncovered[key]) for key, _ in lines}
    return {a.key: Coverage(a.requested_date, stock[a.key], *backing[a.key]) for a in asks}


def slices_in_words(slices: Mapping[int, Sequence[PromiseSlice]]) -> dict[int, str]:
    """{key: the promises of a placed line in words}. One statement."""
    names = names_of_sites()
    return {key: split_words(found, names, is_placed=True) for key, found in slices.items()}
