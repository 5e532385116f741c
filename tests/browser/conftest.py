"""One Chromium, one site and one company for the whole run; a context for each person, theme and test.

These tests keep their rows for the whole run, so they run alone: `./run browser-test`.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import setup_databases, teardown_databases
from xdist.scheduler import LoadScopeScheduling

from config.launcher.browser import chromium, missing
from tests.browser import company
from tests.browser.server import running_site
from tests.browser.visit import Surfer, checked

HERE = Path(__file__).parent
TOUR = "tests/browser/test_tour.py"
ALONE = "browser tests need a database of their own: ./run browser-test"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    ours = [item for item in items if HERE in item.path.parents]
    for item in ours:
        item.add_marker(pytest.mark.browser)
    if config.option.markexpr == "not browser":
        return  # they are about to be left out
    for item in ours:
        if reason := missing() or (ALONE if _mixed(config, items) else ""):
            item.add_marker(pytest.mark.skip(reason=reason))


def _mixed(config: pytest.Config, items: list[pytest.Item]) -> bool:
    """Whether others would meet our rows in their database: those that `-m` leaves out do not count."""
    return config.option.markexpr != "browser" and any(HERE not in item.path.parents for item in items)


class _TourInOnePiece(LoadScopeScheduling):
    """The steps of the tour share one demo company and follow each other, so one process walks them; the rest is spread
    test by test. (`--dist loadgroup` would do, but groups nothing with pytest 9.2: pytest-xdist issue 1386.)"""

    def _split_scope(self, nodeid: str) -> str:
        return TOUR if nodeid.startswith(TOUR) else nodeid


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    return _TourInOnePiece(config, log)


@pytest.fixture(scope="session")
def database(
    django_test_environment: None,
    django_db_modify_db_settings: None,
    django_db_blocker: Any,
    django_db_keepdb: bool,
    django_db_createdb: bool,
) -> Iterator[None]:
    """A database open for the whole run. (pytest-django's own makes one only for tests that roll back or flush.)"""
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # Playwright's loop lives in this thread; no query runs inside it
    with django_db_blocker.unblock():
        keep = django_db_keepdb and not django_db_createdb
        made = setup_databases(verbosity=0, interactive=False, keepdb=keep, aliases={"default"})
        assert connection.settings_dict["NAME"].startswith("test_"), "this would write into a real database"
        yield
        if not django_db_keepdb:
            _end_other_sessions()
            teardown_databases(made, verbosity=0)
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


def _end_other_sessions() -> None:
    """A request the browser gave up may still hold a connection of the site, and a database in use is not dropped."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


@pytest.fixture(scope="session")
def site(database: None) -> Iterator[str]:
    """The address of a running site with the company in it."""
    company.ensure()
    with running_site() as address:
        yield address


@pytest.fixture(scope="session")
def chrome() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    as_root = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=[*as_root, "--disable-dev-shm-usage"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def kept(site: str, chrome: Any) -> Iterator[dict[Any, Any]]:
    """Contexts of walkers, kept because their caches make the next page quick."""
    contexts: dict[Any, Any] = {}
    yield contexts
    for context in contexts.values():
        context.close()


@pytest.fixture
def walker(site: str, chrome: Any, kept: dict[Any, Any]) -> Iterator[Surfer]:
    """Looks at pages, changes nothing; fails the test for anything its pages did that no page may do."""
    yield from checked(Surfer(site, chrome, kept))


@pytest.fixture
def surfer(site: str, chrome: Any) -> Iterator[Surfer]:
    """As `walker`, in browsers of its own that nobody used before."""
    yield from checked(Surfer(site, chrome, {}))
