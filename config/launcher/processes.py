"""Child processes that cannot outlive the launcher."""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from config.launcher.folder import REPOSITORY

NOBODY = 65534
CLONE_NEWUSER = 0x10000000
PR_SET_PDEATHSIG = 1
STOP_SECONDS = 25.0
_libc = ctypes.CDLL(None, use_errno=True)


class Disguise(Enum):
    """How a server that refuses to run as root is run by root."""

    NONE = "as who we are"
    NAMESPACE = "as nobody inside a user namespace, while the files stay root's"
    SETUID = "as nobody; the server's folders are given to nobody"


def disguise_for_postgres() -> Disguise:
    if os.geteuid() != 0:
        return Disguise.NONE
    if os.environ.get("OMS_NO_USERNS"):
        return Disguise.SETUID
    probe = os.fork()
    if probe == 0:
        try:
            _enter_namespace()
        except OSError:
            os._exit(1)
        os._exit(0)
    return Disguise.NAMESPACE if os.waitpid(probe, 0)[1] == 0 else Disguise.SETUID


def _enter_namespace() -> None:
    if _libc.unshare(CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    for name, text in (("setgroups", "deny"), ("uid_map", f"{NOBODY} 0 1"), ("gid_map", f"{NOBODY} 0 1")):
        with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
            file.write(text)


def prepare_child(
    death_signal: int, disguise: Disguise = Disguise.NONE, *, own_group: bool = True
) -> Callable[[], None]:
    """Run in the child before it becomes its program: own group, disguise, a signal when the launcher dies.

    An own group keeps the terminal's Ctrl+C away from servers, which are stopped in order instead.
    """
    launcher = os.getpid()

    def prepare() -> None:
        if own_group:
            os.setpgid(0, 0)
        if disguise is Disguise.NAMESPACE:
            _enter_namespace()
        elif disguise is Disguise.SETUID:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
        # After the change of user, which clears it. Only Linux has it; elsewhere a kill -9 leaves children.
        if sys.platform == "linux":
            _libc.prctl(PR_SET_PDEATHSIG, death_signal)
            if os.getppid() != launcher and disguise is Disguise.NONE:
                os._exit(1)  # the launcher died between fork and prctl

    return prepare


@dataclass(frozen=True)
class Child:
    name: str
    process: subprocess.Popen[bytes]
    stop_signal: int

    def stop(self) -> None:
        if self.process.poll() is not None:
            return
        self.process.send_signal(self.stop_signal)
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


class Supervisor:
    """Starts children in order and stops them in reverse order."""

    def __init__(self, logs: Path) -> None:
        self.logs = logs
        self.children: list[Child] = []

    def start(
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        env: Mapping[str, str] | None = None,
        stop_signal: int = signal.SIGTERM,
        death_signal: int = signal.SIGKILL,
        disguise: Disguise = Disguise.NONE,
    ) -> Child:
        with open(self.log_of(name), "ab") as log:
            process = subprocess.Popen(
                [str(word) for word in command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=REPOSITORY,
                env=env,
                preexec_fn=prepare_child(death_signal, disguise),
            )
        child = Child(name, process, stop_signal)
        self.children.append(child)
        return child

    def log_of(self, name: str) -> Path:
        return self.logs / f"{name}.log"

    def last_words(self, name: str, lines: int = 12) -> str:
        try:
            text = self.log_of(name).read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return ""
        return "\n".join(text.splitlines()[-lines:])

    def forget(self, child: Child) -> None:
        self.children.remove(child)

    def fallen(self) -> Child | None:
        return next((child for child in self.children if child.process.poll() is not None), None)

    def stop(self) -> None:
        while self.children:
            self.children.pop().stop()
