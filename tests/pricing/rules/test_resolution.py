"""Price resolution against the obvious one, on random price books; and the edges one by one."""

import os
from collections import Counter
from datetime import date
from decimal import Decimal
from random import Random

import pytest

from pricing.rules.adjusting import Adjustment
from pricing.rules.asks import PriceAsk
from pricing.rules.estimate import FlatRates, RegionRate, estimated_together, rates_for
from pricing.rules.scope import ALWAYS, Activation, Buyer, Whom, pricing_day
from pricing.rules.waterfall import NO_RATE, Row, Source, price_lines
from tests.pricing.obvious import Book, obvious_price

CASES = int(os.environ.get("OMS_CASES", "300"))
ON = date(2026, 11, 22)
LIST = Source(1, "LIST", "list")


def priced(book, asks=None):
    return price_lines(
        book.asks if asks is None else asks,
        book.rows,
        {},
        currency="USD",
        on=book.on,
        buyer=book.buyer,
        adjustments=book.adjustments,
    )


def test_resolution_equals_the_obvious_one_on_random_price_books():
    won, adjusted = Counter(), 0
    for seed in range(CASES):
        book = Book(Random(seed))
        for ask, result in zip(book.asks, priced(book), strict=True):
            expected = obvious_price(ask, book)
            found = None
            if result.is_priced:
                found = (result.basis, result.source_id, result.unit_price)
            if expected is not None and expected[0] in ("override", "quote"):
                expected = (expected[0], None, expected[2])
            assert found == expected, f"seed {seed}, line {ask.key}"
            won[result.basis] += 1
            adjusted += len(result.waterfall) > 1
            told = len(result.losers) + (1 if result.is_priced else 0)
            assert told >= len(book.rows[ask.product_id])  # every row won or says why it lost
    assert set(won) == {"", "override", "quote", "account", "group", "segment", "list"}
    assert adjusted > CASES / 10


def test_no_price_depends_on_the_order_of_the_lines():
    for seed in range(min(CASES, 2_000)):
        book = Book(Random(seed))
        shuffled = book.asks[:]
        Random(seed + 1).shuffle(shuffled)
        one = {r.key: r for r in priced(book)}
        other = {r.key: r for r in priced(book, shuffled)}
        assert one == other, f"seed {seed}"


def line(*rows, qty="10", buyer=Buyer(1), adjustments=(), **more):  # noqa: B008 # a tuple
    asks = [PriceAsk("1", 100, Decimal(qty), **more)]
    return price_lines(asks, {100: rows}, {}, currency="USD", on=ON, buyer=buyer, adjustments=adjustments)[0]


def row(source, price, min_qty="0", **more):
    return Row(source, Decimal(min_qty), Decimal(price), **more)


def test_ten_cases_of_twelve_reach_the_break_of_120_and_119_units_do_not():
    rows = [row(LIST, "5"), row(LIST, "4", "120")]
    assert line(*rows, qty="120", unit="CS").unit_price == 4
    assert line(*rows, qty="119.9999").unit_price == 5


def test_a_price_for_cases_is_for_who_orders_cases():
    rows = [row(LIST, "5", "120"), row(LIST, "4.5", unit="CS")]
    assert line(*rows, qty="240", unit="CS").unit_price == Decimal("4.5")
    assert line(*rows, qty="240", unit="EA").unit_price == 5
    assert [x.why for x in line(*rows, qty="240").losers] == ["is for orders in CS"]


def test_lines_of_a_break_group_reach_it_together_and_a_line_outside_does_not_help():
    rows = {p: [row(LIST, "5"), row(LIST, "4", "100", break_group="gloves")] for p in (1, 2)}
    rows[3] = [row(LIST, "5"), row(LIST, "4", "100")]
    asks = [PriceAsk(str(p), p, Decimal(60)) for p in (1, 2, 3)]
    found = price_lines(asks, rows, {}, currency="USD", on=ON)
    assert [r.unit_price for r in found] == [4, 4, 5]
    assert [r.unit_price for r in price_lines(asks[1:], rows, {}, currency="USD", on=ON)] == [5, 5]


@pytest.mark.parametrize(("on", "price"), [(date(2028, 2, 28), 5), (date(2028, 2, 29), 4), (date(2028, 3, 1), 5)])
def test_a_period_of_one_leap_day(on, price):
    rows = {100: [row(LIST, "5"), row(LIST, "4", "1", valid_from=date(2028, 2, 29), valid_to=date(2028, 3, 1))]}
    (found,) = price_lines([PriceAsk("1", 100, Decimal(2))], rows, {}, currency="USD", on=on)
    assert found.unit_price == price


