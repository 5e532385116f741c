"""The browser of the browser tests: which one it is, and what is missing where they cannot run."""

import importlib.util
import os
import shutil
import subprocess
import sys
from functools import cache

from config.launcher.folder import Refusal

NAMES = ("chromium", "chromium-browser", "google-chrome")
START_SECONDS = 30.0


@cache
def chromium() -> str | None:
    """The program: `OMS_CHROMIUM`, else the first of NAMES that starts. A name may be a stub that only gives advice."""
    if chosen := os.environ.get("OMS_CHROMIUM"):
        if not _starts(chosen):
            raise Refusal(f"OMS_CHROMIUM is {chosen}, but that does not start. Name a Chromium, or unset it.")
        return chosen
    return next((found for name in NAMES if (found := shutil.which(name)) and _starts(found)), None)


def missing() -> str:
    """Why the browser tests cannot run here and what mends it, in one line; empty where they can."""
    if chromium() is None:
        return f"no browser ({', '.join(NAMES)}): apt-get install chromium, or set OMS_CHROMIUM"
    if importlib.util.find_spec("playwright") is None:
        return "Playwright is not in .venv: python -m pip install --require-hashes -r requirements-browser.lock"
    return ""


def _starts(program: str) -> bool:
    try:
        answer = subprocess.run([program, "--version"], capture_output=True, timeout=START_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return answer.returncode == 0


def main() -> int:
    """For `run`, before it installs what drives the browser: 0 where there is one."""
    try:
        return 0 if chromium() else 1
    except Refusal as refusal:
        print(refusal, file=sys.stderr)
        return 1


if __name__ == "__main__":
    raise SystemExit(main())
