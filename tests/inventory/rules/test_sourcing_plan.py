"""Sourcing against the dumbest possible answer: every unit tried from every place.

300 small cases in the suite and 60 larger ones; `OMS_CASES=20000 ./run test tests/inventory/rules/test_sourcing_plan.py`
for all, `OMS_SEED` for others.
"""

import os
import random
from datetime import date, timedelta
from decimal import Decimal
from itertools import combinations, product

from inventory.rules.sourcing_plan import route, source
from inventory.rules.sourcing_problem import Ask, Limits, Offer, Origin, Problem, Reach

CASES, SEED = int(os.environ.get("OMS_CASES", "300")), int(os.environ.get("OMS_SEED", "20261127"))
TODAY = date(2026, 11, 27)
RENO, CMH, ATL = 1, 2, 3
NEVER = date.max


def soon(days):
    return TODAY + timedelta(days=days)


def ask(key, product_id, qty, sites, *, late=(), **more):
    reach = {s: Reach(s not in late) for s in (*sites, *late)}
    return Ask(key, product_id, Decimal(qty), reach, **more)


def offer(offer_id, site_id, product_id, qty, expiry=None):
    return Offer(offer_id, site_id, product_id, Decimal(qty), expiry)


def origin(site_id, *, shipment=0, kg=0, unit=0, km=0, rank=100, breaches=()):
    return Origin(site_id, f"S{site_id}", rank, Decimal(shipment), Decimal(kg), Decimal(unit), km, breaches)


def taken(plan):
    return [(t.key, t.site_id, t.qty) for t in plan.takes]


# --- by example -------------------------------------------------------------------------------------------------------


def test_one_shipment_is_better_than_two_however_cheap_the_two_are():
    offers = (offer(1, RENO, 7, 40), offer(2, CMH, 7, 20), offer(3, ATL, 7, 60))
    origins = (origin(RENO, shipment=1), origin(CMH, shipment=1), origin(ATL, shipment=500))
    plan = source(Problem((ask(1, 7, 60, (RENO, CMH, ATL)),), offers, origins))
    assert taken(plan) == [(1, ATL, 60)]
    assert (plan.score.shipments, plan.score.cost) == (1, 500)


def test_on_time_is_worth_two_shipments():
    offers = (offer(1, RENO, 7, 40), offer(2, CMH, 7, 20), offer(3, ATL, 7, 60))
    problem = Problem((ask(1, 7, 60, (RENO, CMH), late=(ATL,)),), offers, tuple(map(origin, (RENO, CMH, ATL))))
    plan = source(problem)
    assert taken(plan) == [(1, RENO, 40), (1, CMH, 20)]
    assert (plan.score.not_on_time, plan.score.shipments) == (0, 2)


def test_the_same_number_of_shipments_goes_to_the_cheapest():
    offers = (offer(1, RENO, 7, 9), offer(2, CMH, 7, 9))
    origins = (origin(RENO, shipment=20, kg=1), origin(CMH, shipment=5, kg=3))
    light = source(Problem((ask(1, 7, 5, (RENO, CMH), weight_kg=Decimal(1)),), offers, origins))
    heavy = source(Problem((ask(1, 7, 9, (RENO, CMH), weight_kg=Decimal(1)),), offers, origins))
    assert (taken(light), light.score.cost) == ([(1, CMH, 5)], 20)
    assert (taken(heavy), heavy.score.cost) == ([(1, RENO, 9)], 29)


def test_costs_alike_the_earliest_expiry_leaves_first_and_then_the_nearer_site():
    lots = (offer(1, RENO, 7, 9, soon(90)), offer(2, CMH, 7, 9, soon(60)))
    assert taken(source(Problem((ask(1, 7, 5, (RENO, CMH)),), lots, (origin(RENO), origin(CMH))))) == [(1, CMH, 5)]
    stock = (offer(1, RENO, 7, 9), offer(2, CMH, 7, 9))
    far = (origin(RENO, km=900), origin(CMH, km=100))
    assert taken(source(Problem((ask(1, 7, 5, (RENO, CMH)),), stock, far))) == [(1, CMH, 5)]


