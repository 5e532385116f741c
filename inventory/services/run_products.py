"""A run over some products, inside a transaction: lock, plan, write what changed, say what happened. Internal to the room.

Released and picked claims are frozen, and firm ones are too unless the product's policy deals them again and may take a
promise away; soft claims with a time to live (a quote's, a cart's) keep their stock until they expire; blocked demands
come last and hold stock only softly, soft ones keep their rank (`inventory.firmness`). Products without a policy of
their own and without pools take the short way (`inventory.rules.allocate`), the others that of `inventory.rules.by_policy`.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from decimal import Decimal

from core import codec, collection, outbox, sql
from core.actors import Actor
from core.clock import local_date
from core.outbox import Note
from core.uow import require_uow
from inventory import locks
from inventory.events import DemandsAllocated, DemandsKeptSoft, WinsFailed
from inventory.free_queries import free_stock
from inventory.locks import LockedDemand
from inventory.models import AllocationRun
from inventory.network_queries import site_times
from inventory.policy_queries import Rules, rules_of, with_ties
from inventory.rules.allocate import Decision, Plan, PlanLine, on_its_day
from inventory.rules.allocate import allocate as plan_for
from inventory.rules.asks import AllocationOutcome
from inventory.rules.shards import MOST_LINES
from inventory.rules.sourcing import Need, Supply
from inventory.services.claim import Held, Ledger
from inventory.services.find_alternatives import find_alternatives
from inventory.services.plan_by_policy import PolicyPlan, plan_by_policy
from inventory.services.promise import Promised, renewed
from inventory.services.record import Decided, record
from inventory.services.reserve import need_of
from inventory.services.run_by_policy import NO_WISH, Standing, Wish, looked_at, note_changes, put_in_place, standing
from inventory.states import ClaimEnd, ClaimKind

ZERO = Decimal(0)
CAUSE = "orders that rank higher came first"


@require_uow
def run_products(
    *,
    trigger_key: str,
    product_ids: Collection[int],
    actor: Actor,
    now: datetime,
    wish: Wish = NO_WISH,
    parent_id: int | None = None,
    is_heavy: bool = False,
) -> AllocationOutcome:
    """One run; the same key again gives the first outcome. `wish`: what somebody wants of the policy (`apply_policy`).

    `parent_id`: of the run this is a shard of. An `is_heavy` one is planned before anything is locked, because planning
    takes most of its time and whoever submits or ships would wait. Under the locks all it rests on is read again:
    products of which anything moved in between are planned once more, which nobody can interfere with now. For any
    other, reading and comparing twice would hold the locks about as long as planning does, and cost as much again.
    """
    run, is_new = _begin(trigger_key, sorted(set(product_ids)), now, parent_id)
    if not is_new:
        return outcome_of(run)
    rules = with_ties(rules_of(product_ids, only=wish.policy, explains_all=wish.policy is not None))
    rules = replace(rules, is_part=parent_id is not None)
    with collection.waiting():
        ahead = _ahead(product_ids, rules, now=now) if is_heavy and rules.by_policy else None
        demands = locks.lock_open_demands(product_ids, dealt_again=rules.dealt_again) if product_ids else {}
        with sql.planned_for(len(demands)):
            outcome = _deal(run, demands, rules, wish, ahead, now=now, actor=actor) if demands else _nothing(run)
    AllocationRun.objects.filter(pk=run.pk).update(finished_at=now, result=result_of(outcome))
    return outcome


def _ahead(product_ids: Collection[int], rules: Rules, *, now: datetime) -> PolicyPlan:
    """The plan as things stand now, nothing locked."""
    ruled = rules.by_policy.intersection(product_ids)
    with sql.planned_for(MOST_LINES):  # it is heavier than that
        return plan_by_policy(looked_at(ruled, rules, now=now, permit=False).stage, now=now)


def _deal(
    run: AllocationRun, demands: dict[int, LockedDemand], rules: Rules, wish: Wish, ahead: PolicyPlan | None, *,
    now: datetime, actor: Actor,
) -> AllocationOutcome:  # fmt: skip
    stand = standing(demands, rules, now=now, permit=wish.permit)
    ledger, products = stand.ledger, stand.products
    before = {d.pk: d.allocated_qty for d in demands.values()}
    by_policy = plan_by_policy(stand.stage, now=now, ahead=ahead)
    if wish.check is not None:
        wish.check(by_policy)
    decisions = [*_deal_plain(stand, now=now), *by_policy.plan.decisions]
    put_in_place(by_policy, ledger)

    promised = renewed(_ranked(demands, decisions, by_policy), ledger, stand.current, stand.pegs, site_times(),
                       cause=wish.cause or CAUSE, now=now)  # fmt: skip
    decisions = [on_its_day(d, promised.last_day(d.need.demand_id)) for d in decisions]
    decided = [_decided(d, run) for d in decisions]
    record(ledger, now=now, promises=promised.changes, decisions=decided)
    find_alternatives(run.pk, decisions, now=now)
    note_changes(run, before, stand, promised, actor=actor, now=now)
    gained = {d.pk: d.allocated_qty - before[d.pk] for d in demands.values() if d.allocated_qty > before[d.pk]}
    failed = sorted(d.need.demand_id for d in decisions if d.verdict is not None and d.verdict.is_win_failed)
    _publish(run, gained, failed, demands, promised, stand.newly_soft, now=now, actor=actor)
    short = sum((d.backordered_qty for d in demands.values()), ZERO)
    return AllocationOutcome(
        run.pk, len(decisions), sum(gained.values(), ZERO), short, tuple(sorted(products)), len(by_policy.stale),
        len(failed),
    )  # fmt: skip


def _deal_plain(stand: Standing, *, now: datetime) -> Sequence[Decision]:
    """The products that need no policy: free stock and soft reservations by rank, firm claims untouched."""
    products = stand.products - stand.stage.rules.by_policy
    if not products:
        return ()
    demands = {i: d for i, d in stand.stage.demands.items() if d.product_id in products}
    soft = _redealable(stand.ledger, demands)
    needs = _needs(demands, soft, stand.ledger)
    supplies = _supplies(products, soft, stand.ledger)
    plan = plan_for(needs, supplies.values(), today=local_date(now, "UTC"))
    _apply(plan, soft, supplies, stand.ledger)
    return plan.decisions


def _ranked(
    demands: dict[int, LockedDemand], decisions: Sequence[Decision], by_policy: PolicyPlan
) -> list[LockedDemand]:
    """Who may take inbound supply first: who lent its stock for it, then as they were served."""
    place = {d.need.demand_id: d.position for d in decisions}
    lent = {peg.demand_id for peg in by_policy.plan.pegs}
    last = len(decisions) + 1
    return sorted(demands.values(), key=lambda d: (d.pk not in lent, place.get(d.pk, last), d.pk))


def _decided(decision: Decision, run: AllocationRun) -> Decided:
    verb = "allocated" if decision.need.gets_firm else "held softly"
    return Decided(decision.need.demand_id, run.pk, decision.position, decision.explanation(verb))


def _redealable(ledger: Ledger, demands: Mapping[int, LockedDemand]) -> dict[int, dict[int, Held]]:
    """{demand_id: {balance_id: soft claim}}: claims with a time to live are left alone."""
    found: dict[int, dict[int, Held]] = defaultdict(dict)
    for held in ledger.open_claims(ClaimKind.SOFT):
        if held.expires_at is None and held.demand_id in demands:
            found[held.demand_id][held.balance_id] = held
    return found


def _needs(demands: Mapping[int, LockedDemand], soft: dict[int, dict[int, Held]], ledger: Ledger) -> list[Need]:
    temporary = {h.demand_id for h in ledger.open_claims(ClaimKind.SOFT) if h.expires_at is not None}
    needs = []
    for demand in demands.values():
        held = sum((h.qty for h in soft.get(demand.pk, {}).values()), ZERO)
        if demand.pk not in temporary and demand.backordered_qty + held > 0:
            needs.append(need_of(demand, demand.backordered_qty + held))
    return needs


def _supplies(products: Collection[int], soft: dict[int, dict[int, Held]], ledger: Ledger) -> dict[int, Supply]:
    """Free stock of the locked balances, with what expired and what is dealt again."""
    back: dict[int, Decimal] = defaultdict(Decimal)
    for balance_id, delta in ledger.shifts.items():
        back[balance_id] -= sum(delta.values(), ZERO)
    for claims in soft.values():
        for held in claims.values():
            back[held.balance_id] += held.qty
    return {s.balance_id: s for s in free_stock(products, coming_back=back)}


def _apply(plan: Plan, soft: dict[int, dict[int, Held]], supplies: dict[int, Supply], ledger: Ledger) -> None:
    """Turn the plan into claims, touching only what differs from what is held."""
    hard = {(h.demand_id, h.balance_id): h for h in ledger.open_claims(ClaimKind.HARD)}
    kept: set[tuple[int, int]] = set()
    for line in plan.lines:
        place = (line.demand_id, line.balance_id)
        held = soft.get(line.demand_id, {}).get(line.balance_id)
        if _reuse(line, held, place in hard, ledger):
            kept.add(place)
        elif line.is_firm and place in hard:
            ledger.resize(hard[place], hard[place].qty + line.qty)
        else:
            kind = ClaimKind.HARD if line.is_firm else ClaimKind.SOFT
            supply = supplies[line.balance_id]
            ledger.claim(*place, kind, line.qty, site_id=supply.site_id, lot_id=supply.lot_id)
    for demand_id, claims in soft.items():
        for balance_id, held in claims.items():
            if (demand_id, balance_id) not in kept:
                ledger.end(held, ClaimEnd.FREED)


def _reuse(line: PlanLine, held: Held | None, is_hard_there: bool, ledger: Ledger) -> bool:
    """Keep the demand's soft claim on this balance, resized and, for a firm line, made hard."""
    if held is None or (line.is_firm and is_hard_there):
        return False
    if held.qty != line.qty:
        ledger.resize(held, line.qty)
    if line.is_firm:
        ledger.convert(held, ClaimKind.HARD)
    return True


