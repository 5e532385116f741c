"""Say which column of the file is which of the sheet; the preview follows."""

from collections.abc import Mapping
from datetime import datetime

from core.actors import Actor
from core.errors import FieldError, InvalidInput, NotFound
from core.outbox import publish
from core.sheets import Sheet
from core.uow import door_verb
from integrations import progress
from integrations.events import ColumnsNamed
from integrations.locks import lock_upload
from integrations.services.keep_upload import sheet_to_import
from integrations.states import UPLOAD, UploadState


@door_verb
def name_columns(
    *, upload_id: int, columns: Mapping[str, int], actor: Actor, now: datetime, queued: bool = True
) -> int:
    """The version of the preview to come. With `queued` a job makes it; without, the caller does.

    Raises NotFound, NotPermitted, IllegalTransition, InvalidInput (pointers /columns/<name>).
    """
    row = lock_upload(upload_id)
    if row is None:
        raise NotFound(kind="import", ident=upload_id)
    named_for = sheet_to_import(row.sheet, actor)
    if problems := _problems(named_for, columns, len(row.header)):
        raise InvalidInput(problems)
    row.state = UPLOAD.require(UploadState(row.state), UploadState.PREVIEWING)
    row.columns, row.version, row.problem, row.counts = dict(columns), row.version + 1, "", {}
    row.save(update_fields=["state", "columns", "version", "problem", "counts"])
    progress.forget(row.pk)
    if queued:
        fact = ColumnsNamed(row.pk, row.version)
        publish(fact, stream=f"import:{row.pk}", seq=row.version * 2, now=now, actor=actor)
    return row.version


def _problems(named_for: Sheet, columns: Mapping[str, int], width: int) -> list[FieldError]:
    found = []
    for name, place in columns.items():
        if name not in named_for.by_name or not 0 <= place < width:
            found.append(FieldError(f"/columns/{name}", "unknown", f"There is no column {name} or no place {place}."))
    twice = {p for p in columns.values() if list(columns.values()).count(p) > 1}
    for name in (n for n, place in columns.items() if place in twice):
        label = named_for.by_name[name].label if name in named_for.by_name else name
        found.append(FieldError(f"/columns/{name}", "twice", f"The column chosen for {label} is chosen twice."))
    for column in named_for.needed:
        if column.name not in columns:
            said = f"No column of the file is {column.label}, which says what record a row is."
            found.append(FieldError(f"/columns/{column.name}", "missing", said, "Choose one, or add it to the file."))
    return found
