"""Keep a file of reference data as it came, and guess what its columns are."""

import hashlib
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from django.core.files import File

from core.actors import Actor
from core.errors import FieldError, InvalidInput, NotFound, NotPermitted
from core.sheets import Sheet, guess_columns, sheet
from core.uow import door_verb
from integrations.models import Upload
from integrations.table_files import NotATable, open_table

LARGEST = 256 * 1024 * 1024  # bytes
WIDEST = 200  # columns


@dataclass(frozen=True)
class Kept:
    """`earlier_id` is the latest import of the very same file into the same sheet."""

    upload_id: int
    header: tuple[str, ...]
    columns: dict[str, int]
    earlier_id: int | None


def keep_upload(*, sheet_code: str, name: str, source: BinaryIO, actor: Actor, now: datetime) -> Kept:
    """Raises NotFound, NotPermitted, InvalidInput for a file that is too large or no table."""
    kept_for = sheet_to_import(sheet_code, actor)
    size, sha256 = _measured(source)
    if size > LARGEST:
        said = f"{name} has {size:,} bytes; at most {LARGEST:,} are taken."
        raise InvalidInput([FieldError("/file", "too_large", said, "Split it, or pack it as .xz or .gz.")])
    return _keep(kept_for, name, size, sha256, source, actor, now)


def sheet_to_import(code: str, actor: Actor) -> Sheet:
    """The sheet, if the actor may import it. The system itself (a command) may."""
    found = sheet(code)
    if found is None:
        raise NotFound(kind="sheet", ident=code)
    if not actor.is_system and not actor.has_role(*found.access.act):
        raise NotPermitted(actor=actor.label, verb=f"import {found.label}", roles=", ".join(sorted(found.access.act)))
    return found


@door_verb
def _keep(kept_for: Sheet, name: str, size: int, sha256: str, source: BinaryIO, actor: Actor, now: datetime) -> Kept:
    source.seek(0)
    same = (
        Upload.objects.filter(sheet=kept_for.code, sha256=sha256).order_by("-id").values_list("id", flat=True).first()
    )
    row = Upload(
        sheet=kept_for.code,
        name=Path(name).name[-200:],
        size=size,
        sha256=sha256,
        uploaded_by_id=actor.user_id,
        uploaded_label=actor.label,
        uploaded_at=now,
    )
    row.file.save(f"{kept_for.code}-{sha256[:12]}", File(source), save=False)
    try:
        row.header = _header_of(Path(row.file.path), row.name)
    except InvalidInput:
        with suppress(OSError):  # a file nobody refers to is in nobody's way
            row.file.delete(save=False)
        raise
    row.columns = guess_columns(kept_for, row.header)
    row.save()
    return Kept(row.pk, tuple(row.header), row.columns, same)


def _header_of(path: Path, name: str) -> list[str]:
    try:
        with open_table(path, formulas=True) as found:
            header = [h.replace("\0", "")[:200] for h in found.header]
    except NotATable as bad:
        raise InvalidInput([FieldError("/file", "no_table", str(bad).replace(path.name, name))]) from bad
    if len(header) > WIDEST:
        said = f"{name} has {len(header):,} columns; at most {WIDEST} are read."
        raise InvalidInput([FieldError("/file", "too_wide", said, "Delete the columns that are not needed.")])
    return header


def _measured(source: BinaryIO) -> tuple[int, str]:
    digest, size = hashlib.sha256(), 0
    source.seek(0)
    while chunk := source.read(1 << 20):
        digest.update(chunk)
        size += len(chunk)
    return size, digest.hexdigest()
