"""Ask for a limit above one's own authority: nothing changes before a second person approves."""

from datetime import datetime, timedelta
from decimal import Decimal

from accounts import approvals
from core.actors import Actor
from core.errors import NotFound
from core.uow import door_verb
from credit.models import CreditAccount
from credit.services.change_limit import limit_hash, ref_of

OPEN_FOR = timedelta(days=7)


@door_verb
def request_limit(*, account_id: int, limit_amount: Decimal, reason: str, actor: Actor, now: datetime) -> int:
    """The approval's id: pass it to change_limit once it is decided. It expires after seven days."""
    row = CreditAccount.objects.filter(account_id=account_id).first()
    if row is None:
        raise NotFound(kind="credit account of account", ident=account_id)
    approval_id: int = approvals.request(
        kind="credit",
        subject=ref_of(row),
        content_hash=limit_hash(account_id, limit_amount),
        amount=limit_amount,
        currency=row.currency,
        actor=actor,
        now=now,
        expires_at=now + OPEN_FOR,
        reason=reason,
    )
    return approval_id
