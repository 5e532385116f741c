"""What ends an approved repricing: its documents, issued."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from accounts.queries import approvals
from billing.services.issue_reprice import WHO, is_issued, issue_reprice
from core.actors import Actor
from exceptions_app.exception_kinds import REPRICE_APPROVED
from exceptions_app.rules.asks import CaseSnapshot
from exceptions_app.rules.ranking import Effect
from exceptions_app.suggestions import Resolution, register


def preview_issue(case: CaseSnapshot, now: datetime) -> Effect:
    given = approvals([case.subject.id]).get(case.subject.id)
    if given is None or "since" not in given.content:
        return Effect("", is_possible=False, why_not="It does not say which days it is about: propose it again.")
    if is_issued(case.subject.id):
        return Effect("", is_possible=False, why_not="It was issued already.")
    credit, rebill = (Decimal(str(given.content.get(name, 0))) for name in ("credit", "rebill"))
    parts = [f"a credit memo over {-credit:,} {given.currency}"] if credit else []
    parts += [f"invoices over {rebill:,} {given.currency}"] if rebill else []
    return Effect(f"Issues {' and '.join(parts)}", money_effect=credit + rebill)


def issue(case: CaseSnapshot, *, actor: Actor, now: datetime, key: str) -> Any:
    return issue_reprice(approval_id=case.subject.id, actor=actor, now=now)


# A chain: numbers are drawn last (90), so the case (80) ends in a transaction after it. Issuing happens once.
register(
    Resolution(REPRICE_APPROVED, "issue", "Issue the credit and the rebill", preview_issue, issue, WHO, is_chain=True)
)
