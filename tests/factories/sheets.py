"""Files of reference data on their way through an import, as briefly as a test allows."""

from datetime import UTC, datetime
from io import BytesIO

import openpyxl  # type: ignore[import-untyped]

from core.actors import system
from integrations.models import Upload, UploadRow
from integrations.services.apply_upload import apply_upload
from integrations.services.confirm_upload import confirm_upload
from integrations.services.keep_upload import keep_upload
from integrations.services.name_columns import name_columns
from integrations.services.preview_upload import preview_upload
from integrations.states import ApplyMode

NOW = datetime(2026, 11, 25, 9, tzinfo=UTC)
BOT = system("test")


def workbook(*rows):
    book, target = openpyxl.Workbook(), BytesIO()
    for cells in rows:
        book.active.append(list(cells))
    book.save(target)
    return target.getvalue()


def kept(sheet, data, name="file.csv", actor=BOT):
    data = data.encode() if isinstance(data, str) else data
    return keep_upload(sheet_code=sheet, name=name, source=BytesIO(data), actor=actor, now=NOW)


def previewed(sheet, data, columns=None, **more):
    """The upload after its preview."""
    found = kept(sheet, data, **more)
    name_columns(upload_id=found.upload_id, columns=columns or found.columns, actor=BOT, now=NOW, queued=False)
    preview_upload(upload_id=found.upload_id, version=1, now=NOW)
    return Upload.objects.get(pk=found.upload_id)


def confirmed(upload, mode=ApplyMode.ALL_OR_NONE):
    confirm_upload(upload_id=upload.pk, version=upload.version, mode=mode, actor=BOT, now=NOW, queued=False)
    apply_upload(upload_id=upload.pk, version=upload.version, actor=BOT, now=NOW)
    upload.refresh_from_db()
    return upload


def applied(sheet, data, mode=ApplyMode.ALL_OR_NONE, **more):
    return confirmed(previewed(sheet, data, **more), mode)


def problems(upload):
    """{row number: [(column, why)]}."""
    rows = UploadRow.objects.filter(upload=upload).order_by("number")
    return {r.number: [(p["column"], p["why"]) for p in r.problems] for r in rows if r.problems}


def outcomes(upload):
    return dict(UploadRow.objects.filter(upload=upload).order_by("number").values_list("number", "outcome"))
