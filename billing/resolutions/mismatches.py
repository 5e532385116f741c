"""What ends the case of an invoice that bills another price than was confirmed."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from billing.exception_kinds import INVOICE_DIFFERS
from billing.mismatches import mismatches_of
from billing.services.settle_price import WHO, bill_as_confirmed, keep_invoice, reject_invoice
from core.actors import Actor
from core.choices import counted
from core.overrides import Reason
from exceptions_app.rules.asks import CaseSnapshot
from exceptions_app.rules.ranking import Effect
from exceptions_app.suggestions import Asked, Resolution, register

ZERO = Decimal(0)
AGREES = Effect("", is_possible=False, why_not="Every line of the invoice agrees with what was confirmed.")


def _why(case: CaseSnapshot) -> str:
    return f"Decided on case {case.number}: {case.summary}"[:200]


def preview_confirmed(case: CaseSnapshot, now: datetime) -> Effect:
    found = mismatches_of([case.subject.id])
    if not found:
        return AGREES
    back = sum((m.difference for m in found if m.difference > 0), ZERO)
    more = -sum((m.difference for m in found if m.difference < 0), ZERO)
    parts = [f"credits {back:,} {found[0].currency}"] if back else []
    parts += [f"bills {more:,} {found[0].currency} more"] if more else []
    return Effect(" and ".join(parts), more - back)


def as_confirmed(case: CaseSnapshot, *, actor: Actor, now: datetime, key: str) -> Any:
    return bill_as_confirmed(invoice_id=case.subject.id, reason=_why(case), actor=actor, now=now)


def preview_keep(case: CaseSnapshot, now: datetime) -> Effect:
    found = mismatches_of([case.subject.id])
    if not found:
        return AGREES
    effect = sum((m.difference for m in found), ZERO)
    return Effect(
        f"the invoice stands, {effect:+,} {found[0].currency} beside what was confirmed: an override, asked for above your"
        " authority"
    )


def keep(case: CaseSnapshot, *, actor: Actor, now: datetime, key: str) -> Any:
    reason = Reason("invoice_stands", _why(case))
    said = keep_invoice(invoice_id=case.subject.id, reason=reason, actor=actor, now=now)
    if said.is_applied:
        return said
    return Asked(f"Approval {said.approval_id} is asked for: the invoice stands, {said.effect:+,} {said.currency}.")


def preview_reject(case: CaseSnapshot, now: datetime) -> Effect:
    found = mismatches_of([case.subject.id])
    if not found:
        return AGREES
    back, net = sum((m.left for m in found), ZERO), sum((m.difference for m in found), ZERO)
    words = f"credits {counted(len(found), 'line')} whole, {back:,} {found[0].currency}, and bills {back - net:,} anew"
    return Effect(words, -net)


def reject(case: CaseSnapshot, *, actor: Actor, now: datetime, key: str) -> Any:
    return reject_invoice(invoice_id=case.subject.id, reason=_why(case), actor=actor, now=now)


register(
    Resolution(
        INVOICE_DIFFERS.code,
        "confirmed",
        "Accept the confirmed price",
        preview_confirmed,
        as_confirmed,
        WHO,
        is_chain=True,
    ),
    Resolution(INVOICE_DIFFERS.code, "invoice", "Accept the invoice's price", preview_keep, keep, WHO),
    Resolution(
        INVOICE_DIFFERS.code,
        "reject",
        "Reject the lines: credit and bill anew",
        preview_reject,
        reject,
        WHO,
        is_chain=True,
    ),
)
