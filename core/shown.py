"""How a column's value is written on console pages.

Numbers: "1,250.00", "18.20", "40", not 1250.00, 18.200000 and 40.0000. Programs' codes: "CS lead", "Case resolved", not
cs_lead and case_resolved. A column of codes that people type themselves (`code`, `key`) stays as it is.
"""

import re
from decimal import Decimal
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from unfold import fields, utils
from unfold.templatetags import unfold_list

from core.choices import words
from core.quantity import is_multiple, plain

MONEY_PLACES, QUANTITY_PLACES = 2, 4
CODE = re.compile(r"[a-z]+(_[a-z]+)*")
SEVERAL = re.compile(r"[a-z]+(_[a-z]+)+")  # of one word nobody knows whether it is a code
SAID = ("role", "kind", "verb", "method")  # fields that hold nothing but codes
TYPED = frozenset({"code", "key"})
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
    if (
        isinstance(value, list)
        and isinstance(field, ArrayField)
        and value
        and all(CODE.fullmatch(str(v)) for v in value)
    ):
        return ", ".join(words(str(v)) for v in value)
    if isinstance(value, str) and not field.flatchoices and _is_code(value, field.name):
        return words(value)
    return _theirs(value, field, empty_value_display)


def _is_code(value: str, name: str) -> bool:
    if name in TYPED:
        return False
    return bool(SEVERAL.fullmatch(value) or (name.endswith(SAID) and CODE.fullmatch(value)))


def install() -> None:
    """In the two places where Unfold writes a column's value, lists and pages; it offers no other way to say how."""
    unfold_list.display_for_field = display_for_field
    fields.display_for_field = display_for_field
