"""The data folder: what lies where, and who holds it.

Two locks, both released by the kernel when their holder dies, so that a stale file is never an obstacle:
`lock` is held by the one launcher that runs the servers; `users` is shared by every command that uses them,
so that a launcher that started the servers for one command can wait for the others before it stops them.
"""

import fcntl
import hashlib
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

REPOSITORY = Path(__file__).resolve().parent.parent.parent
# A socket's path may have 107 bytes; the longest name put into the folder is `.s.PGSQL.5432.lock`.
LONGEST_SOCKET_FOLDER = 80
NEEDED_BYTES = 300 * 1024 * 1024


class Refusal(Exception):
    """Why `./run` cannot do what was asked, in one line for the person who asked."""


@dataclass(frozen=True)
class DataFolder:
    path: Path

    @property
    def sockets(self) -> Path:
        return socket_folder(self.path)

    @property
    def postgres(self) -> Path:
        return self.path / "postgres"

    @property
    def logs(self) -> Path:
        return self.path / "logs"

    @property
    def ready_mark(self) -> Path:
        """Exists while the servers of this folder accept commands."""
        return self.path / "servers-are-ready"

    def prepare(self) -> None:
        for folder in (self.path, self.logs, self.sockets):
            try:
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            except OSError as error:
                raise Refusal(
                    f"Cannot create {folder}: {error.strerror}. Set OMS_DATA_DIR to another folder."
                ) from None
        if (owner := self.sockets.stat().st_uid) not in {os.geteuid(), 65534}:
            raise Refusal(f"{self.sockets} belongs to user {owner}. Set OMS_DATA_DIR to a shorter path.")

    def check_space(self) -> None:
        free = shutil.disk_usage(self.path).free
        if free < NEEDED_BYTES:
            raise Refusal(
                f"Only {free // 2**20} MiB are free on the disk of {self.path}; "
                f"{NEEDED_BYTES // 2**20} MiB are needed. Free some, or set OMS_DATA_DIR to another disk."
            )

    def take(self, purpose: str) -> IO[str] | None:
        """Hold the folder until the returned file is closed; None when another launcher holds it."""
        file = open(self.path / "lock", "a+", encoding="utf-8")  # noqa: SIM115  lives as long as the servers
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.close()
            return None
        file.truncate(0)
        file.write(f"{purpose} (process {os.getpid()})")
        file.flush()
        return file

    def holder(self) -> str:
        return (self.path / "lock").read_text(encoding="utf-8") or "another ./run"

    @contextmanager
    def using(self) -> Iterator[None]:
        """Tell the launcher that runs the servers that somebody is using them."""
        with open(self.path / "users", "a", encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_SH)
            yield

    @contextmanager
    def nobody_using(self) -> Iterator[None]:
        """Wait until every command that joined is done, and let no other join meanwhile."""
        with open(self.path / "users", "a", encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def secret_key(self) -> str:
        """Made once for this folder, so that sessions outlive a restart; production brings its own."""
        file = self.path / "secret-key"
        if not file.exists():
            draft = file.with_suffix(f".{os.getpid()}")
            draft.touch(mode=0o600)
            draft.write_text(secrets.token_urlsafe(50), encoding="ascii")
            try:
                os.link(draft, file)  # refuses to replace: the first of two launchers wins
            except FileExistsError:
                return file.read_text(encoding="ascii")
            finally:
                draft.unlink()
        return file.read_text(encoding="ascii")


def chosen_folder() -> DataFolder:
    path = Path(os.environ.get("OMS_DATA_DIR") or REPOSITORY / ".data").expanduser()
    return DataFolder((Path.cwd() / path).resolve())


def socket_folder(data: Path) -> Path:
    """`run` inside the data folder, or a short name under the temporary folder when that path is too long."""
    inside = data / "run"
    if len(os.fsencode(inside)) <= LONGEST_SOCKET_FOLDER:
        return inside
    name = hashlib.sha256(os.fsencode(data)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"holdfast-{os.geteuid()}-{name}"
