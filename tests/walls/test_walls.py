"""The walls of the house, walked: what import contracts cannot see."""

import ast
import configparser
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, get_resolver

from core.access import NOBODY, Access
from core.console import ServiceAdmin

ROOT = Path(settings.BASE_DIR)
FLOORS = {
    "core": 0,
    "accounts": 1,
    "catalog": 2,
    "exceptions_app": 3,
    "inventory": 4,
    "pricing": 4,
    "credit": 4,
    "orders": 5,
    "fulfillment": 6,
    "billing": 7,
    "integrations": 8,
    "reporting": 8,
    "portal": 9,
    "api": 9,
    "house": 10,
}
ROOMS = [room for room in FLOORS if room != "house"]


def sources(*rooms: str) -> Iterator[tuple[Path, str]]:
    for room in rooms or (*ROOMS, "config"):
        for path in sorted((ROOT / room).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path.relative_to(ROOT), path.read_text()


def calls(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield node.lineno, node.func.attr


def test_import_contracts_ignore_nothing_and_each_says_why():
    text = (ROOT / ".importlinter").read_text()
    assert "ignore_imports" not in text
    parser = configparser.ConfigParser()
    parser.read_string(text)
    contracts = [s for s in parser.sections() if s.startswith("importlinter:contract:")]
    assert len(contracts) >= 15
    for section in contracts:
        before = text.split(f"[{section}]")[0].rstrip().splitlines()[-1]
        assert before.startswith("# "), f"{section} does not say why it exists"


def test_import_contracts_hold():
    from importlinter.cli import lint_imports

    assert lint_imports(config_filename=str(ROOT / ".importlinter"), no_cache=True) == 0


def test_foreign_keys_point_down_or_stay_in_their_room():
    upward = []
    for model in apps.get_models():
        here = model._meta.app_label
        if here not in FLOORS:
            continue
        for field in model._meta.get_fields():
            there = field.related_model._meta.app_label if field.is_relation and field.concrete else here
            if there == here or there not in FLOORS:
                continue
            if FLOORS[there] >= FLOORS[here]:
                upward.append(f"{model.__name__}.{field.name} → {there}")
            elif not field.remote_field.hidden:
                upward.append(f"{model.__name__}.{field.name} has a way back (related_name is not '+')")
    assert upward == []


def test_no_signals_of_ours():
    found = [
        str(path)
        for path, text in sources()
        if re.search(r"@receiver|Signal\(|django\.db\.models\.signals|django\.dispatch|(post|pre)_(save|delete)", text)
    ]
    assert found == []


WRITES = {
    "save",
    "create",
    "bulk_create",
    "bulk_update",
    "update",
    "delete",
    "get_or_create",
    "update_or_create",
}
# `update` and `delete` are also words of dicts, sets and hashes: only calls on something like a queryset count.
QUERYSET = re.compile(r"objects|_manager|filter\(|exclude\(|queryset|\brows?\b")


@pytest.mark.parametrize("room", [r for r in ROOMS if r not in ("core",)])
def test_rows_are_written_in_services_only(room: str):
    found = []
    for path, text in sources(room):
        if "services" in path.parts:
            continue
        for node in ast.walk(ast.parse(text)):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in WRITES):
                continue
            target = ast.unparse(node.func.value)
            if "super()" in target or not QUERYSET.search(target):
                continue
            found.append(f"{path}:{node.lineno} {target}.{node.func.attr}()")
    assert found == []


def test_row_locks_are_taken_in_locks_only():
    found = [
        f"{path}:{line}"
        for path, text in sources()
        for line, name in calls(ast.parse(text))
        if name == "select_for_update" and path.name != "locks.py"
    ]
    assert found == []


def test_only_the_core_clock_reads_a_clock():
    banned = re.compile(r"timezone\.now|datetime\.now|datetime\.utcnow|date\.today|\bauto_now|time\.time\(")
    elsewhere = {Path("core/clock.py")}
    found = [
        str(p) for p, text in sources() if banned.search(text) and p not in elsewhere and "launcher" not in p.parts
    ]
    assert found == []


def test_only_the_core_sends_tasks():
    found = [
        f"{path}:{line}"
        for path, text in sources()
        for line, name in calls(ast.parse(text))
        if name in ("delay", "apply_async", "send_task") and path.parts[0] != "core"
    ]
    assert found == []


def test_every_console_screen_declares_its_access():
    own = [a for m, a in admin.site._registry.items() if m._meta.app_label in FLOORS]
    assert own, "no console screen is registered"
    undeclared = [
        type(a).__name__
        for a in own
        if not isinstance(a, ServiceAdmin) or not isinstance(a.access, Access) or a.access is NOBODY
    ]
    assert undeclared == []


def _patterns(resolver: URLResolver, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            yield from _patterns(entry, prefix + str(entry.pattern))
        else:
            yield prefix + str(entry.pattern), entry


def test_every_portal_page_and_api_endpoint_declares_its_access():
    found = []
    for route, pattern in _patterns(get_resolver()):
        view = pattern.callback
        owner = getattr(view, "cls", None) or getattr(view, "view_class", None) or view
        if not owner.__module__.startswith(("portal", "api")):
            continue
        if not isinstance(getattr(owner, "access", None) or getattr(view, "access", None), Access):
            found.append(route)
    assert found == []


def test_no_module_is_called_utils():
    vague = {"utils", "helpers", "common", "manager", "handler", "data", "info"}
    assert [str(p) for p, _ in sources() if p.stem in vague] == []


def test_files_read_in_one_sitting():
    too_long = [f"{p} {text.count(chr(10))}" for p, text in sources() if text.count("\n") > 420]
    assert too_long == []
