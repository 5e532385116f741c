"""The price of lines against stored sources: who they are for, when they hold, and how little is asked."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.actors import system
from core.errors import InvalidInput
from core.reference import save_reference
from core.refs import DocumentRef
from core.testing import unit
from orders.services.place import place
from pricing.models import PriceRow
from pricing.queries import price
from pricing.rules.asks import AgreedPrice, PriceAsk
from pricing.services.agree import agree
from tests.factories.accounts import AccountFactory, GroupFactory, MembershipFactory, TerritoryFactory
from tests.factories.catalog import ProductFactory
from tests.factories.orders import CLERK, make_world
from tests.factories.pricing import ContractFactory, PriceRowFactory, RateFactory, SourceFactory

pytestmark = pytest.mark.django_db
ON = date(2026, 11, 22)
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def ask(product, qty="1", agreement=None):
    return PriceAsk("1", product.pk, Decimal(qty), agreement)


def one(account, product, qty="1", agreement=None, on=ON, currency="USD", **more):
    (result,) = price([ask(product, qty, agreement)], account_id=account.pk, currency=currency, on=on, **more)
    return result


def test_nothing_asked_asks_the_database_nothing(django_assert_num_queries):
    with django_assert_num_queries(0):
        assert price([], account_id=1, currency="USD", on=ON) == []


def test_each_account_gets_its_own_contract_and_others_the_list():
    row = PriceRowFactory(unit_price=10)
    contract = ContractFactory()
    PriceRowFactory(source=contract, product=row.product, unit_price=8)
    mine = one(contract.account, row.product, "3")
    other = one(AccountFactory(), row.product, "3")
    assert (mine.unit_price, mine.amount, mine.basis) == (Decimal(8), Decimal("24.00"), "account")
    assert (other.unit_price, other.amount, other.basis) == (Decimal(10), Decimal("30.00"), "list")
    assert other.losers == ()


def test_a_group_price_is_for_members_on_that_day_only():
    membership = MembershipFactory(valid_from=date(2026, 1, 1), valid_to=date(2026, 11, 22))
    tier = SourceFactory(level="group", group=membership.group)
    row = PriceRowFactory(source=tier, unit_price=7)
    assert one(membership.account, row.product, on=date(2026, 11, 21)).unit_price == 7
    assert not one(membership.account, row.product, on=ON).is_priced
    assert not one(AccountFactory(), row.product, on=date(2026, 11, 21)).is_priced


def test_a_segment_price_needs_everything_it_names_and_the_one_that_names_more_wins():
    west, group = TerritoryFactory(), GroupFactory()
    account = AccountFactory(territory=west)
    product = ProductFactory()
    PriceRowFactory(source=SourceFactory(level="segment", territory=west), product=product, unit_price=9)
    both = SourceFactory(level="segment", territory=west, group=group)
    PriceRowFactory(source=both, product=product, unit_price=11)
    assert one(account, product).unit_price == 9
    MembershipFactory(account=account, group=group)
    assert one(account, product).unit_price == 11
    assert not one(AccountFactory(territory=TerritoryFactory()), product).is_priced


def test_another_currency_an_inactive_source_or_an_ended_one_prices_nothing():
    account, product = AccountFactory(), ProductFactory()
    PriceRowFactory(source=SourceFactory(currency="EUR"), product=product)
    PriceRowFactory(source=SourceFactory(is_active=False), product=product)
    PriceRowFactory(source=SourceFactory(valid_to=ON), product=product)
    PriceRowFactory(product=product, valid_to=ON)
    result = one(account, product)
    assert (result.is_priced, result.losers) == (False, ())
    assert one(account, product, currency="EUR").unit_price == 10
    explained = one(account, product, with_ended=True)
    assert [x.why for x in explained.losers] == ["ended on 2026-11-22", "ended on 2026-11-22"]


def test_an_agreed_price_holds_for_its_document_account_and_days():
    row = PriceRowFactory(unit_price=10)
    account = AccountFactory()
    with unit():
        agree(
            DocumentRef("quote", 7, "Q-7"),
            [AgreedPrice(row.product_id, Decimal("6.5"))],
            account_id=account.pk,
            currency="USD",
            valid_until=datetime(2026, 11, 30, tzinfo=UTC),
            now=NOW,
        )
    quoted = one(account, row.product, agreement=("quote", 7))
    assert (quoted.unit_price, quoted.basis, quoted.source_code, quoted.source_id) == (
        Decimal("6.5"),
        "quote",
        "Q-7",
        None,
    )
    assert one(account, row.product).unit_price == 10
    assert one(AccountFactory(), row.product, agreement=("quote", 7)).unit_price == 10
    assert one(account, row.product, agreement=("quote", 7), on=date(2026, 11, 29)).unit_price == Decimal("6.5")
    assert one(account, row.product, agreement=("quote", 7), on=date(2026, 11, 30)).unit_price == 10


def test_agreeing_again_replaces_the_first_and_a_repeated_break_is_refused():
    account, product = AccountFactory(), ProductFactory()
    more = {"account_id": account.pk, "currency": "USD", "valid_until": datetime(2027, 1, 1, tzinfo=UTC), "now": NOW}
    ref = DocumentRef("override", 3)
    with unit():
        first = agree(ref, [AgreedPrice(product.pk, Decimal(6))], **more)
        again = agree(ref, [AgreedPrice(product.pk, Decimal(5))], **more)
    assert first == again
    assert one(account, product, agreement=("override", 3)).unit_price == 5
    with unit(), pytest.raises(InvalidInput, match="twice"):
        agree(ref, [AgreedPrice(product.pk, Decimal(5)), AgreedPrice(product.pk, Decimal(4))], **more)
    assert one(account, product, agreement=("override", 3)).unit_price == 5


def test_floor_and_margin_come_from_the_product_cost_and_the_source():
    product = ProductFactory(standard_cost=Decimal(8))
    PriceRowFactory(source=SourceFactory(margin_floor_percent=20), product=product, unit_price=12)
    result = one(AccountFactory(), product)
    assert (result.floor, result.unit_margin) == (Decimal(10), Decimal(4))


def test_a_floor_in_another_currency_is_measured_against_the_cost_at_the_rate_of_the_day(django_assert_num_queries):
    source = SourceFactory(currency="EUR", margin_floor_percent=20)
    row = PriceRowFactory(source=source, unit_price=9, product__standard_cost=Decimal("8.80"))
    account = AccountFactory()
    without = one(account, row.product, currency="EUR")
    assert (without.unit_price, without.floor, without.unit_margin) == (9, None, None)  # nobody guesses a rate
    RateFactory(valid_from=date(2026, 11, 1), rate=Decimal("1.1"))  # EUR in USD: 8.80 USD are 8 EUR
    found = one(account, row.product, currency="EUR")
    assert (found.floor, found.unit_margin) == (Decimal(10), Decimal(1))
    at_home = PriceRowFactory(source__margin_floor_percent=20, product=row.product, unit_price=10)
    with django_assert_num_queries(3):
        assert one(account, at_home.product).floor == 11


def test_tax_and_freight_are_nothing_until_rates_are_set(settings):
    row = PriceRowFactory(unit_price=10)
    account, exempt = AccountFactory(), AccountFactory(is_tax_exempt=True)
    assert (one(account, row.product).tax, one(account, row.product).freight) == (0, 0)
    settings.PRICING_TAX_PERCENT, settings.PRICING_FREIGHT_PERCENT = "8.25", "2"
    taxed = one(account, row.product, "10")
    assert (taxed.tax, taxed.freight) == (Decimal("8.25"), Decimal("2.00"))
    assert (one(exempt, row.product, "10").tax, one(exempt, row.product, "10").freight) == (0, Decimal("2.00"))


@pytest.mark.parametrize(
    ("moment", "day"),
    [  # the last second of the day before and the first of the day, a day after each of the two changes of the clock
        ("2026-03-09T06:59:59", date(2026, 3, 8)),
        ("2026-03-09T07:00:00", date(2026, 3, 9)),
        ("2026-11-02T07:59:59", date(2026, 11, 1)),
        ("2026-11-02T08:00:00", date(2026, 11, 2)),
    ],
)
def test_an_order_is_priced_on_the_customers_day_on_either_side_of_the_summer_time(moment, day):
    world = make_world(time_zone="America/Los_Angeles")
    PriceRow.objects.all().delete()
    for n in range(-1, 2):  # another price each day
        start = day + timedelta(days=n)
        PriceRowFactory(
            source=world.source, product=world.products[0], unit_price=20 + n, valid_from=start,
            valid_to=start + timedelta(days=1),
        )  # fmt: skip
    placed = place(world.draft(3), actor=CLERK, now=datetime.fromisoformat(f"{moment}+00:00"))
    assert [(x.unit_price, x.amount) for x in placed.lines] == [(20, 60)]


def test_two_prices_for_the_same_break_and_day_are_refused_with_a_reason():
    first = PriceRowFactory(valid_from=date(2026, 1, 1), valid_to=date(2026, 7, 1))
    same = {"source": first.source, "product": first.product, "unit_price": Decimal(9)}
    actor = system("price import")
    with pytest.raises(InvalidInput) as refused:
        save_reference(row=PriceRow(**same, valid_from=date(2026, 6, 30)), actor=actor, now=NOW)
    told = refused.value.errors[0].message
    assert told == (
        f"{first.source.code} {first.product} 9 from 0, from 2026-06-30 without end overlaps "
        f"{first.source.code} {first.product} 10 from 0, from 2026-01-01 until 2026-07-01: end that one first."
    )
    save_reference(row=PriceRow(**same, valid_from=date(2026, 7, 1)), actor=actor, now=NOW)
    assert PriceRow.objects.count() == 2


@pytest.fixture
def catalogue():
    """500 products on a list and a contract, three breaks each, and 500 agreed prices."""
    account = AccountFactory()
    products = ProductFactory.create_batch(500, standard_cost=Decimal(5))
    contract = ContractFactory(account=account, margin_floor_percent=10)
    PriceRow.objects.bulk_create(
        PriceRow(source=source, product=p, min_qty=q, unit_price=Decimal(10) - q / 50, valid_from=date(2020, 1, 1))
        for source in (SourceFactory(), contract)
        for p in products
        for q in (Decimal(0), Decimal(10), Decimal(100))
    )
    with unit():
        agree(
            DocumentRef("quote", 1),
            [AgreedPrice(p.pk, Decimal(6)) for p in products],
            account_id=account.pk,
            currency="USD",
            valid_until=datetime(2027, 1, 1, tzinfo=UTC),
            now=NOW,
        )
    return account, products


@pytest.mark.parametrize("agreement", [None, ("quote", 1)])
def test_1_50_and_500_lines_cost_the_same_number_of_statements(catalogue, agreement):
    account, products = catalogue
    counts = set()
    for n in (1, 50, 500):
        asks = [PriceAsk(str(i), p.pk, Decimal(20), agreement) for i, p in enumerate(products[:n])]
        with CaptureQueriesContext(
            connection,
        ) as captured:
            results = price(asks, account_id=account.pk, currency="USD", on=ON)
        assert {r.unit_price for r in results} == {Decimal(6) if agreement else Decimal("9.8")}
        counts.add(len(captured))
    assert len(counts) == 1
    assert counts.pop() <= (6 if agreement else 5)


def test_with_account_and_costs_in_hand_500_lines_cost_one_statement(catalogue, django_assert_num_queries):
    from accounts.queries import account_snapshots

    account, products = catalogue
    snapshot = account_snapshots([account.pk], on=ON)[account.pk]
    asks = [PriceAsk(str(i), p.pk, Decimal(20)) for i, p in enumerate(products)]
    with django_assert_num_queries(1):
        results = price(asks, account_id=account.pk, currency="USD", on=ON, account=snapshot, costs={})
    assert len(results) == 500
