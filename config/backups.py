"""Backups that prove themselves: a folder with a dump, the stored documents and a manifest of what must come back.

The manifest's fingerprint of every table is taken in the dump's own snapshot, so that a restore can be compared with the
moment of the backup, row for row. Documents are copied after the dump: what a row of the dump names is in the archive.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from config.launcher.postgres import binary_folder

DUMP, DOCUMENTS, MANIFEST = "database.dump", "documents.tar", "manifest.json"
# libpq reads these from the environment, so that no password stands on a command line.
LIBPQ = {
    "host": "PGHOST",
    "port": "PGPORT",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "dbname": "PGDATABASE",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
}
Say = Callable[[str], None]


class BackupRefused(Exception):
    """Why a backup cannot be made or restored, with the remedy."""


@dataclass(frozen=True)
class Fingerprint:
    """`digest` adds up a 60-bit hash of every row, so that it does not depend on the order rows lie in."""

    rows: int
    digest: str


@dataclass(frozen=True)
class Manifest:
    made_at: str
    server: str
    tables: dict[str, Fingerprint]
    files: dict[str, str]  # name → SHA-256

    @property
    def rows(self) -> int:
        return sum(table.rows for table in self.tables.values())


def make_backup(url: str, documents: Path, target: Path, *, now: datetime, say: Say) -> Path:
    """A new folder below `target`; it has its final name only once it is whole."""
    folder = target / f"holdfast-{now:%Y%m%dT%H%M%SZ}"
    partial = folder.with_suffix(".partial")
    if folder.exists() or partial.exists():
        raise BackupRefused(f"{folder} is there already (or was left half made). Move it away and try again.")
    partial.mkdir(parents=True, mode=0o700)
    try:
        _fill(partial, url, documents, now, say)
    except BaseException:
        shutil.rmtree(partial)  # half a backup is none
        raise
    partial.rename(folder)
    return folder


def _fill(partial: Path, url: str, documents: Path, now: datetime, say: Say) -> None:
    with closing(psycopg.connect(url)) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        connection.execute("SET LOCAL statement_timeout = 0")
        (snapshot,) = _row(connection, "SELECT pg_export_snapshot()")
        say("Dumping the database …")
        _run("pg_dump", ["--format=custom", f"--snapshot={snapshot}", f"--file={partial / DUMP}"], url)
        say("Taking the fingerprint of every table …")
        tables = fingerprints(connection)
        if not tables:
            raise BackupRefused("The database is empty: there is nothing to back up.")
        (server,) = _row(connection, "SHOW server_version")
    say("Copying documents …")
    _pack(documents, partial / DOCUMENTS)
    files = {name: _sha256(partial / name) for name in (DUMP, DOCUMENTS)}
    manifest = Manifest(now.isoformat(), server, tables, files)
    (partial / MANIFEST).write_text(json.dumps(asdict(manifest), indent=1) + "\n", encoding="utf-8")


def restore_backup(folder: Path, url: str, documents: Path | None, *, say: Say) -> Manifest:
    """Bring everything back into an empty database, or nothing. Raises BackupRefused where it would not be the same.

    Without `documents` they stay in the archive (a drill).
    """
    manifest = read_manifest(folder)
    with closing(psycopg.connect(url)) as connection:
        if found := fingerprints(connection):
            raise BackupRefused(
                f"The database is not empty ({len(found)} tables). Restore into a new one: `./run reset`, or create a "
                "database and name it in DATABASE_URL and MIGRATE_DATABASE_URL."
            )
    if documents and documents.is_dir() and any(documents.iterdir()):
        raise BackupRefused(f"{documents} holds documents already. Move them away, or set OMS_MEDIA_ROOT.")
    say(f"Restoring {manifest.rows:,} rows …")
    options = ["--single-transaction", "--exit-on-error", "--no-owner", f"--dbname={urlsplit(url).path.strip('/')}"]
    _run("pg_restore", [*options, str(folder / DUMP)], url)
    say("Comparing every table with the backup …")
    with closing(psycopg.connect(url)) as connection:
        _compare(manifest.tables, fingerprints(connection))
    if documents:
        documents.mkdir(parents=True, exist_ok=True)
        with tarfile.open(folder / DOCUMENTS) as archive:
            archive.extractall(documents, filter="data")
    return manifest


def drill(folder: Path, url: str, *, say: Say) -> Manifest:
    """Restore into a database made for it, compare, run the product's own checks on it, and drop it."""
    name = f"holdfast_drill_{os.getpid()}"
    with closing(psycopg.connect(url, autocommit=True)) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            parts = urlsplit(url)
            drilled = parts._replace(path=f"/{name}").geturl()
            manifest = restore_backup(folder, drilled, None, say=say)
            prove(drilled, say=say)
        finally:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
    return manifest


