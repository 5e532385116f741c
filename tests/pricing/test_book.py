"""Prices against stored books: tiers, parents, adjustments, rates, estimates, and how little is asked of the database."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.queries import account_snapshots
from core.rates import rates
from pricing.models import PriceRow, TierActivation
from pricing.queries import Basket, price, price_baskets
from pricing.rules.asks import PriceAsk
from tests.factories.accounts import AccountFactory, GroupFactory, MembershipFactory, StaffFactory
from tests.factories.catalog import CategoryFactory, ProductFactory
from tests.factories.doors import buyer_for, device_of
from tests.factories.pricing import (
    ActivationFactory,
    AdjustmentFactory,
    ContractFactory,
    FreightFactory,
    PriceRowFactory,
    RateFactory,
    SourceFactory,
    TaxFactory,
)

pytestmark = pytest.mark.django_db
ON = date(2026, 11, 22)


def one(account, product, qty="10", on=ON, currency="USD", **more):
    options = {k: more.pop(k) for k in ("with_ended",) if k in more}
    ask = PriceAsk("1", product.pk, Decimal(qty), **more)
    return price([ask], account_id=account.pk, currency=currency, on=on, **options)[0]


@pytest.fixture
def gpo():
    """A group's contract with two tiers, a member that is on GOLD from 1 December."""
    group, account = GroupFactory(), AccountFactory()
    source = SourceFactory(code="GPO", level="group", group=group)
    row = PriceRowFactory(source=source, unit_price=9)
    PriceRowFactory(source=source, product=row.product, unit_price=8, tier="GOLD")
    MembershipFactory(account=account, group=group, valid_from=date(2026, 6, 1))
    ActivationFactory(source=source, account=account, tier="GOLD", valid_from=date(2026, 12, 1))
    return account, row.product, source


def test_a_tier_counts_from_the_day_it_is_activated(gpo):
    account, product, _source = gpo
    assert one(account, product).unit_price == 9
    assert one(account, product, on=date(2026, 12, 1)).unit_price == 8
    assert not one(account, product, on=date(2026, 5, 31)).is_priced
    told = one(account, product, on=date(2026, 5, 31), with_ended=True).losers
    assert {x.why for x in told} == {"is a group's the customer is no member of on 2026-05-31"}


def test_the_ship_date_decides_where_the_contract_says_so(gpo):
    account, product, source = gpo
    source.date_policy = "ship"
    source.save()
    assert one(account, product, ship_date=date(2026, 12, 2)).unit_price == 8
    assert one(account, product, ship_date=date(2026, 11, 30)).unit_price == 9
    source.date_policy = "earlier"
    source.save()
    assert one(account, product, ship_date=date(2026, 12, 2)).unit_price == 9


def test_a_contract_of_a_grandparent_that_covers_those_below():
    top = AccountFactory()
    account = AccountFactory(parent=AccountFactory(parent=top))
    row = PriceRowFactory(source=ContractFactory(account=top, covers_children=True), unit_price=7)
    assert one(account, row.product).unit_price == 7
    assert not one(AccountFactory(), row.product).is_priced
    row.source.covers_children = False
    row.source.save()
    assert not one(account, row.product).is_priced
    nearer = ContractFactory(account=account.parent, covers_children=True)
    row.source.covers_children = True
    row.source.save()
    PriceRowFactory(source=nearer, product=row.product, unit_price=8)
    assert one(account, row.product).unit_price == 8


def test_a_list_in_euro_prices_an_order_in_dollars_at_the_rate_of_the_day_or_not_at_all():
    account = AccountFactory()
    row = PriceRowFactory(source=SourceFactory(code="EURO", currency="EUR", converts=True), unit_price=Decimal("3.30"))
    assert not one(account, row.product).is_priced
    RateFactory(valid_from=ON - timedelta(days=31))  # too old to be a rate
    assert one(account, row.product).losers[0].why == "is in EUR, for which there is no rate on 2026-11-22"
    RateFactory(valid_from=ON, rate=Decimal("1.25"))
    assert one(account, row.product).unit_price == Decimal("4.125")
    assert rates([("USD", "EUR"), ("EUR", "JPY")], on=ON) == {("USD", "EUR"): Decimal("0.8")}


def test_adjustments_of_a_category_of_a_contract_and_of_a_customer():
    account, below = AccountFactory(), CategoryFactory(parent=CategoryFactory())
    product = ProductFactory(category=below)
    listed = PriceRowFactory(product=product, unit_price=100)
    AdjustmentFactory(code="CAT", category=below.parent, value=10, sequence=1)
    AdjustmentFactory(code="OTHER", category=CategoryFactory(), value=50)
    AdjustmentFactory(code="MINE", account=account, kind="charge", method="amount", currency="USD", value=2)
    AdjustmentFactory(code="FOREIGN", account=AccountFactory(), value=50)
    AdjustmentFactory(code="EUROS", method="amount", currency="EUR", value=50)
    AdjustmentFactory(code="ENDED", value=50, valid_to=ON)
    AdjustmentFactory(code="BIG", value=50, min_qty=11)
    found = one(account, product)
    assert found.unit_price == 92
    assert [s.label for s in found.waterfall] == [
        f"list {listed.source.code}",
        "promotion CAT −10 %",
        "charge MINE +2",
    ]
    assert ("promotion BIG −50 %", "needs 11 or more") in {(x.what, x.why) for x in found.losers}


