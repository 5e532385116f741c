"""Write what a preview found, in one transaction: nothing that changed since it was looked at is overwritten."""

import itertools
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, connection, transaction

from core import journal
from core.actors import Actor
from core.errors import DomainError, NotFound
from core.refs import DocumentRef
from core.sheets import Change, Sheet, sheet
from core.uow import door_verb, rule_of
from integrations import progress
from integrations.locks import lock_upload
from integrations.models import Upload
from integrations.services.preview_upload import BATCH, Told, allow_long_statements, count_rows
from integrations.states import UPLOAD, ApplyMode, RowOutcome, UploadState


@dataclass(frozen=True)
class Applied:
    """`made` is False where another worker was first."""

    made: bool
    state: str
    counts: dict[str, int]
    problem: str = ""


class _NothingWritten(Exception):
    """Rows changed since the preview, and it is all or none."""

    def __init__(self, moved: set[int]) -> None:
        self.moved = moved


@door_verb
def apply_upload(*, upload_id: int, version: int, actor: Actor, now: datetime, told: Told | None = None) -> Applied:
    """Raises NotFound. What the database refuses leaves nothing written and the import refused, with why."""
    row = lock_upload(upload_id)
    if row is None:
        raise NotFound(kind="import", ident=upload_id)
    if row.state != UploadState.APPLYING or row.version != version:
        return Applied(False, row.state, row.counts)
    target, row.problem = _written(row, actor, now, told or (lambda part, rows: progress.tell(upload_id, part, rows)))
    row.state = UPLOAD.require(UploadState(row.state), target)
    row.counts = count_rows(upload_id)
    row.applied_at = now if target == UploadState.APPLIED else None
    row.save(update_fields=["state", "counts", "problem", "applied_at"])
    _tell(row, actor, now)
    return Applied(True, row.state, row.counts, row.problem)


def _written(row: Upload, actor: Actor, now: datetime, told: Told) -> tuple[UploadState, str]:
    """The state to go to, and what is to be said. Inside a savepoint, because a refusal of the database is an answer
    for the person who asked and not a fault to be tried again."""
    try:
        with transaction.atomic():
            moved = _Applying(row, actor, now, told).run()
            if moved and row.mode == ApplyMode.ALL_OR_NONE:
                raise _NothingWritten(moved)
            return UploadState.APPLIED, ""
    except _NothingWritten as nothing:
        _mark_moved(row.pk, nothing.moved)
        return UploadState.PREVIEWED, "Nothing was written: rows changed since the preview. Preview the file again."
    except IntegrityError as error:
        return UploadState.REFUSED, f"Nothing was written. The rows together break a rule: {rule_of(error)}."
    except DomainError as refusal:
        return UploadState.REFUSED, f"Nothing was written. {refusal.in_words}"


_TO_DO = (str(RowOutcome.NEW), str(RowOutcome.CHANGED))
_DONE = (str(RowOutcome.CREATED), str(RowOutcome.UPDATED))


