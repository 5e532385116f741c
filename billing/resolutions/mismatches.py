"""What ends the case of an invoice that bills another price than was confirmed."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from billing.exception_kinds import INVOICE_DIFFERS
from billing.mismatches import mismatches_of
from billing.services.settle_price import WHO, bill_as_confirmed, keep_invoice
from core.actors import Actor
from core.overrides import Reason
from exceptions_app.rules.asks import CaseSnapshot
from exceptions_app.rules.ranking import Effect
from exceptions_app.suggestions import Resolution, register

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
        f"the invoice stands, {effect:+,} {found[0].currency} beside what was confirmed: an override, in the log"
    )


def keep(case: CaseSnapshot, *, actor: Actor, now: datetime, key: str) -> Any:
    return keep_invoice(invoice_id=case.subject.id, reason=Reason("invoice_stands", _why(case)), actor=actor, now=now)


register(
    Resolution(
        INVOICE_DIFFERS.code,
        "confirmed",
        "The confirmed price counts",
        preview_confirmed,
        as_confirmed,
        WHO,
        is_chain=True,
    ),
    Resolution(INVOICE_DIFFERS.code, "invoice", "The invoice stands", preview_keep, keep, WHO),
)