def test_estimates_come_from_the_tables_by_region():
    account, row = AccountFactory(region="NV"), PriceRowFactory(unit_price=10)
    TaxFactory(percent=5)
    TaxFactory(region="nv", percent=8)
    FreightFactory(percent=2, free_from_amount=1000)
    found = one(account, row.product)
    assert (found.tax, found.freight) == (Decimal("8.00"), Decimal("2.00"))
    assert one(account, row.product, "100").freight == 0


def test_another_estimator_is_plugged_in_by_name(settings):
    settings.PRICING_ESTIMATOR = "tests.pricing.test_book.nine_dollars"
    assert one(AccountFactory(), PriceRowFactory().product).tax == 9


def nine_dollars(results, *, account, rates):
    return [replace(r, tax=Decimal(9)) for r in results]


def test_the_database_refuses_what_overlaps_and_the_form_names_both():
    first = ActivationFactory(valid_from=date(2026, 1, 1), valid_to=date(2026, 7, 1))
    same = {"source": first.source, "account": first.account, "tier": "SILVER"}
    with pytest.raises(IntegrityError, match="one_tier_per_source_account_and_day"), transaction.atomic():
        TierActivation.objects.create(**same, valid_from=date(2026, 6, 30))
    with pytest.raises(ValidationError) as refused:
        TierActivation(**same, valid_from=date(2026, 6, 30)).full_clean()
    (told,) = refused.value.messages
    assert "SILVER" in told
    assert "GOLD" in told
    TierActivation(**same, valid_from=date(2026, 7, 1)).full_clean()


def test_one_product_may_have_a_price_per_unit_and_tier_for_the_same_days():
    row = PriceRowFactory()
    for more in ({"unit": "CS"}, {"tier": "GOLD"}, {"unit": "CS", "tier": "GOLD"}):
        PriceRowFactory(source=row.source, product=row.product, **more)
    with pytest.raises(IntegrityError), transaction.atomic():
        PriceRowFactory(source=row.source, product=row.product, unit="CS")


@pytest.fixture
def everything():
    """A child of a parent with a contract, in a group, with a ship date, an adjustment for a category and 200 products."""
    group, category = GroupFactory(), CategoryFactory()
    account = AccountFactory(parent=AccountFactory())
    MembershipFactory(account=account, group=group)
    products = ProductFactory.create_batch(200, category=category)
    sources = [
        SourceFactory(),
        SourceFactory(level="group", group=group, date_policy="ship"),
        ContractFactory(account=account.parent, covers_children=True),
    ]
    PriceRow.objects.bulk_create(
        PriceRow(source=s, product=p, min_qty=q, unit_price=Decimal(10), valid_from=date(2020, 1, 1))
        for s in sources
        for p in products
        for q in (Decimal(0), Decimal(10))
    )
    AdjustmentFactory(category=category)
    return account, products


def test_1_50_and_200_lines_of_it_cost_the_same_statements(everything):
    account, products = everything
    counts = set()
    for n in (1, 50, 200):
        asks = [
            PriceAsk(str(i), p.pk, Decimal(20), ship_date=ON + timedelta(days=1 + i % 9))
            for i, p in enumerate(products[:n])
        ]
        with CaptureQueriesContext(connection) as captured:
            found = price(asks, account_id=account.pk, currency="USD", on=ON)
        assert {r.unit_price for r in found} == {Decimal(9)}
        counts.add(len(captured))
    assert len(counts) == 1
    assert counts.pop() <= 8


def test_many_baskets_are_priced_as_each_alone(everything):
    account, products = everything
    other = AccountFactory()
    snapshots = account_snapshots([account.pk, other.pk], on=ON)
    asks = [PriceAsk(str(i), p.pk, Decimal(20)) for i, p in enumerate(products[:20])]
    baskets = [Basket(snapshots[a.pk], "USD", ON, asks) for a in (account, other)]
    alone = [price(asks, account_id=a.pk, currency="USD", on=ON) for a in (account, other)]
    assert price_baskets(baskets) == alone
    assert {r.basis for r in alone[0]} == {"account"}
    assert {r.basis for r in alone[1]} == {"list"}


def test_the_api_explains_a_price_and_hides_cost_floor_and_the_losers_from_buyers():
    contract = ContractFactory(code="ACME-26", margin_floor_percent=20)
    product = ProductFactory(sku="GLV-1", standard_cost=Decimal("6.1234"))
    PriceRowFactory(source=SourceFactory(code="BASE"), product=product, unit_price=10)
    PriceRowFactory(source=contract, product=product, unit_price=8)
    where = "/api/v1/prices?sku=glv-1&quantity=3&on=2026-11-22"
    seen = device_of(buyer_for(contract.account)).get(where)
    assert seen.status_code == 200
    body = seen.json()
    assert (body["unit_price"]["amount"], body["amount"]["amount"]) == ("8.00", "24.00")
    assert [s["step"] for s in body["price_trace"]] == ["list BASE", "account ACME-26"]
    text = seen.content.decode()
    assert not any(word in text for word in ("6.1234", "7.654", "losers", "floor", "margin"))
    told = device_of(StaffFactory()).get(f"{where}&account={contract.account.code}").json()
    assert told["losers"] == [{"price": "BASE: 10 from 0", "why": "account comes before list"}]


@pytest.mark.parametrize(
    ("query", "status"),
    [("sku=NOPE", 404), ("sku=GLV-1&quantity=-1", 400), ("sku=GLV-1&quantity=x", 400), ("sku=GLV-1&on=yesterday", 400)],
)
def test_a_bad_question_is_told_so(query, status):
    ProductFactory(sku="GLV-1")
    assert device_of(buyer_for(AccountFactory())).get(f"/api/v1/prices?{query}").status_code == status
