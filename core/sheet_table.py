"""A sheet whose rows are the rows of one table: read, inserted and updated in bulk, a statement per batch.

Foreign keys are shown by the code of the row they point at, following what the table declares. Values travel as
canonical text and PostgreSQL casts them. A row's version is who wrote it and where it lies (`xmin`, `ctid`), which every
update changes: only rows nobody has changed since they were read are taken, so that what a person saw in a preview is
what is replaced. (A restored or rebuilt table changes them too: then rows are told as changed, and previewed again.)
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import pghistory.models
from django.apps import apps
from django.db import connection, models

from core import journal, writers
from core.actors import Actor
from core.cells import Number, YesNo
from core.errors import Refused
from core.refs import DocumentRef
from core.sheets import Cells, Change, Column, Key, Stored, Within
from core.uow import require_uow

_VERSION = "t.xmin::text || t.ctid::text"
_DEEPEST = 50  # levels of a tree


class RunsInCircles(Refused):
    template = "The {column} of {codes} leads back to itself."
    remedy_template = "Mend the {column} of these rows."


@dataclass(frozen=True)
class _Pointer:
    """A foreign key's column and the table it points at, seen by that table's code."""

    column: str
    table: str
    code: str


@dataclass(frozen=True)
class SheetTable:
    """`codes` names, for each column that is a foreign key, the field of its target shown in the sheet."""

    model: str  # "accounts.Account"
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    codes: tuple[tuple[str, str], ...] = ()
    document: str = ""  # the kind of document its journal entries are about
    only: str = "TRUE"  # SQL over `t`: which rows of the table are rows of the sheet
    status: str = ""  # the column whose change the journal tells as the room's own verb does ("became_active")

    # --- reading --------------------------------------------------------------------------------------------
    def stored(self, keys: Sequence[Key]) -> dict[Key, list[Stored]]:
        """{key: rows}, whatever the case: more than one row where the table itself has the key twice."""
        sql = (
            f"SELECT json_agg(json_build_array(k.place, t.id, {_VERSION}, {self._shown_list}))::text"
            f" FROM {_table_of('k', [f'k{i}' for i in range(len(self.key))])}"
            f" {self._key_joins} {self._other_joins} WHERE {self.only}"
        )
        found: dict[Key, list[Stored]] = {}
        for n, pk, version, *values in _packed_rows(
            sql, [_column(key[i] for key in keys) for i in range(len(self.key))]
        ):
            found.setdefault(keys[n - 1], []).append(Stored(pk, version, self._cells(values)))
        return found

    def known(self, column: str, codes: Iterable[str]) -> dict[str, str]:
        """{code as typed: the code as it is written} of what the column may point at."""
        p = self._pointers[column]
        sql = (
            f"SELECT k.code, r.{p.code} FROM {_table_of('k', ['code'])}"
            f" JOIN {p.table} r ON upper(r.{p.code}) = upper(k.code) ORDER BY r.id DESC"
        )
        return dict(_rows(sql, [_column(sorted(codes))]))

    def batches(self, size: int, within: Within | None = None) -> Iterator[list[Cells]]:
        """All rows, or those within, in the order they were made, `size` at a time, a statement each."""
        among, ids = _among(within)
        sql = (
            "SELECT json_agg(shown ORDER BY id)::text FROM ("
            f"SELECT t.id, json_build_array(t.id, {self._shown_list}) AS shown FROM {self._table} t {self._all_joins}"
            f" WHERE t.id > %s AND {self.only}{among} ORDER BY t.id LIMIT %s) r"
        )
        last = 0
        while rows := _packed_rows(sql, [last, *ids, size]):
            last = rows[-1][0]
            yield [self._cells(values) for _, *values in rows]

    def count(self, within: Within | None = None) -> int:
        among, ids = _among(within)
        ((found,),) = _rows(f"SELECT count(*) FROM {self._table} t WHERE {self.only}{among}", ids)
        return int(found)

    # --- writing --------------------------------------------------------------------------------------------
    @require_uow
    def write(self, changes: Sequence[Change], *, actor: Actor, now: datetime, note: str) -> set[int]:
        """Insert the new and update the changed, and journal each; the numbers of the rows written."""
        new = [c for c in changes if c.before is None]
        done = [c for c in changes if c.before is not None]
        with writers.home_of(self._model):
            ids = self._insert(new) if new else {}
            updated = self._update(done) if done else set()
        told = [(ids[c.number], c) for c in new if c.number in ids] + [(c.id, c) for c in done if c.number in updated]
        journal.write([self._entry(pk, c, note) for pk, c in told], actor=actor, now=now)
        return {c.number for _, c in told}

    @require_uow
    def remove(self, changes: Sequence[Change], *, actor: Actor, now: datetime, note: str) -> dict[int, str]:
        """Delete the rows nothing refers to, and journal their last values; {number: what refers to it} of the others.
        A statement for each table that may, and two more."""
        used = self._referred_to([c.id for c in changes])
        free = [c for c in changes if c.id not in used]
        sql = (
            f"DELETE FROM {self._table} t USING {_table_of('n', ['id', 'version'])}"
            f" WHERE t.id = n.id::bigint AND {_VERSION} = n.version RETURNING t.id"
        )
        ids, versions = _column(str(c.id) for c in free), _column(c.version for c in free)
        with writers.home_of(self._model):
            gone = {pk for (pk,) in _rows(sql, [ids, versions])} if free else set()
        journal.write([self._removal(c, note) for c in free if c.id in gone], actor=actor, now=now)
        return {c.number: used.get(c.id, "Somebody changed this record.") for c in changes if c.id not in gone}

    def _referred_to(self, ids: Sequence[int]) -> dict[int, str]:
        """{id: a sentence} of rows that another table's foreign keys point at."""
        found: dict[int, str] = {}
        for relation in self._model._meta.get_fields(include_hidden=True):
            if not isinstance(relation, models.ForeignObjectRel) or relation.many_to_many:
                continue
            pointing = relation.field
            if issubclass(pointing.model, pghistory.models.Event):  # what was is no use of what is
                continue
            name = str(pointing.model._meta.verbose_name_plural)
            rows = pointing.model._base_manager.filter(**{f"{pointing.name}__in": ids})
            found |= dict.fromkeys(
                rows.values_list(pointing.attname, flat=True).distinct(), f"It is used by {name}, so it stays."
            )
        return found

    def _removal(self, change: Change, note: str) -> journal.Entry:
        kind = self.document or self._model._meta.model_name or ""
        name = " ".join(change.after[k] for k in self.key)
        summary = f"{kind.replace('_', ' ')} {name} removed: {note}"
        return journal.Entry(
            DocumentRef(kind, change.id, name[:60]), "removed", summary, {"was": dict(change.before or {})}
        )

    @require_uow
    def link(self, changes: Sequence[Change]) -> None:
        """Set the pointers to rows of the same file, which may have come after the row that names them."""
        for name in (c.name for c in self.columns if c.to_itself):
            rows = [c for c in changes if name in c.changed]
            if rows:
                with writers.home_of(self._model):
                    _run(self._link_sql(name), self._arrays(rows, [self.key[0], name]))
                self._refuse_circles(name, [c.after[self.key[0]] for c in rows])

    def _link_sql(self, name: str) -> str:
        p, (key,) = self._pointers[name], self.key
        return (
            f"UPDATE {self._table} t SET {p.column} = r.id FROM {_table_of('n', ['key', 'target'])}"
            f" JOIN {p.table} r ON upper(r.{p.code}) = upper(n.target)"
            f" WHERE upper(t.{key}) = upper(n.key) AND t.{p.column} IS DISTINCT FROM r.id"
        )

    def _refuse_circles(self, name: str, keys: Sequence[str]) -> None:
        """Raises RunsInCircles where following the pointer leads back to where it began.

        OFFSET 0 keeps each step a look-up by primary key: joined, a step would read the whole table.
        """
        p, (key,) = self._pointers[name], self.key
        sql = (
            f"WITH RECURSIVE up AS (SELECT id, {key} AS code, {p.column} AS above, 1 AS depth FROM {self._table}"
            f" JOIN unnest(%s::text[]) AS k(named) ON upper({key}) = upper(k.named)"
            " UNION ALL SELECT up.id, up.code, n.above, up.depth + 1 FROM up CROSS JOIN LATERAL"
            f" (SELECT t.{p.column} AS above FROM {self._table} t WHERE t.id = up.above OFFSET 0) n"
            f" WHERE up.above <> up.id AND up.depth < {_DEEPEST})"
            " SELECT DISTINCT code FROM up WHERE above = id ORDER BY code LIMIT 5"
        )
        if found := _rows(sql, [list(keys)]):
            raise RunsInCircles(column=name.replace("_", " "), codes=", ".join(code for (code,) in found))

    def _insert(self, changes: Sequence[Change]) -> dict[int, int]:
        given = list(changes[0].after)
        ids = [
            pk
            for (pk,) in _rows(
                f"SELECT nextval(pg_get_serial_sequence('{self._table}', 'id')) FROM generate_series(1, %s)",
                [len(changes)],
            )
        ]
        absent = self._absent(given)
        columns = ["id", *(self._field(n).column for n in given), *(name for name, _, _ in absent)]
        itself = [c.name for c in self.columns if c.to_itself and c.name in given]
        values = ["n.id::bigint", *(self._value_or_twin(n) for n in given), *(sql for _, sql, _ in absent)]
        sql = (
            f"INSERT INTO {self._table} ({', '.join(columns)}) SELECT {', '.join(values)}"
            f" FROM {_table_of('n', ['id', *given, *(f'{n}_at' for n in itself)])} {self._value_joins(given)}"
            f" {self._all_found(given)} ORDER BY n.place"
            " ON CONFLICT DO NOTHING RETURNING id"
        )
        twins = {c.key: str(pk) for c, pk in zip(changes, ids, strict=True)}
        at = [_column(twins.get(c.after[n].upper(), "") for c in changes) for n in itself]
        arrays = [_column(map(str, ids)), *self._arrays(changes, given), *at]
        made = {pk for (pk,) in _rows(sql, [*(v for _, _, vs in absent for v in vs), *arrays])}
        return {c.number: pk for c, pk in zip(changes, ids, strict=True) if pk in made}

    def _update(self, changes: Sequence[Change]) -> set[int]:
        """Only columns that some row changes are written: what is not named is not indexed, checked or walked again."""
        named = {n for c in changes for n in c.changed}
        given = [n for n in changes[0].after if n in named and n not in self.key]
        numbers = {c.id: c.number for c in changes}
        if not given:
            return set(numbers.values())
        sets = ", ".join(f"{self._field(n).column} = n.{n}_" for n in given)
        values = ", ".join(f"{self._value(n)} AS {n}_" for n in given)
        sql = (
            f"UPDATE {self._table} t SET {sets} FROM (SELECT n.id::bigint, n.version, {values}"
            f" FROM {_table_of('n', ['id', 'version', *given])} {self._value_joins(given)} {self._all_found(given)}) n"
            f" WHERE t.id = n.id AND {_VERSION} = n.version RETURNING t.id"
        )
        ids, versions = _column(str(c.id) for c in changes), _column(c.version for c in changes)
        arrays = [ids, versions, *self._arrays(changes, given)]
        return {numbers[pk] for (pk,) in _rows(sql, arrays)}

    def _entry(self, pk: int, change: Change, note: str) -> journal.Entry:
        kind = self.document or self._model._meta.model_name or ""
        name = " ".join(change.after[k] for k in self.key)
        verb = done = "created" if change.before is None else "changed"
        told = change.changed if change.before is not None else {}
        if self.status in told:
            verb = f"became_{change.after[self.status]}"
        words = f" {', '.join(sorted(told))}" if told else ""
        ref = DocumentRef(kind, pk, name[:60])
        summary = f"{kind.replace('_', ' ')} {name} {done}{words}: {note}"
        return journal.Entry(
            ref, verb, summary, {"changed": {n: list(pair) for n, pair in told.items()}} if told else {}
        )

    # --- SQL ------------------------------------------------------------------------------------------------
    @cached_property
    def _model(self) -> type[models.Model]:
        return apps.get_model(self.model)

    @cached_property
    def _table(self) -> str:
        return self._model._meta.db_table

    def _field(self, name: str) -> Any:
        return self._model._meta.get_field(name)

    @cached_property
    def _pointers(self) -> dict[str, _Pointer]:
        found = {}
        for name, code in self.codes:
            target = self._field(name)
            found[name] = _Pointer(target.column, target.related_model._meta.db_table, code)
        return found

    def _shown(self, column: Column) -> str:
        """The column of `t` as canonical text."""
        if column.name in self._pointers:
            return f"coalesce(r_{column.name}.{self._pointers[column.name].code}, '')"
        stored = f"t.{self._field(column.name).column}"
        if column.kind.shown_sql:
            return column.kind.shown_sql.format(stored)
        if isinstance(column.kind, YesNo):
            return f"CASE WHEN {stored} THEN 'yes' ELSE 'no' END"
        if isinstance(column.kind, Number):
            return f"coalesce(trim_scale({stored}::numeric)::text, '')"
        return f"coalesce({stored}::text, '')"

    @cached_property
    def _shown_list(self) -> str:
        return ", ".join(self._shown(c) for c in self.columns)

    @cached_property
    def _key_joins(self) -> str:
        """From the keys `k` to the table's rows: the pointers of the key first, so that an index of theirs is used."""
        joins, conditions = [], []
        for i, name in enumerate(self.key):
            if name in self._pointers:
                p = self._pointers[name]
                if not self._field(name).null:
                    joins.append(f"JOIN {p.table} r_{name} ON upper(r_{name}.{p.code}) = upper(k.k{i})")
                    conditions.append(f"t.{p.column} = r_{name}.id")
                    continue
                joins.append(f"LEFT JOIN {p.table} r_{name} ON upper(r_{name}.{p.code}) = upper(k.k{i})")
                conditions.append(f"(t.{p.column} = r_{name}.id OR k.k{i} = '' AND t.{p.column} IS NULL)")
            else:
                stored = self._field(name)  # said as the index over it says it, where it is a plain text
                is_text = isinstance(stored, models.CharField) and not stored.null
                text = f"t.{stored.column}" if is_text else f"coalesce({self._as_text(name)}, '')"
                conditions.append(f"upper({text}) = upper(k.k{i})")
        return " ".join(joins) + f" JOIN {self._table} t ON {' AND '.join(conditions)}"

    def _as_text(self, name: str) -> str:
        """A column of the key as its canonical text."""
        column, kind = self._field(name).column, next(c.kind for c in self.columns if c.name == name)
        return f"trim_scale(t.{column}::numeric)::text" if isinstance(kind, Number) else f"t.{column}::text"

    @cached_property
    def _other_joins(self) -> str:
        return " ".join(self._pointed(n) for n in self._pointers if n not in self.key)

    @cached_property
    def _all_joins(self) -> str:
        return " ".join(self._pointed(n) for n in self._pointers)

    def _pointed(self, name: str) -> str:
        p = self._pointers[name]
        return f"LEFT JOIN {p.table} r_{name} ON r_{name}.id = t.{p.column}"

    def _value_joins(self, given: Sequence[str]) -> str:
        """Pointers of the file as ids; those to rows of the same sheet are set by `link`."""
        used = [(n, self._pointers[n]) for n in given if n in self._pointers]
        return " ".join(
            f"LEFT JOIN {p.table} r_{n} ON n.{_quoted(n)} <> '' AND r_{n}.{p.code} = n.{_quoted(n)}" for n, p in used
        )

    def _all_found(self, given: Sequence[str]) -> str:
        """A code that is gone since the row was read is not written as nothing: the row counts as changed since."""
        to_itself = {c.name for c in self.columns if c.to_itself}
        gone = [
            f"(n.{_quoted(n)} <> '' AND r_{n}.id IS NULL)" for n in given if n in self._pointers and n not in to_itself
        ]
        return f"WHERE NOT ({' OR '.join(gone)})" if gone else ""

    def _value(self, name: str) -> str:
        if name in self._pointers:
            return f"r_{name}.id"
        stored = self._field(name)
        kind = next(c.kind for c in self.columns if c.name == name)
        if kind.kept_sql:
            return kind.kept_sql.format(f"n.{_quoted(name)}")
        if kind.sql_type == "text" and not stored.null:
            return f"n.{_quoted(name)}"
        return (
            f"nullif(n.{_quoted(name)}, '')::{kind.sql_type if kind.sql_type == 'text' else stored.db_type(connection)}"
        )

    def _value_or_twin(self, name: str) -> str:
        """A new row may point at another new row of the same statement, which no join finds."""
        itself = any(c.to_itself for c in self.columns if c.name == name)
        return f"coalesce({self._value(name)}, nullif(n.{name}_at, '')::bigint)" if itself else self._value(name)

    def _absent(self, given: Sequence[str]) -> list[tuple[str, str, list[Any]]]:
        """(column, SQL, parameters) of what the file does not say: the model's own defaults."""
        said = {self._field(n).column for n in given} | {"id"}
        found: list[tuple[str, str, list[Any]]] = []
        for f in self._model._meta.concrete_fields:
            if f.column is None or f.column in said or f.generated or f.db_returning:
                continue
            if isinstance(f, models.UUIDField):
                found.append((f.column, "gen_random_uuid()", []))
            else:
                value = f.get_db_prep_save(f.get_default(), connection)
                found.append((f.column, f"%s::{f.db_type(connection)}", [value]))
        return found

    def _arrays(self, changes: Sequence[Change], names: Sequence[str]) -> list[str]:
        return [_column(c.after[n] for c in changes) for n in names]

    def _cells(self, values: Sequence[str]) -> dict[str, str]:
        return dict(zip((c.name for c in self.columns), values, strict=True))


def _quoted(name: str) -> str:
    """A column may be called like a word of SQL ("group")."""
    return f'"{name}"'


def _among(within: Within | None) -> tuple[str, tuple[Any, ...]]:
    return ("", ()) if within is None else (f" AND t.id IN ({within.sql})", within.parameters)


def _table_of(alias: str, names: Sequence[str]) -> str:
    """A table of texts to select from: a parameter for each column (`_column`), numbered from 1 by `place`."""
    columns = ", ".join(["json_array_elements_text(%s)"] * len(names))
    return f"ROWS FROM ({columns}) WITH ORDINALITY AS {alias}({', '.join(map(_quoted, names))}, place)"


def _column(values: Iterable[str]) -> str:
    """As JSON, which is written in C; an array is written element by element in Python, for half the time of an import."""
    return json.dumps(list(values))


def _packed_rows(sql: str, parameters: Sequence[Any]) -> list[list[Any]]:
    """Rows that come as one JSON text, for the same reason."""
    ((found,),) = _rows(sql, parameters)
    return json.loads(found) if found else []


def _rows(sql: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        found: list[tuple[Any, ...]] = cursor.fetchall()
        return found


def _run(sql: str, parameters: Sequence[Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
