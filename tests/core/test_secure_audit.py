"""The second wall of append-only: the application's role has no privilege left, whatever a trigger is told to ignore."""

import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import ProgrammingError, connection, transaction

pytestmark = pytest.mark.django_db

APPEND_ONLY = sorted(
    model._meta.db_table
    for model in apps.get_models()
    if any(t.name == "append_only" for t in getattr(model._meta, "triggers", []))
)


def granted(table: str, privilege: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT has_table_privilege(%s, %s, %s)", [settings.APP_DATABASE_ROLE, table, privilege])
        return bool(cursor.fetchone()[0])


@pytest.fixture
def two_roles():
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        (owner,) = cursor.fetchone()
    if owner == settings.APP_DATABASE_ROLE:
        pytest.skip("one role owns everything here")


@pytest.mark.usefixtures("two_roles")
def test_migrate_alone_leaves_append_only_tables_to_insert_and_select():
    assert {"core_journalentry", "core_overrideentry", "credit_posting", "inventory_stockmovement"} <= set(APPEND_ONLY)
    for table in APPEND_ONLY:
        assert [p for p in ("UPDATE", "DELETE", "TRUNCATE") if granted(table, p)] == [], table
        assert granted(table, "INSERT")
        assert granted(table, "SELECT")
    assert granted("orders_order", "UPDATE")


@pytest.mark.usefixtures("two_roles")
def test_privileges_granted_again_are_taken_by_the_next_migrate_though_nothing_is_to_migrate():
    with connection.cursor() as cursor:
        cursor.execute(f"GRANT UPDATE, DELETE ON credit_posting TO {settings.APP_DATABASE_ROLE}")
    assert granted("credit_posting", "UPDATE")
    call_command("migrate", verbosity=0)
    assert not granted("credit_posting", "UPDATE")
    assert not granted("credit_posting", "DELETE")


@pytest.mark.usefixtures("two_roles")
@pytest.mark.parametrize("statement", ["UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
@pytest.mark.parametrize("table", APPEND_ONLY)
def test_the_application_does_not_get_past_it_by_telling_the_triggers_to_look_away(table, statement):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL ROLE {settings.APP_DATABASE_ROLE}")
        cursor.execute("SELECT set_config('pgtrigger.ignore', %s, true)", [f"{{{table}:append_only}}"])
        with pytest.raises(ProgrammingError, match="permission denied"):
            cursor.execute(statement.format(table))
        transaction.set_rollback(True)
