"""Set an account's credit limit: within one's authority, or with somebody else's approval. Always logged."""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from accounts import approvals
from core import journal, overrides
from core.actors import Actor
from core.clock import company_day
from core.errors import FieldError, InvalidInput, NotFound, NotPermitted, Refused
from core.outbox import publish
from core.refs import DocumentRef
from core.uow import door_verb, require_uow
from credit.authority import authority_in, authority_of
from credit.events import CreditImproved
from credit.locks import lock_credit_accounts
from credit.models import CreditAccount
from credit.rules.authority import ends_later, needs_approval


class LimitAuthorityExceeded(Refused):
    status = 403
    template = "A limit of {asked} is above the {authority} that {actor} may set."
    remedy_template = "Ask for approval by a person with a higher authority."


@dataclass(frozen=True)
class LimitChanged:
    account_id: int
    before: Decimal
    after: Decimal
    override_id: int


@door_verb
def change_limit(
    *,
    account_id: int,
    limit_amount: Decimal,
    reason: overrides.Reason,
    actor: Actor,
    now: datetime,
    valid_to: date | None = None,
    approval_id: int | None = None,
) -> LimitChanged:
    """Set the limit, in the account's currency; `valid_to` is the first day without it (None: no end).

    Publishes CreditImproved when raised or prolonged. Raises InvalidInput, NotFound, NotPermitted, LimitAuthorityExceeded,
    ReasonTooShort and the refusals of an approval.
    """
    _require_sense(limit_amount)
    row = locked_account(account_id)
    return change_locked_limit(row, limit_amount, valid_to, reason, actor=actor, now=now, approval_id=approval_id)


@require_uow
def change_locked_limit(
    row: CreditAccount,
    limit_amount: Decimal,
    valid_to: date | None,
    reason: overrides.Reason,
    *,
    actor: Actor,
    now: datetime,
    approval_id: int | None = None,
) -> LimitChanged:
    """The same of what `locked_account` gave, inside a caller's transaction."""
    approved = _check_authority(row, limit_amount, valid_to, actor=actor, approval_id=approval_id, now=now)
    return _change(row, limit_amount, valid_to, reason, approved, actor=actor, now=now)


@require_uow
def set_limit(
    *,
    account_id: int,
    limit_amount: Decimal,
    valid_to: date | None,
    reason: overrides.Reason,
    actor: Actor,
    now: datetime,
    approval_id: int,
) -> LimitChanged | None:
    """The same on an approval alone, whoever carries it out: `actor` is who asked for it. None: it is the limit already."""
    _require_sense(limit_amount)
    row = locked_account(account_id)
    approvals.require(approval_id=approval_id, content_hash=limit_hash(account_id, limit_amount, valid_to), now=now)
    if (row.limit_amount, row.limit_valid_to) == (limit_amount, valid_to):
        return None
    return _change(row, limit_amount, valid_to, reason, approval_id, actor=actor, now=now)


def _require_sense(limit_amount: Decimal) -> None:
    if not limit_amount.is_finite() or limit_amount < 0:
        raise InvalidInput([FieldError("/limit_amount", "negative", "A limit is not negative.")])


@require_uow
def _change(
    row: CreditAccount,
    limit_amount: Decimal,
    valid_to: date | None,
    reason: overrides.Reason,
    approved: int | None,
    *,
    actor: Actor,
    now: datetime,
) -> LimitChanged:
    account_id, before, longer = row.account_id, row.limit_amount, ends_later(row.limit_valid_to, valid_to)
    was = {"limit_amount": before, "valid_to": row.limit_valid_to}
    row.limit_amount, row.limit_valid_to, row.version = limit_amount, valid_to, row.version + 1
    row.save(update_fields=["limit_amount", "limit_valid_to", "version"])
    override_id = overrides.record(
        kind="credit_limit",
        subject=ref_of(row),
        actor=actor,
        reason=reason,
        before=was,
        after={"limit_amount": limit_amount, "valid_to": valid_to},
        money_effect=before - limit_amount,
        currency=row.currency,
        approval_id=approved,
        approver=approvals.approver_of(approved, beside=actor),
        account_id=account_id,
        now=now,
    )
    summary = f"Credit limit changed from {before:,} to {limit_amount:,} {row.currency}: {reason.note}"
    journal.write([journal.Entry(DocumentRef("account", account_id), "limit_changed", summary)], actor=actor, now=now)
    if limit_amount > before or longer:
        cause = "limit raised" if limit_amount > before else "limit prolonged"
        publish(CreditImproved(account_id, cause), stream=f"credit:{account_id}", seq=row.version, now=now)
    return LimitChanged(account_id, before, limit_amount, override_id)


def limit_hash(account_id: int, limit_amount: Decimal, valid_to: date | None) -> str:
    """What an approval of a limit is bound to: the account, the amount and its end."""
    return hashlib.sha256(f"credit_limit|{account_id}|{limit_amount:.2f}|{valid_to or ''}".encode()).hexdigest()


def ref_of(row: CreditAccount) -> DocumentRef:
    return DocumentRef("credit_account", int(row.pk), row.account.code)


@require_uow
def locked_account(account_id: int) -> CreditAccount:
    """Raises NotFound."""
    row = next((r for r in lock_credit_accounts([account_id]) if r.account_id == account_id), None)
    if row is None:
        raise NotFound(kind="credit account of account", ident=account_id)
    return row


def _check_authority(
    row: CreditAccount,
    limit_amount: Decimal,
    valid_to: date | None,
    *,
    actor: Actor,
    approval_id: int | None,
    now: datetime,
) -> int | None:
    """The approval that was needed and used, or None. A limit is lowered without a rate of exchange."""
    if authority_of(actor) is None:
        raise NotPermitted(actor=actor.label, verb="set a credit limit", roles="finance")
    longer = ends_later(row.limit_valid_to, valid_to)
    if not (limit_amount > row.limit_amount or longer):
        return None
    authority = authority_in(row.currency, actor, on=company_day(now)) or Decimal(0)
    if not needs_approval(before=row.limit_amount, after=limit_amount, authority=authority, is_prolonged=longer):
        return None
    if approval_id is None:
        raise LimitAuthorityExceeded(actor=actor.label, asked=str(limit_amount), authority=str(authority))
    approvals.require(approval_id=approval_id, content_hash=limit_hash(row.account_id, limit_amount, valid_to), now=now)
    return approval_id