def test_a_lot_that_does_not_live_long_enough_there_is_no_candidate():
    line = Ask(1, 7, Decimal(5), {RENO: Reach(True, soon(80)), CMH: Reach(True, soon(50))})
    lots = (offer(1, RENO, 7, 9, soon(79)), offer(2, CMH, 7, 9, soon(60)))
    assert taken(source(Problem((line,), lots, (origin(RENO), origin(CMH))))) == [(1, CMH, 5)]


def test_a_soft_constraint_is_broken_for_quantity_and_for_nothing_less():
    near, far = origin(RENO, shipment=90), origin(CMH, breaches=("farther than 800 km",))
    enough = (offer(1, RENO, 7, 9), offer(2, CMH, 7, 9))
    assert taken(source(Problem((ask(1, 7, 9, (RENO, CMH)),), enough, (near, far)))) == [(1, RENO, 9)]
    short = source(Problem((ask(1, 7, 12, (RENO, CMH)),), enough, (near, far)))
    assert (short.score.breaches, short.score.not_covered, {t.site_id for t in short.takes}) == (1, 0, {RENO, CMH})


def test_at_most_two_shipments_leave_what_a_third_would_bring():
    offers = (offer(1, RENO, 7, 5), offer(2, CMH, 7, 4), offer(3, ATL, 7, 3))
    line = (ask(1, 7, 12, (RENO, CMH, ATL)),)
    plan = source(Problem(line, offers, tuple(map(origin, (RENO, CMH, ATL))), Limits(max_shipments=2)))
    assert (plan.score.shipments, plan.score.not_covered) == (2, 3)
    assert {t.site_id for t in plan.takes} == {RENO, CMH}


def test_what_comes_in_later_is_sent_from_no_more_sites_than_the_order_may_ship_from():
    """Two sites at most: those of the plan and none beside; where the plan needs one, the other that serves more lines."""
    three = (RENO, CMH, ATL)
    lines = (ask(1, 7, 12, three), ask(2, 8, 5, (RENO, ATL)))
    origins = (origin(RENO, shipment=1), origin(CMH, shipment=2), origin(ATL, shipment=3))
    two = Problem(lines, (offer(1, RENO, 7, 5), offer(2, CMH, 7, 4), offer(3, ATL, 7, 3)), origins, Limits(2))
    assert [route(two, source(two), key) for key in (1, 2)] == [(RENO, CMH), (RENO,)]
    one = Problem(lines, (offer(1, RENO, 7, 5),), origins, Limits(2))
    assert [route(one, source(one), key) for key in (1, 2)] == [(RENO, ATL), (RENO, ATL)]
    none = Problem(lines, (), origins, Limits(1))
    assert [route(none, source(none), key) for key in (1, 2)] == [(RENO,), (RENO,)]
    free = Problem(lines, (offer(1, RENO, 7, 5),), origins)
    assert route(free, source(free), 1) == (RENO, CMH, ATL)


def test_a_line_below_its_minimum_waits_and_leaves_the_stock_to_the_other():
    lines = (ask(1, 7, 10, (RENO,), least_qty=Decimal(10)), ask(2, 7, 5, (RENO,)))
    plan = source(Problem(lines, (offer(1, RENO, 7, 8),), (origin(RENO),)))
    assert (taken(plan), plan.waiting) == ([(2, RENO, 5)], (1,))


def test_an_order_below_its_minimum_waits_as_a_whole():
    lines = (ask(1, 7, 10, (RENO,)), ask(2, 8, 10, (RENO,)))
    offers = (offer(1, RENO, 7, 10), offer(2, RENO, 8, 1))
    plan = source(Problem(lines, offers, (origin(RENO),), Limits(least_qty=Decimal(12))))
    assert (taken(plan), plan.waiting, plan.score.shipments) == ([], (1, 2), 0)
    plan = source(Problem(lines, offers, (origin(RENO),), Limits(least_qty=Decimal(11))))
    assert (len(plan.takes), plan.waiting) == (2, ())


def test_two_lines_of_one_product_share_its_stock_so_that_the_most_is_on_time():
    lines = (ask(1, 7, 5, (RENO, CMH)), ask(2, 7, 5, (RENO,), late=(CMH,)))
    problem = Problem(lines, (offer(1, RENO, 7, 5), offer(2, CMH, 7, 5)), (origin(RENO), origin(CMH)))
    assert taken(source(problem)) == [(1, CMH, 5), (2, RENO, 5)]


