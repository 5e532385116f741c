"""Denied chargebacks and commissions a rep does not agree with: looked at again, or answered."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from accounts.states import Role
from billing.exception_kinds import CHARGEBACK_DENIED, COMMISSION_DISPUTE
from billing.models import ChargebackClaim, CommissionStatementLine
from billing.resolutions.invoices import FINANCE
from billing.rules.claims import ClaimSpec
from billing.services.claim_chargebacks import claim_chargeback, reasons_to_deny
from billing.services.commission_statements import answer_line
from billing.services.settle_commissions import recompute_commissions
from billing.states import LineState
from core.actors import Actor
from core.errors import Refused
from exceptions_app.rules.asks import CaseSnapshot
from exceptions_app.rules.ranking import Effect
from exceptions_app.suggestions import Resolution, register

ANSWERED = "The line is answered."


class StillDenied(Refused):
    template = "The claim of case {number} would be denied again: {why}"
    remedy_template = "Mend what is named (the contract, the membership), or let the denial stand."


def claim_of(case: CaseSnapshot) -> ClaimSpec | None:
    row = ChargebackClaim.objects.filter(pk=case.subject.id).first()
    if row is None:
        return None
    return ClaimSpec(
        row.account_id, row.reference, row.contract_code, row.member_text, row.sku_text, row.qty, row.sale_date,
        row.cost_price, row.contract_price, row.currency,
    )  # fmt: skip


def preview_claim(case: CaseSnapshot, now: datetime) -> Effect:
    claim = claim_of(case)
    if claim is None:
        return Effect("", is_possible=False, why_not="The claim is not there any more.")
    if why := reasons_to_deny(claim, now=now):
        return Effect("", is_possible=False, why_not=" ".join(d.message for d in why))
    return Effect(f"passes every check now: credits {case.money_at_risk:,} {case.currency}", -case.money_at_risk)


def claim_again(case: CaseSnapshot, *, actor: Actor, now: datetime, key: str) -> Any:
    """As a claim of its own: what was denied stays as it was answered. Raises StillDenied."""
    claim = claim_of(case)
    assert claim is not None  # claims are never removed
    if why := reasons_to_deny(claim, now=now):
        raise StillDenied(number=case.number, why=" ".join(d.message for d in why))
    return claim_chargeback(claim, actor=actor, now=now)


def preview_stand(case: CaseSnapshot, now: datetime) -> Effect:
    return Effect(f"the distributor is told why; {case.money_at_risk:,} {case.currency} are not given", Decimal(0))


def stand(case: CaseSnapshot, *, actor: Actor, now: datetime, key: str) -> None:
    """The answer was given when it was denied; the case keeps who told them."""


def line_of(case: CaseSnapshot) -> CommissionStatementLine | None:
    """The statement's line the cause names ("line:12"), while the rep waits for an answer."""
    named = case.cause_key.removeprefix("line:")
    rows = CommissionStatementLine.objects.filter(state=LineState.DISPUTED).select_related("invoice", "statement")
    return rows.filter(pk=int(named)).first() if named.isdecimal() else None


def preview_recompute(case: CaseSnapshot, now: datetime) -> Effect:
    line = line_of(case)
    if line is None:
        return Effect("", is_possible=False, why_not=ANSWERED)
    day = line.invoice.issued_date
    sale = f"{line.invoice.number} of {day.day} {day:%b}"
    return Effect(f"works {sale} out again by the plan as it is now; a difference is on the next statement")


def recompute(case: CaseSnapshot, *, actor: Actor, now: datetime, key: str) -> None:
    """Two transactions: worked out twice, the second finds no difference."""
    line = line_of(case)
    if line is not None:
        day = line.invoice.issued_date
        moved = recompute_commissions(from_date=day, to_date=day, rep_id=line.statement.rep_id, now=now)
        found = "the difference is on the next statement" if moved else "the amount is the same"
        answer = f"Worked out again on case {case.number} by the plan in force: {found}."
        answer_line(line_id=line.pk, answer=answer, actor=actor, now=now)


def preview_uphold(case: CaseSnapshot, now: datetime) -> Effect:
    line = line_of(case)
    if line is None:
        return Effect("", is_possible=False, why_not=ANSWERED)
    return Effect(f"the amount stands, and the rep reads why: {line.why}"[:280])


def uphold(case: CaseSnapshot, *, actor: Actor, now: datetime, key: str) -> Any:
    line = line_of(case)
    answer = f"Looked at on case {case.number}: it stands. {line.why if line else ''}"
    return answer_line(line_id=line.pk if line else 0, answer=answer, actor=actor, now=now)


register(
    Resolution(
        CHARGEBACK_DENIED.code, "claim_again", "Check it again", preview_claim, claim_again, FINANCE, is_chain=True
    ),
    Resolution(
        CHARGEBACK_DENIED.code, "stand", "Let the denial stand", preview_stand, stand, FINANCE | {Role.CS, Role.CS_LEAD}
    ),
    Resolution(
        COMMISSION_DISPUTE.code, "recompute", "Work it out again", preview_recompute, recompute, FINANCE, is_chain=True
    ),
    Resolution(COMMISSION_DISPUTE.code, "uphold", "The amount stands", preview_uphold, uphold, FINANCE, ends_case=True),
)
