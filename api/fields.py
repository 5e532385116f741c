"""How values look on the wire: quantities and money are strings with their unit or currency, never floats."""

from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from core.money import exponent, round_amount
from core.quantity import BadQuantity, as_quantity, plain


def is_uuid(text: str) -> bool:
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False


def money(value: Decimal | None, currency: str) -> dict[str, str] | None:
    """{"amount": "12.50", "currency": "USD"}"""
    return None if value is None else {"amount": f"{round_amount(value, currency):f}", "currency": currency}


def unit_price(value: Decimal | None, currency: str) -> dict[str, str] | None:
    """A price per unit keeps its places ("0.0125")."""
    return None if value is None else {"amount": _trim(value, exponent(currency)), "currency": currency}


def quantity(value: Decimal, uom: str) -> dict[str, str]:
    """{"value": "12", "uom": "EA"}"""
    return {"value": plain(value), "uom": uom}


def _trim(value: Decimal, fewest_places: int) -> str:
    whole, _, places = f"{value:f}".partition(".")
    places = places.rstrip("0").ljust(fewest_places, "0")
    return f"{whole}.{places}" if places else whole


@extend_schema_field({"type": "string", "examples": ["12", "0.5"]})
class QuantityField(serializers.Field):
    """A positive decimal as a string ("12", "0.5"); an exact JSON number is taken too."""

    default_error_messages = {"bad": '{why}. Write it as a string of digits, such as "12" or "0.5".'}

    def to_internal_value(self, data: Any) -> Decimal:
        if isinstance(data, bool) or not isinstance(data, str | int | Decimal):
            self.fail("bad", why="This is not a number")
        try:
            number = as_quantity(data)
        except (BadQuantity, InvalidOperation) as bad:
            self.fail("bad", why=str(bad))
        if number <= 0:
            self.fail("bad", why=f"{data} is not more than 0")
        return number

    def to_representation(self, value: Decimal) -> str:
        return plain(value)


class NumberOrNothing(QuantityField):
    """Zero is a number too: nothing of it came."""

    def to_internal_value(self, data: Any) -> Decimal:
        if isinstance(data, bool) or not isinstance(data, str | int | Decimal):
            self.fail("bad", why="This is not a number")
        try:
            number = as_quantity(data)
        except BadQuantity as bad:
            self.fail("bad", why=str(bad))
        if number < 0:
            self.fail("bad", why=f"{data} is less than 0")
        return number


class MoneySerializer(serializers.Serializer[Any]):
    amount = serializers.CharField(help_text="Decimal as a string.")
    currency = serializers.CharField(help_text="ISO 4217.")


class QuantitySerializer(serializers.Serializer[Any]):
    value = serializers.CharField(help_text="Decimal as a string, in `uom`.")
    uom = serializers.CharField()


class KnownFieldsOnly(serializers.Serializer[Any]):
    """Refuses fields it does not know, by name: a misspelt field is not silently ignored."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict):
            unknown = sorted(set(data) - set(self.fields))
            if unknown:
                known = ", ".join(self.fields)
                raise serializers.ValidationError({name: [f"Unknown field. Known: {known}."] for name in unknown})
        return super().to_internal_value(data)
