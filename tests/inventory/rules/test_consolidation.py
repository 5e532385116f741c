"""Stock on hand joined with supply on its way: only where a shipment is saved and nothing is later for it."""

import os
import random
from decimal import Decimal

from inventory.rules.consolidation import coming, is_coming, join_inbound
from inventory.rules.sourcing_plan import source
from inventory.rules.sourcing_problem import Limits, Problem
from tests.inventory.rules.test_sourcing_plan import ATL, CMH, RENO, ask, is_kept, offer, origin, some_problem

CASES = int(os.environ.get("OMS_CASES", "300"))


def problem(qty=60, reno=40, cmh=20, **limits):
    stock = (offer(1, RENO, 7, reno), offer(2, CMH, 7, cmh))
    return Problem(
        (ask(1, 7, qty, (RENO, CMH, ATL)),), stock, (origin(RENO), origin(CMH), origin(ATL)), Limits(**limits)
    )


def joined(asked, *supplies):
    found = join_inbound(asked, source(asked), [coming(9 + n, *s[:2], Decimal(s[2])) for n, s in enumerate(supplies)])
    return None if found is None else [(t.site_id, t.qty, is_coming(t)) for t in found[1].takes]


def test_twenty_on_their_way_to_the_site_that_has_forty_save_the_second_shipment():
    assert joined(problem(), (RENO, 7, 30)) == [(RENO, 40, False), (RENO, 20, True)]


def test_what_does_not_save_a_shipment_is_not_waited_for():
    assert joined(problem(qty=40), (CMH, 7, 90)) is None  # one shipment as it is
    assert joined(problem(), (RENO, 7, 19)) is None  # one unit is missing: two shipments all the same
    assert joined(problem(), (RENO, 8, 90)) is None  # another product
    assert joined(problem()) is None


def test_stock_that_is_there_goes_before_what_is_coming():
    assert joined(problem(qty=50), (RENO, 7, 90)) == [(RENO, 40, False), (RENO, 10, True)]


def test_nothing_is_later_or_less_for_it_in_any_case():
    chance, saved = random.Random(2112), 0
    for case in range(CASES):
        asked = some_problem(chance, sites=chance.randint(2, 4), products=2, units=6, lines=chance.randint(1, 4))
        products = sorted({a.product_id for a in asked.asks})
        supplies = [
            coming(n, chance.randint(1, 4), chance.choice(products), Decimal(chance.randint(1, 6)))
            for n in range(1, chance.randint(1, 4))
        ]
        plan = source(asked)
        found = join_inbound(asked, plan, supplies)
        if found is None:
            continue
        saved += 1
        wider, better = found
        is_kept(wider, better)
        assert better.score.shipments < plan.score.shipments, (case, asked)
        assert better.score[:3] <= plan.score[:3], (case, asked)
    assert saved > CASES // 100
