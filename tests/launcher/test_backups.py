"""A backup is worth what its restore proves."""

import json
import tarfile
from datetime import UTC, datetime
from urllib.parse import quote

import psycopg
import pytest
from django.db import connection

from config.backups import BackupRefused, drill, fingerprints, make_backup, read_manifest, restore_backup
from tests.factories.accounts import AccountFactory

NOW = datetime(2026, 3, 1, 4, 30, tzinfo=UTC)
pytestmark = pytest.mark.slow


def told(_words):
    """What the command would print."""


@pytest.fixture
def url():
    settings = connection.settings_dict
    host, port = settings["HOST"], settings["PORT"]
    return (
        f"postgresql://{settings['USER']}:{settings['PASSWORD']}@/{settings['NAME']}?host={quote(host, safe='/')}"
        + (f"&port={port}" if port else "")
    )


@pytest.fixture
def documents(tmp_path):
    folder = tmp_path / "media"
    (folder / "edi").mkdir(parents=True)
    (folder / "edi" / "850.txt").write_text("ISA*00*")
    return folder


@pytest.fixture
def backup(url, documents, tmp_path):
    return make_backup(url, documents, tmp_path / "backups", now=NOW, say=told)


@pytest.fixture
def empty_database(url):
    name = f"{connection.settings_dict['NAME']}_restored"
    with psycopg.connect(url, autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{name}"')
        yield url.replace(f"/{connection.settings_dict['NAME']}?", f"/{name}?")
        server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.mark.django_db(transaction=True)
def test_a_restore_brings_back_every_row_and_document_as_they_were(url, documents, tmp_path, empty_database):
    AccountFactory(code="SAVED")
    backup = make_backup(url, documents, tmp_path / "backups", now=NOW, say=told)
    AccountFactory(code="AFTERWARDS")
    back = tmp_path / "restored"
    manifest = restore_backup(backup, empty_database, back, say=told)
    assert backup.name == "holdfast-20260301T043000Z"
    assert manifest.tables["public.accounts_account"].rows == 1
    assert (back / "edi" / "850.txt").read_text() == "ISA*00*"
    with psycopg.connect(empty_database) as restored:
        assert restored.execute("SELECT code FROM accounts_account").fetchall() == [("SAVED",)]
        assert fingerprints(restored) == manifest.tables


@pytest.mark.django_db(transaction=True)
def test_a_drill_proves_the_backup_and_leaves_no_database_behind(url, backup):
    manifest = drill(backup, url, say=told)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_database WHERE datname LIKE 'holdfast_drill_%'")
        assert cursor.fetchone() == (0,)
    assert "public.core_overrideentry" in manifest.tables


@pytest.mark.django_db(transaction=True)
def test_a_database_with_data_is_never_restored_over(url, backup):
    with pytest.raises(BackupRefused, match="The database is not empty"):
        restore_backup(backup, url, None, say=told)


@pytest.mark.django_db(transaction=True)
def test_a_changed_dump_is_refused_before_anything_is_restored(backup, empty_database):
    with (backup / "database.dump").open("ab") as stream:
        stream.write(b"x")
    with pytest.raises(BackupRefused, match="missing or was changed"):
        restore_backup(backup, empty_database, None, say=told)
    with psycopg.connect(empty_database) as untouched:
        assert fingerprints(untouched) == {}


@pytest.mark.django_db(transaction=True)
def test_a_restore_that_differs_from_the_backup_is_refused_by_table(backup, empty_database):
    manifest = json.loads((backup / "manifest.json").read_text())
    manifest["tables"]["public.accounts_account"]["digest"] = "1"
    (backup / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(BackupRefused, match=r"did not come back as they were: public\.accounts_account\."):
        restore_backup(backup, empty_database, None, say=told)


@pytest.mark.django_db(transaction=True)
def test_documents_are_never_restored_over_others(backup, empty_database, tmp_path):
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "kept.txt").write_text("kept")
    with pytest.raises(BackupRefused, match="holds documents already"):
        restore_backup(backup, empty_database, tmp_path / "other", say=told)
    assert [p.name for p in (tmp_path / "other").iterdir()] == ["kept.txt"]


@pytest.mark.django_db(transaction=True)
def test_a_backup_that_fails_leaves_nothing_that_looks_like_one(url, documents, tmp_path, monkeypatch):
    monkeypatch.setattr(tarfile, "open", lambda *_a, **_k: (_ for _ in ()).throw(OSError("No space left on device")))
    with pytest.raises(OSError, match="No space left"):
        make_backup(url, documents, tmp_path / "backups", now=NOW, say=told)
    assert list((tmp_path / "backups").iterdir()) == []


def test_a_folder_without_a_manifest_is_no_backup(tmp_path):
    with pytest.raises(BackupRefused, match="is not a whole backup"):
        read_manifest(tmp_path)
