"""The site: schema and data made ready, then web, worker, beat and relay, until Ctrl+C."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field

import psycopg

from config.launcher.folder import REPOSITORY, DataFolder, Refusal
from config.launcher.processes import Child, Supervisor, prepare_child

WEB_SECONDS = 60.0
RESTARTS_PER_MINUTE = 5
LONG_STATEMENT_MS = "120000"
NO_LIMIT_MS = "0"


class Stopped(Exception):
    """The person, or the system, asked for an end."""


def port() -> int:
    return int(os.environ.get("PORT") or 8000)


def check_port() -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port()))
        except OSError:
            raise Refusal(f"Port {port()} is taken. Choose another: PORT={port() + 1} ./run") from None


def has_command(name: str) -> bool:
    return any(REPOSITORY.glob(f"*/management/commands/{name}.py"))


def manage(env: Mapping[str, str], *words: str, as_owner: bool = False) -> int:
    """One management command, its output going to ours; dies with the launcher."""
    role = {"OMS_DB_ROLE": "owner" if as_owner else "app"}
    limit = {"OMS_STATEMENT_TIMEOUT_MS": NO_LIMIT_MS if as_owner else LONG_STATEMENT_MS}
    command = [sys.executable, "manage.py", *words]
    return subprocess.run(
        command,
        cwd=REPOSITORY,
        env={**env, **limit, **role},
        preexec_fn=prepare_child(signal.SIGKILL, own_group=False),
    ).returncode


def is_empty(env: Mapping[str, str]) -> bool:
    """Whether no migration ever ran in this database."""
    with psycopg.connect(env["MIGRATE_DATABASE_URL"]) as connection:
        (table,) = connection.execute("SELECT to_regclass('public.django_migrations')").fetchone() or (None,)
    return table is None


def make_schema_ready(env: Mapping[str, str]) -> None:
    """Migrate as the owner; migrate takes from the app role what it may not do to append-only tables."""
    if manage(env, "migrate", "--verbosity", "0", as_owner=True) != 0:
        raise Refusal("The migrations failed; nothing was started. What they said is above.")


@dataclass
class Site:
    """The four processes of the site, started again when one falls."""

    folder: DataFolder
    env: Mapping[str, str]
    supervisor: Supervisor
    falls: list[float] = field(default_factory=list)
    _commands: dict[str, tuple[list[str], dict[str, str]]] = field(default_factory=dict)

    def commands(self) -> dict[str, tuple[list[str], dict[str, str]]]:
        python, celery = sys.executable, [sys.executable, "-m", "celery", "-A", "config.celery"]
        unhurried = {"OMS_STATEMENT_TIMEOUT_MS": LONG_STATEMENT_MS}
        counters = {"OMS_DB_POOL": "1", "PROMETHEUS_MULTIPROC_DIR": self._empty_counter_folder()}
        calm = ["--without-gossip", "--without-mingle"]  # one worker has no peers to wait for
        in_memory = ["--scheduler", "celery.beat.Scheduler"]  # every tick is short: nothing to remember
        processes = {
            "web": ([python, "-m", "gunicorn", "-c", "config/gunicorn.py", "config.wsgi"], counters),
            "worker": ([*celery, "worker", "--concurrency", "2", *calm], unhurried),
            "beat": ([*celery, "beat", *in_memory], unhurried),
        }
        if has_command("relay"):
            processes["relay"] = ([python, "manage.py", "relay"], unhurried)
        return processes

    def start(self) -> None:
        self._commands = self.commands()
        for name in self._commands:
            self._start(name)
        self._wait_for_web()

    def watch(self) -> None:
        """Until a signal ends it: start what falls again, give up on what cannot stay up."""
        while True:
            time.sleep(0.5)
            fallen = self.supervisor.fallen()
            if fallen is None:
                continue
            if fallen.name not in self._commands:
                raise Refusal(f"{fallen.name} stopped:\n{self.supervisor.last_words(fallen.name)}")
            self._start_again(fallen)

    def _start(self, name: str) -> None:
        command, extra = self._commands[name]
        self.supervisor.start(name, command, env={**self.env, **extra})

    def _start_again(self, fallen: Child) -> None:
        now = time.monotonic()
        self.falls = [moment for moment in self.falls if now - moment < 60] + [now]
        said = self.supervisor.last_words(fallen.name)
        if len(self.falls) > RESTARTS_PER_MINUTE:
            raise Refusal(f"{fallen.name} keeps stopping:\n{said}")
        print(f"{fallen.name} stopped with {fallen.process.returncode}; starting it again.", flush=True)
        self.supervisor.forget(fallen)
        self._start(fallen.name)

    def _wait_for_web(self) -> None:
        deadline = time.monotonic() + WEB_SECONDS
        while time.monotonic() < deadline:
            fallen = self.supervisor.fallen()
            if fallen is not None:
                raise Refusal(f"{fallen.name} does not start:\n{self.supervisor.last_words(fallen.name)}")
            if _answers(f"http://127.0.0.1:{port()}/healthz"):
                return
            time.sleep(0.1)
        raise Refusal(f"The web server does not answer:\n{self.supervisor.last_words('web')}")

    def _empty_counter_folder(self) -> str:
        """Counters of processes that are gone would be added to those of the new ones."""
        folder = self.folder.path / "counters"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700)
        return str(folder)


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
