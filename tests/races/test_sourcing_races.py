"""Orders sourced again while others submit, cancel and ship: what is held moves or stays, and none of it is lost."""

import pytest

from core.testing import race
from inventory.models import Claim, Demand, SourcingRule
from inventory.services.allocate import allocate
from inventory.services.source_again import source_again
from tests.factories.inventory import NOW, PLANNER, SiteFactory, StockedProductFactory, breaches, demand, spec, stock
from tests.races.test_policy_races import ship, submit, withdraw

pytestmark = pytest.mark.django_db(transaction=True)


def test_six_move_to_a_site_with_room_for_four_while_others_take_from_it():
    product = StockedProductFactory()
    reno, cmh = SiteFactory(code="RENO", rank=1), SiteFactory(code="CMH", rank=2)
    stock(product, reno, 40)
    stock(product, cmh, 12)
    rule = SourcingRule.objects.create(name="all", sites=["RENO"])
    held = [demand(product, 3) for _ in range(10)]
    allocate(trigger_key="before", product_ids=[product.pk], actor=PLANNER, now=NOW)
    assert Claim.objects.filter(state="open", kind="hard", balance__site=reno).count() == 10
    SourcingRule.objects.filter(pk=rule.pk).update(sites=["CMH", "RENO"])
    work = [
        *(lambda i=i: source_again(demand_ids=[i], actor=PLANNER, now=NOW) for i in held[:6]),
        *(lambda: submit(spec(product, 2)) for _ in range(6)),
        *(lambda i=i: withdraw(i) for i in held[6:8]),
        *(lambda i=i: ship(i) for i in held[8:]),
    ]
    assert [r for r in race(*work) if isinstance(r, Exception)] == []
    rows = Demand.objects.filter(pk__in=held[:6]).values_list("allocated_qty", "backordered_qty")
    assert set(rows) == {(3, 0)}
    at = Claim.objects.filter(state="open", balance__site=cmh).values_list("qty", flat=True)
    assert sum(at) == 12  # whoever came first, all of what is there is taken
    assert breaches() == []
