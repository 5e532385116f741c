"""What pools come to, from the rows people keep: whom they name, over what, where, when, and what counts against them."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from core import sql, writers
from core.refs import DocumentRef
from core.testing import unit
from inventory.models import AllocationPolicy, AllocationPolicyUse, Claim, Pool
from inventory.pool_queries import (
    held_back_products,
    pools_of,
    read_pools,
    ruled_products,
)
from inventory.services.allocate import allocate
from inventory.services.confirm_picked import confirm_picked
from inventory.services.confirm_shipped import confirm_shipped
from inventory.services.release_claims import release_claims
from inventory.share_queries import reading_held_back_products
from inventory.states import AmountKind, PoolState, PoolWho
from tests.factories.accounts import AccountFactory, TierFactory
from tests.factories.catalog import CategoryFactory
from tests.factories.inventory import (
    NOW,
    PLANNER,
    TODAY,
    SiteFactory,
    StockedProductFactory,
    demand,
    open_and_reserve,
    spec,
    stock,
)
from tests.factories.pools import cap, limit, member_of, north, protect, safety

pytestmark = pytest.mark.django_db


def floors(product, accounts, *, on=TODAY, **how):
    """{pool name: (still to protect, accounts)}."""
    protections, _, _ = pools_of([product.pk], on=on, account_ids=[a.pk for a in accounts], now=NOW, **how)
    return {p.name: (p.qty, p.account_ids) for p in protections}


def ceilings(product, accounts, *, on=TODAY):
    _, quotas, _ = pools_of([product.pk], on=on, account_ids=[a.pk for a in accounts], now=NOW)
    return {q.name: q.qty for q in quotas}


def ship(product, account, qty, *, now=NOW):
    """Order, allocate, pick and ship; the demand."""
    (got,) = open_and_reserve([spec(product, qty, account_id=account.pk)], now=now)
    allocate(trigger_key=f"ship {got.demand_id}", product_ids=[product.pk], actor=PLANNER, now=now)
    with unit():
        claims = [c for found in release_claims([got.demand_id], now=now).values() for c in found]
        confirm_picked({c.claim_id: c.qty for c in claims}, now=now, actor=PLANNER)
        source = DocumentRef("shipment", got.demand_id)
        confirm_shipped([c.claim_id for c in claims], source=source, now=now, actor=PLANNER)
    return got.demand_id


def test_a_pool_is_for_an_account_a_group_a_tier_or_a_region():
    product, site = StockedProductFactory(), SiteFactory()
    stock(product, site, 40)
    group, member, _ = north()
    gold = TierFactory()
    golden, western = AccountFactory(tier=gold), AccountFactory(region="WEST")  # whatever its capitals
    protect(1, product=product, account=golden, name="one")
    protect(2, product=product, group=group, name="group")
    protect(3, product=product, tier=gold, name="gold")
    protect(4, product=product, region="West", name="West")
    found = floors(product, [member, golden, western])
    assert found == {
        "one": (1, {golden.pk}),
        "group": (2, {member.pk}),
        "gold": (3, {golden.pk}),
        "West": (4, {western.pk}),
    }


def test_membership_and_period_are_those_of_the_day():
    product, site = StockedProductFactory(), SiteFactory()
    stock(product, site, 40)
    group, member, _ = north()
    protect(8, product=product, group=group, name="N", valid_to=TODAY + timedelta(days=7))
    member.memberships.update(valid_to=TODAY + timedelta(days=3))
    day = timedelta(days=1)
    assert floors(product, [member], on=TODAY - day) == {}
    assert floors(product, [member], on=TODAY + 2 * day) == {"N": (8, {member.pk})}
    assert floors(product, [member], on=TODAY + 3 * day) == {"N": (8, frozenset())}
    assert floors(product, [member], on=TODAY + 7 * day) == {}


def test_a_pool_over_a_category_holds_for_each_product_of_it_and_of_the_categories_below():
    top = CategoryFactory()
    below = CategoryFactory(parent=top)
    first, second, other = (StockedProductFactory(category=c) for c in (top, below, None))
    for product in (first, second, other):
        stock(product, SiteFactory(), 20)
    _, member, _ = north()
    protect(5, category=top, account=member, name="all of it")
    assert [floors(p, [member]) for p in (first, second, other)] == [{"all of it": (5, {member.pk})}] * 2 + [{}]
    assert sorted(ruled_products([first.pk, second.pk, other.pk])) == [first.pk, second.pk]


def test_nested_pools_have_the_product_place_and_members_of_the_tree():
    product, other, here, there = *StockedProductFactory.create_batch(2), SiteFactory(region="west"), SiteFactory()
    for site in (here, there):
        stock(product, site, 50)
    group, member, _ = north()
    cousin = member_of(group)
    whole = protect(60, product=product, name="West", site_region="West")
    part = protect(20, parent=whole, group=group, name="North")
    protect(15, parent=part, account=member, name="one of them")
    protect(99, parent=whole, product=other, account=member, name="another product")
    found = pools_of([product.pk], on=TODAY, account_ids=[member.pk, cousin.pk], now=NOW)[0]
    assert [(p.name, p.qty, p.account_ids, p.site_ids, p.tree_id) for p in found] == [
        ("one of them", 15, {member.pk}, {here.pk}, whole.pk),
        ("North", 5, {member.pk, cousin.pk}, {here.pk}, whole.pk),
        ("West", 30, {member.pk, cousin.pk}, {here.pk}, whole.pk),
    ]


def test_what_members_hold_and_had_shipped_in_the_period_counts_and_what_others_have_does_not():
    product, site = StockedProductFactory(), SiteFactory()
    stock(product, site, 40)
    group, member, stranger = north()
    protect(10, product=product, group=group, name="N")
    limit(20, product=product, group=group, name="Q", valid_from=TODAY - timedelta(days=30))
    ship(product, member, 3, now=NOW - timedelta(days=7))  # before the floor, within the ceiling
    ship(product, member, 2)
    ship(product, stranger, 4)
    open_and_reserve([spec(product, 1, account_id=member.pk), spec(product, 5, account_id=stranger.pk)])
    assert floors(product, [member])["N"][0] == 10 - 2 - 1
    assert ceilings(product, [member]) == {"Q": 20 - 3 - 2 - 1}


def test_percent_is_of_the_supply_of_the_period_and_a_ratio_of_the_pool_above():
    product, site = StockedProductFactory(), SiteFactory()
    stock(product, site, 80)
    _, member, stranger = north()
    ship(product, stranger, 20)
    whole = limit(50, product=product, amount_kind=AmountKind.PERCENT, name="half")
    limit(3, parent=whole, account=member, amount_kind=AmountKind.RATIO, name="three")
    limit(1, parent=whole, account=stranger, amount_kind=AmountKind.RATIO, name="one")
    assert ceilings(product, [member, stranger]) == {"half": 20, "three": 30, "one": 0}


def test_reservations_that_ran_out_and_claims_dealt_again_are_held_by_nobody():
    product, site = StockedProductFactory(), SiteFactory()
    stock(product, site, 12)
    _, member, _ = north()
    protect(8, product=product, account=member, name="N")
    open_and_reserve([spec(product, 2, account_id=member.pk)], expires_at=NOW - timedelta(minutes=1))
    (got,) = open_and_reserve([spec(product, 3, account_id=member.pk)])
    assert floors(product, [member])["N"][0] == 5
    again = list(Claim.objects.filter(demand_id=got.demand_id).values_list("pk", flat=True))
    assert floors(product, [member], dealt_again=again)["N"][0] == 8


def test_safety_stock_is_a_floor_for_the_tiers_it_is_open_to_and_never_more_than_is_free():
    product, site, other = StockedProductFactory(), SiteFactory(), SiteFactory()
    stock(product, site, 3)
    silver, gold = TierFactory(rank=50), TierFactory(rank=49)
    best, worst = AccountFactory(tier=gold), AccountFactory(tier=TierFactory(rank=51))
    safety(product, site, 5, tier=silver)
    safety(product, other, 5)
    protections, _, _ = pools_of([product.pk], on=TODAY, account_ids=[best.pk, worst.pk], now=NOW)
    assert [(p.qty, p.full_qty, p.account_ids, p.site_ids) for p in protections] == [
        (3, 5, {best.pk}, {site.pk}),
        (0, 5, frozenset(), {other.pk}),
    ]


def test_the_closest_cap_counts():
    shelf = CategoryFactory()
    product = StockedProductFactory(category=shelf)
    gold = TierFactory()
    special, golden, plain_one = AccountFactory(tier=gold), AccountFactory(tier=gold), AccountFactory()
    cap(10, product=product)
    cap(4, category=shelf, tier=gold)
    cap(6, product=product, tier=gold)
    cap(50, category=shelf, account=special)
    cap(1, product=product, valid_from=TODAY + timedelta(days=1))
    _, _, caps = pools_of([product.pk], on=TODAY, account_ids=[special.pk, golden.pk, plain_one.pk])
    assert {(c.qty, c.account_ids) for c in caps} == {
        (50, frozenset({special.pk})),
        (6, frozenset({golden.pk})),
        (10, frozenset({plain_one.pk})),
    }


def test_neutral_quotas_do_not_limit_and_inactive_pools_are_not_there():
    product, site = StockedProductFactory(), SiteFactory()
    stock(product, site, 12)
    _, member, _ = north()
    limit(5, product=product, account=member, state=PoolState.NEUTRAL)
    off = limit(5, product=product, account=member, state=PoolState.INACTIVE)
    limit(5, parent=off, account=member)
    _, quotas, _ = pools_of([product.pk], on=TODAY, account_ids=[member.pk])
    assert [(q.qty, q.is_limiting) for q in quotas] == [(5, False)]


def test_without_accounts_named_those_with_open_demand_are_told():
    product, site = StockedProductFactory(), SiteFactory()
    stock(product, site, 12)
    group, member, _ = north()
    member_of(group)
    protect(8, product=product, group=group)
    open_and_reserve([spec(product, 2, account_id=member.pk)])
    (floor,), _, _ = pools_of([product.pk], on=TODAY, now=NOW)
    assert floor.account_ids == {member.pk}


@pytest.mark.parametrize("wrong", [
    {"who": PoolWho.GROUP, "name": "names nobody"},
    {"who": PoolWho.BELOW, "region": "West"},
    {"amount": Decimal(101), "amount_kind": AmountKind.PERCENT},
    {"amount_kind": AmountKind.RATIO},
    {"state": PoolState.NEUTRAL},
    {"who": PoolWho.EVERYBODY},
    {"valid_to": TODAY},
    {"product": None},
])  # fmt: skip
def test_the_database_refuses_pools_that_make_no_sense(wrong):
    fields = {"who": PoolWho.BELOW, "product": StockedProductFactory(), **wrong}
    with pytest.raises(IntegrityError), transaction.atomic():
        protect(fields.pop("amount", 5), **fields)


def test_pools_never_stand_below_themselves():
    product = StockedProductFactory()
    top = protect(5, product=product)
    middle = protect(5, parent=top)
    low = protect(5, parent=middle)
    with pytest.raises(IntegrityError, match="no_ring_of_pools"), transaction.atomic(), writers.by_hand("pools"):
        Pool.objects.filter(pk=top.pk).update(parent=low)


def test_the_statements_are_the_same_for_one_product_and_for_many():
    products, site = StockedProductFactory.create_batch(50), SiteFactory()
    _, member, _ = north()
    whole = CategoryFactory()
    counts = {}
    for product in products:
        stock(product, site, 12)
        protect(2, product=product, account=member)
        product.category = whole
        product.save()
    limit(9, category=whole, account=member)
    for size in (1, 50):
        with CaptureQueriesContext(connection) as captured:
            found = read_pools([p.pk for p in products[:size]], on=TODAY)
        assert len(found.protections) == len(found.quotas) == size
        counts[size] = len(captured)
    assert counts == {1: 9, 50: 9}
    with CaptureQueriesContext(connection) as captured:
        assert pools_of([StockedProductFactory().pk], on=TODAY) == ((), (), ())
    assert len([q for q in captured if "SELECT r.product_id" in q["sql"]]) == 1


def held_back(demands):
    """What a claim is told, and in how many statements."""
    with CaptureQueriesContext(connection) as asked:
        found = sql.answer(reading_held_back_products(demands, now=NOW, every=True))
    return sorted(found), len(asked)


def test_a_claim_is_told_what_holds_its_products_back_whatever_its_process_knew_before():
    shelf = CategoryFactory()
    plain, own, below, safe, capped = (StockedProductFactory(category=c) for c in (None, None, shelf, None, None))
    demands = [demand(p, 1) for p in (plain, own, below, safe, capped)]
    site = SiteFactory()
    sql.answer(
        reading_held_back_products(demands, now=NOW, every=True)
    )  # what another test left with this process is forgotten
    assert held_back(demands) == ([], 1)
    protect(5, product=own, account=AccountFactory())
    safety(safe, site, 3)
    safety(plain, site, 0)  # nothing is kept
    cap(4, product=capped)
    asked = [own.pk, safe.pk, capped.pk]
    assert held_back(demands) == (sorted(asked), 1)
    over_shelf = protect(5, category=CategoryFactory(), account=AccountFactory())
    assert held_back(demands) == (sorted(asked), 2)  # the first wide rule: what it is over is asked afterwards, once
    assert held_back(demands) == (sorted(asked), 1)
    with writers.by_hand("pools"):
        Pool.objects.filter(pk=over_shelf.pk).update(category=shelf)
    assert held_back(demands) == (sorted([*asked, below.pk]), 1)
    with writers.by_hand("pools"):
        Pool.objects.filter(pk=over_shelf.pk).update(state=PoolState.INACTIVE)
    share = AllocationPolicy.objects.create(code="HALF", name="Half", definition={"order_cap_percent": "50"})
    assert held_back(demands) == (sorted(asked), 1)
    AllocationPolicyUse.objects.create(policy=share, product=plain)
    assert held_back(demands) == (sorted([*asked, plain.pk]), 1)
    assert held_back(demands)[0] == sorted(held_back_products([p.pk for p in (plain, own, below, safe, capped)]))
    AllocationPolicyUse.objects.all().delete()
    share.delete()
    assert held_back(demands) == (sorted(asked), 1)
    assert held_back(demands) == (sorted(asked), 1)
