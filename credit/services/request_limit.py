"""Ask for a limit, or an addition to it, above one's own authority: nothing changes before a second person approves."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from accounts import approvals
from core.actors import Actor
from core.clock import company_day
from core.errors import NotFound
from core.uow import door_verb, require_uow
from credit.models import CreditAccount, LimitEvidence
from credit.services.change_limit import limit_hash, ref_of
from credit.services.grant_addition import AdditionSpec, addition_hash, require_sense, whole_limit

OPEN_FOR = timedelta(days=7)
RECENT = timedelta(days=90)
SHOWN = 10


@door_verb
def request_limit(
    *,
    account_id: int,
    limit_amount: Decimal,
    reason: str,
    actor: Actor,
    now: datetime,
    valid_to: date | None = None,
    reason_code: str = "",
) -> int:
    """The approval's id. Approved, the limit is set by itself; it expires after seven days. What was attached as evidence
    in the last 90 days is named in it with the hash of each file."""
    return request_limit_of(account_id, limit_amount, valid_to, reason, reason_code, actor=actor, now=now)


@require_uow
def request_limit_of(
    account_id: int,
    limit_amount: Decimal,
    valid_to: date | None,
    reason: str,
    reason_code: str,
    *,
    actor: Actor,
    now: datetime,
) -> int:
    """The same inside a caller's transaction."""
    row = _row(account_id)
    asked = {"limit": f"{limit_amount:.2f}", "until": str(valid_to or ""), "instead of": f"{row.limit_amount:.2f}"}
    if reason_code:
        until = f" until {valid_to}" if valid_to else ""
        what = f"A credit limit of {limit_amount:,.2f} {row.currency}{until} instead of {row.limit_amount:,.2f}"
        asked |= {"reason_code": reason_code, "what": what}
    return _request(
        row, limit_hash(account_id, limit_amount, valid_to), limit_amount, "limit", asked, reason, actor, now
    )


@door_verb
def request_addition(*, account_id: int, addition: AdditionSpec, reason: str, actor: Actor, now: datetime) -> int:
    """The same for a temporary or insured amount: what may be owed with it is what has to be within the approver's
    authority. Approved, it is granted by itself."""
    require_sense(addition, company_day(now))
    row = _row(account_id)
    asked = {
        "addition": f"{addition.amount:.2f}",
        "kind": str(addition.kind),
        "from": str(addition.valid_from),
        "until": str(addition.valid_to or ""),
        "reference": addition.reference,
    }
    whole = whole_limit(row, addition, on=company_day(now))
    return _request(row, addition_hash(account_id, addition), whole, "addition", asked, reason, actor, now)


def _row(account_id: int) -> CreditAccount:
    row = CreditAccount.objects.filter(account_id=account_id).select_related("account").first()
    if row is None:
        raise NotFound(kind="credit account of account", ident=account_id)
    return row


@require_uow
def _request(
    row: CreditAccount,
    content_hash: str,
    amount: Decimal,
    part: str,
    asked: Mapping[str, Any],
    reason: str,
    actor: Actor,
    now: datetime,
) -> int:
    approval_id: int = approvals.request(
        kind="credit",
        subject=ref_of(row),
        content_hash=content_hash,
        amount=amount,
        currency=row.currency,
        account_id=row.account_id,
        content={"part": part, **asked, **_evidence(row, now)},
        actor=actor,
        now=now,
        expires_at=now + OPEN_FOR,
        reason=reason,
    )
    return approval_id


def _evidence(row: CreditAccount, now: datetime) -> dict[str, str]:
    """ "evidence 1": what it is, who attached it, and the hash of the file, so that it is known again."""
    found = LimitEvidence.objects.filter(credit_account=row, attached_at__gt=now - RECENT).order_by("-pk")[:SHOWN]
    told = {}
    for n, one in enumerate(found, 1):
        file = f"{one.file_name} (sha256 {one.sha256}): " if one.file_name else ""
        told[f"evidence {n}"] = f"{file}{one.note}, by {one.attached_by}"
    return told
