"""The whole stack on a folder of its own: started, killed, started again, stopped."""

import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from config.launcher import postgres
from config.launcher.folder import REPOSITORY, DataFolder

pytestmark = pytest.mark.slow
START_SECONDS = 180  # generous: two cores may be shared with other work, and this is no benchmark
AN_850 = (
    "ISA*00*          *00*          *ZZ*SENDER         *ZZ*US             *260709*1200*U*00401*000000001*0*T*>~"
    "GS*PO*SENDER*US*20260709*1200*1*X*004010~ST*850*0001~BEG*00*SA*PO1**20260709~PO1*1*5*EA*10**VN*NOBODY-KNOWS-IT~"
    "CTT*1~SE*5*0001~GE*1*1~IEA*1*000000001~"
)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Stack:
    def __init__(self, path: Path) -> None:
        self.folder, self.port = DataFolder(path), free_port()
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("OMS_", "PYTEST_", "DJANGO_"))
        }
        for name in ("DATABASE_URL", "MIGRATE_DATABASE_URL", "REDIS_URL"):
            kept.pop(name, None)
        self.env = {**kept, "OMS_DATA_DIR": str(path), "PORT": str(self.port), "OMS_DEMO": "0"}
        self.output = path.with_suffix(".out")
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with open(self.output, "wb") as out:
            self.process = subprocess.Popen(self.command(), cwd=REPOSITORY, env=self.env, stdout=out, stderr=out)
        deadline = time.monotonic() + START_SECONDS
        while "Ctrl+C stops it" not in self.output.read_text():
            assert self.process.poll() is None, self.output.read_text()
            assert time.monotonic() < deadline, self.output.read_text()
            time.sleep(0.1)

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "config.launcher", *words]

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """The first command on a new folder migrates it, which takes minutes beside another worker of the suite."""
        return subprocess.run(
            self.command(*words), cwd=REPOSITORY, env=self.env, capture_output=True, text=True, timeout=400
        )

    def get(self, path: str) -> tuple[int, str]:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
            return answer.status, answer.read().decode()

    def sql(self, statement: str, role: str = postgres.OWNER) -> list[tuple[object, ...]]:
        with psycopg.connect(postgres.url(self.folder, role), autocommit=True) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def receive_an_order_with_an_unknown_part(self) -> None:
        path = self.output.with_suffix(".edi")
        path.write_text(AN_850)
        received = json.loads(self.run("manage", "edi_receive", str(path), "--json").stdout)
        assert (received["orders_created"], received["quarantined"]) == (1, [])

    def jobs_when_done(self, *, seconds: float) -> set[object]:
        """The states of all jobs, as soon as none waits any more: relay, broker and worker had to do them."""
        deadline = time.monotonic() + seconds
        while True:
            states = {state for (state,) in self.sql("SELECT DISTINCT state FROM core_job")}
            if "ready" not in states or time.monotonic() > deadline:
                return states
            time.sleep(0.2)

    def processes(self) -> list[int]:
        """Everything that was started for this folder, found by its environment or its command line."""
        needle, found = os.fsencode(self.folder.path), []
        for entry in Path("/proc").iterdir():
            try:
                if needle in (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes():
                    found.append(int(entry.name))
            except (OSError, ValueError):
                continue
        return found

    def kill_everything(self) -> None:
        for pid in self.processes():
            os.kill(pid, signal.SIGKILL)
        assert self.process is not None
        self.process.wait()


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose first command made its tables, once for both workers of the suite; nobody starts anything on it."""
    shared = (
        tmp_path_factory.getbasetemp().parent if "PYTEST_XDIST_WORKER" in os.environ else tmp_path_factory.getbasetemp()
    )
    folder = shared / "migrated"
    with open(shared / "migrated.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            first = Stack(shared / "first").run("manage", "check_invariants", "--json")
            assert json.loads(first.stdout)["breaches"] == [], first.stderr
            (shared / "first").rename(folder)
    return folder


@pytest.fixture
def stack(tmp_path: Path, migrated: Path) -> Iterator[Stack]:
    """On a copy of the migrated folder, owners and all: the embedded server does not run as root."""
    subprocess.run(["cp", "-a", str(migrated), str(tmp_path / "data")], check=True)
    stack = Stack(tmp_path / "data")
    yield stack
    if stack.process is not None and stack.process.poll() is None:
        stack.process.terminate()
        stack.process.wait(60)


@pytest.mark.skipif(sys.platform != "linux", reason="finds processes in /proc")
def test_a_killed_stack_loses_nothing_and_a_stopped_one_leaves_nothing(stack):
    stack.start()
    assert stack.get("/healthz") == (200, "ok\n")
    assert json.loads(stack.get("/readyz")[1])["ready"] is True

    refused = stack.run()
    assert refused.returncode == 1
    assert refused.stderr.strip().count("\n") == 0

    stack.env["PORT"] = str(free_port())
    refused = stack.run()
    assert (refused.returncode, "in use by a running site" in refused.stderr) == (1, True)
    assert stack.run("reset", "--yes").returncode == 1
    assert stack.run("manage", "check").returncode == 0

    stack.sql("CREATE TABLE kept (word text)")
    stack.sql("INSERT INTO kept VALUES ('acknowledged')", role=postgres.APP)
    stack.receive_an_order_with_an_unknown_part()
    assert stack.jobs_when_done(seconds=90) == {"done"}
    stack.kill_everything()

    stack.port = int(stack.env["PORT"])
    stack.start()
    assert stack.sql("SELECT word FROM kept") == [("acknowledged",)]
    assert stack.get("/readyz")[0] == 200

    stack.process.terminate()
    assert stack.process.wait(60) == 0
    assert stack.processes() == []


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children that their parent died")
def test_children_do_not_outlive_a_killed_launcher(stack):
    stack.start()
    os.kill(stack.process.pid, signal.SIGKILL)
    stack.process.wait()
    deadline = time.monotonic() + 20
    while stack.processes() and time.monotonic() < deadline:
        time.sleep(0.2)
    assert stack.processes() == []


def test_a_backup_is_restored_on_another_folder_with_its_append_only_tables_closed(stack, tmp_path):
    stack.receive_an_order_with_an_unknown_part()
    made = stack.run("manage", "backup", str(tmp_path / "backups"))
    assert made.returncode == 0, made.stderr
    other = Stack(tmp_path / "other")
    restored = other.run("manage", "restore", made.stdout.strip())
    assert restored.returncode == 0, restored.stderr
    assert "came back as they were, the invariants hold, the override log is whole" in restored.stdout
    asked = (
        'from django.db import connection as c; r = c.cursor(); r.execute("SELECT (SELECT count(*) FROM orders_order), '
        "has_table_privilege('core_journalentry', 'INSERT'), has_table_privilege('core_journalentry', 'UPDATE')\"); "
        "print(r.fetchone())"
    )
    assert other.run("manage", "shell", "--no-imports", "-c", asked).stdout.strip() == "(1, True, False)"
