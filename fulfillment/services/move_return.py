"""A return taken under its lock, and its steps that are no more than a step: on its way, credited, closed."""

from datetime import datetime

from core import journal
from core.actors import Actor
from core.errors import NotFound
from core.refs import DocumentRef
from core.uow import door_verb, require_uow
from fulfillment import locks
from fulfillment.models import Return
from fulfillment.states import RETURN, ReturnOutcome, ReturnStatus


@require_uow
def find_return(return_id: int) -> Return:
    """The return, locked (rank 30). Raises NotFound."""
    rows = locks.lock_returns([return_id])
    if not rows:
        raise NotFound(kind="return", ident=return_id)
    return rows[0]


@require_uow
def lock_return(return_id: int) -> ReturnStatus:
    """Keep the return still while a room above decides about it (rank 30); how it stands. Raises NotFound."""
    return ReturnStatus(find_return(return_id).status)


def ref_of(row: Return) -> DocumentRef:
    return DocumentRef("return", row.pk, row.number)


def step(row: Return, target: ReturnStatus) -> None:
    """Raises IllegalTransition. The caller saves status and version."""
    row.status = RETURN.require(ReturnStatus(row.status), target)
    row.version += 1


@door_verb
def report_in_transit(
    *, return_id: int, carrier: str = "", tracking_number: str = "", actor: Actor, now: datetime
) -> None:
    """The customer sent it. Raises NotFound, IllegalTransition."""
    row = find_return(return_id)
    step(row, ReturnStatus.IN_TRANSIT)
    row.carrier, row.tracking_number = carrier.strip()[:40], tracking_number.strip()[:80]
    row.save(update_fields=["status", "version", "carrier", "tracking_number"])
    how = " ".join(filter(None, [row.carrier, row.tracking_number]))
    _note(row, "sent_back", f"Return {row.number} is on its way{f' with {how}' if how else ''}", actor, now)


@door_verb
def close_return(*, return_id: int, reason: str, actor: Actor, now: datetime) -> None:
    """Nothing more is to come of it: it never came, nothing of it is credited, or all is settled.

    Raises NotFound, IllegalTransition (what was received is inspected first).
    """
    row = find_return(return_id)
    step(row, ReturnStatus.CLOSED)
    row.save(update_fields=["status", "version"])
    _note(row, "closed", f"Return {row.number} closed: {reason.strip()[:200]}", actor, now)


@require_uow
def mark_credited(row_id: int, memo_number: str, *, actor: Actor, now: datetime) -> None:
    """Billing issued the credit memo, in this transaction. A return that is past that is left as it is."""
    row = find_return(row_id)
    if row.status != ReturnStatus.DISPOSITIONED:
        return
    step(row, ReturnStatus.CREDITED if row.outcome == ReturnOutcome.CREDIT else ReturnStatus.REPLACED)
    row.save(update_fields=["status", "version"])
    _note(row, "credited", f"Return {row.number} credited by {memo_number}", actor, now)


def _note(row: Return, verb: str, words: str, actor: Actor, now: datetime) -> None:
    journal.write([journal.Entry(ref_of(row), verb, words)], actor=actor, now=now)
