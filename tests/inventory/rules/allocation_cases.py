"""Random snapshots and policies for the allocator, small enough that scarcity, ties and barriers are common."""

import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from inventory.rules.borrow import Coming
from inventory.rules.by_policy import Snapshot
from inventory.rules.policy import DEFAULT_KEYS, FAIR, Filters, Policy, Segment
from inventory.rules.pools import Protection, Quota
from inventory.rules.sourcing import Need, Supply, Terms
from inventory.states import FairWeight, SortKey, Strategy

TODAY = date(2026, 11, 23)
OPENED = datetime(2026, 11, 20, tzinfo=UTC)
ACCOUNTS = (1, 2, 3, 4)
REGIONS = {1: "west", 2: "west", 3: "east", 4: ""}


def policy_of(rng: random.Random) -> Policy:
    segments = tuple(_segment(rng, n) for n in range(rng.randint(0, 3)))
    return Policy(
        "random",
        segments=segments,
        lock_days=rng.choice([0, 0, 3]),
        uses_lots=rng.random() < 0.5,
        order_cap_percent=rng.choice([None, None, None, Decimal(30), Decimal(50)]),
        passes=rng.choice([None, 0, 1, 3]),
        borrow_after_days=rng.choice([None, None, 5]),
        region_ranks={"west": 1, "east": 2},
    )


def _segment(rng: random.Random, n: int) -> Segment:
    strategy = rng.choice([*Strategy, Strategy.REDISTRIBUTE, Strategy.REDISTRIBUTE, Strategy.GAIN])
    filters = Filters(
        tier_ranks=frozenset(rng.sample((1, 2, 3), 2)) if rng.random() < 0.5 else frozenset(),
        account_ids=frozenset(rng.sample(ACCOUNTS, 2)) if rng.random() < 0.4 else frozenset(),
        is_contract=rng.choice([None, None, True, False]),
    )
    keys = rng.choice([DEFAULT_KEYS, (SortKey.TIER,), (SortKey.REGION, SortKey.TIER), (SortKey.CONTRACT,)])
    is_fair = strategy in FAIR and rng.random() < 0.6
    return Segment(f"segment {n}", strategy, filters, keys, is_fair, rng.choice(list(FairWeight)))


def snapshot_of(rng: random.Random, policy: Policy) -> Snapshot:
    lot = Decimal(rng.choice([1, 1, 3, 5]))
    products = (1, 2) if policy.passes is not None and rng.random() < 0.5 else (1,)
    needs, supplies = [], []
    for product_id in products:
        stock = _supplies(rng, product_id, 100 * product_id)
        supplies += stock
        needs += _needs(rng, product_id, stock, lot, policy)
    protections = _protections(rng)
    quotas = [_quota(rng, n) for n in range(rng.choice([0, 0, 0, 1, 2]))]
    coming = [
        Coming(n, 1, TODAY + timedelta(days=rng.randint(1, 15)), Decimal(rng.randint(1, 15)))
        for n in range(rng.randint(0, 2))
    ]
    return Snapshot(needs, supplies, protections, quotas, coming if policy.borrow_after_days is not None else ())


def _supplies(rng: random.Random, product_id: int, first: int) -> list[Supply]:
    """Site 3 is a rep's trunk now and then."""
    special = rng.random() < 0.2
    return [
        Supply(
            first + n, product_id, site := rng.randint(1, 3), Decimal(rng.randint(0, 20)), site_rank=site,
            site_code=f"S{site}", is_general=not (special and site == 3),
            expiry_date=TODAY + timedelta(days=rng.choice([3, 15, 40])) if rng.random() < 0.3 else None,
        )
        for n in range(rng.randint(0, 4))
    ]  # fmt: skip


def _needs(rng: random.Random, product_id: int, stock: list[Supply], lot: Decimal, policy: Policy) -> list[Need]:
    left = {s.balance_id: s.qty for s in stock}
    needs = []
    for n in range(rng.randint(1, 7)):
        qty = Decimal(rng.randint(1, 12))
        needs.append(_need(rng, 10 * product_id + n, product_id, qty, _held(rng, qty, stock, left), lot, policy))
    return needs


def _held(
    rng: random.Random, qty: Decimal, stock: list[Supply], left: dict[int, Decimal]
) -> tuple[tuple[int, Decimal], ...]:
    """Some of what it wants, firmly held somewhere it may be held."""
    if not stock or rng.random() < 0.5:
        return ()
    supply = rng.choice([s for s in stock if s.is_general] or stock)
    part = min(Decimal(rng.randint(1, int(qty))), left[supply.balance_id])
    left[supply.balance_id] -= part
    return ((supply.balance_id, part),) if part > 0 and supply.is_general else ()


def _need(
    rng: random.Random, demand_id: int, product_id: int, qty: Decimal, held: tuple[tuple[int, Decimal], ...],
    lot: Decimal, policy: Policy,
) -> Need:  # fmt: skip
    account = rng.choice((*ACCOUNTS, None))
    order = rng.randint(1, 4)
    return Need(
        demand_id, product_id, qty, TODAY + timedelta(days=rng.randint(0, 14)), OPENED,
        site_id=rng.choice([None, None, 1, 2]), is_blocked=rng.random() < 0.1, priority=rng.choice([0, 0, 0, 1]),
        tier_rank=rng.randint(1, 3), is_contract=rng.random() < 0.5, margin_band=rng.randint(0, 9),
        min_shelf_life_days=rng.choice([0, 0, 5]), account_id=account, order_key=f"O{order}", held=held,
        min_qty=Decimal(rng.choice([0, 0, 0, 2, int(qty)])),
        group=f"O{order}" if policy.passes is not None and rng.random() < 0.4 else "",
        group_percent=Decimal(rng.choice([100, 100, 60])), history_qty=Decimal(rng.randint(0, 5)),
        terms=Terms(REGIONS.get(account or 0, ""), lot=lot, fair_weight=Decimal(rng.randint(1, 3)),
                    lock_days=rng.choice([0, 0, 2])),
    )  # fmt: skip


def _sites(rng: random.Random) -> frozenset[int] | None:
    return rng.choice([None, None, frozenset({1}), frozenset({1, 2}), frozenset({2, 3})])


def _protections(rng: random.Random) -> list[Protection]:
    """As pools are: of other accounts, or one below the other in a tree, which then stands first."""
    first = frozenset(rng.sample(ACCOUNTS, 2))
    inner, other = frozenset(sorted(first)[:1]), frozenset(ACCOUNTS) - first
    places = _sites(rng)
    floors = rng.choice(
        [[], [], [(first, 1)], [(inner, 1), (first, 1)], [(inner, 1), (other, 2)], [(other, 2), (first, 1)]]
    )
    is_tree = len({tree for _, tree in floors}) < len(floors)
    return [
        Protection(
            n, f"floor {n}", 1, accounts, Decimal(rng.randint(0, 20)), places if is_tree else _sites(rng), tree_id=tree
        )
        for n, (accounts, tree) in enumerate(floors)
    ]


def _quota(rng: random.Random, n: int) -> Quota:
    accounts = frozenset(rng.sample(ACCOUNTS, rng.randint(1, 3)))
    return Quota(n, f"ceiling {n}", 1, accounts, Decimal(rng.randint(0, 15)), _sites(rng), rng.random() < 0.8)


def after(snapshot: Snapshot, firm: dict[int, dict[int, Decimal]]) -> Snapshot:
    """The same snapshot once the plan's firm lines are what the demands hold."""
    needs = [replace(n, held=tuple(sorted(firm.get(n.demand_id, {}).items()))) for n in snapshot.needs]
    return replace(snapshot, needs=needs)