def test_the_pricing_day_is_the_sources():
    new_year = Source(2, "NEW", "account", date_policy="ship", whom=Whom(account_id=1))
    rows = [row(LIST, "5"), row(new_year, "3", valid_from=date(2027, 1, 1))]
    assert line(*rows).unit_price == 5
    assert line(*rows, ship_date=date(2027, 1, 1)).unit_price == 3
    assert line(*rows, ship_date=date(2026, 12, 31)).losers[0].why == "starts on 2027-01-01"
    assert pricing_day("earlier", ON, date(2026, 11, 1)) == date(2026, 11, 1)
    assert pricing_day("earlier", ON, date(2026, 12, 1)) == ON


def test_membership_and_activation_count_on_the_pricing_day():
    tiers = (Activation(1, "GOLD", (date(2026, 1, 1), ON)),)
    gpo = Source(3, "GPO", "group", 1, whom=Whom(group_id=7), activations=tiers, needs_activation=True)
    rows = [row(LIST, "5"), row(gpo, "4"), row(gpo, "3", tier="GOLD")]
    member = Buyer(1, memberships={7: (ALWAYS,)})
    assert line(*rows, buyer=member).losers[0].why == f"no tier is activated on {ON}"
    active = gpo._replace(activations=(Activation(1, "GOLD", (ON, None)),))
    rows = [row(LIST, "5"), row(active, "4"), row(active, "3", tier="GOLD")]
    assert line(*rows, buyer=member).unit_price == 3
    left = Buyer(1, memberships={7: ((date(2026, 1, 1), ON),)})
    assert line(*rows, buyer=left).unit_price == 5


def test_a_parents_contract_covers_children_where_it_says_so_and_the_childs_own_wins():
    child = Buyer(1, above=(2,))
    parent = Source(2, "PARENT", "account", -1, whom=Whom(account_id=2, covers_children=True))
    alone = parent._replace(id=3, code="ALONE", whom=Whom(account_id=2))
    own = Source(4, "OWN", "account", whom=Whom(account_id=1))
    assert line(row(parent, "3"), row(LIST, "5"), buyer=child).unit_price == 3
    assert line(row(alone, "3"), row(LIST, "5"), buyer=child).losers[0].why == "is the parent's alone"
    assert line(row(parent, "3"), row(own, "4"), buyer=child).unit_price == 4


def test_without_a_rate_of_the_day_another_currency_is_refused_and_says_so():
    euro = Source(2, "EURO", "list", currency="EUR", rate=NO_RATE)
    found = line(row(euro, "3"))
    assert not found.is_priced
    assert found.losers[0].why == f"is in EUR, for which there is no rate on {ON}"
    converted = row(euro._replace(rate=Decimal("1.1")), "3.3")
    assert line(converted, row(LIST, "5")).unit_price == 5  # the order's own currency first
    assert line(converted).waterfall[0].label == "list EURO (EUR at 1.1)"


def off(code, value, kind="promotion", **more):
    return Adjustment(1, code, kind, Decimal(value), **more)


@pytest.mark.parametrize(
    ("adjustments", "net"),
    [
        ([off("A", 10), off("B", 10, sequence=200)], "81"),
        ([off("A", 10, combination="best"), off("B", 20, combination="best"), off("C", 50)], "40"),
        ([off("A", 10, combination="exclusive"), off("B", 90)], "90"),
        ([off("A", 10), off("F", 5, "charge", method="amount", sequence=5)], "94.5"),
        ([off("A", 10), off("F", 5, "charge", method="amount", sequence=500)], "95"),
        ([off("A", 500, method="amount")], "0"),
        ([off("T", 5), off("T", 8, min_qty=Decimal(10)), off("T", 9, min_qty=Decimal(11))], "92"),
        ([off("X", 10, source_id=99)], "100"),
    ],
)
def test_how_adjustments_go_together_is_said_by_each(adjustments, net):
    assert line(row(LIST, "100"), adjustments=adjustments).unit_price == Decimal(net)


def test_an_agreed_price_takes_no_adjustment():
    deal = Source(9, "Q-1", "quote", document=("quote", 1))
    found = line(row(deal, "80"), row(LIST, "100"), adjustments=[off("A", 10)], agreement=("quote", 1))
    assert found.unit_price == 80


def test_rates_of_a_region_come_before_those_of_every_other_and_free_freight_looks_at_the_whole():
    taxes = [RegionRate("NV", Decimal(8), ALWAYS), RegionRate("", Decimal(5), ALWAYS)]
    freights = [RegionRate("", Decimal(2), ALWAYS, Decimal(1500))]
    rates = {
        region: rates_for(region, ON, taxes=taxes, freights=freights, otherwise=FlatRates(Decimal(1), Decimal(1)))
        for region in ("nv", "CA")
    }
    assert (rates["nv"].tax_percent, rates["CA"].tax_percent) == (8, 5)
    results = [line(row(LIST, "100")) for _ in range(2)]  # 1,000 each
    assert [r.freight for r in estimated_together(results[:1], rates["CA"], is_tax_exempt=False)] == [20]
    assert [r.freight for r in estimated_together(results, rates["CA"], is_tax_exempt=False)] == [0, 0]
