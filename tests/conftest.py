"""Shared by every test: a quiet site, and the rows that migrations make."""

from collections.abc import Iterator
from importlib import import_module
from typing import Any
from unittest.mock import patch

import pytest
from django.apps import apps
from django.db.models.signals import post_migrate
from hypothesis import HealthCheck, settings

# How fast a busy machine draws examples says nothing about the product.
settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")

# {app: (its table, the migration that fills it, the function there)}
MADE_BY_MIGRATIONS = {
    "exceptions_app": ("Queue", "0007_severity_says_why", "seed"),
    "inventory": ("AllocationPolicy", "0013_lines_of_a_site_day", "seed_default"),
}


def _put_back(sender: Any, **options: Any) -> None:
    """A test with real transactions ends by emptying every table, also of what migrations made: a database that is kept
    (`--reuse-db`) would lack it in every later run, and one run's outcome would hang on the order of its tests."""
    if sender.label not in MADE_BY_MIGRATIONS:
        return
    table, migration, fill = MADE_BY_MIGRATIONS[sender.label]
    if not apps.get_model(sender.label, table).objects.exists():
        getattr(import_module(f"{sender.label}.migrations.{migration}"), fill)(apps, None)


@pytest.fixture(autouse=True, scope="session")
def _rows_of_migrations_stay() -> Iterator[None]:
    """Django tells of a migrated database after each emptying, and when a kept one is opened."""
    post_migrate.connect(_put_back, dispatch_uid="rows of migrations")
    yield
    post_migrate.disconnect(dispatch_uid="rows of migrations")


@pytest.fixture(autouse=True, scope="session")
def _not_a_demo() -> None:
    """Pages ask once per process whether they stand in a demo; no test's statements depend on which test asks first."""
    from core import demo  # rooms can be imported once Django is set up

    with patch.object(demo, "installation", return_value=None):
        demo.is_demo()
