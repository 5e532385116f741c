"""Which product a code means: precedence, without a database."""

import pytest

from catalog.rules.asks import PartMatch, PartQuery
from catalog.rules.parts import gtin_spellings, match, ways


def found(known, qualifier=""):
    return match([PartQuery("k", 1, "X", qualifier)], {(how, 0): ids for how, ids in known.items()}).get("k")


def test_our_number_wins_over_theirs_theirs_over_the_barcode_the_barcode_over_the_makers():
    known = {"sku": {(1, "")}, "customer_part": {(2, "")}, "gtin": {(3, "CA")}, "maker_part": {(4, "")}}
    winners = []
    while known:
        winner = found(known)
        winners.append(winner)
        del known[winner.how]
    assert winners == [
        PartMatch(1, "", "sku"),
        PartMatch(2, "", "customer_part"),
        PartMatch(3, "CA", "gtin"),
        PartMatch(4, "", "maker_part"),
    ]


def test_a_qualifier_looks_nowhere_else():
    assert found({"sku": {(1, "")}}, "BP") is None
    assert found({"customer_part": {(1, "")}}, "vn") is None


def test_an_ambiguous_number_hides_the_kinds_below_it():
    assert found({"gtin": {(1, ""), (2, "")}, "maker_part": {(3, "")}}) is None


def test_the_products_own_barcode_wins_over_its_packaging():
    assert found({"gtin": {(1, "CA"), (1, "")}}) == PartMatch(1, "", "gtin")


@pytest.mark.parametrize("qualifier", ["", "ZZ", "  "])
def test_an_unknown_qualifier_tries_all(qualifier):
    assert len(ways(qualifier)) == 4


@pytest.mark.parametrize(
    ("code", "count"),
    [("012345678905", 3), ("00012345678905", 3), ("96385074", 4), ("1234567", 0), ("123456789012345", 0), ("ABC", 0)],
)
def test_spellings_of_a_barcode(code, count):
    assert len(gtin_spellings(code)) == count


def test_a_barcode_of_zeros_is_none():
    assert gtin_spellings("00000000") == []
