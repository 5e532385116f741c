"""Mend the text of a set that was kept aside, in place. The file it came in stays as it came."""

from datetime import datetime

from core import journal
from core.actors import Actor
from core.errors import NotFound, Refused
from core.refs import DocumentRef
from core.uow import door_verb
from integrations.locks import lock_transactions
from integrations.states import TransactionState

OPEN = (TransactionState.QUARANTINED, TransactionState.REJECTED)


class NotKeptAside(Refused):
    template = "Transaction {number} is {state}; only what was kept aside can be corrected or replayed."


@door_verb
def correct_transaction(*, transaction_id: int, text: str, actor: Actor, now: datetime) -> None:
    """`text` one segment a line. Raises NotFound, NotKeptAside."""
    rows = lock_transactions([transaction_id])
    if not rows:
        raise NotFound(kind="EDI transaction", ident=transaction_id)
    (row,) = rows
    if row.state not in OPEN:
        raise NotKeptAside(number=str(row), state=row.get_state_display().lower())
    before, row.text = row.text, text.replace("\0", "")
    row.save(update_fields=["text"])
    entry = journal.Entry(
        DocumentRef("edi_transaction", row.pk, str(row)), "corrected", "Text corrected.", {"before": before[:20_000]}
    )
    journal.write([entry], actor=actor, now=now)
