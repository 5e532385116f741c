"""An exclusion constraint whose refusal names both rows: the one that is there and the one that was to come."""

from typing import Any

from django.contrib.postgres.constraints import ExclusionConstraint
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q


class NamingExclusion(ExclusionConstraint):
    """For rows with `valid_from` and `valid_to` (first day without it, or none). `key` are the fields that make two rows
    be about the same; a `told()` of the row says what it is."""

    def __init__(self, *, name: str, expressions: Any, key: tuple[str, ...], condition: Q | None = None) -> None:
        super().__init__(name=name, expressions=expressions, condition=condition)
        self.key = key

    def deconstruct(self) -> Any:
        path, args, options = super().deconstruct()
        return path, args, {**options, "key": self.key}

    def validate(
        self, model: type[models.Model], instance: models.Model, exclude: Any = None, using: str = "default"
    ) -> None:
        try:
            super().validate(model, instance, exclude=exclude, using=using)
        except ValidationError as clash:
            other = self._other(model, instance)
            if other is None:
                raise
            raise ValidationError(
                f"{_told(instance)} overlaps {_told(other)}: end that one first.", code=clash.code
            ) from clash

    def _other(self, model: type[models.Model], instance: models.Model) -> models.Model | None:
        rows = model._default_manager.filter(**{name: getattr(instance, name) for name in self.key})
        rows = rows.filter(Q(valid_to__isnull=True) | Q(valid_to__gt=instance.valid_from))  # type: ignore[attr-defined]
        if (end := instance.valid_to) is not None:  # type: ignore[attr-defined]
            rows = rows.filter(valid_from__lt=end)
        return rows.exclude(pk=instance.pk).order_by(F("valid_from")).first()


def _told(row: Any) -> str:
    return f"{row.told()}, from {row.valid_from} " + (f"until {row.valid_to}" if row.valid_to else "without end")
