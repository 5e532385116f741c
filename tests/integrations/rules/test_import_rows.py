"""Rows of order files: which column is which, what a row says, which sale a cancellation takes back."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.rules.import_columns import Columns, ColumnsNotFound, find_columns, parse_map
from integrations.rules.import_rows import (
    OrderRow,
    Reason,
    Rejection,
    RowRules,
    normal_customer,
    number,
    read_moment,
    read_row,
    safe_cell,
)
from integrations.rules.reversals import Cancellation, Sale, match_reversals

HEADER = ["InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country"]
COLUMNS = find_columns(HEADER, {}, customer_needed=True)


def row(**changes):
    cells = {
        "InvoiceNo": "536365",
        "StockCode": "85123a",
        "Description": "HEART",
        "Quantity": "6",
        "InvoiceDate": "2010-12-01 08:26:00",
        "UnitPrice": "2.55",
        "CustomerID": "17850.0",
        "Country": "UK",
    } | changes
    return read_row([cells[h] for h in HEADER], COLUMNS, RowRules())


def test_the_known_headings_are_recognised_without_a_map():
    assert Columns(invoice=0, sku=1, description=2, quantity=3, date=4, price=5, customer=6) == COLUMNS


def test_a_map_wins_over_headings_and_its_case_does_not_matter():
    found = find_columns(
        ["a", "Invoice No", "b", "c", "D"], parse_map("invoice=A,sku=b, quantity=c,price=d"), customer_needed=False
    )
    assert (found.invoice, found.sku, found.quantity, found.price) == (0, 2, 3, 4)


@pytest.mark.parametrize(
    ("header", "mapped", "words"),
    [
        (["x", "y"], "invoice=InvoiceNo", "no column 'InvoiceNo' (for invoice). Columns found: x, y."),
        (["InvoiceNo", "StockCode"], "", "No column recognised for quantity, price, customer."),
        ([], "", "Columns found: none."),
        (["x"], "invoice", "not of the form"),
        (["x"], "colour=x", "unknown field 'colour'"),
    ],
)
def test_what_is_not_there_is_named_with_the_columns_found(header, mapped, words):
    with pytest.raises(ColumnsNotFound) as refusal:
        find_columns(header, parse_map(mapped), customer_needed=True)
    assert words in str(refusal.value)


def test_a_good_row_is_a_sale_with_a_normal_customer_and_an_upper_case_sku():
    sale = row()
    assert isinstance(sale, OrderRow)
    assert (sale.sku, sale.customer, sale.quantity, sale.price) == ("85123A", "17850", 6, Decimal("2.55"))
    assert sale.at == datetime(2010, 12, 1, 8, 26, tzinfo=UTC)
    assert not sale.is_reversal
    assert sale.said() == "85123A|6|2.55"


def test_a_cancellation_is_a_reversal_of_a_positive_quantity():
    back = row(InvoiceNo="C536379", Quantity="-6", UnitPrice="2.55")
    assert isinstance(back, OrderRow)
    assert back.is_reversal
    assert back.quantity == 6
    assert back.said() == "85123A|-6|2.55"


@pytest.mark.parametrize(
    ("changes", "reason", "field"),
    [
        ({"StockCode": "post"}, Reason.NOT_GOODS, "sku"),
        ({"StockCode": "BANK CHARGES", "CustomerID": ""}, Reason.NOT_GOODS, "sku"),
        ({"StockCode": ""}, Reason.NO_SKU, "sku"),
        ({"InvoiceNo": " "}, Reason.NO_INVOICE, "invoice"),
        ({"CustomerID": ""}, Reason.NO_CUSTOMER, "customer"),
        ({"Quantity": "0"}, Reason.QUANTITY, "quantity"),
        ({"Quantity": "-6"}, Reason.QUANTITY, "quantity"),
        ({"Quantity": "six"}, Reason.BAD_QUANTITY, "quantity"),
        ({"Quantity": "1e3"}, Reason.BAD_QUANTITY, "quantity"),
        ({"Quantity": "1.00001"}, Reason.BAD_QUANTITY, "quantity"),
        ({"Quantity": "٣"}, Reason.BAD_QUANTITY, "quantity"),
        ({"UnitPrice": "0.0"}, Reason.PRICE, "price"),
        ({"UnitPrice": "-1"}, Reason.PRICE, "price"),
        ({"UnitPrice": "£2"}, Reason.BAD_PRICE, "price"),
    ],
)
def test_a_bad_row_names_its_reason_its_field_and_a_remedy(changes, reason, field):
    found = row(**changes)
    assert isinstance(found, Rejection)
    assert (found.reason, found.field) == (reason, field)
    assert found.remedy


def test_with_a_default_account_a_row_without_customer_is_a_sale():
    cells = ["1", "A", "", "1", "", "1", "", ""]
    assert isinstance(read_row(cells, COLUMNS, RowRules(has_default_account=True)), OrderRow)


@pytest.mark.parametrize(
    ("text", "expected"), [("17850.0", "17850"), ("17850", "17850"), ("A.0", "A.0"), ("12.5", "12.5"), ("", "")]
)
def test_a_customer_id_loses_what_a_spreadsheet_added(text, expected):
    assert normal_customer(text) == expected


def test_dates_are_iso_or_month_first_with_slashes_or_day_first_with_dots():
    assert read_moment("2010-12-01") == read_moment("12/1/2010 0:00") == read_moment("01.12.2010")
    assert read_moment("someday") is None


@given(st.text(max_size=30))
def test_any_text_is_a_number_or_none_and_a_safe_cell_starts_no_formula(text):
    value = number(text, decimals=4, limit=Decimal(1000))
    assert value is None or abs(value) <= 1000
    safe = safe_cell(text)
    assert safe[:1] not in ("=", "@", "\t", "\r")
    assert safe[:1] not in ("+", "-") or number(safe, decimals=30, limit=Decimal(10) ** 13) is not None


@given(st.lists(st.text(max_size=12), min_size=8, max_size=8))
def test_any_cells_give_a_row_or_a_rejection(cells):
    assert isinstance(read_row(cells, COLUMNS, RowRules()), OrderRow | Rejection)


def day(n):
    return datetime(2011, 1, n, tzinfo=UTC)


def sale(pk, n, left, product=1, account=1):
    return Sale(pk, account, product, day(n), Decimal(left))


def back(key, n, qty, product=1, account=1):
    return Cancellation(key, account, product, day(n), Decimal(qty))


def test_the_latest_earlier_sale_with_enough_left_is_reversed():
    (match,) = match_reversals([back(1, 9, 5)], [sale(1, 1, 9), sale(2, 2, 5), sale(3, 3, 4), sale(4, 10, 50)])
    assert match.parts == ((2, 5),)
    assert match.missing == 0


def test_several_sales_are_reversed_latest_first_and_what_is_missing_is_said():
    (match,) = match_reversals([back(1, 9, 10)], [sale(1, 1, 3), sale(2, 2, 4)])
    assert match.parts == ((2, 4), (1, 3))
    assert match.missing == 3


def test_no_unit_is_reversed_twice_and_other_customers_and_products_are_left_alone():
    sales = [sale(1, 1, 5), sale(2, 1, 5, product=2), sale(3, 1, 5, account=2)]
    first, second = match_reversals([back(1, 9, 5), back(2, 9, 5)], sales)
    assert first.parts == ((1, 5),)
    assert (second.parts, second.missing) == ((), 5)


def test_a_sale_after_the_cancellation_is_not_reversed():
    assert match_reversals([back(1, 2, 5)], [sale(1, 3, 5)])[0].parts == ()


@given(
    st.lists(st.tuples(st.integers(1, 28), st.integers(1, 9))),
    st.lists(st.tuples(st.integers(1, 28), st.integers(1, 9))),
)
def test_never_more_is_reversed_than_was_sold_and_every_unit_is_accounted_for(sold, returned):
    sales = [sale(i, n, q) for i, (n, q) in enumerate(sold)]
    backs = [back(i, n, q) for i, (n, q) in enumerate(returned)]
    taken = {s.id: Decimal(0) for s in sales}
    for match, asked in zip(match_reversals(backs, sales), backs, strict=True):
        for sale_id, qty in match.parts:
            taken[sale_id] += qty
        assert sum((q for _, q in match.parts), match.missing) == asked.quantity
    assert all(taken[s.id] <= s.left for s in sales)
