"""Price lists and prices as sheets: what is refused cell by cell, and what is applied."""

from decimal import Decimal

import pytest

from pricing.models import PriceRow, PriceSource
from tests.factories.accounts import AccountFactory
from tests.factories.catalog import ProductFactory
from tests.factories.pricing import PriceRowFactory, SourceFactory
from tests.factories.sheets import applied, previewed, problems

pytestmark = pytest.mark.django_db
LISTS = "List,Name,Level,Account,Currency,From,To\n"
PRICES = "List,SKU,From quantity,Price,Tier,Unit,From,To\n"


def test_a_contract_and_its_prices_come_from_two_files():
    AccountFactory(code="ACME")
    ProductFactory(sku="GLV-1")
    applied("price_lists", (LISTS + "C-1,Contract,account,acme,USD,2026-01-01,2027-01-01\n").encode())
    applied("prices", (PRICES + "C-1,glv-1,,10.50,,,2026-01-01,\nC-1,GLV-1,100,9.75,,,2026-01-01,\n").encode())
    assert PriceSource.objects.get().account.code == "ACME"
    assert list(PriceRow.objects.order_by("min_qty").values_list("min_qty", "unit_price")) == [
        (0, Decimal("10.5")),
        (100, Decimal("9.75")),
    ]


def columns(upload):
    return {number: [column for column, _ in found] for number, found in problems(upload).items()}


def test_a_list_names_its_party_and_nobody_else():
    AccountFactory(code="ACME")
    upload = previewed(
        "price_lists",
        LISTS
        + "A,A,account,,USD,2026-01-01,\nB,B,list,ACME,USD,2026-01-01,\n"
        + "C,C,segment,,USD,2026-01-01,\nD,D,list,,USD,2026-01-01,2025-01-01\n",
    )
    assert columns(upload) == {2: ["account"], 3: ["account"], 4: ["territory"], 5: ["valid_to"]}


def test_prices_that_overlap_are_refused_with_what_is_there_named():
    row = PriceRowFactory(source=SourceFactory(code="BASE"), product=ProductFactory(sku="GLV-1"), min_qty=10)
    rows = ("10,9,,,2026-01-01,", "20,9,,,2026-01-01,2026-02-01", "20,8,,,2026-01-15,", "20,8,GOLD,,2026-01-15,")
    upload = previewed("prices", PRICES + "".join(f"BASE,GLV-1,{row}\n" for row in rows))
    assert columns(upload) == {2: ["valid_from"], 4: ["valid_from"]}
    ((_, told),) = problems(upload)[2]
    assert "BASE GLV-1 10 from 10, from 2020-01-01 without end" in told
    assert PriceRow.objects.get() == row


def test_a_file_without_a_column_of_the_key_is_told_to_have_one():
    PriceRowFactory(source=SourceFactory(code="BASE"), product=ProductFactory(sku="GLV-1"))
    upload = previewed("prices", "List,SKU,Price,From\nBASE,GLV-1,9,2026-01-01\n")
    assert columns(upload) == {2: ["min_qty", "tier", "unit"]}
