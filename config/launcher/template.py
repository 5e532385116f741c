"""The tables the tests start from, made once: every test database is a copy of them.

Migrating an empty database takes Django a quarter of a minute; copying a migrated one takes a second. A template is known by
what made it: another migration, or another library with tables of its own, is another template.
"""

import hashlib
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from config.launcher.folder import REPOSITORY

PREFIX = "test_template_"
# Migrations call these two of our own modules that write tables' definitions.
ALSO_SHAPES = ("requirements.lock", "core/numbering.py", "core/storage.py")


def template_name(repository: Path = REPOSITORY) -> str:
    """Of what the migrations of this tree make."""
    digest = hashlib.sha256()
    for path in (*sorted(repository.glob("*/migrations/*.py")), *(repository / name for name in ALSO_SHAPES)):
        digest.update(f"{path.relative_to(repository)}\0".encode())
        digest.update(path.read_bytes())
    return f"{PREFIX}{digest.hexdigest()[:16]}"


def ready_template(
    env: Mapping[str, str], migrate: Callable[[Mapping[str, str]], None], name: str, *, drop_older: bool = True
) -> str:
    """`name`, once there is such a database; what older trees left is dropped. Two runs at once make one: the slower
    throws its own away. Whatever `migrate` raises leaves no database behind."""
    with psycopg.connect(env["MIGRATE_DATABASE_URL"], autocommit=True) as connection:
        made = connection.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [PREFIX])
        found = {database for (database,) in made}
        if name in found:
            return name
        unfinished = f"making_{name}_{os.getpid()}"
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(unfinished)))
        try:
            migrate({**env, **_pointing_at(env, unfinished)})
            _keep_as(connection, unfinished, name)
        finally:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(unfinished)))
        for old in found if drop_older else ():
            with suppress(psycopg.errors.ObjectInUse):  # another tree copies it right now; the next new one drops it
                connection.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(old)))
    return name


def _keep_as(connection: psycopg.Connection, unfinished: str, name: str) -> None:
    rename = sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(unfinished), sql.Identifier(name))
    try:
        connection.execute(rename)
    except psycopg.errors.DuplicateDatabase:
        return  # another run was faster; its tables are the same


def _pointing_at(env: Mapping[str, str], database: str) -> dict[str, str]:
    names = ("DATABASE_URL", "MIGRATE_DATABASE_URL")
    return {name: urlunsplit(urlsplit(env[name])._replace(path=f"/{database}")) for name in names}
