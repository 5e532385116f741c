"""Try a policy on some products: the same plan as a run would make now, and nothing is locked or written."""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from accounts.queries import account_snapshots
from accounts.rules.asks import AccountSnapshot
from core import collection, sql
from core.clock import local_date
from inventory.locks import LockedDemand
from inventory.network_queries import site_times
from inventory.policy_queries import rules_of
from inventory.rules.allocate import Decision, in_words, on_its_day
from inventory.rules.by_policy import Snapshot
from inventory.rules.difference import Change, Summary, summary
from inventory.rules.policy import Policy
from inventory.rules.pools import Protection
from inventory.services.plan_by_policy import PolicyPlan, plan_by_policy
from inventory.services.promise import Promised, renewed
from inventory.services.run_by_policy import Standing, last_days, looked_at, put_in_place

ZERO = Decimal(0)
CAUSE = "another policy"
HELD_BACK = "held back"
_LINES = "SELECT id, line_no, unit_margin FROM inventory_demand WHERE id = ANY(%(ids)s::bigint[])"


@dataclass(frozen=True)
class WhatIf:
    """Every open demand of the products, in the order it is served. `versions` are what it was planned from: applying
    it is refused for a product that changed since."""

    policy: Policy
    changes: tuple[Change, ...]
    versions: Mapping[int, str]
    is_settled: bool

    @property
    def summary(self) -> Summary:
        return summary(self.changes)

    @property
    def takes_promises(self) -> bool:
        return any(c.firm_lost > 0 for c in self.changes)


def what_if(
    product_ids: Collection[int], *, now: datetime, policy: Policy | None = None, hold_back: Decimal = ZERO
) -> WhatIf:
    """The plan of `policy` (None: each product's own) for the products. `hold_back`: base units of each product kept for
    the best tier as well. About twenty statements, whatever the number of products and demands; no lock, no write.
    """
    with collection.waiting():
        return _what_if(product_ids, policy, hold_back, now)


def _what_if(product_ids: Collection[int], policy: Policy | None, hold_back: Decimal, now: datetime) -> WhatIf:
    rules = rules_of(product_ids, only=policy, explains_all=True)
    stand = looked_at(product_ids, rules, now=now)
    if hold_back > 0:
        stand = replace(stand, stage=replace(stand.stage, floors=_held_back(stand, hold_back)))
    before = _held(stand)
    firm = {i: d.allocated_qty for i, d in stand.stage.demands.items()}
    planned = plan_by_policy(stand.stage, now=now)
    put_in_place(planned, stand.ledger)
    place = {d.need.demand_id: d for d in planned.plan.decisions}
    lent = {peg.demand_id for peg in planned.plan.pegs}
    last = len(place) + 1
    ranked = sorted(
        stand.stage.demands.values(),
        key=lambda d: (d.pk not in lent, place[d.pk].position if d.pk in place else last, d.pk),
    )
    promised = renewed(ranked, stand.ledger, stand.current, stand.pegs, site_times(), cause=CAUSE, now=now)
    place = {i: on_its_day(d, promised.last_day(i)) for i, d in place.items()}
    changes = _changes(stand, before, firm, place, promised, on=local_date(now, "UTC"))
    used = policy or next(iter(rules.policies.values()), Policy())
    return WhatIf(used, tuple(changes), versions_of(planned), planned.plan.is_settled)


def versions_of(planned: PolicyPlan) -> dict[int, str]:
    """{product: a hash of the demands and supplies a plan was made from}."""
    return {i: _version(snapshot) for i, snapshot in planned.snapshots.items()}


def _version(snapshot: Snapshot) -> str:
    needs = sorted(
        (n.demand_id, f"{n.qty:f}", n.held, n.is_blocked, n.priority, n.requested_date) for n in snapshot.needs
    )
    supplies = sorted((s.balance_id, f"{s.qty:f}") for s in snapshot.supplies if s.qty)
    floors = sorted((p.pool_id, f"{p.qty:f}") for p in snapshot.protections if p.name != HELD_BACK)
    return hashlib.sha256(repr((needs, supplies, floors)).encode()).hexdigest()[:24]


def _held(stand: Standing) -> dict[int, Decimal]:
    return {i: d.allocated_qty + d.reserved_qty for i, d in stand.stage.demands.items()}


def _held_back(stand: Standing, qty: Decimal) -> tuple[Protection, ...]:
    """A floor for the accounts of the best tier among those that wait, product by product."""
    demands = stand.stage.demands.values()
    best = min((d.tier_rank for d in demands), default=0)
    members = frozenset(d.account_id for d in demands if d.tier_rank == best and d.account_id is not None)
    return tuple(Protection(0, HELD_BACK, i, members, qty) for i in sorted(stand.products)) if members else ()


def _changes(
    stand: Standing, before: Mapping[int, Decimal], firm: Mapping[int, Decimal], place: Mapping[int, Decision],
    promised: Promised, *, on: date,
) -> list[Change]:  # fmt: skip
    demands = stand.stage.demands
    lines = {pk: (line_no, margin) for pk, line_no, margin in sql.rows(_LINES, {"ids": list(demands)})}
    accounts = account_snapshots({d.account_id for d in demands.values() if d.account_id is not None}, on=on)
    was = last_days(stand.current)
    found = []
    for demand in sorted(demands.values(), key=lambda d: (d.product_id, _position(place.get(d.pk)), d.pk)):
        slices = promised.by_demand[demand.pk]
        days = [s.delivery_date for s in slices if s.delivery_date is not None]
        now = max(days) if len(days) == len(slices) and days else None
        found.append(
            _change(
                demand,
                lines[demand.pk],
                accounts.get(demand.account_id or 0),
                place.get(demand.pk),
                before[demand.pk],
                firm[demand.pk],
                was.get(demand.pk),
                now,
            )
        )
    return found


def _position(decision: Decision | None) -> int:
    return 0 if decision is None else decision.position


def _change(
    demand: LockedDemand, line: tuple[int, Decimal | None], account: AccountSnapshot | None, decision: Decision | None,
    before: Decimal, firm: Decimal, was: date | None, now: date | None,
) -> Change:  # fmt: skip
    verdict = decision.verdict if decision else None
    return Change(
        demand.pk, demand.product_id, demand.account_id, demand.ref_number or str(demand.ref_id), line[0],
        demand.tier_rank, account.region if account else "", demand.requested_date,
        demand.backordered_qty + demand.reserved_qty + demand.allocated_qty, before,
        demand.reserved_qty + demand.allocated_qty, was, now, max(ZERO, firm - demand.allocated_qty), line[1],
        account.currency if account else "", verdict.stage if verdict else "",
        in_words(decision.explanation(), "") if decision else "nothing of it is dealt",
        f"{verdict.policy}: {verdict.segment}" if verdict else "", demand.sla_penalty,
    )  # fmt: skip