def test_a_line_is_routed_as_planned_then_where_the_order_ships_anyway_then_elsewhere():
    lines = (ask(1, 7, 5, (RENO, CMH, ATL)), ask(2, 8, 5, (RENO, CMH, ATL)))
    offers = (offer(1, RENO, 7, 5), offer(2, RENO, 8, 2), offer(3, CMH, 8, 3), offer(4, ATL, 7, 5))
    problem = Problem(lines, offers, (origin(RENO), origin(CMH), origin(ATL, shipment=1)))
    plan = source(problem)
    assert route(problem, plan, 1) == (RENO, CMH, ATL)
    assert set(route(problem, plan, 2)[:2]) == {RENO, CMH}


# --- by force ---------------------------------------------------------------------------------------------------------


def some_problem(chance, *, sites, products, units, lines):
    site_ids = list(range(1, sites + 1))
    origins = tuple(
        origin(
            s, shipment=chance.choice((0, 5, 10)), unit=chance.choice((0, 1, 2)), kg=chance.choice((0, 1)),
            km=chance.choice((10, 20)), breaches=("soft",) if chance.random() < 0.2 else (),
        )
        for s in site_ids
    )  # fmt: skip
    asks = []
    one_each = chance.random() < 0.5
    for key in range(1, lines + 1):
        product_id = key if one_each else chance.randint(1, products)
        reach = {
            s: Reach(chance.random() < 0.7, chance.choice((date.min, soon(30))))
            for s in site_ids
            if chance.random() < 0.9
        }
        qty = Decimal(chance.randint(1, units))
        least = chance.choice((Decimal(0), Decimal(0), qty, qty / 2))
        asks.append(Ask(key, product_id, qty, reach, least, Decimal(chance.randint(0, 2))))
    offers = [
        offer(n, chance.choice(site_ids), chance.choice([a.product_id for a in asks]), chance.randint(1, units),
              chance.choice((None, soon(20), soon(40))))
        for n in range(1, chance.randint(2, sites + 2) + 1)
    ]  # fmt: skip
    total = sum(a.qty for a in asks)
    limits = Limits(
        chance.choice((None, None, 1, 2)), chance.choice((Decimal(0), total / 2)) if one_each else Decimal(0)
    )
    return Problem(tuple(asks), tuple(offers), origins, limits)


def best_by_force(problem):
    """The best score over every way to give every offer's units to lines: whole units, as the cases have them."""
    serves = {
        o.offer_id: [a for a in problem.asks if a.product_id == o.product_id and o.site_id in a.reach
                     and (o.expiry_date is None or o.expiry_date >= a.reach[o.site_id].least_expiry)]
        for o in problem.offers
    }  # fmt: skip
    ways = [list(splits(int(o.qty), [int(a.qty) for a in serves[o.offer_id]])) for o in problem.offers]
    return min(s for way in product(*ways) if (s := force_score(problem, serves, way)) is not None)


def splits(qty, most):
    if not most:
        yield ()
        return
    for first in range(min(qty, most[0]) + 1):
        for rest in splits(qty - first, most[1:]):
            yield (first, *rest)


def force_score(problem, serves, way):
    got, on_time, cost, expiry, used = {}, Decimal(0), Decimal(0), Decimal(0), set()
    origins = {o.site_id: o for o in problem.origins}
    for o, shares in zip(problem.offers, way, strict=True):
        for a, qty in zip(serves[o.offer_id], shares, strict=False):
            if not qty:
                continue
            got[a.key] = got.get(a.key, 0) + qty
            on_time += qty if a.reach[o.site_id].is_on_time else 0
            cost += qty * (origins[o.site_id].cost_per_unit + origins[o.site_id].cost_per_kg * a.weight_kg)
            expiry += qty * (o.expiry_date or NEVER).toordinal()
            used.add(o.site_id)
    asks = {a.key: a for a in problem.asks}
    covered = sum(got.values())
    if any(qty > asks[key].qty or qty < asks[key].least_qty for key, qty in got.items()):
        return None
    if got and covered < problem.limits.least_qty:
        return None
    if problem.limits.max_shipments is not None and len(used) > problem.limits.max_shipments:
        return None
    cost += sum(origins[s].cost_per_shipment for s in used)
    total = sum(a.qty for a in problem.asks)
    breaches = sum(len(origins[s].breaches) for s in used)
    return (
        total - on_time,
        total - covered,
        breaches,
        len(used),
        cost,
        expiry,
        sum(origins[s].distance_km for s in used),
    )


