"""Make many products at once: imports and the demo data."""

from collections.abc import Sequence
from datetime import datetime

from catalog.models import Product, ProductUnit
from catalog.queries import products_by_sku
from catalog.rules.asks import ProductSpec
from catalog.rules.checks import product_problems
from core import journal
from core.actors import Actor
from core.errors import InvalidInput
from core.refs import DocumentRef
from core.uow import door_verb

_BATCH = 2_000
# fmt: off
_PLAIN = (
    "base_unit", "order_multiple", "min_order_qty", "max_order_qty", "gtin", "manufacturer_part", "tracking", "status",
    "standard_cost", "weight_kg", "cube_m3", "shelf_life_days", "category_id", "regulated_class",
)
# fmt: on


@door_verb
def create_products(specs: Sequence[ProductSpec], *, actor: Actor, now: datetime) -> dict[str, int]:
    """{SKU: product_id} in upper case for every spec. A SKU that exists, in any case, is returned and left as it is
    (its units too); a SKU that comes twice is made once, as it came first.

    Raises InvalidInput with every bad field (pointers /3/sku).
    """
    if problems := product_problems(specs):
        raise InvalidInput(problems)
    wanted: dict[str, ProductSpec] = {}
    for spec in specs:
        wanted.setdefault(spec.sku.strip().upper(), spec)
    known = products_by_sku(wanted)
    # In the order of their SKUs, so that two imports of the same SKUs wait for each other in one direction.
    rows = {sku: _row(wanted[sku]) for sku in sorted(wanted.keys() - known.keys())}
    Product.objects.bulk_create(rows.values(), ignore_conflicts=True, batch_size=_BATCH)
    found = products_by_sku(row.sku for row in rows.values())
    ours = set(Product.objects.filter(public_id__in=[r.public_id for r in rows.values()]).values_list("id", flat=True))
    made = {sku: pk for sku, pk in found.items() if pk in ours}  # not those of a twin
    units = [unit for sku, pk in made.items() for unit in _units(pk, wanted[sku])]
    ProductUnit.objects.bulk_create(units, batch_size=_BATCH)
    journal.write([_entry(pk, wanted[sku]) for sku, pk in made.items()], actor=actor, now=now)
    return known | found


def _row(spec: ProductSpec) -> Product:
    plain = {name: getattr(spec, name) for name in _PLAIN}
    return Product(sku=spec.sku.strip(), name=spec.name.strip(), **plain)


def _units(product_id: int, spec: ProductSpec) -> list[ProductUnit]:
    return [
        ProductUnit(
            product_id=product_id,
            code=unit.code.strip().upper(),
            numerator=unit.numerator,
            denominator=unit.denominator,
            gtin=unit.gtin,
        )
        for unit in spec.units
    ]


def _entry(product_id: int, spec: ProductSpec) -> journal.Entry:
    sku = spec.sku.strip()
    return journal.Entry(
        DocumentRef("product", product_id, sku), "created", f"product {sku} {spec.name.strip()} created"
    )
