"""Evidence files of licences: pictures and PDFs, told by their first bytes and not by what they are called."""

import re
from collections.abc import Mapping

LARGEST = 1_500_000  # bytes: below the console's 2 MB for a whole form
PDF, PNG, JPEG = "application/pdf", "image/png", "image/jpeg"
ENDINGS: Mapping[str, str] = {PDF: "pdf", PNG: "png", JPEG: "jpg"}
ACCEPTED_ENDINGS: Mapping[str, tuple[str, ...]] = {PDF: ("pdf",), PNG: ("png",), JPEG: ("jpg", "jpeg")}
_FIRST_BYTES = ((b"%PDF-", PDF), (b"\x89PNG\r\n\x1a\n", PNG), (b"\xff\xd8\xff", JPEG))
_UNSAFE = re.compile(r"[^\w .()-]+")


def kind_of(content: bytes) -> str:
    """The media type its first bytes say, or empty for anything that is not accepted."""
    return next((kind for first, kind in _FIRST_BYTES if content.startswith(first)), "")


def problem(name: str, content: bytes) -> str:
    """Why the file is not taken, in words; empty when it is."""
    if not content:
        return "The file is empty."
    if len(content) > LARGEST:
        return f"The file has {len(content):,} bytes; at most {LARGEST:,} are taken."
    kind = kind_of(content)
    if not kind:
        return "The file is not a PDF, PNG or JPEG."
    ending = name.rsplit(".", 1)[-1].lower() if "." in name else ""
    if ending not in ACCEPTED_ENDINGS[kind]:
        return f"The file is called .{ending[:10]} but is a {ENDINGS[kind].upper()}."
    return ""


def shown_name(name: str) -> str:
    """What the sender called it, without folders or characters that could mean something to a browser or a shell."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    return _UNSAFE.sub("_", last).strip(" .")[-120:] or "evidence"


def stored_name(licence_id: int, sha256: str, kind: str) -> str:
    """Where it lies under the media folder: made of our own numbers only."""
    return f"licences/{licence_id}-{sha256[:32]}.{ENDINGS[kind]}"
