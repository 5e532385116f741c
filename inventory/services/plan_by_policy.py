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
from inventory.rules.by_policy import Snapshot, allocate_under, moved_since
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
    WHERE NOT d.id = ANY(%(dealt)s::bigint[]) AND d.backordered_qty + d.reserved_qty + d.allocated_qty > 0
      AND (%(only)s::bigint[] IS NULL OR d.product_id = ANY(%(only)s::bigint[]))
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
    needs = _judged_whole(stage, _strictest(_needs(stage, demands, again, parties)), demands)
    snapshot = _snapshot(stage, needs, again, supplies, accounts, now=now)
    moved = frozenset(products) if ahead is None else moved_since(ahead.snapshot, snapshot)
    plan = _plan(stage, snapshot.of(moved), now=now) if moved else Plan((), ())
    if ahead is not None:
        plan = _with_those_of(plan, ahead.plan, {n.demand_id for n in snapshot.needs if n.product_id not in moved})
    planned = {n.demand_id for n in snapshot.needs}
    dealt = {i: some for i, some in again.items() if i in planned}
    return PolicyPlan(plan, dealt, supplies, snapshot, frozenset() if ahead is None else moved)


def _plan(stage: Stage, snapshot: Snapshot, *, now: datetime) -> Plan:
    """Each product by its policy; orders that ship whole are judged over all products of a run."""
    policies = {n.product_id: stage.rules.policies[n.product_id] for n in snapshot.needs}
    keeps_held = {i for i, policy in policies.items() if not (stage.permit or policy.may_take_promises)}
    return allocate_under(policies, snapshot, today=local_date(now, "UTC"), keeps_held=keeps_held)


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


def _strictest(needs: list[Need]) -> list[Need]:
    """An order that one of the policies over its lines judges as a whole is judged with all of them."""
    judged = {n.group: n.group_percent for n in needs if n.group}
    return [
        replace(n, group=n.order_key, group_percent=judged[n.order_key]) if not n.group and n.order_key in judged else n
        for n in needs
    ]


def _judged_whole(stage: Stage, needs: list[Need], demands: Mapping[int, LockedDemand]) -> list[Need]:
    """With what the same orders ask and hold beyond the needs: firmly, where a policy does not deal that again, and on
    lines that the run does not deal. One statement, none without orders that are judged; of the lines in other shards,
    which are dealt again there, nothing is known."""
    if not (documents := sorted({n.group.partition(":")[::2] for n in needs if n.group})):
        return needs
    beside: dict[str, tuple[Decimal, Decimal]] = defaultdict(lambda: (ZERO, ZERO))
    kept = {n.product_id for n in needs} - stage.rules.dealt_again
    for n in needs:
        if n.group and n.product_id in kept:
            firm = demands[n.demand_id].allocated_qty
            beside[n.group] = beside[n.group][0] + firm, beside[n.group][1] + firm
    if kept or not stage.rules.is_part:
        parameters = {
            "kinds": [kind for kind, _ in documents], "refs": [int(ref) for _, ref in documents],
            "dealt": list(demands), "only": sorted(kept) if stage.rules.is_part else None,
        }  # fmt: skip
        for key, asked, held in sql.rows(_ELSEWHERE, parameters):
            beside[key] = beside[key][0] + asked, beside[key][1] + held
    return [replace(n, group_elsewhere=beside[n.group]) if n.group in beside else n for n in needs]


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
