"""Give up a set that was kept aside: it makes no order, and nobody is asked about it any more."""

from datetime import datetime

from core import journal
from core.actors import Actor
from core.errors import FieldError, InvalidInput, NotFound
from core.refs import DocumentRef
from core.uow import door_verb
from integrations.locks import lock_transactions
from integrations.services.correct_transaction import NotKeptAside
from integrations.states import EDI_TRANSACTION, TransactionState

SHORTEST_REASON = 5


@door_verb
def ignore_transaction(*, transaction_id: int, reason: str, actor: Actor, now: datetime) -> None:
    """The file stays as it came. What was refused to the sender already stays refused.

    Raises NotFound, NotKeptAside (it made an order, or was given up before), InvalidInput (no reason).
    """
    if len(reason.strip()) < SHORTEST_REASON:
        words = "Giving up a transaction needs a reason."
        raise InvalidInput([FieldError("/reason", "reason_missing", words, "Say why it makes no order.")])
    rows = lock_transactions([transaction_id])
    if not rows:
        raise NotFound(kind="EDI transaction", ident=transaction_id)
    (row,) = rows
    state = TransactionState(row.state)
    if not EDI_TRANSACTION.allows(state, TransactionState.IGNORED):
        raise NotKeptAside(number=str(row), state=row.get_state_display().lower())
    row.state, row.decided_at, row.reason = TransactionState.IGNORED, now, reason.strip()[:500]
    row.save(update_fields=["state", "decided_at", "reason"])
    ref = DocumentRef("edi_transaction", row.pk, str(row))
    journal.write([journal.Entry(ref, "given_up", f"Given up: {row.reason}")], actor=actor, now=now)
