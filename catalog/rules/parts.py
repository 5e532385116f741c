"""Which product a code on a document means (domain.md §2, X12 element 235)."""

from collections.abc import Iterable, Mapping

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

# {how: {code: {(product_id, unit)}}}; a customer's codes are keyed "account_id|CODE".
Known = Mapping[str, Mapping[str, frozenset[tuple[int, str]]]]


def ways(qualifier: str) -> tuple[str, ...]:
    """The kinds of number a qualifier allows, in the order they are tried; an unknown qualifier allows all."""
    return BY_QUALIFIER.get(qualifier.strip().upper(), PRECEDENCE)


def fold(code: str) -> str:
    return code.strip().upper()


def gtin_key(code: str) -> str:
    """UPC-12, EAN-13 and GTIN-14 are one number: without leading zeros. Empty for anything else."""
    digits = code.strip().replace(" ", "").replace("-", "")
    return digits.lstrip("0") if digits.isdigit() and digits.isascii() and 8 <= len(digits) <= 14 else ""


def lookup_key(how: str, query: PartQuery) -> str:
    if how == GTIN:
        return gtin_key(query.code)
    code = fold(query.code)
    return customer_key(query.account_id, code) if how == CUSTOMER_PART else code


def customer_key(account_id: int | None, code: str) -> str:
    return f"{account_id}|{code}"


def match(queries: Iterable[PartQuery], known: Known) -> dict[str, PartMatch]:
    """{key: PartMatch}. The first kind of number that knows the code decides; where it names several products, nothing
    is matched, because goods must not be guessed.
    """
    found: dict[str, PartMatch] = {}
    for query in queries:
        for how in ways(query.qualifier):
            candidates = known.get(how, {}).get(lookup_key(how, query))
            if not candidates:
                continue
            match_ = _only(candidates, how)
            if match_ is not None:
                found[query.key] = match_
            break
    return found


def _only(candidates: frozenset[tuple[int, str]], how: str) -> PartMatch | None:
    """One product, or none. A product's own GTIN (no unit) wins over its packaging with the same GTIN."""
    if len({product_id for product_id, _ in candidates}) != 1:
        return None
    product_id, unit = min(candidates, key=lambda found: (found[1] != "", found[1]))
    return PartMatch(product_id, unit, how)
