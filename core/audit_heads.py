"""The chain's head, written every day to a folder that is kept somewhere else: what proves later that nothing is gone."""

import json
from datetime import datetime
from pathlib import Path

from django.conf import settings

from core import overrides
from core.chain import GENESIS, Head


class BadHead(ValueError):
    """The file does not say a head."""


def export_head(*, now: datetime) -> Path:
    """Write today's head (UTC) beside the others; the file. A second time on a day writes the later head."""
    found = overrides.verify()
    folder = Path(settings.AUDIT_HEADS)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"head-{now:%Y-%m-%d}.json"
    told = {"position": found.sealed, "hash": found.head, "at": now.isoformat(), "is_whole": not found.problems}
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(told) + "\n", encoding="utf-8")
    fresh.replace(path)  # never half a file
    return path


def read_head(text: str) -> Head:
    """A head from a file that export_head wrote, or the hash itself. Raises BadHead."""
    path = Path(text)
    if not path.is_file():
        if len(text) != len(GENESIS):
            raise BadHead(f"{text} is neither a file nor a hash of 64 digits")
        return Head(0, text.lower())
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        return Head(int(told["position"]), str(told["hash"]))
    except (ValueError, KeyError, TypeError) as wrong:
        raise BadHead(f"{path} is no exported head: {wrong}") from wrong
