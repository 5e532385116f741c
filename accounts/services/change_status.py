"""Take an account from prospect to active, suspend it, bring it back, close it."""

from datetime import datetime

from accounts.models import Account
from accounts.states import ACCOUNT, AccountStatus
from core import journal
from core.actors import Actor
from core.errors import Busy, NotFound, Refused
from core.refs import DocumentRef
from core.uow import door_verb


class ReasonMissing(Refused):
    status = 422
    template = "Say why the account becomes {status}."


@door_verb
def change_status(*, account_id: int, status: AccountStatus, actor: Actor, now: datetime, reason: str = "") -> None:
    """Raises NotFound, IllegalTransition, ReasonMissing (suspending and closing need one)."""
    account = Account.objects.filter(pk=account_id).first()
    if account is None:
        raise NotFound(kind="account", ident=account_id)
    before = AccountStatus(account.status)
    ACCOUNT.require(before, status)
    if status in (AccountStatus.SUSPENDED, AccountStatus.CLOSED) and not reason.strip():
        raise ReasonMissing(status=str(status))
    changed = Account.objects.filter(pk=account_id, status=before).update(status=status)
    if not changed:  # somebody else changed it between the two statements
        raise Busy
    summary = f"{before} → {status}" + (f": {reason.strip()}" if reason.strip() else "")
    entry = journal.Entry(DocumentRef("account", account_id, account.code), f"became_{status}", summary)
    journal.write([entry], actor=actor, now=now)
