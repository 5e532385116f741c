"""A preview or an apply failed for good: say so where people wait for it, and let others import."""

from datetime import datetime

from core.outbox import fact_of
from core.uow import door_verb
from integrations.events import ColumnsNamed, ImportConfirmed
from integrations.locks import lock_upload
from integrations.states import UPLOAD, UploadState


@door_verb
def give_up_upload(*, job_id: int, now: datetime) -> bool:
    """Refuse the import whose job has died. False for every other job, and where somebody went on meanwhile."""
    fact = fact_of(job_id)
    if not isinstance(fact, ColumnsNamed | ImportConfirmed):
        return False
    row = lock_upload(fact.upload_id)
    waiting = UploadState.PREVIEWING if isinstance(fact, ColumnsNamed) else UploadState.APPLYING
    if row is None or row.state != waiting or row.version != fact.version:
        return False
    row.state = UPLOAD.require(waiting, UploadState.REFUSED)
    row.problem = "Nothing was written: the work failed five times. Operations has a case about it."
    row.save(update_fields=["state", "problem"])
    return True
