"""Who has which GTIN: asked before one is given to a product or a packaging."""

import json
from collections import defaultdict
from collections.abc import Iterable

from django.db import connection

from catalog.models import Product, ProductUnit
from catalog.rules import gtin, parts
from core.errors import FieldError


def gtin_problems(code: str, *, product_id: int | None = None, unit_id: int | None = None) -> list[FieldError]:
    """What is wrong with `code` as the GTIN of that product or packaging (None: a new one); none when it is empty.
    2 SQL."""
    if not code:
        return []
    if wrong := gtin.problem(code):
        return [FieldError("/gtin", "gtin", wrong, "Copy it once more from the label or the maker's list.")]
    spellings = parts.gtin_spellings(code)
    skus = list(
        Product.objects.filter(gtin__in=spellings).exclude(pk=product_id or 0).values_list("sku", flat=True)[:1]
    )
    units = ProductUnit.objects.filter(gtin__in=spellings).exclude(pk=unit_id or 0)
    skus += units.values_list("product__sku", flat=True)[:1]
    if not skus:
        return []
    said = f"The GTIN {code} is that of {skus[0]} already: a scan could not tell them apart."
    return [FieldError("/gtin", "taken", said, "Every product and packaging has its own.")]


_GTIN_HOLDERS = """
WITH asked AS (SELECT code FROM json_array_elements_text(%s) AS c(code))
SELECT p.gtin, upper(p.sku), '' FROM asked JOIN catalog_product p ON p.gtin = asked.code AND NOT p.gtin = ''
UNION ALL
SELECT u.gtin, upper(p.sku), upper(u.code) FROM asked JOIN catalog_productunit u ON u.gtin = asked.code AND NOT u.gtin = ''
  JOIN catalog_product p ON p.id = u.product_id
"""


def gtin_holders(codes: Iterable[str]) -> dict[str, set[tuple[str, str]]]:
    """{GTIN without the zeros in front: who has it, as (SKU, unit) in capitals; no unit: the product itself}. 1 SQL, for
    thousands of codes: they travel as one JSON text."""
    spellings = sorted({s for code in codes for s in parts.gtin_spellings(code)})
    found: dict[str, set[tuple[str, str]]] = defaultdict(set)
    if spellings:
        with connection.cursor() as cursor:
            cursor.execute(_GTIN_HOLDERS, [json.dumps(spellings)])
            for code, sku, unit in cursor.fetchall():
                found[parts.significant(code)].add((sku, unit))
    return found
