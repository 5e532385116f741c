"""Rows for any table, made from its fields alone, so that a list added tomorrow is counted without a factory of its own.

They need not make sense, only be there: checks and exclusions are taken off the table inside the test's transaction.
"""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import connection, models

from core import writers

NOW = datetime(2026, 11, 25, 9, tzinfo=UTC)
BY_KIND: tuple[tuple[type[models.Field], Any], ...] = (
    (ArrayField, list),
    (models.JSONField, dict),
    (models.BooleanField, lambda: False),
    (models.DateTimeField, lambda: NOW),
    (models.DateField, lambda: date(2026, 11, 25)),
    (models.TimeField, lambda: time(9)),
    (models.DurationField, lambda: timedelta(hours=1)),
    (models.BinaryField, lambda: b""),
    (models.GenericIPAddressField, lambda: "127.0.0.1"),
)
NUMBERS = (models.IntegerField, models.DecimalField, models.FloatField)


class AnyRows:
    """`of(model)` makes `count` rows once, and those they point to, each to another."""

    def __init__(self, count: int) -> None:
        self.count = count
        self._made: dict[type[models.Model], list[Any]] = {}

    def of(self, model: type[models.Model]) -> list[Any]:
        if model._meta.proxy:  # rows of another table, told apart by what the proxy says
            self.of(model._meta.concrete_model)
            kind: Any = model
            with writers.by_hand(writers.ALL):
                model._meta.concrete_model._base_manager.update(**kind.told_by)
            return list(model._base_manager.all())
        if model not in self._made:
            self._made[model] = []  # a table that leads back to itself points nowhere
            pointed = {f: self.of(f.related_model) for f in _pointing(model)}
            _take_off_checks(model)
            rows = [model(**self._values(model, pointed, n)) for n in range(self.count)]
            with writers.by_hand(writers.ALL):
                self._made[model] = model._base_manager.bulk_create(rows)
        return self._made[model]

    def _values(self, model: type[models.Model], pointed: dict[Any, list[Any]], n: int) -> dict[str, Any]:
        values = {field.name: rows[n] for field, rows in pointed.items() if rows}
        plain = [f for f in model._meta.concrete_fields if not f.is_relation and not f.primary_key]
        return values | {f.name: _value(f, n) for f in plain if not f.generated}


def _pointing(model: type[models.Model]) -> list[Any]:
    """What a row points to, but for what can be empty and cannot be there before the row itself."""
    return [f for f in model._meta.concrete_fields if f.is_relation and not (f.null and _needs(f.related_model, model))]


def _needs(other: type[models.Model], model: type[models.Model]) -> bool:
    return other is not model and any(
        f.is_relation and not f.null and f.related_model is model for f in other._meta.concrete_fields
    )


def _value(field: Any, n: int) -> Any:
    if field.name == "sheet":
        return "accounts"  # a list of uploads shows the sheets its reader may use
    if field.choices:
        return field.flatchoices[0][0]
    if isinstance(field, models.UUIDField):
        return field.get_default() or models.UUIDField().to_python(f"{n:032x}")
    for kind, make in BY_KIND:
        if isinstance(field, kind):
            return make()
    if isinstance(field, NUMBERS):
        return Decimal(n + 1) if isinstance(field, models.DecimalField) and field.max_digits > 5 else n + 1
    return f"{n:02}{field.name}"[: field.max_length or 40]


def _take_off_checks(model: type[models.Model]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SET CONSTRAINTS ALL IMMEDIATE"
        )  # what the row before still owes, or the table cannot be altered
        cursor.execute(
            "SELECT quote_ident(conname) FROM pg_constraint WHERE conrelid = %s::regclass AND contype IN ('c', 'x')",
            [f'"{model._meta.db_table}"'],
        )
        for (name,) in cursor.fetchall():
            cursor.execute(f'ALTER TABLE "{model._meta.db_table}" DROP CONSTRAINT {name}')
