"""Take a set that was kept aside once more: after its text was mended, a product created, the profile changed."""

from dataclasses import dataclass
from datetime import datetime

from core.actors import Actor
from core.errors import Refused
from core.refs import DocumentRef
from integrations import exception_kinds as kinds
from integrations.queries import partner_by_id, transaction_by_id
from integrations.rules.fate import judge
from integrations.rules.x12_tree import Group, Interchange, Separators, Transaction
from integrations.services.close_transaction_cases import close_transaction_cases
from integrations.services.correct_transaction import OPEN, NotKeptAside
from integrations.services.decide_transaction import decide_transaction
from integrations.services.receive_edi import decide


class NotATransactionSet(Refused):
    template = "{number} is a piece of a file, not a transaction set."
    remedy_template = "Ask the sender for the file again, whole."


@dataclass(frozen=True)
class Replayed:
    order_id: int | None
    state: str
    reason: str


def replay_transaction(*, transaction_id: int, actor: Actor, now: datetime) -> Replayed:
    """Not one transaction but the chain of receiving it. Raises NotKeptAside, NotATransactionSet."""
    row = transaction_by_id(transaction_id)
    if row.interchange_id is None or row.partner_id is None:
        raise NotATransactionSet(number=str(row))
    if row.state not in OPEN:
        raise NotKeptAside(number=str(row), state=row.get_state_display().lower())
    transaction = transaction_of(row.text, row.element_separator, row.set_id, row.control)
    partner = partner_by_id(row.partner_id)
    group = Group(("GS", *[""] * 8), (transaction,))
    around = Interchange(("",) * 17, transaction.separators, (group,), "")
    verdict = judge(transaction, group, around, strict=False)
    decision, _ = decide(transaction, verdict, partner, row.pk, False, actor, now)
    decide_transaction(transaction_id=row.pk, account_id=partner.account_id, decision=decision, actor=actor, now=now)
    if decision.order_id is not None:
        subject = DocumentRef("edi_transaction", row.pk, str(row))
        close_transaction_cases(subject=subject, kind=kinds.EDI_QUARANTINED, actor=actor, now=now)
        close_transaction_cases(subject=subject, kind=kinds.EDI_PO_CHANGED, actor=actor, now=now)
    return Replayed(decision.order_id, decision.state.value, decision.reason)


def transaction_of(text: str, element: str, set_id: str, control: str) -> Transaction:
    """The set as its stored text says it; counts are not asked about again."""
    lines = tuple(line.strip() for line in text.splitlines() if line.strip())
    return Transaction(set_id, control, lines, Separators(element, "", "\n"))
