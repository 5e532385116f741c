"""The words after `./run`."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

from config.launcher import browser
from config.launcher.folder import REPOSITORY, DataFolder, Refusal, chosen_folder
from config.launcher.processes import prepare_child
from config.launcher.servers import any_servers, environment, own_servers
from config.launcher.site import (
    LONG_STATEMENT_MS,
    Site,
    Stopped,
    check_port,
    has_command,
    is_empty,
    make_schema_ready,
    manage,
    port,
)
from config.launcher.template import ready_template, template_name

HELP = """\
./run                  start the site: database, broker, web, worker, beat, relay; Ctrl+C stops all
./run test [args]      the tests (arguments go to pytest; two at a time unless -n says otherwise)
./run browser-test     the tests in a real browser: needs Chromium; arguments as for test
./run check            everything CI checks: lint, format, types, import floors, migrations, settings, all tests
./run lint [--fix]     ruff: rules and format
./run types            mypy
./run manage …         a management command, e.g. ./run manage check_invariants
./run shell            a Python shell inside the site
./run bench [args]     the benchmarks
./run reset [--yes]    delete the local data
./run help             this text

PORT=8000              the web port
OMS_DATA_DIR=.data     where local data lies; one site per folder
DATABASE_URL=…         use this PostgreSQL instead of the embedded one    (REDIS_URL likewise for the broker)
All variables: docs/how-to/configure.md"""

OWNER_COMMANDS = {
    "migrate",
    "makemigrations",
    "sqlmigrate",
    "flush",
    "secure_audit",
    "pgtrigger",
    "backup",
    "restore",
}
LOCAL_DATA = (
    "postgres",
    "postgres.new",
    "valkey",
    "logs",
    "media",
    "counters",
    "run",
    "secret-key",
)


def main() -> NoReturn:
    word, *rest = sys.argv[1:] or ["up"]
    command = COMMANDS.get(word)
    if command is None:
        print(f"There is no `./run {word}`.\n\n{HELP}", file=sys.stderr)
        sys.exit(2)
    try:
        sys.exit(command(rest))
    except Refusal as refusal:
        print(refusal, file=sys.stderr)
        sys.exit(1)
    except (Stopped, KeyboardInterrupt):
        sys.exit(130)


def up(words: Sequence[str]) -> int:
    folder, began = chosen_folder(), time.monotonic()
    check_port()
    with _signals_stop(interrupt=True), own_servers(folder, "a running site") as supervisor:
        env = environment(folder)
        print("Servers are up; bringing the schema up to date.", flush=True)
        make_schema_ready(env)
        _fill_empty_database(env)  # before the workers: they would do the demo's past work at today's date
        site = Site(folder, env, supervisor)
        site.start()
        _announce(folder, env, time.monotonic() - began)
        try:
            site.watch()
        except Stopped:
            print("Stopping.", flush=True)
    return 0


def _fill_empty_database(env: Mapping[str, str]) -> None:
    """A demo company in the embedded database; never in one somebody else brought."""
    if (
        has_command("seed_demo")
        and not os.environ.get("DATABASE_URL")
        and os.environ.get("OMS_DEMO", "1") != "0"
        and manage(env, "seed_demo", "--if-empty") != 0
    ):
        raise Refusal("The demo company could not be made. `OMS_DEMO=0 ./run` starts without it.")


def _announce(folder: DataFolder, env: Mapping[str, str], seconds: float) -> None:
    site = f"http://localhost:{port()}"
    print(f"\nHoldfast is up after {seconds:.1f} s (data and logs in {folder.path})")
    print(f"  portal   {site}/\n  console  {site}/admin/\n  API      {site}/api/v1/", flush=True)
    if has_command("print_signins"):
        manage(env, "print_signins")
    print("Ctrl+C stops it.", flush=True)


def run_manage(words: Sequence[str]) -> int:
    """A command on the running servers, or on servers of its own; on a new data folder the tables are made first."""
    as_owner = bool(words) and words[0] in OWNER_COMMANDS
    folder = chosen_folder()
    with _signals_stop(), any_servers(folder, f"./run manage {' '.join(words[:1])}"):
        env = environment(folder)
        if not as_owner and not os.environ.get("DATABASE_URL") and is_empty(env):
            make_schema_ready(env)
        return _python(["manage.py", *words], {**env, **_unhurried(as_owner=as_owner)})


def shell(words: Sequence[str]) -> int:
    return run_manage(["shell", *words])


def bench(words: Sequence[str]) -> int:
    """On a database of its own, made and dropped like the tests' one."""
    return _with_servers(["-m", "benchmarks", *words], _test_settings(words), makes_tables=True)