def is_kept(problem, plan):
    """What no plan may break, whatever its score."""
    offers, asks = {o.offer_id: o for o in problem.offers}, {a.key: a for a in problem.asks}
    given, got = {}, {}
    for t in plan.takes:
        given[t.offer_id] = given.get(t.offer_id, 0) + t.qty
        got[t.key] = got.get(t.key, 0) + t.qty
        assert asks[t.key].product_id == offers[t.offer_id].product_id
        assert t.qty > 0
    assert all(qty <= offers[i].qty for i, qty in given.items())
    assert all(min(asks[k].least_qty, asks[k].qty) <= qty <= asks[k].qty for k, qty in got.items())
    assert not set(plan.waiting) & set(got)


def test_small_orders_are_sourced_as_trying_everything_would():
    chance = random.Random(SEED)
    for case in range(CASES):
        problem = some_problem(chance, sites=chance.randint(1, 4), products=2, units=3, lines=chance.randint(1, 3))
        plan = source(problem)
        is_kept(problem, plan)
        assert plan.is_exact
        assert tuple(plan.score)[:7] == best_by_force(problem), (case, problem)


def every_subset(problem):
    """An exact reference for lines of products of their own: each set of sites, each line filled by its best units."""
    origins = {o.site_id: o for o in problem.origins}
    most = problem.limits.max_shipments
    sizes = range(min(len(origins), len(origins) if most is None else most) + 1)
    return min(subset_score(problem, origins, set(s)) for n in sizes for s in combinations(origins, n))


def subset_score(problem, origins, sites):
    total = sum(a.qty for a in problem.asks)
    on_time = covered = cost = expiry = Decimal(0)
    used = set()
    for a in problem.asks:
        fit = []
        for o in problem.offers:
            if o.product_id == a.product_id and o.site_id in sites and o.site_id in a.reach:
                reach = a.reach[o.site_id]
                if o.expiry_date is None or o.expiry_date >= reach.least_expiry:
                    unit = origins[o.site_id].cost_per_unit + origins[o.site_id].cost_per_kg * a.weight_kg
                    fit.append((not reach.is_on_time, unit, (o.expiry_date or NEVER).toordinal(), o.site_id, o.qty))
        if sum(f[4] for f in fit) < a.least_qty:
            continue
        left = a.qty
        for late, unit, day, site, qty in sorted(fit):
            taken_qty = min(left, qty)
            if taken_qty:
                left -= taken_qty
                covered, on_time = covered + taken_qty, on_time + (0 if late else taken_qty)
                cost, expiry = cost + unit * taken_qty, expiry + day * taken_qty
                used.add(site)
    if covered < problem.limits.least_qty:
        return (total, total, 0, 0, Decimal(0), Decimal(0), 0)
    cost += sum(origins[s].cost_per_shipment for s in used)
    breaches = sum(len(origins[s].breaches) for s in used)
    return (
        total - on_time,
        total - covered,
        breaches,
        len(used),
        cost,
        expiry,
        sum(origins[s].distance_km for s in used),
    )


def test_orders_over_up_to_ten_sites_are_sourced_as_every_set_of_sites_would():
    chance = random.Random(SEED + 1)
    for case in range(max(20, CASES // 30)):
        sites, lines = chance.randint(5, 10 if case % 5 == 0 else 7), chance.randint(3, 8)
        drawn = some_problem(chance, sites=sites, products=lines, units=40, lines=lines)
        asks = tuple(Ask(n, n, a.qty, a.reach, a.least_qty, a.weight_kg) for n, a in enumerate(drawn.asks, start=1))
        offers = tuple(
            offer(n, chance.randint(1, sites), chance.randint(1, lines), chance.randint(1, 40))
            for n in range(sites * lines // 2)
        )
        problem = Problem(asks, offers, drawn.origins, drawn.limits)
        plan = source(problem)
        is_kept(problem, plan)
        assert plan.is_exact
        assert tuple(plan.score)[:7] == every_subset(problem), (case, problem)
