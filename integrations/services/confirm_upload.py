"""Somebody has looked at the preview and wants it applied: all rows or none, or the good ones."""

from datetime import datetime

from core.actors import Actor
from core.errors import NotFound, Refused, Stale
from core.outbox import publish
from core.uow import door_verb
from integrations import progress
from integrations.events import ImportConfirmed
from integrations.locks import lock_upload
from integrations.models import Upload
from integrations.services.keep_upload import sheet_to_import
from integrations.states import UNDER_WAY, UPLOAD, ApplyMode, RowOutcome, UploadState


class ImportUnderWay(Refused):
    template = "{file}, by {by}, is being applied to the same records right now."
    remedy_template = "Wait until it is done and preview this file again: what it finds may have changed."


class RowsAreWrong(Refused):
    template = "{errors} row(s) are wrong or changed since the preview, so none is applied."
    remedy_template = "Mend them and upload the file again, or apply the good rows only."


class NothingToApply(Refused):
    template = "No row of the file is new or changes anything."


@door_verb(refuse_on={"one_import_of_a_sheet_is_applied_at_a_time": ImportUnderWay})
def confirm_upload(
    *, upload_id: int, version: int, mode: ApplyMode, actor: Actor, now: datetime, queued: bool = True
) -> None:
    """`version` is that of the preview looked at. With `queued` a job applies it; without, the caller does.

    Raises NotFound, NotPermitted, Stale, IllegalTransition, ImportUnderWay, RowsAreWrong, NothingToApply.
    """
    row = lock_upload(upload_id)
    if row is None:
        raise NotFound(kind="import", ident=upload_id)
    sheet_to_import(row.sheet, actor)
    if row.version != version:
        raise Stale(kind="preview", given=version, current=row.version)
    target = UPLOAD.require(UploadState(row.state), UploadState.APPLYING)
    errors = row.counts.get(RowOutcome.ERROR, 0) + row.counts.get(RowOutcome.MOVED, 0)
    if mode == ApplyMode.ALL_OR_NONE and errors:
        raise RowsAreWrong(errors=errors)
    if not row.counts.get(RowOutcome.NEW, 0) + row.counts.get(RowOutcome.CHANGED, 0):
        raise NothingToApply
    other = Upload.objects.filter(sheet=row.sheet, state__in=UNDER_WAY).exclude(pk=row.pk).first()
    if other is not None:
        raise ImportUnderWay(file=other.name, by=other.applied_label)
    row.state, row.mode, row.applied_label = target, mode, actor.label
    row.save(update_fields=["state", "mode", "applied_label"])
    progress.forget(row.pk)
    if queued:
        fact = ImportConfirmed(row.pk, row.version)
        publish(fact, stream=f"import:{row.pk}", seq=row.version * 2 + 1, now=now, actor=actor)