def _publish(
    run: AllocationRun,
    gained: dict[int, Decimal],
    failed_wins: Sequence[int],
    demands: dict[int, LockedDemand],
    promised: Promised,
    newly_soft: frozenset[int],
    *,
    now: datetime,
    actor: Actor,
) -> None:
    notes = list(promised.notes)
    if newly_soft:
        notes.append(Note(DemandsKeptSoft(run.pk, tuple(sorted(newly_soft))), f"allocation_run:{run.pk}", 1))
    if gained:
        products = tuple(sorted({demands[i].product_id for i in gained}))
        fact = DemandsAllocated(run.pk, tuple(sorted(gained)), products)
        notes.append(Note(fact, f"product:{products[0]}", run.pk))
    if failed_wins:
        product_id = demands[failed_wins[0]].product_id
        notes.append(Note(WinsFailed(run.pk, tuple(failed_wins)), f"product:{product_id}", run.pk))
    if notes:
        outbox.publish_many(notes, now=now, actor=actor)


def _begin(
    trigger_key: str, products: Sequence[int], now: datetime, parent_id: int | None
) -> tuple[AllocationRun, bool]:
    """The run of this key and whether it is new. A twin waits at the unique key, then finds the first run's result."""
    scope = {"products": len(products), "first": products[:20]}
    run = AllocationRun(trigger_key=trigger_key, scope=scope, started_at=now, parent_id=parent_id)
    AllocationRun.objects.bulk_create([run], ignore_conflicts=True)
    stored = AllocationRun.objects.get(trigger_key=trigger_key)
    return stored, stored.finished_at is None