def test(words: Sequence[str]) -> int:
    return _with_servers(_pytest(words), _test_settings(words), makes_tables=True)


def browser_test(words: Sequence[str]) -> int:
    if reason := browser.missing():
        raise Refusal(f"The browser tests cannot run: {reason}.")
    return _with_servers(_browser_pytest(words), _browser_settings(words), makes_tables=True)


def _pytest(words: Sequence[str], marked: str = "not browser") -> list[str]:
    """Two processes at a time, unless the arguments choose a number or want a debugger; `-m` among them wins."""
    alone = any(word.startswith(("-n", "--numprocesses", "--pdb", "--co")) for word in words)
    chosen = [] if any(word.startswith("-m") for word in words) else ["-m", marked]
    return ["-m", "pytest", *([] if alone else ["-n", "2"]), *chosen, *words]


def _browser_pytest(words: Sequence[str]) -> list[str]:
    named = any(word.startswith("tests/browser") for word in words)
    return _pytest([*words, *([] if named else ["tests/browser"])], "browser")


def _test_settings(words: Sequence[str], kept: str = "test_holdfast") -> dict[str, str]:
    """Tests create tables, so they are the owner; a name per run lets two runs share one cluster."""
    name = kept if "--reuse-db" in words else f"test_holdfast_{os.getpid()}"
    return {"OMS_TEST_DATABASE": name, **_unhurried(as_owner=True)}


def _browser_settings(words: Sequence[str]) -> dict[str, str]:
    """A kept database of their own: what they leave in it would confuse other tests."""
    return _test_settings(words, kept="test_browser")


def _unhurried(*, as_owner: bool = False) -> dict[str, str]:
    return {
        "OMS_DB_ROLE": "owner" if as_owner else "app",
        "OMS_STATEMENT_TIMEOUT_MS": "0" if as_owner else LONG_STATEMENT_MS,
    }


def lint(words: Sequence[str]) -> int:
    fix = "--fix" in words
    rules = _python(["-m", "ruff", "check", *(["--fix"] if fix else []), "."])
    layout = _python(["-m", "ruff", "format", *([] if fix else ["--check"]), "."])
    return rules or layout


def types(words: Sequence[str]) -> int:
    settings_only = {"DATABASE_URL": "postgresql://nobody@/nothing", "OMS_DEBUG": "1"}  # nothing is connected to
    return _python(["-m", "mypy", *(words or ["."])], {**os.environ, **settings_only})