def prove(url: str, *, say: Say) -> None:
    """The invariants and the override log's chain, asked of the restored database by a process of its own."""
    env = {**os.environ, "DATABASE_URL": url, "MIGRATE_DATABASE_URL": url}
    for command in ("check_invariants", "audit_verify"):
        say(f"Running {command} …")
        done = subprocess.run([sys.executable, "manage.py", command], env=env, capture_output=True, text=True)
        if done.returncode:
            raise BackupRefused(f"{command} finds the restored data broken:\n{done.stdout}{done.stderr}")


def read_manifest(folder: Path) -> Manifest:
    """Raises BackupRefused when the folder is no backup, or its files are not those that were written."""
    try:
        values = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        values["tables"] = {name: Fingerprint(**table) for name, table in values["tables"].items()}
        manifest = Manifest(**values)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BackupRefused(f"{folder} is not a whole backup: {MANIFEST} cannot be read ({error}).") from error
    for name, digest in manifest.files.items():
        path = folder / name
        if not path.is_file() or _sha256(path) != digest:
            raise BackupRefused(f"{path} is missing or was changed after the backup. Use another copy of it.")
    return manifest


def fingerprints(connection: psycopg.Connection[Any]) -> dict[str, Fingerprint]:
    """Every table of the database outside PostgreSQL's own schemas, by "schema.name"."""
    connection.execute("SET TIME ZONE 'UTC'")
    tables = connection.execute(
        "SELECT table_schema, table_name FROM information_schema.tables WHERE table_type = 'BASE TABLE' "
        "AND table_schema NOT IN ('pg_catalog', 'information_schema') ORDER BY 1, 2"
    ).fetchall()
    return {f"{schema}.{name}": _fingerprint(connection, schema, name) for schema, name in tables}


def _fingerprint(connection: psycopg.Connection[Any], schema: str, name: str) -> Fingerprint:
    statement = sql.SQL(
        "SELECT count(*), coalesce(sum(('x' || left(md5(t::text), 15))::bit(60)::bigint::numeric), 0)::text FROM {} t"
    ).format(sql.Identifier(schema, name))
    rows, digest = _row(connection, statement)
    return Fingerprint(rows, digest)


def _compare(expected: Mapping[str, Fingerprint], found: Mapping[str, Fingerprint]) -> None:
    wrong = [name for name in sorted({*expected, *found}) if expected.get(name) != found.get(name)]
    if wrong:
        raise BackupRefused(
            f"These tables did not come back as they were: {', '.join(wrong)}. Do not use this database."
        )


def _row(connection: psycopg.Connection[Any], statement: Any) -> tuple[Any, ...]:
    row = connection.execute(statement).fetchone()
    if row is None:
        raise BackupRefused("The database gave no answer.")
    return tuple(row)


def _run(program: str, options: list[str], url: str) -> None:
    binary = binary_folder() / program
    if not binary.exists():
        raise BackupRefused(f"{binary} is missing. Install PostgreSQL's client programs, or set OMS_PG_BIN.")
    known = {LIBPQ[k]: str(v) for k, v in conninfo_to_dict(url).items() if k in LIBPQ}
    done = subprocess.run([str(binary), *options], env={**os.environ, **known}, capture_output=True, text=True)
    if done.returncode:
        raise BackupRefused(f"{program} failed; nothing was changed:\n{done.stderr.strip()}")


def _pack(documents: Path, archive: Path) -> None:
    with tarfile.open(archive, "w") as target:
        if documents.is_dir():
            for path in sorted(documents.iterdir()):
                target.add(path, arcname=path.name)


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
