"""Test databases are copies of one that was migrated once, for as long as the migrations are the same."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import psycopg
import pytest

from config.launcher.template import PREFIX, ready_template, template_name

NAME = f"{PREFIX}of_tests_{os.getpid()}"


@pytest.fixture
def env() -> Iterator[Mapping[str, str]]:
    """The servers the tests run on; no template of ours is left behind."""
    yield os.environ
    with psycopg.connect(os.environ["MIGRATE_DATABASE_URL"], autocommit=True) as connection:
        for name in _databases():
            connection.execute(f'DROP DATABASE IF EXISTS "{name}"')


def _databases() -> set[str]:
    """Of these tests; other runs make theirs meanwhile."""
    with psycopg.connect(os.environ["MIGRATE_DATABASE_URL"]) as connection:
        return {name for (name,) in connection.execute("SELECT datname FROM pg_database") if NAME in name}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name, text in (("requirements.lock", "a"), ("core/numbering.py", "b"), ("core/storage.py", "c")):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "orders/migrations").mkdir(parents=True)
    (tmp_path / "orders/migrations/0001_initial.py").write_text("first")
    return tmp_path


def test_the_name_follows_what_the_migrations_make(tree: Path) -> None:
    first = template_name(tree)
    assert first.startswith(PREFIX) and first == template_name(tree)
    (tree / "orders/migrations/0002_more.py").write_text("more")
    second = template_name(tree)
    (tree / "requirements.lock").write_text("newer libraries")
    assert len({first, second, template_name(tree)}) == 3


def test_a_template_is_migrated_once_and_not_by_its_second_user(env: Mapping[str, str]) -> None:
    migrated = []

    def migrate(where: Mapping[str, str]) -> None:
        migrated.append(where["DATABASE_URL"])
        with psycopg.connect(where["MIGRATE_DATABASE_URL"], autocommit=True) as connection:
            connection.execute("CREATE TABLE made_by_migrate ()")

    assert ready_template(env, migrate, NAME, drop_older=False) == NAME
    assert ready_template(env, migrate, NAME, drop_older=False) == NAME
    assert len(migrated) == 1 and f"making_{NAME}" in migrated[0]
    assert _databases() == {NAME}


def test_a_migration_that_fails_leaves_no_database(env: Mapping[str, str]) -> None:
    def migrate(where: Mapping[str, str]) -> None:
        raise RuntimeError("no such column")

    with pytest.raises(RuntimeError, match="no such column"):
        ready_template(env, migrate, NAME, drop_older=False)
    assert _databases() == set()


def test_of_two_runs_at_once_the_slower_throws_its_own_away(env: Mapping[str, str]) -> None:
    def overtaken(where: Mapping[str, str]) -> None:
        with psycopg.connect(os.environ["MIGRATE_DATABASE_URL"], autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{NAME}"')

    assert ready_template(env, overtaken, NAME, drop_older=False) == NAME
    assert _databases() == {NAME}
