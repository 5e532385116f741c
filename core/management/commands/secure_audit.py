"""Take UPDATE, DELETE and TRUNCATE on append-only tables away from the app's role.

`manage.py migrate` runs it by itself; by hand only after privileges were granted again (a restore).
"""

from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand, CommandParser
from django.db import connection
from psycopg import sql


class Command(BaseCommand):
    help = "Leave the application role only INSERT and SELECT on append-only tables."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--role", required=True)

    def handle(self, *args: Any, role: str, **options: Any) -> None:
        tables = [
            model._meta.db_table
            for model in apps.get_models()
            if any(t.name == "append_only" for t in getattr(model._meta, "triggers", []))
        ]
        with connection.cursor() as cursor:
            for table in tables:
                statement = sql.SQL("REVOKE UPDATE, DELETE, TRUNCATE ON {} FROM {}")
                cursor.execute(statement.format(sql.Identifier(table), sql.Identifier(role)))
        if options["verbosity"]:
            self.stderr.write(f"{len(tables)} append-only tables are INSERT and SELECT only for {role}.")