@dataclass(frozen=True)
class _Result:
    demands: int
    allocated: Decimal
    still_short: Decimal
    product_ids: tuple[int, ...]
    planned_again: int = 0
    failed_wins: int = 0
    by_parts: int = 0


def _nothing(run: AllocationRun) -> AllocationOutcome:
    return AllocationOutcome(run.pk, 0, ZERO, ZERO, ())


def result_of(outcome: AllocationOutcome) -> dict[str, object]:
    values = asdict(outcome)
    del values["run_id"]
    return codec.dump(values)


def outcome_of(run: AllocationRun) -> AllocationOutcome:
    found = codec.load(_Result, run.result)
    return AllocationOutcome(
        run.pk, found.demands, found.allocated, found.still_short, found.product_ids, found.planned_again,
        found.failed_wins, found.by_parts,
    )  # fmt: skip


def total_of(run_id: int, parts: Sequence[AllocationOutcome], *, cut: int = 0) -> AllocationOutcome:
    """`cut`: orders whose lines are in several of the parts."""
    return AllocationOutcome(
        run_id,
        sum(p.demands for p in parts),
        sum((p.allocated for p in parts), ZERO),
        sum((p.still_short for p in parts), ZERO),
        tuple(sorted({i for p in parts for i in p.product_ids})),
        sum(p.planned_again for p in parts),
        sum(p.failed_wins for p in parts),
        cut,
    )
