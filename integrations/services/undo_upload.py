"""Take an applied import back: changed records become what they were, new ones go where nothing refers to them.

A record that anybody changed since is left alone, whatever was changed in it: its row says so, and is kept. What the
import wrote is known by who wrote it last: a record and its row of the import bear the same transaction (`xmin`) until
somebody else writes the record. (A restored database has lost that: everything is kept then, nothing is overwritten.)
"""

import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import IntegrityError, connection, transaction

from core import journal
from core.actors import Actor
from core.errors import DomainError, NotFound
from core.refs import DocumentRef
from core.sheets import Change, Problem, Sheet, Stored, sheet
from core.uow import door_verb, rule_of
from integrations import progress
from integrations.locks import lock_upload
from integrations.models import Upload
from integrations.services.preview_upload import BATCH, Told, allow_long_statements, count_rows
from integrations.states import UPLOAD, RowOutcome, UploadState

_CHANGED_SINCE = Problem("", "Somebody changed this record after the import.", "Change it back on its own page.")
_GONE = Problem("", "This record is gone already.", "Nothing is left to be done.")


@dataclass(frozen=True)
class Undone:
    """`made` is False where another worker was first."""

    made: bool
    state: str
    counts: dict[str, int]
    problem: str = ""


@dataclass(frozen=True)
class _Row:
    """A row the import wrote. `was` holds the old value of each column it changed; None: the import made the record."""

    number: int
    key: str
    after: Mapping[str, str]
    was: Mapping[str, str] | None
    written_by: str


@door_verb
def undo_upload(*, upload_id: int, version: int, actor: Actor, now: datetime, told: Told | None = None) -> Undone:
    """Raises NotFound. What the database refuses leaves everything as the import left it, and says why."""
    row = lock_upload(upload_id)
    if row is None:
        raise NotFound(kind="import", ident=upload_id)
    if row.state != UploadState.UNDOING or row.version != version:
        return Undone(False, row.state, row.counts)
    tell = told or (lambda part, rows: progress.tell(upload_id, part, rows))
    target, row.problem = _undone(row, actor, now, tell)
    row.state = UPLOAD.require(UploadState(row.state), target)
    row.counts = count_rows(upload_id)
    row.undone_at = now if target == UploadState.UNDONE else None
    row.save(update_fields=["state", "counts", "problem", "undone_at"])
    _tell(row, actor, now)
    return Undone(True, row.state, row.counts, row.problem)


def _undone(row: Upload, actor: Actor, now: datetime, told: Told) -> tuple[UploadState, str]:
    try:
        with transaction.atomic():
            _Undoing(row, actor, now, told).run()
            return UploadState.UNDONE, ""
    except IntegrityError as error:
        return UploadState.APPLIED, f"Nothing was undone. The records together would break a rule: {rule_of(error)}."
    except DomainError as refusal:
        return UploadState.APPLIED, f"Nothing was undone. {refusal.in_words}"


