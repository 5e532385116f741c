"""A preview, an apply or an undo failed for good: say so where people wait for it, and let others import."""

from datetime import datetime

from core.outbox import fact_of
from core.uow import door_verb
from integrations.events import ColumnsNamed, ImportConfirmed, UndoConfirmed
from integrations.locks import lock_upload
from integrations.states import UPLOAD, UploadState

_ENDS = {
    ColumnsNamed: (UploadState.PREVIEWING, UploadState.REFUSED),
    ImportConfirmed: (UploadState.APPLYING, UploadState.REFUSED),
    UndoConfirmed: (UploadState.UNDOING, UploadState.APPLIED),
}


@door_verb
def give_up_upload(*, job_id: int, now: datetime) -> bool:
    """Refuse the import whose job has died. False for every other job, and where somebody went on meanwhile."""
    fact = fact_of(job_id)
    if not isinstance(fact, ColumnsNamed | ImportConfirmed | UndoConfirmed):
        return False
    row = lock_upload(fact.upload_id)
    waiting, instead = _ENDS[type(fact)]
    if row is None or row.state != waiting or row.version != fact.version:
        return False
    row.state = UPLOAD.require(waiting, instead)
    row.problem = "Nothing was written: the work failed five times. Operations has a case about it."
    row.save(update_fields=["state", "problem"])
    return True
