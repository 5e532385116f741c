"""Django's migrate, and after it the privileges: no schema is ever left with append-only tables open to the app."""

from typing import Any

from django.conf import settings
from django.core.management import CommandError, call_command
from django.core.management.commands.migrate import Command as Migrate
from django.db import connections
from django.db.migrations.loader import MigrationLoader

LAST_TO_KNOW_THE_OLD_START = "7a24312"  # docs/adr/0014-one-start.md


class Command(Migrate):
    help = f"{Migrate.help} Then takes UPDATE, DELETE and TRUNCATE on append-only tables from the application role."

    def handle(self, *args: Any, **options: Any) -> None:
        if behind := rooms_behind_their_start(options["database"]):
            raise CommandError(
                f"The tables of {', '.join(behind)} were made by migrations that are no longer here. "
                f"Check out revision {LAST_TO_KNOW_THE_OLD_START}, run `./run manage migrate` there, then come back: "
                "nothing was changed."
            )
        super().handle(*args, **options)
        role = settings.APP_DATABASE_ROLE
        if options["plan"] or options["check_unapplied"] or not role:
            return
        with connections[options["database"]].cursor() as cursor:
            cursor.execute("SELECT current_user = %s, EXISTS (SELECT FROM pg_roles WHERE rolname = %s)", [role, role])
            is_same, exists = cursor.fetchone()
        if exists and not is_same:  # with one role for everything, `check --deploy` warns
            call_command("secure_audit", role=role, verbosity=options["verbosity"])


def rooms_behind_their_start(database: str) -> list[str]:
    """Apps with tables from before their first migration of today, which would try to make the same tables again."""
    loader = MigrationLoader(connections[database])
    started = {app for app, _ in loader.applied_migrations or ()}
    return sorted(
        app
        for app in started & loader.migrated_apps
        if not any(root in (loader.applied_migrations or ()) for root in loader.graph.root_nodes(app))
    )