class _Applying:
    def __init__(self, upload: Upload, actor: Actor, now: datetime, told: Told) -> None:
        found = sheet(upload.sheet)
        if found is None:
            raise NotFound(kind="sheet", ident=upload.sheet)
        self.sheet: Sheet = found
        self.upload, self.actor, self.now, self.told = upload, actor, now, told
        self.total = upload.counts.get(RowOutcome.NEW, 0) + upload.counts.get(RowOutcome.CHANGED, 0)

    def run(self) -> set[int]:
        """Numbers of the rows that were not written, because what they replace has changed."""
        moved: set[int] = set()
        done, note = 0, f"import {self.upload.pk}, {self.upload.name}"
        allow_long_statements()
        for batch in self._batches(_TO_DO):
            written = self.sheet.write(batch, actor=self.actor, now=self.now, note=note)
            late = {c.number for c in batch} - written
            _mark_moved(self.upload.pk, late)
            _mark_done(self.upload.pk, written)
            moved |= late
            done += len(batch)
            self.told(0.9 * done / max(self.total, 1), done)
        if self.sheet.link is not None:
            for batch in self._batches(_DONE, self._linked):
                self.sheet.link(batch)
        if self.sheet.settle is not None:
            for batch in self._batches(_DONE):
                self.sheet.settle(batch, actor=self.actor, now=self.now)
        self.told(1.0, done)
        return moved

    @property
    def _linked(self) -> tuple[str, ...]:
        """Columns of the file that point at rows of the same sheet."""
        return tuple(c.name for c in self.sheet.columns if c.to_itself and c.name in self.upload.columns)

    def _batches(self, outcomes: Sequence[str], naming: Sequence[str] | None = None) -> Iterator[list[Change]]:
        """A batch at a time; everything in one where the sheet is written at once."""
        groups = self._groups(outcomes, naming)
        if not self.sheet.at_once:
            yield from groups
        elif everything := list(itertools.chain.from_iterable(groups)):
            yield everything

    def _groups(self, outcomes: Sequence[str], naming: Sequence[str] | None = None) -> Iterator[list[Change]]:
        """Rows in the file's order, those that change before those that are new in each batch; with `naming`, only rows
        that write something into one of these columns."""
        last = 0
        while rows := _after(self.upload.pk, last, outcomes, naming):
            last = rows[-1].number
            changed, new = [r for r in rows if r.before is not None], [r for r in rows if r.before is None]
            yield from (batch for batch in (changed, new) if batch)


# One JSON text for each batch: made and read in C, where a row of many columns costs Python most of an import.
_AFTER = """
SELECT coalesce(json_agg(json_build_array(number, key, after, before, record_id, version) ORDER BY number), '[]')::text
  FROM (SELECT number, key, after, before, record_id, version FROM integrations_uploadrow
         WHERE upload_id = %(upload)s AND outcome = ANY(%(outcomes)s) AND number > %(last)s
           AND (%(naming)s::text[] IS NULL OR EXISTS (
                SELECT 1 FROM unnest(%(naming)s::text[]) AS c(name)
                 WHERE CASE WHEN before IS NULL THEN after ->> name <> '' ELSE before ->> name <> after ->> name END))
         ORDER BY number LIMIT %(most)s) r
"""


def _after(upload_id: int, last: int, outcomes: Sequence[str], naming: Sequence[str] | None) -> list[Change]:
    asked: dict[str, Any] = {
        "upload": upload_id,
        "last": last,
        "most": BATCH,
        "outcomes": list(outcomes),
        "naming": None if naming is None else list(naming),
    }
    with connection.cursor() as cursor:
        cursor.execute(_AFTER, asked)
        ((found,),) = cursor.fetchall()
    return [
        Change(number, key, after, None if before is None else {**after, **before}, record_id or 0, version)
        for number, key, after, before, record_id, version in json.loads(found)
    ]


def _mark_done(upload_id: int, numbers: set[int]) -> None:
    sql = (
        "UPDATE integrations_uploadrow SET outcome = CASE outcome WHEN 'new' THEN 'created' ELSE 'updated' END"
        " WHERE upload_id = %s AND number = ANY(%s)"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [upload_id, sorted(numbers)])


_MOVED = """
UPDATE integrations_uploadrow
   SET outcome = 'moved', problems = problems || jsonb_build_array(jsonb_build_object('column', '', 'why',
       'Somebody changed this record after the preview.', 'remedy', 'Import the row again: the preview shows both values.'))
 WHERE upload_id = %s AND number = ANY(%s)
"""


def _mark_moved(upload_id: int, numbers: set[int]) -> None:
    if numbers:
        with connection.cursor() as cursor:
            cursor.execute(_MOVED, [upload_id, sorted(numbers)])


def _tell(row: Upload, actor: Actor, now: datetime) -> None:
    counts = ", ".join(f"{n} {outcome}" for outcome, n in sorted(row.counts.items()))
    summary = f"{row.sheet.replace('_', ' ')} from {row.name} {row.state}: {counts}. {row.problem}".strip()
    journal.write(
        [journal.Entry(DocumentRef("import", row.pk, row.name[:60]), row.state, summary)], actor=actor, now=now
    )