def check(words: Sequence[str]) -> int:
    """Every check, also after one has failed: a newcomer wants to see all of it at once."""
    folder = chosen_folder()
    with _signals_stop(), any_servers(folder, "./run check"):
        env = environment(folder)
        production = {
            "OMS_PLAIN_HTTP": "0",
            "OMS_PUBLIC_URL": "https://holdfast.example",
            "OMS_SECRET_KEY": "0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        }
        steps: list[tuple[str, list[str], dict[str, str]]] = [
            ("rules", ["-m", "ruff", "check", "."], {}),
            ("format", ["-m", "ruff", "format", "--check", "."], {}),
            ("types", ["-m", "mypy", "."], {}),
            ("import floors", ["-c", "from importlinter.cli import lint_imports_command as c; c()"], {}),
            (
                "migrations",
                ["manage.py", "makemigrations", "--check", "--dry-run"],
                _unhurried(as_owner=True),
            ),
            ("settings", ["manage.py", "check", "--deploy", "--fail-level", "WARNING"], production),
        ]
        tests = [("tests", _pytest(words), _test_settings(words))]
        skipped = browser.missing()
        if not skipped:
            tests.append(("browser tests", _browser_pytest([]), _browser_settings([])))
        outcomes = {name: _step(name, command, {**env, **extra}) for name, command, extra in steps}
        env |= _template(env)
        outcomes |= {name: _step(name, command, {**env, **extra}) for name, command, extra in tests}
    print("\n" + "\n".join(f"{name:15}{'ok' if code == 0 else 'FAILED'}" for name, code in outcomes.items()))
    if skipped:
        print(f"browser tests  SKIPPED: {skipped}")
    return 1 if any(outcomes.values()) else 0


def _step(name: str, command: Sequence[str], env: Mapping[str, str]) -> int:
    print(f"\n== {name}", flush=True)
    began = time.monotonic()
    code = _python(command, env)
    print(f"== {name}: {'ok' if code == 0 else 'FAILED'} ({time.monotonic() - began:.1f} s)", flush=True)
    return code


def reset(words: Sequence[str]) -> int:
    folder = chosen_folder()
    if not folder.path.exists():
        print(f"There is nothing in {folder.path}.")
        return 0
    held = folder.take("./run reset")
    if held is None:
        raise Refusal(f"{folder.path} is in use by {folder.holder()}. Stop that first.")
    with held:
        if "--yes" not in words and input(f"Delete all data in {folder.path}? Type yes: ").strip() != "yes":
            raise Refusal("Nothing was deleted.")
        for name in LOCAL_DATA:
            path = folder.path / name
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
    print(f"Deleted the data in {folder.path}.")
    return 0


def show_help(words: Sequence[str]) -> int:
    print(HELP)
    return 0


def _with_servers(command: Sequence[str], extra: Mapping[str, str], *, makes_tables: bool = False) -> int:
    folder = chosen_folder()
    with _signals_stop(), any_servers(folder, f"./run {' '.join(sys.argv[1:3])}"):
        env = environment(folder)
        return _python(command, {**env, **(_template(env) if makes_tables else {}), **extra})


def _template(env: Mapping[str, str]) -> dict[str, str]:
    """Only of a cluster of our own: on somebody else's server every test database is migrated for itself."""
    if os.environ.get("DATABASE_URL"):
        return {}
    return {"OMS_TEST_TEMPLATE": ready_template(env, make_schema_ready, template_name())}


def _python(command: Sequence[str], env: Mapping[str, str] | None = None) -> int:
    """Run a Python program at the terminal; Ctrl+C is its to handle, a request to stop is passed on."""
    process = subprocess.Popen(
        [sys.executable, *command],
        cwd=REPOSITORY,
        env=env,
        preexec_fn=prepare_child(signal.SIGKILL, own_group=False),
    )
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            continue  # the terminal sent it to the program too, which decides
        except Stopped:
            process.terminate()


@contextmanager
def _signals_stop(*, interrupt: bool = False) -> Iterator[None]:
    """SIGTERM and a closed terminal end us as orderly as Ctrl+C does."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise Stopped

    # A shell starts background jobs with SIGINT ignored; the site listens all the same.
    for number in (signal.SIGTERM, signal.SIGHUP, *([signal.SIGINT] if interrupt else [])):
        signal.signal(number, stop)
    yield


COMMANDS: dict[str, Callable[[Sequence[str]], int]] = {
    "up": up,
    "test": test,
    "check": check,
    "lint": lint,
    "types": types,
    "manage": run_manage,
    "shell": shell,
    "bench": bench,
    "browser-test": browser_test,
    "browser": browser_test,
    "reset": reset,
    "help": show_help,
    "--help": show_help,
    "-h": show_help,
}
