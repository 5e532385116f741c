"""Django's migrate, and after it the privileges: no schema is ever left with append-only tables open to the app."""

from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.commands.migrate import Command as Migrate
from django.db import connections


class Command(Migrate):
    help = f"{Migrate.help} Then takes UPDATE, DELETE and TRUNCATE on append-only tables from the application role."

    def handle(self, *args: Any, **options: Any) -> None:
        super().handle(*args, **options)
        role = settings.APP_DATABASE_ROLE
        if options["plan"] or options["check_unapplied"] or not role:
            return
        with connections[options["database"]].cursor() as cursor:
            cursor.execute("SELECT current_user = %s, EXISTS (SELECT FROM pg_roles WHERE rolname = %s)", [role, role])
            is_same, exists = cursor.fetchone()
        if exists and not is_same:  # with one role for everything, `check --deploy` warns
            call_command("secure_audit", role=role, verbosity=options["verbosity"])
