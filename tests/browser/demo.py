"""The demo company on a site of its own, started by `./run` on an empty folder as the README says: a tour's stage."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from config.launcher.folder import REPOSITORY
from tests.browser.visit import Surfer, settle

START_SECONDS = 900.0  # a year of orders is made first; two cores may be shared with other work
STOP_SECONDS = 60.0
OURS = ("OMS_", "PYTEST_", "DJANGO_")
SERVERS = {"DATABASE_URL", "MIGRATE_DATABASE_URL", "REDIS_URL"}
SIGN_IN = re.compile(r"(\S+@thornquay\.example)\s+(\S+)")


class Visitor(Surfer):
    """A person of the demo: signs in at the door, with what `./run` printed."""

    passwords: dict[str, str]

    def _sign_in(self, context: Any, who: str) -> None:
        page = context.new_page()
        page.goto(f"{self.origin}/sign-in/login/", wait_until="load")
        page.get_by_label("Email").fill(who)
        page.get_by_label("Password").fill(self.passwords[who])
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(lambda url: "/sign-in/" not in url)
        settle(page)
        page.close()


@contextmanager
def running_demo(folder: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """The address of the site and {address of a person: password}, as they are printed."""
    port, output = _free_port(), folder.with_suffix(".out")
    env = {name: value for name, value in os.environ.items() if not name.startswith(OURS) and name not in SERVERS}
    with open(output, "wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "config.launcher"],
            cwd=REPOSITORY,
            env={**env, "OMS_DATA_DIR": str(folder), "PORT": str(port)},
            stdout=out,
            stderr=out,
        )
    try:
        _wait_until_up(process, output)
        yield f"http://localhost:{port}", dict(SIGN_IN.findall(output.read_text(encoding="utf-8")))
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(STOP_SECONDS)


def _wait_until_up(process: subprocess.Popen[bytes], output: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while "Ctrl+C stops it" not in (said := output.read_text(encoding="utf-8")):
        assert process.poll() is None, said
        assert time.monotonic() < deadline, said
        time.sleep(0.2)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
