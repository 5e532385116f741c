"""Sourcing above ten sites: against every set of sites, and against a solver where one is installed.

`pip install ortools` beside the project's own packages, then
`OMS_CASES=20000 ./run test tests/inventory/rules/test_sourcing_oracle.py`. The solver is no dependency: it only judges.
"""

import os
import random
from decimal import Decimal

import pytest

from inventory.rules.sourcing_plan import source
from inventory.rules.sourcing_problem import Ask, Limits, Problem, Reach
from tests.inventory.rules.test_sourcing_plan import every_subset, is_kept, offer, origin

CASES, SEED = int(os.environ.get("OMS_CASES", "300")), int(os.environ.get("OMS_SEED", "20261128"))
ONE_PERCENT = Decimal("1.01")


def wide_problem(chance, sites, lines, *, shares_products):
    """An order of many lines over many sites, few of which have much: some shipments are unavoidable."""
    ids = range(1, sites + 1)
    origins = tuple(
        origin(s, shipment=chance.randint(5, 60), unit=chance.randint(0, 3), kg=chance.randint(0, 2),
               km=chance.randint(1, 900), breaches=("soft",) if chance.random() < 0.15 else ())
        for s in ids
    )  # fmt: skip
    products = max(1, lines // 2) if shares_products else lines
    asks = []
    for key in range(1, lines + 1):
        reach = {s: Reach(chance.random() < 0.8) for s in ids if chance.random() < 0.9}
        qty = Decimal(chance.randint(1, 40))
        product_id = chance.randint(1, products) if shares_products else key
        least = Decimal(0) if shares_products else chance.choice((Decimal(0), Decimal(0), qty))
        asks.append(Ask(key, product_id, qty, reach, least, Decimal(chance.randint(0, 3))))
    offers = tuple(
        offer(n, chance.choice(ids), chance.randint(1, products), chance.randint(5, 60))
        for n in range(sites * lines // 3)
    )
    return Problem(tuple(asks), offers, origins, Limits(chance.choice((None, None, 2, 3))))


def test_orders_over_eleven_and_twelve_sites_are_sourced_as_every_set_of_sites_would():
    chance = random.Random(SEED)
    for case in range(max(4, CASES // 100)):
        problem = wide_problem(chance, chance.randint(11, 12), chance.randint(3, 6), shares_products=False)
        plan = source(problem)
        is_kept(problem, plan)
        assert plan.is_exact
        assert tuple(plan.score)[:7] == every_subset(problem), (case, problem)


def test_a_solver_finds_nothing_better_over_eleven_to_fourteen_sites():
    """On time, in all, soft constraints and shipments equal the optimum; cost is within one percent of it."""
    cp_model = pytest.importorskip("ortools.sat.python.cp_model")
    chance = random.Random(SEED + 1)
    for case in range(max(10, CASES // 20)):
        problem = wide_problem(
            chance, chance.randint(11, 14), chance.randint(3, 8), shares_products=chance.random() < 0.5
        )
        plan = source(problem)
        is_kept(problem, plan)
        late, missing, breaches, shipments, cost = optimum(cp_model, problem)
        assert tuple(plan.score)[:4] == (late, missing, breaches, shipments), (case, problem)
        assert plan.score.cost <= Decimal(cost) * ONE_PERCENT, (case, problem)


def optimum(cp_model, problem):
    """(not on time, not covered, breaches, shipments, cost), each at its best once those before it are."""
    model = cp_model.CpModel()
    used = {o.site_id: model.new_bool_var(f"site {o.site_id}") for o in problem.origins}
    served = {a.key: model.new_bool_var(f"line {a.key}") for a in problem.asks}
    given = {
        (o.offer_id, a.key): model.new_int_var(0, int(min(o.qty, a.qty)), f"{o.offer_id} to {a.key}")
        for o in problem.offers for a in problem.asks if o.product_id == a.product_id and o.site_id in a.reach
    }  # fmt: skip
    offers = {o.offer_id: o for o in problem.offers}
    for o in problem.offers:
        mine = [var for (i, _), var in given.items() if i == o.offer_id]
        model.add(sum(mine) <= int(o.qty) * used[o.site_id])
    for a in problem.asks:
        mine = [var for (_, key), var in given.items() if key == a.key]
        model.add(sum(mine) <= int(a.qty) * served[a.key])
        model.add(sum(mine) >= int(min(a.least_qty, a.qty)) * served[a.key])
    if problem.limits.max_shipments is not None:
        model.add(sum(used.values()) <= problem.limits.max_shipments)
    asks, origins = {a.key: a for a in problem.asks}, {o.site_id: o for o in problem.origins}
    wanted = int(problem.wanted)
    goals = [
        wanted - sum(v for (i, k), v in given.items() if asks[k].reach[offers[i].site_id].is_on_time),
        wanted - sum(given.values()),
        sum(len(origins[s].breaches) * v for s, v in used.items()),
        sum(used.values()),
        sum(int(origins[s].cost_per_shipment) * v for s, v in used.items())
        + sum(int(unit_cost(origins[offers[i].site_id], asks[k])) * v for (i, k), v in given.items()),
    ]
    return tuple(_settled(cp_model, model, goal) for goal in goals)


def unit_cost(place, line):
    return place.cost_per_unit + place.cost_per_kg * line.weight_kg


def _settled(cp_model, model, goal):
    model.minimize(goal)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    assert solver.solve(model) == cp_model.OPTIMAL
    best = round(solver.objective_value)
    model.add(goal <= best)
    return best