class _Undoing:
    def __init__(self, upload: Upload, actor: Actor, now: datetime, told: Told) -> None:
        found = sheet(upload.sheet)
        if found is None:
            raise NotFound(kind="sheet", ident=upload.sheet)
        self.sheet: Sheet = found
        self.upload, self.actor, self.now, self.told = upload, actor, now, told
        self.total = upload.counts.get(RowOutcome.CREATED, 0) + upload.counts.get(RowOutcome.UPDATED, 0)
        self.done = 0
        self.note = f"undo of import {upload.pk}, {upload.undo_reason}"[:200]

    def run(self) -> None:
        """Changes first, so that nothing refers to a new record only because of them; then the new records, again where
        some stood under others."""
        allow_long_statements()
        for rows in self._batches(RowOutcome.UPDATED):
            self._finish(rows, self._change_back(rows))
        removed = 1
        while removed:
            removed = sum(self._remove_batch(rows) for rows in self._batches(RowOutcome.CREATED))
            if not any(c.to_itself for c in self.sheet.columns):
                break
        for rows in self._batches(RowOutcome.CREATED):
            self._finish(rows, self._remove(rows))
        self.told(1.0, self.done)

    def _change_back(self, rows: Sequence[_Row]) -> dict[int, Problem]:
        """{row: why it is kept}."""
        kept, changes = self._untouched(rows)
        wrong = self.sheet.checks(changes, self.now) if changes else {}
        kept |= {number: problems[0] for number, problems in wrong.items()}
        good = [c for c in changes if c.number not in kept]
        if good:
            written = self.sheet.write(good, actor=self.actor, now=self.now, note=self.note)
            kept |= {c.number: _CHANGED_SINCE for c in good if c.number not in written}
            if self.sheet.settle is not None:
                self.sheet.settle(good, actor=self.actor, now=self.now)
        return kept

    def _remove(self, rows: Sequence[_Row]) -> dict[int, Problem]:
        if self.sheet.remove is None:
            stays = Problem("", "Records of this sheet are not removed.", self.sheet.kept_remedy)
            return dict.fromkeys((r.number for r in rows), stays)
        kept, changes = self._untouched(rows)
        if changes:
            used = self.sheet.remove(changes, actor=self.actor, now=self.now, note=self.note)
            if self.sheet.settle is not None:
                gone = [c for c in changes if c.number not in used]
                self.sheet.settle(gone, actor=self.actor, now=self.now)
            kept |= {number: Problem("", why, self.sheet.kept_remedy) for number, why in used.items()}
        return kept

    def _remove_batch(self, rows: Sequence[_Row]) -> int:
        """What can go now, goes; how many did. What is left is looked at once more when the others are gone."""
        kept = self._remove(rows)
        gone = [r for r in rows if r.number not in kept]
        self._finish(gone, {})
        return len(gone)

    def _untouched(self, rows: Sequence[_Row]) -> tuple[dict[int, Problem], list[Change]]:
        """Rows whose records are gone or were changed since, with why; and what takes the others back."""
        keys = {r.number: tuple(r.after[name] for name in self.sheet.key) for r in rows}
        stored = self.sheet.source.stored(sorted(set(keys.values())))
        kept: dict[int, Problem] = {}
        changes = []
        for row in rows:
            record = next(iter(stored.get(keys[row.number], ())), None)
            if record is None:
                kept[row.number] = _GONE
            elif record.version.partition("(")[0] != row.written_by:
                kept[row.number] = _CHANGED_SINCE
            else:
                changes.append(_back(row, record, self.sheet))
        return kept, changes

    def _finish(self, rows: Sequence[_Row], kept: Mapping[int, Problem]) -> None:
        _mark_undone(self.upload.pk, [r.number for r in rows if r.number not in kept])
        _mark_kept(self.upload.pk, kept)
        self.done += len(rows)
        self.told(min(self.done / max(self.total, 1), 1.0), self.done)

    def _batches(self, outcome: RowOutcome) -> Iterator[list[_Row]]:
        """A batch at a time; everything in one where the sheet is written at once."""
        groups = self._groups(outcome)
        if not self.sheet.at_once:
            yield from groups
        elif everything := list(itertools.chain.from_iterable(groups)):
            yield everything

    def _groups(self, outcome: RowOutcome) -> Iterator[list[_Row]]:
        last = 0
        while rows := _after(self.upload.pk, last, outcome):
            last = rows[-1].number
            yield rows


def _back(row: _Row, record: Stored, of: Sheet) -> Change:
    """From what the record is now to what it was; of a new record: what it is."""
    after = {name: record.cells[name] for name in of.key} | dict(row.was or {})
    return replace(Change(row.number, row.key, after, record.cells), id=record.id, version=record.version)


_AFTER = """
SELECT coalesce(json_agg(json_build_array(number, key, after, before, written_by) ORDER BY number), '[]')::text
  FROM (SELECT number, key, after, before, xmin::text AS written_by FROM integrations_uploadrow
         WHERE upload_id = %s AND outcome = %s AND number > %s ORDER BY number LIMIT %s) r
"""


def _after(upload_id: int, last: int, outcome: RowOutcome) -> list[_Row]:
    with connection.cursor() as cursor:
        cursor.execute(_AFTER, [upload_id, str(outcome), last, BATCH])
        ((found,),) = cursor.fetchall()
    return [_Row(*values) for values in json.loads(found)]


def _mark_undone(upload_id: int, numbers: Sequence[int]) -> None:
    _run(
        "UPDATE integrations_uploadrow SET outcome = 'undone' WHERE upload_id = %s AND number = ANY(%s)",
        [upload_id, sorted(numbers)],
    )


_MARK_KEPT = """
UPDATE integrations_uploadrow r SET outcome = 'kept', problems = r.problems || jsonb_build_array(kept.problem)
  FROM json_to_recordset(%s) AS kept(number int, problem jsonb) WHERE r.upload_id = %s AND r.number = kept.number
"""


def _mark_kept(upload_id: int, kept: Mapping[int, Problem]) -> None:
    told = [{"number": n, "problem": {"column": p.column, "why": p.why, "remedy": p.remedy}} for n, p in kept.items()]
    _run(_MARK_KEPT, [json.dumps(told), upload_id])


def _run(sql: str, parameters: Sequence[Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)


def _tell(row: Upload, actor: Actor, now: datetime) -> None:
    counts = ", ".join(f"{n} {outcome}" for outcome, n in sorted(row.counts.items()))
    verb = "undone" if row.state == UploadState.UNDONE else "undo_refused"
    summary = f"{row.sheet.replace('_', ' ')} from {row.name}: {verb.replace('_', ' ')}, {row.undo_reason}: {counts}."
    ref = DocumentRef("import", row.pk, row.name[:60])
    journal.write([journal.Entry(ref, verb, f"{summary} {row.problem}".strip())], actor=actor, now=now)
