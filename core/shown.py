"""How a number in a column is written on console pages: "1,250.00", "18.20", "40", not 1250.00, 18.200000 and 40.0000."""

from decimal import Decimal
from typing import Any

from django.db import models
from unfold import fields, utils
from unfold.templatetags import unfold_list

from core.quantity import is_multiple, plain

MONEY_PLACES, QUANTITY_PLACES = 2, 4
_theirs = utils.display_for_field


def places_of(value: Decimal, decimal_places: int) -> int:
    """Digits after the point a person reads: a quantity's own, money's two, and more where the value has them."""
    least = MONEY_PLACES if decimal_places != QUANTITY_PLACES else 0
    if is_multiple(value, Decimal(1).scaleb(-least)):
        return least
    return len(plain(value).partition(".")[2])


def number(value: Decimal, field: Any) -> str:
    """`value` of the column `field`, with thousands parted; a percentage has no zeros at its end."""
    if not value.is_finite():
        return str(value)
    is_part = "percent" in field.name or "points" in field.name
    places = len(plain(value).partition(".")[2]) if is_part else places_of(value, field.decimal_places)
    return f"{value:,.{places}f}"


def display_for_field(value: Any, field: Any, empty_value_display: str) -> str:
    if isinstance(field, models.DecimalField) and isinstance(value, Decimal):
        return number(value, field)
    return _theirs(value, field, empty_value_display)


def install() -> None:
    """In the two places where Unfold writes a column's value, lists and pages; it offers no other way to say how."""
    unfold_list.display_for_field = display_for_field
    fields.display_for_field = display_for_field
