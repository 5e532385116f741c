"""Plan the products whose policy or pools a run must know: the snapshot from locked rows. Internal to the room."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import ROUND_CEILING, Decimal

from accounts.rules.asks import AccountSnapshot
from accounts.states import ShipComplete
from core import sql
from core.clock import local_date
from inventory.free_queries import free_stock
from inventory.locks import LockedDemand
from inventory.network_queries import site_times
from inventory.policy_queries import Parties, Rules
from inventory.pool_queries import read_ruled
from inventory.rules.allocate import Plan
from inventory.rules.borrow import Coming
from inventory.rules.by_policy import Snapshot, allocate_by, moved_since
from inventory.rules.policy import Policy, Segment
from inventory.rules.pools import Protection
from inventory.rules.promise import Peg, SiteTimes, dates_for, ship_date_after
from inventory.rules.sourcing import Need, Supply
from inventory.services.claim import Held
from inventory.states import ClaimKind, FairWeight

ZERO, HUNDRED, SMALLEST = Decimal(0), Decimal(100), Decimal("0.0001")

_OTHER_LINES = """
    SELECT d.ref_kind || ':' || d.ref_id, d.product_id,
           sum(d.reserved_qty + d.allocated_qty + d.released_qty + d.picked_qty + d.shipped_qty)
    FROM inventory_demand d JOIN unnest(%(kinds)s::text[], %(refs)s::bigint[]) AS r(kind, ref)
         ON d.ref_kind = r.kind AND d.ref_id = r.ref
    WHERE d.product_id = ANY(%(products)s::bigint[]) GROUP BY 1, 2"""


_ELSEWHERE = """
    SELECT d.ref_kind || ':' || d.ref_id, sum(d.backordered_qty + d.reserved_qty + d.allocated_qty),
           sum(d.reserved_qty + d.allocated_qty)
    FROM inventory_demand d JOIN unnest(%(kinds)s::text[], %(refs)s::bigint[]) AS r(kind, ref)
         ON d.ref_kind = r.kind AND d.ref_id = r.ref
    WHERE NOT d.product_id = ANY(%(products)s::bigint[]) AND d.backordered_qty + d.reserved_qty + d.allocated_qty > 0
    GROUP BY 1"""


@dataclass(frozen=True)
class Stage:
    """What a policy plan is made from. `held` are all open claims of the demands, `back` what other claims that ended give
    back to their balances, `pegs` what inbound supply is left by product."""

    demands: Mapping[int, LockedDemand]
    held: Sequence[Held]
    back: Mapping[int, Decimal]
    pegs: Mapping[int, list[Peg]]
    rules: Rules
    permit: bool = False  # to take firm claims away whatever the policy says
    floors: tuple[Protection, ...] = ()  # kept back beside the pools


@dataclass(frozen=True)
class PolicyPlan:
    """`plan` says what each demand of `again` (demand → its claims that were dealt) has from now on."""

    plan: Plan
    again: Mapping[int, list[Held]]
    supplies: Mapping[int, Supply]
    snapshot: Snapshot  # what it was planned from
    stale: frozenset[int] = frozenset()  # products that had moved since they were planned ahead
    by_parts: int = 0  # orders that are judged whole, but have lines under several policies

    @property
    def snapshots(self) -> Mapping[int, Snapshot]:
        """By product."""
        return self.snapshot.by_product()


def plan_by_policy(stage: Stage, *, now: datetime, ahead: PolicyPlan | None = None) -> PolicyPlan:
    """A plan for the products of `rules.by_policy`: about nine statements, whatever their number. What was planned
    `ahead` is used for the products of which nothing has moved since."""
    today = local_date(now, "UTC")
    by_policy = stage.rules.by_policy
    demands = {i: d for i, d in stage.demands.items() if d.product_id in by_policy}
    products = {d.product_id for d in demands.values()}
    if not products:
        return PolicyPlan(Plan((), ()), {}, {}, Snapshot((), ()))
    accounts = {d.account_id for d in demands.values() if d.account_id is not None}
    segments = [s for i in products for s in stage.rules.policies[i].segments]
    parties = Parties(
        accounts, products, on=today, with_history=_weigh_history(segments),
        with_targets=any(s.asks_targets for s in segments),
    )  # fmt: skip
    again = _dealt_again(stage, demands)
    back = _given_back(stage, again)
    supplies = {s.balance_id: s for s in free_stock(products, coming_back=back)}
    again = {i: [h for h in some if h.balance_id in supplies or h.kind == ClaimKind.SOFT] for i, some in again.items()}
    needs = _needs(stage, demands, again, parties)
    if not stage.rules.is_part:
        needs = _judged_whole(needs, products)
    snapshot = _snapshot(stage, needs, again, supplies, accounts, now=now)
    moved = frozenset(products) if ahead is None else moved_since(ahead.snapshot, snapshot)
    plan = _plan(stage, snapshot.of(moved), now=now) if moved else Plan((), ())
    if ahead is not None:
        plan = _with_those_of(plan, ahead.plan, {n.demand_id for n in snapshot.needs if n.product_id not in moved})
    planned = {n.demand_id for n in snapshot.needs}
    by_parts = _in_several(stage, snapshot.needs)
    dealt = {i: some for i, some in again.items() if i in planned}
    return PolicyPlan(plan, dealt, supplies, snapshot, frozenset() if ahead is None else moved, by_parts)


def _plan(stage: Stage, snapshot: Snapshot, *, now: datetime) -> Plan:
    """One plan for each policy, so that orders that ship complete are judged over all products of a run."""
    today = local_date(now, "UTC")
    parts: dict[tuple[str, int], set[int]] = defaultdict(set)
    for product_id in {n.product_id for n in snapshot.needs}:
        policy = stage.rules.policies[product_id]
        parts[policy.code, policy.version].add(product_id)
    made = []
    for products in sorted(parts.values(), key=min):
        policy, part = stage.rules.policies[min(products)], snapshot.of(products)
        made.append(allocate_by(policy, part, today=today, keeps_held=not (stage.permit or policy.may_take_promises)))
    return Plan(
        tuple(line for m in made for line in m.lines), tuple(d for m in made for d in m.decisions),
        tuple(peg for m in made for peg in m.pegs), all(m.is_settled for m in made),
    )  # fmt: skip


def _in_several(stage: Stage, needs: Iterable[Need]) -> int:
    policies: dict[str, set[str]] = defaultdict(set)
    for n in needs:
        if n.group:
            policies[n.group].add(stage.rules.policies[n.product_id].code)
    return sum(len(some) > 1 for some in policies.values())


def _with_those_of(plan: Plan, other: Plan, demand_ids: Collection[int]) -> Plan:
    """The plan, and what the `other` says of these demands."""
    return Plan(
        (*(line for line in other.lines if line.demand_id in demand_ids), *plan.lines),
        (*(d for d in other.decisions if d.need.demand_id in demand_ids), *plan.decisions),
        (*(peg for peg in other.pegs if peg.demand_id in demand_ids), *plan.pegs),
        plan.is_settled and other.is_settled,
    )


def _weigh_history(segments: Iterable[Segment]) -> bool:
    return any(s.is_fair and s.weight == FairWeight.HISTORY for s in segments)


def _dealt_again(stage: Stage, demands: Mapping[int, LockedDemand]) -> dict[int, list[Held]]:
    """The claims a run deals again: soft ones without a time to live, and firm ones where the policy deals them."""
    temporary = {h.demand_id for h in stage.held if _is_temporary(h)}
    dealt_again = stage.rules.dealt_again
    found: dict[int, list[Held]] = {i: [] for i in demands if i not in temporary}
    for held in stage.held:
        if held.ended or held.demand_id not in found:
            continue
        is_firm = held.kind == ClaimKind.HARD and held.product_id in dealt_again
        if is_firm or held.kind == ClaimKind.SOFT:
            found[held.demand_id].append(held)
    return found


def _is_temporary(held: Held) -> bool:
    return held.kind == ClaimKind.SOFT and not held.ended and held.expires_at is not None


def _given_back(stage: Stage, again: Mapping[int, list[Held]]) -> dict[int, Decimal]:
    back: dict[int, Decimal] = defaultdict(Decimal, stage.back)
    for some in again.values():
        for held in some:
            back[held.balance_id] += held.qty
    return back


def _needs(
    stage: Stage, demands: Mapping[int, LockedDemand], again: Mapping[int, list[Held]], parties: Parties
) -> list[Need]:
    today_needs = []
    for demand_id, claims in again.items():
        demand = demands[demand_id]
        qty = demand.backordered_qty + sum((h.qty for h in claims), ZERO)
        if qty > 0:
            policy = stage.rules.policies[demand.product_id]
            today_needs.append(_need(demand, qty, claims, policy, parties))
    return today_needs


def _need(demand: LockedDemand, qty: Decimal, claims: Sequence[Held], policy: Policy, parties: Parties) -> Need:
    firm: dict[int, Decimal] = defaultdict(Decimal)
    for held in claims:
        if held.kind == ClaimKind.HARD:
            firm[held.balance_id] += held.qty
    account = parties.accounts.get(demand.account_id) if demand.account_id is not None else None
    order_key, minimum = f"{demand.ref_kind}:{demand.ref_id}", NO_MINIMUM
    if policy.passes is not None and account is not None:
        minimum = _minimum(qty, order_key, demand, account)
    return Need(
        demand.pk, demand.product_id, qty, demand.requested_date, demand.opened_at, demand.site_id, demand.is_blocked,
        demand.priority, demand.tier_rank, demand.sla_penalty, demand.is_contract, demand.margin_band,
        demand.min_shelf_life_days, demand.account_id, order_key, tuple(sorted(firm.items())), *minimum,
        parties.history.get((demand.account_id or 0, demand.product_id), ZERO),
        parties.terms(demand.account_id, demand.product_id), tuple(demand.route), is_soft_only=demand.is_soft_only,
    )  # fmt: skip


def _judged_whole(needs: list[Need], products: Collection[int]) -> list[Need]:
    """With what the lines of the same orders that this run does not deal ask and hold. One statement, none without orders
    that are judged."""
    documents = sorted({n.group.partition(":")[::2] for n in needs if n.group})
    if not documents:
        return needs
    parameters = {
        "kinds": [kind for kind, _ in documents], "refs": [int(ref) for _, ref in documents], "products": sorted(products)
    }  # fmt: skip
    found = {key: (asked, held) for key, asked, held in sql.rows(_ELSEWHERE, parameters)}
    return [replace(n, group_elsewhere=found[n.group]) if n.group in found else n for n in needs]


NO_MINIMUM = ZERO, "", HUNDRED


def _minimum(
    qty: Decimal, order_key: str, demand: LockedDemand, account: AccountSnapshot
) -> tuple[Decimal, str, Decimal]:
    """(least quantity, group, its percent): what the customer takes at least, of the `qty` this run deals; what left it
    already counts towards it."""
    wanted = demand.ordered_qty - demand.cancelled_qty
    complete = demand.ship_complete or account.ship_complete
    least, percent = ZERO, HUNDRED if complete == ShipComplete.LINE else account.min_line_percent
    if percent > 0:
        least = max(ZERO, (wanted * percent / HUNDRED).quantize(SMALLEST, ROUND_CEILING) - (wanted - qty))
    whole = HUNDRED if complete == ShipComplete.ORDER else account.min_order_percent
    return least, order_key if whole > 0 else "", whole or HUNDRED


def _snapshot(
    stage: Stage, needs: list[Need], again: Mapping[int, list[Held]], supplies: Mapping[int, Supply],
    accounts: Collection[int], *, now: datetime,
) -> Snapshot:  # fmt: skip
    today = local_date(now, "UTC")
    products = {n.product_id for n in needs}
    coming = _coming(stage, products, now=now)
    plain = Snapshot(needs, list(supplies.values()), coming=coming)
    ruled = products & stage.rules.ruled
    if not ruled:
        return replace(plain, protections=stage.floors)
    claims = [h.id for some in again.values() for h in some if h.id is not None]
    pools = read_ruled(ruled, on=today, account_ids=accounts, dealt_again=claims, now=now)
    taken = _taken(stage, again, {c.product_id for c in pools.caps}) if pools.caps else {}
    return replace(
        plain, protections=(*stage.floors, *pools.protections), quotas=pools.quotas, caps=pools.caps, taken=taken
    )


def _taken(stage: Stage, again: Mapping[int, list[Held]], capped: Collection[int]) -> dict[tuple[str, int], Decimal]:
    """{(order, product): what its lines have, as stored, less what is dealt again}."""
    lines = [stage.demands[i] for i in again if stage.demands[i].product_id in capped]
    documents = sorted({(d.ref_kind, d.ref_id) for d in lines})
    parameters = {
        "kinds": [kind for kind, _ in documents], "refs": [ref for _, ref in documents], "products": sorted(capped)
    }  # fmt: skip
    rows = sql.rows(_OTHER_LINES, parameters)
    found: dict[tuple[str, int], Decimal] = defaultdict(Decimal, {(key, product): q for key, product, q in rows})
    for d in lines:
        gone = sum((h.qty for h in again[d.pk]), ZERO)
        gone += sum((h.qty for h in stage.held if h.demand_id == d.pk and h.ended and h.is_changed), ZERO)
        found[f"{d.ref_kind}:{d.ref_id}", d.product_id] -= gone
    return found


def _coming(stage: Stage, products: Collection[int], *, now: datetime) -> list[Coming]:
    """What inbound supply could be at a customer's, and when, for the policies that borrow."""
    wanted = {i for i in products if stage.rules.policies[i].borrow_after_days is not None}
    if not wanted.intersection(stage.pegs):
        return []
    sites = site_times()
    return [
        Coming(peg.inbound_id, i, _delivery(peg, sites[peg.site_id]), peg.qty)
        for i in sorted(wanted)
        for peg in stage.pegs.get(i, ())
    ]  # fmt: skip


def _delivery(peg: Peg, site: SiteTimes) -> date:
    return dates_for(site, earliest=ship_date_after(site, peg.day), requested=peg.day)[1]
