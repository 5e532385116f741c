"""Which price applies: precedence, breaks, dates, floors, and what is said of the losers."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing.rules.asks import PriceAsk
from pricing.rules.waterfall import Row, Source, floor_price, is_below_floor, price_line, price_lines
from pricing.states import PriceLevel

ON = date(2026, 11, 22)
BASE = Source(1, "BASE", PriceLevel.LIST)
WEST = Source(2, "WEST", PriceLevel.SEGMENT, specificity=1)
GPO = Source(3, "GPO", PriceLevel.GROUP, specificity=1)
ACME = Source(4, "ACME", PriceLevel.ACCOUNT)
QUOTE = Source(5, "Q-7", PriceLevel.QUOTE, document=("quote", 7))


def line(*rows, qty="10", cost=None, agreement=None, on=ON, currency="USD"):
    ask = PriceAsk("1", 100, Decimal(qty), agreement)
    return price_line(ask, rows, None if cost is None else Decimal(cost), currency=currency, on=on)


def row(source, price, min_qty="0", **dates):
    return Row(source, Decimal(min_qty), Decimal(price), **dates)


def why(result, code):
    return [x.why for x in result.losers if x.what.startswith(code)]


def test_an_account_price_of_12_beats_a_list_price_of_10_and_the_list_says_why_it_lost():
    result = line(row(BASE, "10"), row(ACME, "12"))
    assert (result.unit_price, result.basis, result.source_id, result.source_code) == (
        Decimal(12),
        "account",
        4,
        "ACME",
    )
    assert result.amount == Decimal("120.00")
    assert why(result, "BASE") == ["account comes before list"]


def test_levels_win_in_the_order_quote_account_group_segment_list():
    rows = [row(BASE, "1"), row(WEST, "2"), row(GPO, "3"), row(ACME, "4"), row(QUOTE, "5")]
    won = []
    while rows:
        won.append(line(*rows, agreement=("quote", 7)).basis)
        rows.pop()
    assert won == ["quote", "account", "group", "segment", "list"]


def test_the_waterfall_goes_from_list_to_net_one_step_a_level():
    result = line(row(GPO, "8"), row(BASE, "10"), row(QUOTE, "7"), row(WEST, "9"), agreement=("quote", 7))
    assert [(s.label, s.unit_price, s.source_id) for s in result.waterfall] == [
        ("list BASE", Decimal(10), 1),
        ("segment WEST", Decimal(9), 2),
        ("group GPO", Decimal(8), 3),
        ("quote Q-7", Decimal(7), None),
    ]
    assert result.source_id is None


def test_a_quote_made_for_another_document_does_not_apply():
    result = line(row(BASE, "10"), row(QUOTE, "7"), agreement=("quote", 8))
    assert result.unit_price == Decimal(10)
    assert why(result, "Q-7") == ["agreed for another document"]


@pytest.mark.parametrize(
    ("qty", "price"), [("1", "10"), ("9.9999", "10"), ("10", "9"), ("99", "9"), ("100", "8"), ("5000", "8")]
)
def test_the_highest_break_that_is_reached_applies(qty, price):
    result = line(row(BASE, "10", "1"), row(BASE, "9", "10"), row(BASE, "8", "100"), qty=qty)
    assert result.unit_price == Decimal(price)


def test_a_break_applies_even_where_it_is_dearer_and_says_what_the_others_lacked():
    result = line(row(BASE, "10"), row(BASE, "11", "10"), row(BASE, "8", "100"), qty="50")
    assert result.unit_price == Decimal(11)
    assert why(result, "BASE") == ["the break from 10 is reached", "needs 100 or more"]


def test_a_period_is_half_open_it_starts_on_its_first_day_and_is_over_on_its_last():
    rows = (row(BASE, "10"), row(ACME, "9", valid_from=date(2026, 11, 1), valid_to=date(2026, 11, 22)))
    assert line(*rows, on=date(2026, 10, 31)).unit_price == Decimal(10)
    assert line(*rows, on=date(2026, 11, 1)).unit_price == Decimal(9)
    assert line(*rows, on=date(2026, 11, 21)).unit_price == Decimal(9)
    ended = line(*rows, on=date(2026, 11, 22))
    assert ended.unit_price == Decimal(10)
    assert why(ended, "ACME") == ["ended on 2026-11-22"]


def test_inside_a_level_the_more_specific_wins_then_priority_then_price_then_age():
    both = Source(9, "WEST-CLINICS", PriceLevel.SEGMENT, specificity=2, priority=900)
    assert line(row(WEST, "5"), row(both, "8")).source_code == "WEST-CLINICS"
    first = Source(8, "GPO-A", PriceLevel.GROUP, specificity=1, priority=10)
    result = line(row(GPO, "5"), row(first, "8"))
    assert (result.unit_price, why(result, "GPO:")) == (Decimal(8), ["GPO-A has priority 10, this 100"])
    other = Source(10, "GPO-B", PriceLevel.GROUP, specificity=1)
    result = line(row(GPO, "5.5"), row(other, "5.25"))
    assert (result.unit_price, why(result, "GPO:")) == (Decimal("5.25"), ["GPO-B is cheaper: 5.25"])
    assert line(row(other, "5"), row(GPO, "5")).source_code == "GPO"


def test_nothing_that_prices_the_product_is_a_result_of_no_price_and_amount_zero():
    result = line(row(BASE, "8", "100"))
    assert (result.is_priced, result.unit_price, result.amount, result.basis) == (False, None, Decimal(0), "")
    assert why(result, "BASE") == ["needs 100 or more"]
    assert line().losers == ()


@pytest.mark.parametrize(
    ("qty", "price", "currency", "amount"),
    [
        ("3", "0.335", "USD", "1.01"),  # 1.005 half-up, not 1.00
        ("1", "2.5", "JPY", "3"),
        ("1", "0.0005", "KWD", "0.001"),
        ("0.3333", "100", "USD", "33.33"),
    ],
)
def test_the_amount_is_rounded_half_up_once_to_the_currency(qty, price, currency, amount):
    assert line(row(BASE, price), qty=qty, currency=currency).amount == Decimal(amount)


def test_a_floor_of_20_percent_over_a_cost_of_8_is_10_and_10_is_not_below_it():
    source = Source(1, "BASE", PriceLevel.LIST, margin_floor_percent=Decimal(20))
    result = line(row(source, "12"), cost="8")
    assert (result.floor, result.unit_margin) == (Decimal(10), Decimal(4))
    assert not is_below_floor(Decimal(10), result.floor)
    assert is_below_floor(Decimal("9.999999"), result.floor)


def test_a_floor_is_rounded_up_so_that_the_price_at_the_floor_earns_the_margin():
    floor = floor_price(Decimal(10), Decimal(30))
    assert floor == Decimal("14.285715")
    assert (floor - 10) / floor >= Decimal("0.3")


def test_a_quote_is_measured_against_the_floor_of_the_contract_it_departs_from():
    contract = Source(4, "ACME", PriceLevel.ACCOUNT, margin_floor_percent=Decimal(50))
    result = line(row(contract, "20"), row(QUOTE, "9"), cost="8", agreement=("quote", 7))
    assert (result.unit_price, result.floor, result.unit_margin) == (Decimal(9), Decimal(16), Decimal(1))


def test_without_a_cost_or_a_percent_there_is_no_floor_and_nothing_is_below_it():
    source = Source(1, "BASE", PriceLevel.LIST, margin_floor_percent=Decimal(20))
    assert line(row(source, "12")).floor is None
    assert line(row(BASE, "12"), cost="8").floor is None
    assert not is_below_floor(Decimal(0), None)


def test_answers_come_in_the_order_asked_and_lines_do_not_share_prices():
    asks = [PriceAsk("b", 2, Decimal(1)), PriceAsk("a", 1, Decimal(1)), PriceAsk("c", 3, Decimal(1))]
    rows = {1: [row(BASE, "1")], 2: [row(BASE, "2")]}
    answers = price_lines(asks, rows, {}, currency="USD", on=ON)
    assert [(a.key, a.unit_price) for a in answers] == [("b", Decimal(2)), ("a", Decimal(1)), ("c", None)]


LEVELS = [PriceLevel.ACCOUNT, PriceLevel.GROUP, PriceLevel.SEGMENT, PriceLevel.LIST]
prices = st.decimals(0, 1000, places=4)
quantities = st.decimals(0, 200, places=1)


@st.composite
def sources(draw):
    level = draw(st.integers(1, 3))
    return Row(
        Source(draw(st.integers(11, 40)), "S", LEVELS[level], draw(st.integers(0, 2)), draw(st.integers(0, 200))),
        draw(quantities),
        draw(prices),
    )


@given(st.lists(sources(), max_size=8), prices, quantities)
def test_a_price_at_a_higher_level_always_wins_whatever_the_others_are(rows, price, qty):
    account = Row(ACME, Decimal(0), price)
    ask = PriceAsk("1", 1, qty)
    result = price_line(ask, [*rows, account], None, currency="USD", on=ON)
    assert (result.basis, result.unit_price) == ("account", price)


@given(st.lists(st.tuples(quantities, prices), max_size=8, unique_by=lambda b: b[0]), quantities)
def test_the_break_is_the_largest_not_above_the_quantity(breaks, qty):
    result = price_line(
        PriceAsk("1", 1, qty), [Row(BASE, min_qty, price) for min_qty, price in breaks], None, currency="USD", on=ON
    )
    reached = [b for b in breaks if b[0] <= qty]
    assert result.unit_price == (max(reached)[1] if reached else None)


@given(st.lists(sources(), max_size=8), quantities, st.randoms())
def test_the_order_of_the_rows_does_not_matter(rows, qty, random):
    ask = PriceAsk("1", 1, qty)
    shuffled = random.sample(rows, len(rows))
    distinct = {r.source.id: r for r in rows}
    if len(distinct) == len(rows):  # two rows of one source and break cannot be stored
        one = price_line(ask, rows, None, currency="USD", on=ON)
        other = price_line(ask, shuffled, None, currency="USD", on=ON)
        assert (one.unit_price, one.source_id) == (other.unit_price, other.source_id)


@given(st.lists(sources(), max_size=8), quantities)
def test_every_row_that_did_not_win_is_a_loser_with_a_reason(rows, qty):
    result = price_line(PriceAsk("1", 1, qty), rows, None, currency="USD", on=ON)
    assert len(result.losers) == len(rows) - result.is_priced
    assert all(x.why for x in result.losers)
