"""Which product a code on a document means (domain.md §2, X12 element 235)."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from catalog.rules.asks import PartMatch, PartQuery

SKU, CUSTOMER_PART, GTIN, MAKER_PART = "sku", "customer_part", "gtin", "maker_part"

# Without a qualifier: our own number first, then the customer's, the barcode, the maker's.
PRECEDENCE = (SKU, CUSTOMER_PART, GTIN, MAKER_PART)
BY_QUALIFIER: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("VN", "VP", "VC", "SK"), (SKU,)),
    **dict.fromkeys(("BP", "IN", "CB", "PO"), (CUSTOMER_PART,)),
    **dict.fromkeys(("UP", "UK", "EN", "UI", "UA"), (GTIN,)),
    **dict.fromkeys(("MG", "MF"), (MAKER_PART,)),
}

# What was found: {(how, place of the question): {(product_id, unit)}}.
Known = Mapping[tuple[str, int], AbstractSet[tuple[int, str]]]
GTIN_LENGTHS = (8, 12, 13, 14)


def ways(qualifier: str) -> tuple[str, ...]:
    """The kinds of number a qualifier allows, in the order they are tried; an unknown qualifier allows all."""
    return BY_QUALIFIER.get(qualifier.strip().upper(), PRECEDENCE)


def gtin_spellings(code: str) -> list[str]:
    """A UPC-12, EAN-13 or GTIN-14 is one number with more or fewer leading zeros: all its spellings. Blanks and dashes
    are read over; what is not a barcode has none."""
    digits = "".join(c for c in code if c not in " -")
    if not (digits.isascii() and digits.isdigit() and 8 <= len(digits) <= 14 and digits.strip("0")):
        return []
    number = digits.lstrip("0")
    return [number.zfill(length) for length in GTIN_LENGTHS if length >= len(number)]


def significant(code: str) -> str:
    """What tells one GTIN from another: its digits without the zeros in front."""
    return code.lstrip("0")


def as_arrays(asked: Sequence[PartQuery]) -> dict[str, list[Any]]:
    """The questions as the arrays of one statement, each kind of number only for the qualifiers that allow it."""

    def of(how: str) -> list[tuple[int, PartQuery]]:
        return [(n, q) for n, q in enumerate(asked) if how in ways(q.qualifier)]

    skus, makers = of(SKU), of(MAKER_PART)
    theirs = [(n, q) for n, q in of(CUSTOMER_PART) if q.account_id is not None]
    gtins = [(n, spelling) for n, q in of(GTIN) for spelling in gtin_spellings(q.code)]
    return {
        "sku_n": [n for n, _ in skus],
        "sku": [q.code.strip() for _, q in skus],
        "part_n": [n for n, _ in theirs],
        "part_account": [q.account_id for _, q in theirs],
        "part": [q.code.strip() for _, q in theirs],
        "gtin_n": [n for n, _ in gtins],
        "gtin": [spelling for _, spelling in gtins],
        "maker_n": [n for n, _ in makers],
        "maker": [q.code.strip() for _, q in makers],
    }


def match(queries: Sequence[PartQuery], known: Known) -> dict[str, PartMatch]:
    """{key: PartMatch}. The first kind of number that knows the code decides; where it names several products, nothing
    is matched, because goods must not be guessed.
    """
    found: dict[str, PartMatch] = {}
    for n, query in enumerate(queries):
        how = next((how for how in ways(query.qualifier) if known.get((how, n))), None)
        matched = _only(known[how, n], how) if how else None
        if matched is not None:
            found[query.key] = matched
    return found


def _only(candidates: AbstractSet[tuple[int, str]], how: str) -> PartMatch | None:
    """One product, or none. A product's own GTIN (no unit) wins over its packaging with the same GTIN."""
    if len({product_id for product_id, _ in candidates}) != 1:
        return None
    product_id, unit = min(candidates, key=lambda found: (found[1] != "", found[1]))
    return PartMatch(product_id, unit, how)
