"""What somebody said yes to is done: the invoice stands at the price it was billed at."""

from datetime import datetime

import structlog

from accounts.queries import approvals
from billing.exception_kinds import INVOICE_DIFFERS
from billing.services.settle_price import PRICE, keep
from core import journal
from core.actors import Actor
from core.errors import DomainError
from core.models import OverrideEntry
from core.overrides import Reason
from core.uow import door_verb
from exceptions_app.services.close_causes import close_causes

log = structlog.get_logger(__name__)


@door_verb
def apply_kept_invoice(*, approval_id: int, actor: Actor, now: datetime) -> bool:
    """Whether the invoice stands; its case is over then. What changed since it was asked for is not forced: the invoice's
    timeline says why the approval came to nothing, and the case goes on. Safe to run twice."""
    given = approvals([approval_id]).get(approval_id)
    if given is None or given.kind != PRICE or given.subject.kind != "invoice":
        return False
    if OverrideEntry.objects.filter(kind="price", approval_id=approval_id).exists():
        return True
    asker = Actor(given.requested_label, user_id=given.requested_by, channel=actor.channel, request_id=actor.request_id)
    reason = Reason(str(given.content.get("reason_code", "approved")), given.reason)
    try:
        keep(given.subject.id, reason=reason, actor=asker, now=now, approval_id=approval_id)
    except DomainError as refusal:
        log.warning("approved invoice price not kept", approval_id=approval_id, why=refusal.message)
        words = f"The approval that the invoice stands was not used: {refusal.message}"
        journal.write([journal.Entry(given.subject, "price_not_settled", words[:300])], actor=actor, now=now)
        return False
    close_causes(INVOICE_DIFFERS.code, given.subject, ["price"], now=now, actor=actor)
    return True
