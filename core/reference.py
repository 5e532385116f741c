"""Reference data (tiers, sites, price rows, calendars …) is kept by one verb: validated, saved, journalled.

Ledgers, balances, claims, orders and everything else with a rule of its own have verbs of their own.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db import models

from core import journal, writers
from core.actors import Actor
from core.errors import FieldError, InvalidInput, Refused
from core.refs import DocumentRef
from core.uow import door_verb, require_uow

M = TypeVar("M", bound=models.Model)


class StillInUse(Refused):
    template = "{what} is used by other records and cannot be removed."
    remedy_template = "End or deactivate it instead."


@door_verb
def save_reference(*, row: M, actor: Actor, now: datetime, reason: str = "", only: Collection[str] | None = None) -> M:
    """Validate and store `row`, and journal what changed. `only` names the fields to write of a row that exists, so
    that what a verb of its own keeps (a status) is not written back from an older reading.

    Raises InvalidInput with every bad field at once.
    """
    write_reference(row=row, actor=actor, now=now, reason=reason, only=only)
    return row


@require_uow
def write_reference(
    *, row: models.Model, actor: Actor, now: datetime, reason: str = "", only: Collection[str] | None = None
) -> None:
    """What save_reference does, inside the unit of work of a verb that has a rule of its own to check first."""
    before = _values(type(row)._base_manager.filter(pk=row.pk).first()) if row.pk else {}
    try:
        row.full_clean()
    except ValidationError as error:
        raise InvalidInput(list(_field_errors(error))) from error
    with writers.home_of(type(row)):
        row.save(update_fields=None if only is None or not before else only)
    after = _values(row) if only is None else {**before, **_named(_values(row), row, only)}
    changed = {k: [before.get(k), v] for k, v in after.items() if before.get(k) != v}
    verb = "changed" if before else "created"
    summary = f"{_kind(row).replace('_', ' ')} {row} {verb}" + (f": {reason}" if reason else "")
    journal.write([journal.Entry(_ref(row), verb, summary, {"changed": changed})], actor=actor, now=now)


@door_verb
def delete_reference(*, row: models.Model, actor: Actor, now: datetime, reason: str = "") -> None:
    """Remove a row nothing points at, and journal its last values. Raises StillInUse."""
    ref, values, words = _ref(row), _values(row), str(row)
    try:
        with writers.home_of(type(row)):
            row.delete()
    except models.ProtectedError as error:
        raise StillInUse(what=words) from error
    summary = f"{_kind(row).replace('_', ' ')} {words} removed" + (f": {reason}" if reason else "")
    journal.write([journal.Entry(ref, "removed", summary, {"was": values})], actor=actor, now=now)


def _named(values: dict[str, Any], row: models.Model, only: Collection[str]) -> dict[str, Any]:
    written = {f.attname for f in row._meta.concrete_fields if f.name in only or f.attname in only}
    return {name: value for name, value in values.items() if name in written}


def _kind(row: models.Model) -> str:
    return row._meta.verbose_name.replace(" ", "_") if row._meta.verbose_name else row._meta.model_name or ""


def _ref(row: models.Model) -> DocumentRef:
    return DocumentRef(_kind(row)[:40], int(row.pk), str(row)[:60])


def _values(row: models.Model | None) -> dict[str, Any]:
    if row is None:
        return {}
    fields = row._meta.concrete_fields
    return {f.attname: f.value_to_string(row) for f in fields if getattr(row, f.attname) is not None}


def _field_errors(error: ValidationError) -> list[FieldError]:
    found = error.message_dict if hasattr(error, "error_dict") else {"": error.messages}
    return [FieldError(f"/{name}", "invalid", text) for name, texts in found.items() for text in texts]
