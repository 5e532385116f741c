"""The servers a command needs: its own, those of a running site, or the ones the environment names."""

import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from config.launcher import postgres, valkey
from config.launcher.folder import DataFolder, Refusal
from config.launcher.processes import Supervisor

JOIN_SECONDS = 120.0


def environment(folder: DataFolder) -> dict[str, str]:
    """What a child needs to find the servers; what the caller set wins."""
    env = dict(os.environ)
    if not env.get("DATABASE_URL"):
        env["DATABASE_URL"] = postgres.url(folder, postgres.APP)
        env["MIGRATE_DATABASE_URL"] = postgres.url(folder, postgres.OWNER)
    env.setdefault("MIGRATE_DATABASE_URL", env["DATABASE_URL"])
    if not env.get("REDIS_URL"):
        env["REDIS_URL"] = valkey.url(folder)
    env.setdefault("OMS_MEDIA_ROOT", str(folder.path / "media"))
    if not env.get("OMS_SECRET_KEY") and not env.get("OMS_PUBLIC_URL"):
        env["OMS_SECRET_KEY"] = folder.secret_key()
    if not env.get("OMS_PUBLIC_URL"):
        env.setdefault("OMS_PLAIN_HTTP", "1")  # only this machine can reach it
        env["OMS_PUBLIC_URL"] = f"http://localhost:{env.get('PORT') or 8000}"
    return env


@contextmanager
def own_servers(folder: DataFolder, purpose: str) -> Iterator[Supervisor]:
    """Hold the folder and start its servers; refuse when somebody else holds it."""
    folder.prepare()
    held = folder.take(purpose)
    if held is None:
        raise Refusal(f"{folder.path} is in use by {folder.holder()}. Stop that first, or set OMS_DATA_DIR.")
    supervisor = Supervisor(folder.logs)
    with held:
        try:
            _start(folder, supervisor)
            yield supervisor
        finally:
            folder.ready_mark.unlink(missing_ok=True)
            supervisor.stop()


@contextmanager
def any_servers(folder: DataFolder, purpose: str) -> Iterator[None]:
    """Join the servers that run on this folder, or start them for as long as somebody uses them."""
    folder.prepare()
    deadline = time.monotonic() + JOIN_SECONDS
    with ExitStack() as stack:
        while True:
            held = folder.take(purpose)
            if held is not None:
                stack.enter_context(held)
                stack.enter_context(_servers_until_unused(folder))
                break
            if _joined(folder, stack):
                break
            if time.monotonic() > deadline:
                raise Refusal(f"{folder.path} is in use by {folder.holder()}, but its servers do not come up.")
            time.sleep(0.1)
        yield


def _joined(folder: DataFolder, stack: ExitStack) -> bool:
    """True when the servers of the folder's holder are up; they are then kept up until the stack is left."""
    with ExitStack() as trial:
        trial.enter_context(folder.using())
        if not folder.ready_mark.exists():
            return False
        stack.push(trial.pop_all())
    return True


@contextmanager
def _servers_until_unused(folder: DataFolder) -> Iterator[None]:
    supervisor = Supervisor(folder.logs)
    try:
        _start(folder, supervisor)
        yield
    finally:
        with folder.nobody_using():
            folder.ready_mark.unlink(missing_ok=True)
            supervisor.stop()


def _start(folder: DataFolder, supervisor: Supervisor) -> None:
    folder.check_space()
    folder.ready_mark.unlink(missing_ok=True)
    if not os.environ.get("DATABASE_URL"):
        postgres.start(folder, supervisor)
    if not os.environ.get("REDIS_URL"):
        valkey.start(folder, supervisor)
    folder.ready_mark.touch()
