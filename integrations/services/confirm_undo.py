"""Somebody wants an applied import undone, and says why."""

from datetime import datetime

from core.actors import Actor
from core.errors import FieldError, InvalidInput, NotFound
from core.outbox import publish
from core.uow import door_verb
from integrations import progress
from integrations.events import UndoConfirmed
from integrations.locks import lock_upload
from integrations.models import Upload
from integrations.services.confirm_upload import ImportUnderWay
from integrations.services.keep_upload import sheet_to_import
from integrations.states import UNDER_WAY, UPLOAD, UploadState

LONGEST_REASON = 200


@door_verb(refuse_on={"one_import_of_a_sheet_is_applied_at_a_time": ImportUnderWay})
def confirm_undo(*, upload_id: int, reason: str, actor: Actor, now: datetime, queued: bool = True) -> None:
    """With `queued` a job undoes it; without, the caller does.

    Raises NotFound, NotPermitted, IllegalTransition, InvalidInput (no reason), ImportUnderWay.
    """
    why = " ".join(reason.split())
    if not why or len(why) > LONGEST_REASON:
        raise InvalidInput([FieldError("/reason", "length", f"Say why, in 1 to {LONGEST_REASON} characters.")])
    row = lock_upload(upload_id)
    if row is None:
        raise NotFound(kind="import", ident=upload_id)
    sheet_to_import(row.sheet, actor)
    target = UPLOAD.require(UploadState(row.state), UploadState.UNDOING)
    other = Upload.objects.filter(sheet=row.sheet, state__in=UNDER_WAY).exclude(pk=row.pk).first()
    if other is not None:
        raise ImportUnderWay(file=other.name, by=other.applied_label)
    row.state, row.undo_reason, row.undone_label, row.problem = target, why, actor.label, ""
    row.save(update_fields=["state", "undo_reason", "undone_label", "problem"])
    progress.forget(row.pk)
    if queued:
        fact = UndoConfirmed(row.pk, row.version)
        publish(fact, stream=f"import:{row.pk}", seq=row.version * 2 + 2, now=now, actor=actor)
