"""Where migrations begin: a room's tables are made once, also by those who come from before its first migration."""

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from core.management.commands.migrate import rooms_behind_their_start


@pytest.mark.django_db
def test_an_installation_that_is_up_to_date_has_nothing_behind():
    assert rooms_behind_their_start("default") == []
    call_command("migrate", verbosity=0)  # and nothing is made a second time


@pytest.mark.django_db
def test_tables_from_before_the_first_migration_of_today_are_left_alone_and_the_way_is_named():
    with connection.cursor() as cursor:
        cursor.execute("UPDATE django_migrations SET name = '0001_initial' WHERE app = 'orders'")
        cursor.execute("DELETE FROM django_migrations WHERE app = 'reporting'")  # a room that is new has no tables yet
    assert rooms_behind_their_start("default") == ["orders"]
    with pytest.raises(CommandError, match=r"tables of orders were made by .* Check out revision 7a24312"):
        call_command("migrate", verbosity=0)
