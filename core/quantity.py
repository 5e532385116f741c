"""Quantities: Decimal(14,4) in the product's base unit; exact conversions by rational factors."""

from decimal import Decimal, InvalidOperation
from fractions import Fraction

PLACES = Decimal("0.0001")
LONGEST_SHOWN = 40  # characters of a wrong value that a message repeats
LARGEST = Decimal("9999999999.9999")  # numeric(14,4)


class BadQuantity(ValueError):
    """Not a number, not finite, more than four places, or too large. The message says which."""


def as_quantity(value: object) -> Decimal:
    """`value` as a Decimal with four places. Raises BadQuantity; never rounds silently."""
    text = str(value).strip()
    shown = repr(text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…")
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise BadQuantity(f"{shown} is not a number") from None
    if not number.is_finite() or "_" in text:  # Decimal reads Python's "1_000"; nobody else does
        raise BadQuantity(f"{shown} is not a number")
    if abs(number) > LARGEST:
        raise BadQuantity(f"{shown} is larger than {LARGEST}")
    exact = number.quantize(PLACES)
    if exact != number:
        raise BadQuantity(f"{shown} has more than four decimal places")
    return exact


def is_exact(qty: Decimal) -> bool:
    """Whether `qty` is a finite number of at most four decimal places that fits: what a column keeps as it is."""
    return qty.is_finite() and abs(qty) <= LARGEST and qty == qty.quantize(PLACES)


def to_base(qty: Decimal, numerator: int, denominator: int) -> Decimal:
    """`qty` units of numerator/denominator base units each, in base units.

    Raises BadQuantity when it does not fit.
    """
    ten_thousandths = Fraction(qty) * Fraction(numerator, denominator) * 10_000
    if ten_thousandths.denominator != 1:
        raise BadQuantity(f"{qty} does not convert to a quantity of four decimal places in base units")
    return as_quantity(Decimal(ten_thousandths.numerator).scaleb(-4))


def is_multiple(qty: Decimal, step: Decimal) -> bool:
    """Whether `qty` is a whole number of `step`s (a step of 0 means: any)."""
    return step == 0 or qty % step == 0


def plain(qty: Decimal) -> str:
    """For people and JSON: no exponent, no trailing zeros ("12", "0.5")."""
    text = f"{qty:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
