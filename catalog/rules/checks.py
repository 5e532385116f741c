"""What is wrong with products about to be made: everything at once, each with where it stands."""

from collections.abc import Iterator, Sequence

from catalog.rules import gtin
from catalog.rules.asks import ProductSpec
from core.errors import FieldError


def product_problems(specs: Sequence[ProductSpec]) -> list[FieldError]:
    return [problem for row, spec in enumerate(specs) for problem in _product(f"/{row}", spec)]


def _product(at: str, spec: ProductSpec) -> Iterator[FieldError]:
    yield from _text(f"{at}/sku", spec.sku, 60)
    yield from _text(f"{at}/name", spec.name, 200)
    yield from _text(f"{at}/base_unit", spec.base_unit, 10)
    yield from _gtin(f"{at}/gtin", spec.gtin)
    if spec.order_multiple < 0 or spec.min_order_qty < 0:
        yield FieldError(f"{at}/order_multiple", "negative", "Order multiple and minimum may not be negative.")
    if spec.max_order_qty is not None and spec.max_order_qty < spec.min_order_qty:
        yield FieldError(f"{at}/max_order_qty", "below_minimum", "The largest order is below the smallest.")
    for name in ("standard_cost", "weight_kg", "cube_m3"):
        value = getattr(spec, name)
        if value is not None and value < 0:
            yield FieldError(f"{at}/{name}", "negative", "This may not be negative.")
    yield from _units(at, spec)


def _units(at: str, spec: ProductSpec) -> Iterator[FieldError]:
    codes = [unit.code.strip().upper() for unit in spec.units]
    for n, unit in enumerate(spec.units):
        yield from _text(f"{at}/units/{n}/code", unit.code, 10)
        yield from _gtin(f"{at}/units/{n}/gtin", unit.gtin)
        if unit.numerator < 1 or unit.denominator < 1:
            yield FieldError(f"{at}/units/{n}", "factor", "A unit is a positive number of base units.")
        if codes.count(codes[n]) > 1 or codes[n] == spec.base_unit.strip().upper():
            yield FieldError(f"{at}/units/{n}/code", "twice", f"The unit {unit.code} is given twice.")


def _text(at: str, value: str, longest: int) -> Iterator[FieldError]:
    if not value.strip():
        yield FieldError(at, "required", "This may not be empty.")
    if len(value.strip()) > longest:
        yield FieldError(at, "too_long", f"This may have at most {longest} characters.")
    if "\x00" in value:
        yield FieldError(at, "invalid", "This contains a null character.")


def _gtin(at: str, value: str) -> Iterator[FieldError]:
    if value and (wrong := gtin.problem(value)):
        yield FieldError(at, "gtin", wrong, "Copy it once more from the label or the maker's list.")
