"""Write down what became of a set: state, order, reason, and the cases that go with it, in one transaction."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from core import journal
from core.actors import Actor
from core.refs import DocumentRef
from core.uow import door_verb
from exceptions_app.services.open_case import open_case
from integrations.locks import lock_transactions
from integrations.models import EdiTransaction
from integrations.states import EDI_TRANSACTION, TransactionState


@dataclass(frozen=True)
class CaseAsk:
    """A case to open. Without `subject` it is about the transaction itself."""

    kind: str
    cause_key: str
    summary: str
    evidence: dict[str, Any] | None = None
    subject: DocumentRef | None = None
    money_at_risk: Decimal = Decimal(0)
    currency: str = ""


@dataclass(frozen=True)
class Decision:
    state: TransactionState
    reason: str = ""
    segment: str = ""
    order_id: int | None = None
    po_number: str = ""
    release_number: str = ""
    problems: tuple[dict[str, object], ...] = ()
    cases: tuple[CaseAsk, ...] = ()


@door_verb
def decide_transaction(
    *, transaction_id: int, account_id: int | None, decision: Decision, actor: Actor, now: datetime
) -> bool:
    """False when it was decided before and nothing changes. Cases: one per kind, subject and cause."""
    (row,) = lock_transactions([transaction_id])
    if not EDI_TRANSACTION.allows(TransactionState(row.state), decision.state):
        return False
    row.state = decision.state
    row.order_id = decision.order_id
    row.reason, row.segment = decision.reason[:500], decision.segment[:60]
    row.po_number, row.release_number = decision.po_number[:60], decision.release_number[:30]
    row.problems, row.decided_at = list(decision.problems), now
    row.save(
        update_fields=[
            "state",
            "order",
            "reason",
            "segment",
            "po_number",
            "release_number",
            "problems",
            "decided_at",
        ]
    )
    subject = DocumentRef("edi_transaction", row.pk, str(row))
    said = f"{row.get_state_display()}. {decision.reason}".strip()
    entries = [journal.Entry(subject, "decided", said, {"order_id": decision.order_id, "segment": decision.segment})]
    _open_cases(row, subject, account_id, decision, actor, now)
    journal.write(entries, actor=actor, now=now)
    return True


def _open_cases(
    row: EdiTransaction,
    subject: DocumentRef,
    account_id: int | None,
    decision: Decision,
    actor: Actor,
    now: datetime,
) -> None:
    for ask in decision.cases:
        open_case(
            ask.kind,
            subject=ask.subject or subject,
            account_id=account_id,
            money_at_risk=ask.money_at_risk,
            cause_key=ask.cause_key,
            now=now,
            summary=ask.summary,
            evidence={"segment": decision.segment, "transaction": row.pk} | (ask.evidence or {}),
            currency=ask.currency,
            actor=actor,
        )
