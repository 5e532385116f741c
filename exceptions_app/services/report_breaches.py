from collections.abc import Iterable
from datetime import datetime
from zlib import crc32

from core.invariants import Breach
from core.refs import DocumentRef
from core.uow import door_verb
from exceptions_app.exception_kinds import INVARIANT_BROKEN
from exceptions_app.rules.asks import CaseSpec
from exceptions_app.services.open_case import open_cases


@door_verb
def report_breaches(breaches: Iterable[Breach], *, now: datetime) -> list[int]:
    """A case per broken invariant, with its details as evidence. The case ids."""
    by_name: dict[str, list[str]] = {}
    for breach in breaches:
        by_name.setdefault(breach.name, []).append(breach.detail)
    specs = [
        CaseSpec(
            kind=INVARIANT_BROKEN,
            subject=DocumentRef("invariant", crc32(name.encode()), name[:60]),
            cause_key=name[:120],
            summary=f"Not true any more: {name} ({len(details)} found)",
            evidence={"details": details[:50], "count": len(details)},
        )
        for name, details in sorted(by_name.items())
    ]
    return open_cases(specs, now=now)
