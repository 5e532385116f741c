"""Keeping pools: the console's verbs and screens, the sheets, and the checks that tell when a pool is broken."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from accounts.states import Role
from core import writers
from core.errors import InvalidInput
from core.models import Job
from inventory.models import Claim, Demand, OrderCap, Pool, SafetyStock, StockBalance
from inventory.pool_effects import effects, products_under
from inventory.rules.pool_forms import pool_faults
from inventory.services.retire_pool import retire_pool
from inventory.services.save_cap import save_cap
from inventory.services.save_pool import RingOfPools, save_pool
from inventory.states import PoolKind, PoolState, PoolWho
from tests.factories.accounts import AccountFactory, GroupFactory, TierFactory, UserFactory
from tests.factories.catalog import CategoryFactory
from tests.factories.doors import browser_of
from tests.factories.inventory import (
    NOW,
    PLANNER,
    TODAY,
    SiteFactory,
    StockedProductFactory,
    breaches,
    open_and_reserve,
    spec,
    stock,
)
from tests.factories.pools import cap, limit, north, protect, safety
from tests.factories.sheets import applied, outcomes, previewed, problems

pytestmark = pytest.mark.django_db
POOLS = "code,name,kind,who,group,product,parent,amount,valid_from\n"


@pytest.fixture
def planner():
    return browser_of(UserFactory(roles=[Role.PLANNER], is_staff=True))


def make(**fields):
    product = fields.pop("product", None) or StockedProductFactory()
    defaults = {
        "code": "N", "name": "GPO North", "kind": PoolKind.PROTECTION, "who": PoolWho.GROUP, "group": GroupFactory(),
        "product": product, "amount": Decimal(8), "valid_from": TODAY,
    }  # fmt: skip
    return Pool(**{**defaults, **fields})


def test_a_pool_is_saved_journalled_and_its_product_allocated_again():
    product, site = StockedProductFactory(), SiteFactory()
    stock(product, site, 1)
    open_and_reserve([spec(product, 5)])
    before = Job.objects.count()
    pool_id = save_pool(row=make(product=product), actor=PLANNER, now=NOW)
    assert Pool.objects.get(pk=pool_id).name == "GPO North"
    assert Job.objects.count() == before + 1


@pytest.mark.parametrize(("wrong", "field"), [
    ({"group": None}, "/group"),
    ({"region": "West"}, "/region"),
    ({"product": None, "category": None, "parent": None}, "/product"),
    ({"amount_kind": "ratio"}, "/amount_kind"),
    ({"amount_kind": "percent", "amount": Decimal(101)}, "/amount"),
    ({"state": "neutral"}, "/state"),
    ({"who": PoolWho.EVERYBODY, "group": None}, "/who"),
    ({"valid_to": TODAY}, "/valid_to"),
    ({"site_region": "West", "site": True}, "/site_region"),
])  # fmt: skip
def test_a_pool_that_makes_no_sense_is_refused_with_the_field_and_what_mends_it(wrong, field):
    row = make(**{k: v for k, v in wrong.items() if k != "site"})
    if "product" in wrong:
        row.product = None
    if "site" in wrong:
        row.site = SiteFactory()
    with pytest.raises(InvalidInput) as refused:
        save_pool(row=row, actor=PLANNER, now=NOW)
    assert field in [e.pointer for e in refused.value.errors]
    assert all(e.remedy for e in refused.value.errors)


def test_a_pool_stands_in_a_tree_of_its_own_kind_and_never_below_itself():
    top = make()
    save_pool(row=top, actor=PLANNER, now=NOW)
    low = make(code="L", parent=top, product=top.product)
    save_pool(row=low, actor=PLANNER, now=NOW)
    top.parent = low
    with pytest.raises(RingOfPools):
        save_pool(row=top, actor=PLANNER, now=NOW)
    quota = make(code="Q", kind=PoolKind.QUOTA, parent=low)
    with pytest.raises(InvalidInput) as refused:
        save_pool(row=quota, actor=PLANNER, now=NOW)
    assert [e.pointer for e in refused.value.errors] == ["/kind"]


def test_ending_a_pool_needs_a_reason_frees_what_it_kept_and_happens_once():
    product, site = StockedProductFactory(), SiteFactory()
    stock(product, site, 12)
    group, _, stranger = north()
    pool = protect(8, product=product, group=group)
    open_and_reserve([spec(product, 10, account_id=stranger.pk)])
    with pytest.raises(InvalidInput):
        retire_pool(pool_id=pool.pk, reason=" ", actor=PLANNER, now=NOW)
    before = Job.objects.count()
    assert retire_pool(pool_id=pool.pk, reason="contract ended", actor=PLANNER, now=NOW)
    assert not retire_pool(pool_id=pool.pk, reason="again", actor=PLANNER, now=NOW)
    assert Job.objects.count() == before + 1
    assert effects([product.pk], now=NOW) == {}


def test_the_effect_of_a_pool_is_told_product_by_product():
    shelf = CategoryFactory()
    products = [StockedProductFactory(category=shelf) for _ in range(2)]
    for product in products:
        stock(product, SiteFactory(), 12)
    group, member, _ = north()
    pool = protect(8, category=shelf, group=group)
    part = protect(5, parent=pool, account=member)
    open_and_reserve([spec(products[0], 6, account_id=member.pk)])
    found = effects([p.pk for p in products], now=NOW)
    first, second = (found[pool.pk, p.pk] for p in products)
    assert (first.on_hand, first.amount, first.used, first.now, first.for_others) == (12, 8, 6, 2, 4)
    assert (second.amount, second.used, second.now, second.for_others) == (8, 0, 8, 4)
    assert products_under([pool.pk, part.pk], most=1) == {i: ([products[0].pk], 2) for i in (pool.pk, part.pk)}


def test_the_screens_show_what_a_pool_does_and_one_form_ends_it(planner):
    product, site = StockedProductFactory(sku="MASK"), SiteFactory()
    stock(product, site, 12)
    group, member, _ = north()
    pool = protect(8, product=product, group=group, name="GPO North", valid_to=date(2030, 12, 1))
    protect(3, parent=pool, account=member, name="Hospital A")
    limit(5, product=product, account=member)
    shown = planner.get(reverse("admin:inventory_pool_changelist")).content.decode()
    for words in ("keeps 8", "0 used, 8 protected", "0 used, 3 protected", "at most 5", "0 used, 5 left"):
        assert words in shown  # 3 of the 8 are its part's
    page = planner.get(reverse("admin:inventory_pool_change", args=[pool.pk])).content.decode()
    for words in ("Kept for GPO North, from everybody else", "MASK", "Protected now", "Hospital A", "End it"):
        assert words in page
    url = reverse("admin:inventory_pool_retire", args=[pool.pk])
    assert planner.post(url, {"reason": ""}).status_code == 422
    assert planner.post(url, {"reason": "over"}).status_code == 302
    pool.refresh_from_db()
    assert pool.state == PoolState.INACTIVE


def test_a_pool_is_made_in_the_console_and_a_wrong_one_is_told_at_its_field(planner):
    product, group = StockedProductFactory(), GroupFactory()
    url = reverse("admin:inventory_pool_add")
    form = {"code": "N", "name": "North", "kind": "protection", "state": "active", "who": "group", "group": group.pk,
            "product": product.pk, "amount_kind": "number", "amount": "8", "valid_from": "2026-11-23"}  # fmt: skip
    answer = planner.post(url, {**form, "group": ""})
    assert answer.context["adminform"].form.errors == {
        "group": ["It is for one group, which is not named. Name the group."]
    }
    assert planner.post(url, form).status_code == 302
    assert Pool.objects.get().group == group


def test_safety_stock_and_caps_are_kept_in_the_console(planner):
    product, site = StockedProductFactory(), SiteFactory()
    kept = {"product": product.pk, "site": site.pk, "qty": "5", "tier": TierFactory().pk}
    assert planner.post(reverse("admin:inventory_safetystock_add"), kept).status_code == 302
    most = {"product": product.pk, "who": "everybody", "max_qty": "10", "valid_from": "2026-11-23"}
    assert planner.post(reverse("admin:inventory_ordercap_add"), most).status_code == 302
    assert (SafetyStock.objects.get().qty, OrderCap.objects.get().max_qty) == (5, 10)
    for name in ("safetystock", "ordercap"):
        assert planner.get(reverse(f"admin:inventory_{name}_changelist")).status_code == 200


def test_pools_come_from_a_file_with_their_trees_and_wrong_rows_say_what_mends_them():
    StockedProductFactory(sku="MASK")
    GroupFactory(code="NORTH")
    upload = previewed(
        "pools",
        POOLS + "P2,Hospital A,protection,group,NORTH,,P1,30,2026-11-23\n"
        "P1,North,protection,group,north,mask,,80,2026-11-23\n"
        "P3,Wrong,quota,group,NORTH,,P1,5,2026-11-23\n"
        "P4,Nothing,quota,everybody,,,,5,2026-11-23\n",
    )
    assert outcomes(upload) == {2: "new", 3: "new", 4: "error", 5: "error"}
    assert "It stands in a protection." in str(problems(upload))
    assert "It is over nothing." in str(problems(upload))
    applied(
        "pools",
        POOLS
        + "P2,Hospital A,protection,group,NORTH,,P1,30,2026-11-23\nP1,North,protection,group,NORTH,MASK,,80,2026-11-23\n",
    )
    assert [(p.code, p.parent.code if p.parent else "", p.amount) for p in Pool.objects.order_by("code")] == [
        ("P1", "", 80), ("P2", "P1", 30),
    ]  # fmt: skip
    SiteFactory(code="EAST")
    applied("safety_stock", "product,site,qty\nmask,east,5\n")
    assert SafetyStock.objects.get().qty == 5


def test_the_faults_of_a_form_are_told_all_at_once():
    nothing = dict.fromkeys(
        ("account", "group", "tier", "region", "product", "category", "parent", "site", "site_region"), ""
    )
    cells = {**nothing, "kind": "protection", "state": "neutral", "who": "account", "amount_kind": "ratio", "amount": "1",
             "valid_from": "2026-11-23", "valid_to": "2026-11-20"}  # fmt: skip
    assert [f.field for f in pool_faults(cells)] == ["account", "product", "amount_kind", "state", "valid_to"]


# --- the checks find what is broken, and only that -------------------------------------------------------------------
def steal(product, account, qty):
    """Units moved to somebody as no verb of the product would."""
    (got,) = open_and_reserve([spec(product, 1, account_id=account.pk)])
    open_and_reserve([spec(product, 1, account_id=account.pk)])
    claim = Claim.objects.get(demand_id=got.demand_id)
    Claim.objects.filter(pk=claim.pk).update(qty=claim.qty + qty)
    with writers.by_hand("stock"):
        StockBalance.objects.filter(pk=claim.balance_id).update(reserved_qty=claim.balance.reserved_qty + qty)


def told(sentence):
    return [b for b in breaches() if b.startswith(sentence)]


def test_a_protected_unit_in_a_strangers_hands_is_a_breach():
    product, site = StockedProductFactory(), SiteFactory()
    stock(product, site, 12)
    group, member, stranger = north()
    protect(8, product=product, group=group, name="GPO North")
    open_and_reserve([spec(product, 9, account_id=member.pk), spec(product, 9, account_id=stranger.pk)])
    assert breaches() == []
    with writers.by_hand("stock"):
        StockBalance.objects.update(reserved_qty=0)
    Claim.objects.all().delete()
    steal(product, stranger, 4)
    (breach,) = told("no protected unit is held by a stranger")
    assert breach.endswith("8 are kept (GPO North), 6 are free, and others hold some")


def test_safety_stock_in_a_strangers_hands_is_a_breach_and_a_better_tier_may_have_it():
    product, site = StockedProductFactory(), SiteFactory()
    stock(product, site, 12)
    gold = TierFactory(rank=1)
    golden, stranger = AccountFactory(tier=gold), AccountFactory()
    safety(product, site, 5, tier=gold)
    open_and_reserve([spec(product, 3, account_id=stranger.pk)])
    later = NOW + timedelta(minutes=1)
    open_and_reserve([spec(product, 9, account_id=golden.pk)], now=later)
    assert breaches() == []
    Claim.objects.filter(demand__account=golden).update(opened_at=NOW - timedelta(minutes=1))
    assert len(told("no protected unit is held by a stranger")) == 1


def test_members_over_their_quota_are_a_breach_unless_they_held_it_before():
    product, site = StockedProductFactory(), SiteFactory()
    stock(product, site, 12)
    _, member, _ = north()
    open_and_reserve([spec(product, 6, account_id=member.pk)])
    row = make(product=product, kind=PoolKind.QUOTA, who=PoolWho.ACCOUNT, group=None, account=member, amount=Decimal(4))
    save_pool(row=row, actor=PLANNER, now=NOW + timedelta(seconds=1))
    assert breaches() == []
    Claim.objects.update(opened_at=NOW + timedelta(minutes=1))
    (breach,) = told("members of a quota hold no more than it")
    assert breach.endswith("members of GPO North hold 6 of 4")


def test_a_cap_binds_an_order_and_not_the_next():
    product, site = StockedProductFactory(), SiteFactory()
    stock(product, site, 12)
    account = AccountFactory()
    cap(3, product=product, account=account)
    first, second = (open_and_reserve([spec(product, 5, account_id=account.pk)])[0] for _ in range(2))
    assert (first.reserved, second.reserved) == (3, 3)


def test_an_order_with_more_than_its_cap_is_a_breach_unless_it_had_it_before():
    product, site = StockedProductFactory(), SiteFactory()
    stock(product, site, 12)
    account = AccountFactory()
    (before,) = open_and_reserve([spec(product, 5, account_id=account.pk)])
    row = OrderCap(who=PoolWho.ACCOUNT, account=account, product=product, max_qty=Decimal(3), valid_from=TODAY)
    save_cap(row=row, actor=PLANNER, now=NOW + timedelta(seconds=1))
    assert breaches() == []
    later = NOW + timedelta(minutes=1)
    (within,) = open_and_reserve([spec(product, 5, account_id=account.pk)], now=later)
    assert (before.reserved, within.reserved) == (5, 3)
    assert breaches() == []
    Demand.objects.filter(pk=within.demand_id).update(reserved_qty=4, backordered_qty=1)
    (breach,) = told("no order holds more than its cap")
    assert f"product {product.pk}: " in breach
    assert breach.endswith(" has 4 of at most 3 an order")
