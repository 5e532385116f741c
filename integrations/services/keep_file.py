"""Commit a file's bytes before anybody reads them. Over the limit only the head is kept, with size and hash."""

import hashlib
from datetime import datetime
from typing import BinaryIO

from core.actors import Actor
from core.uow import door_verb
from integrations.models import InboxFile
from integrations.rules.x12 import MAX_BYTES

_CHUNK = 1024 * 1024
_HEAD = 64 * 1024


def read_bounded(stream: BinaryIO) -> tuple[bytes, int, str]:
    """(bytes, size, sha256) of the stream, at most MAX_BYTES in memory; over that only the head is returned."""
    digest, kept, size = hashlib.sha256(), bytearray(), 0
    while chunk := stream.read(_CHUNK):
        digest.update(chunk)
        size += len(chunk)
        if size <= MAX_BYTES:
            kept += chunk
        else:
            del kept[_HEAD:]
    return bytes(kept), size, digest.hexdigest()


@door_verb
def keep_file(*, name: str, raw: bytes, size: int, sha256: str, actor: Actor, now: datetime) -> int:
    """The id of the inbox file. Every delivery is kept, also one that came before."""
    row = InboxFile.objects.create(name=name[-255:], raw=raw, size=size, sha256=sha256, received_at=now)
    return row.pk
