"""What a run by policy does beside dealing: it stands on locked rows, turns a plan into claims, and tells what changed.

Internal to the room.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from core import sql
from core.actors import Actor
from core.quantity import plain
from core.refs import DocumentRef
from exceptions_app.rules.asks import CaseSpec
from exceptions_app.services.open_case import open_cases
from inventory import locks
from inventory.exception_kinds import ALLOCATION_CONFLICT
from inventory.firmness import mark
from inventory.locks import Expected, LockedDemand
from inventory.models import AllocationRun
from inventory.policy_queries import Rules
from inventory.rules.policy import Policy
from inventory.rules.promise import Peg
from inventory.services.claim import Held, Ledger, expire, open_ledger
from inventory.services.plan_by_policy import PolicyPlan, Stage
from inventory.services.promise import Current, Promised, current_promises, pegs_of
from inventory.states import ClaimEnd, ClaimKind

ZERO = Decimal(0)
SHOWN = 50  # demands a case names


@dataclass(frozen=True)
class Wish:
    """What a person wants of a run: another policy, leave to take firm claims, a look at the plan before it is written."""

    policy: Policy | None = None
    permit: bool = False
    cause: str = ""
    check: Callable[[PolicyPlan], None] | None = None


NO_WISH = Wish()


@dataclass(frozen=True)
class Standing:
    """The locked rows of a run: ranks 50 to 60, claims that ran out ended in the ledger."""

    stage: Stage
    ledger: Ledger
    current: list[Current]
    newly_soft: frozenset[int] = frozenset()  # demands found to get nothing firm, of which nobody was told yet

    @property
    def products(self) -> set[int]:
        return {d.product_id for d in self.stage.demands.values()}

    @property
    def pegs(self) -> Mapping[int, list[Peg]]:
        return self.stage.pegs


def standing(demands: dict[int, LockedDemand], rules: Rules, *, now: datetime, permit: bool) -> Standing:
    """Locks inbound supply, pools and balances of the locked demands, in the order of the ladder."""
    products = {d.product_id for d in demands.values()}
    inbound = locks.lock_inbound(products)
    if ruled := products & rules.ruled:
        locks.lock_pools(ruled)
    locks.lock_balances_of(products)
    return _standing(demands, inbound, rules, now=now, permit=permit)


def looked_at(product_ids: Collection[int], rules: Rules, *, now: datetime, permit: bool = True) -> Standing:
    """The same without a lock, for a plan that is only shown (then every firm claim may be dealt), or is made ahead."""
    again = product_ids if permit else rules.dealt_again
    demands = locks.look_at_open_demands(product_ids, dealt_again=again)
    return _standing(demands, locks.look_at_inbound(product_ids), rules, now=now, permit=permit)


def _standing(
    demands: dict[int, LockedDemand], inbound: list[Expected], rules: Rules, *, now: datetime, permit: bool
) -> Standing:
    ledger, current, newly_soft = open_ledger(demands), current_promises(list(demands)), mark(demands, now=now)
    pegs = pegs_of(inbound, current, now=now) if inbound else {}
    expire(ledger.held, ledger, now=now)
    back: dict[int, Decimal] = defaultdict(Decimal)
    for balance_id, delta in ledger.shifts.items():
        back[balance_id] -= sum(delta.values(), ZERO)
    return Standing(Stage(demands, ledger.held, back, pegs, rules, permit), ledger, current, newly_soft)


def put_in_place(planned: PolicyPlan, ledger: Ledger) -> None:
    """Turn the plan into claims, touching only what differs from what is held."""
    firm: dict[tuple[int, int], Decimal] = {}
    soft: dict[tuple[int, int], Decimal] = {}
    for line in planned.plan.lines:
        claims_of = firm if line.is_firm else soft
        place = line.demand_id, line.balance_id
        claims_of[place] = claims_of.get(place, ZERO) + line.qty
    held: dict[ClaimKind, dict[tuple[int, int], Held]] = {ClaimKind.HARD: {}, ClaimKind.SOFT: {}}
    for claims in planned.again.values():
        for claim in claims:
            held[claim.kind][claim.demand_id, claim.balance_id] = claim
    _add_to_kept(firm, held[ClaimKind.HARD], ledger)
    hardened = _place(
        firm, held[ClaimKind.HARD], ClaimKind.HARD, planned, ledger, spare=held[ClaimKind.SOFT], keep=soft
    )
    for place in hardened:
        del held[ClaimKind.SOFT][place]
    _place(soft, held[ClaimKind.SOFT], ClaimKind.SOFT, planned, ledger)


def _add_to_kept(firm: dict[tuple[int, int], Decimal], dealt: Mapping[tuple[int, int], Held], ledger: Ledger) -> None:
    """What comes on a place where the demand has a firm claim that was not dealt again makes that claim larger."""
    for claim in ledger.open_claims(ClaimKind.HARD):
        place = claim.demand_id, claim.balance_id
        if place in firm and place not in dealt:
            ledger.resize(claim, claim.qty + firm.pop(place))


def _place(
    wanted: Mapping[tuple[int, int], Decimal], held: Mapping[tuple[int, int], Held], kind: ClaimKind,
    planned: PolicyPlan, ledger: Ledger, *, spare: Mapping[tuple[int, int], Held] | None = None,
    keep: Mapping[tuple[int, int], Decimal] | None = None,
) -> list[tuple[int, int]]:  # fmt: skip
    """Claims of one kind; a `spare` soft claim on the same place, not to be kept, becomes the firm one. Those that did."""
    for place, claim in held.items():
        if place not in wanted:
            ledger.end(claim, ClaimEnd.FREED)
        elif wanted[place] != claim.qty:
            ledger.resize(claim, wanted[place])
    hardened = []
    for place, qty in wanted.items():
        if place in held:
            continue
        if spare and place in spare and place not in (keep or {}):
            if spare[place].qty != qty:
                ledger.resize(spare[place], qty)
            ledger.convert(spare[place], kind)
            hardened.append(place)
        else:
            supply = planned.supplies[place[1]]
            ledger.claim(*place, kind, qty, site_id=supply.site_id, lot_id=supply.lot_id)
    return hardened


_CHANGED = """
    INSERT INTO inventory_allocationchange (run_id, demand_id, before_qty, after_qty, was_date, now_date, margin_effect)
    SELECT %(run)s::bigint, c.demand, c.before, c.after, c.was, c.now, round((c.after - c.before) * d.unit_margin, 2)
    FROM unnest(%(demands)s::bigint[], %(before)s::numeric[], %(after)s::numeric[], %(was)s::date[], %(now)s::date[])
         AS c(demand, before, after, was, now) JOIN inventory_demand d ON d.id = c.demand"""


def note_changes(
    run: AllocationRun,
    before: Mapping[int, Decimal],
    stand: Standing,
    promised: Promised,
    *,
    actor: Actor,
    now: datetime,
) -> None:
    """A row for every demand whose firm quantity or last promised day changed, by policy or by rank, and a case where a
    promise was taken away."""
    demands = stand.stage.demands
    was = last_days(stand.current)
    then = {i: promised.last_day(i) for i in before}
    changed = [
        demands[i] for i, qty in sorted(before.items()) if demands[i].allocated_qty != qty or was.get(i) != then[i]
    ]
    if not changed:
        return
    sql.rows(
        f"{_CHANGED} RETURNING demand_id",
        {
            "run": run.pk,
            "demands": [d.pk for d in changed],
            "before": [before[d.pk] for d in changed],
            "after": [d.allocated_qty for d in changed],
            "was": [was.get(d.pk) for d in changed],
            "now": [then[d.pk] for d in changed],
        },
    )
    lost = [d for d in changed if d.allocated_qty < before[d.pk]]
    if lost:
        open_cases(_conflicts(run, lost, before), now=now, actor=actor)


def last_days(current: list[Current]) -> dict[int, date]:
    found: dict[int, date] = {}
    for promise in current:
        day = promise.slice.delivery_date
        if day is not None and day > found.get(promise.demand_id, date.min):
            found[promise.demand_id] = day
    return found


def _conflicts(run: AllocationRun, lost: list[LockedDemand], before: Mapping[int, Decimal]) -> list[CaseSpec]:
    """One case a product: what was firmly allocated and is not any more."""
    by_product: dict[int, list[LockedDemand]] = defaultdict(list)
    for demand in lost:
        by_product[demand.product_id].append(demand)
    return [_conflict(run, product_id, some, before) for product_id, some in sorted(by_product.items())]


def _conflict(run: AllocationRun, product_id: int, lost: list[LockedDemand], before: Mapping[int, Decimal]) -> CaseSpec:
    qtys = {d.pk: before[d.pk] - d.allocated_qty for d in lost}
    total = plain(sum(qtys.values(), ZERO))
    names = sorted({f"{d.ref_number or d.ref_id}" for d in lost})
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    return CaseSpec(
        ALLOCATION_CONFLICT.code,
        DocumentRef("product", product_id),
        f"run {run.pk}",
        summary=f"{total} promised to {names[0]}{more} went to others by run {run.pk}",
        evidence={"lost": [{"document": d.ref_number, "qty": plain(qtys[d.pk])} for d in lost[:SHOWN]]},
    )
