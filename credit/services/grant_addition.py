"""Let an account owe more than its limit: for a while, or because somebody insures it. Logged as an override."""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from accounts import approvals
from core import journal, overrides
from core.actors import Actor
from core.clock import company_day
from core.errors import FieldError, InvalidInput, NotFound, NotPermitted
from core.outbox import publish
from core.refs import DocumentRef
from core.uow import door_verb, require_uow
from credit.authority import authority_in
from credit.events import CreditImproved
from credit.locks import lock_credit_accounts
from credit.models import CreditAccount, LimitAddition
from credit.services.change_limit import LimitAuthorityExceeded, ref_of
from credit.standings import dated_parts, limits_of
from credit.states import AdditionKind


@dataclass(frozen=True)
class AdditionSpec:
    """`amount` in the account's currency over [valid_from, valid_to); only an insurance may have no end."""

    kind: AdditionKind
    amount: Decimal
    valid_from: date
    valid_to: date | None = None
    reference: str = ""


@door_verb
def grant_addition(
    *,
    account_id: int,
    addition: AdditionSpec,
    reason: overrides.Reason,
    actor: Actor,
    now: datetime,
    approval_id: int | None = None,
) -> int:
    """The addition's id. What may be owed with it must be within the actor's authority, or approved by a second person.

    Publishes CreditImproved once it counts (one that begins later is looked at on its first day). Raises InvalidInput,
    NotFound, NotPermitted, LimitAuthorityExceeded, ReasonTooShort and the refusals of an approval.
    """
    return grant(account_id=account_id, addition=addition, reason=reason, actor=actor, now=now, approval_id=approval_id)


@require_uow
def grant(
    *,
    account_id: int,
    addition: AdditionSpec,
    reason: overrides.Reason,
    actor: Actor,
    now: datetime,
    approval_id: int | None = None,
) -> int:
    """The same inside a caller's transaction that holds no lock above rank 10."""
    require_sense(addition, company_day(now))
    row = _locked(account_id)
    approved = _require_authority(row, addition, actor=actor, approval_id=approval_id, now=now)
    return _add(row, addition, reason, approved, actor=actor, now=now)


@require_uow
def add(
    *,
    account_id: int,
    addition: AdditionSpec,
    reason: overrides.Reason,
    actor: Actor,
    now: datetime,
    approval_id: int,
) -> int:
    """The same on an approval alone, whoever carries it out: `actor` is who asked for it."""
    require_sense(addition, company_day(now))
    row = _locked(account_id)
    approvals.require(approval_id=approval_id, content_hash=addition_hash(account_id, addition), now=now)
    return _add(row, addition, reason, approval_id, actor=actor, now=now)


def _locked(account_id: int) -> CreditAccount:
    row = next((r for r in lock_credit_accounts([account_id]) if r.account_id == account_id), None)
    if row is None:
        raise NotFound(kind="credit account of account", ident=account_id)
    return row


@require_uow
def _add(
    row: CreditAccount,
    addition: AdditionSpec,
    reason: overrides.Reason,
    approved: int | None,
    *,
    actor: Actor,
    now: datetime,
) -> int:
    whole = whole_limit(row, addition, on=company_day(now))  # before it is there: what authority was measured by
    granted = LimitAddition.objects.create(
        credit_account_id=row.pk,
        kind=addition.kind,
        amount=addition.amount,
        valid_from=addition.valid_from,
        valid_to=addition.valid_to,
        reference=addition.reference,
        note=reason.note[:300],
        granted_at=now,
        granted_by=actor.label,
        approval_id=approved,
    )
    row.version += 1
    row.save(update_fields=["version"])
    _tell(row, addition, whole, reason, approved, actor=actor, now=now)
    return int(granted.pk)


def whole_limit(row: CreditAccount, addition: AdditionSpec, *, on: date) -> Decimal:
    """What may be owed with it: the limit, what is added to it already, and this."""
    there = limits_of(row, dated_parts([row.pk], on=on)[row.pk].additions)
    return there.limit + sum((x.amount for x in there.additions), Decimal(0)) + addition.amount


def addition_hash(account_id: int, addition: AdditionSpec) -> str:
    """What an approval is bound to."""
    body = f"{addition.kind}|{account_id}|{addition.amount:.2f}|{addition.valid_from}|{addition.valid_to}"
    return hashlib.sha256(body.encode()).hexdigest()


def require_sense(addition: AdditionSpec, today: date) -> None:
    """InvalidInput unless it adds something, over some days."""
    errors = []
    if not addition.amount.is_finite() or addition.amount <= 0:
        errors.append(FieldError("/amount", "not_positive", "An addition is more than nothing."))
    if addition.kind == AdditionKind.TEMPORARY and addition.valid_to is None:
        errors.append(
            FieldError("/valid_to", "required", "A temporary limit has an end.", "Give its first day without.")
        )
    if addition.valid_to is not None and addition.valid_to <= max(addition.valid_from, today):
        errors.append(FieldError("/valid_to", "too_early", "It would be over before it begins.", "Give a later day."))
    if errors:
        raise InvalidInput(errors)


def _require_authority(
    row: CreditAccount, addition: AdditionSpec, *, actor: Actor, approval_id: int | None, now: datetime
) -> int | None:
    authority = authority_in(row.currency, actor, on=company_day(now))
    if authority is None:
        raise NotPermitted(actor=actor.label, verb="raise what an account may owe", roles="finance")
    whole = whole_limit(row, addition, on=company_day(now))
    if whole <= authority:
        return None
    if approval_id is None:
        raise LimitAuthorityExceeded(actor=actor.label, asked=str(whole), authority=str(authority))
    approvals.require(approval_id=approval_id, content_hash=addition_hash(row.account_id, addition), now=now)
    return approval_id


def _tell(
    row: CreditAccount,
    addition: AdditionSpec,
    whole: Decimal,
    reason: overrides.Reason,
    approved: int | None,
    *,
    actor: Actor,
    now: datetime,
) -> None:
    until = f" until {addition.valid_to}" if addition.valid_to else ""
    what = f"{addition.amount:,} {row.currency} {addition.kind} from {addition.valid_from}{until}"
    overrides.record(
        kind="credit_limit",
        subject=ref_of(row),
        actor=actor,
        reason=reason,
        before={"limit_amount": row.limit_amount},
        after={
            "added": addition.amount,
            "kind": addition.kind,
            "from": addition.valid_from,
            "to": addition.valid_to,
            "whole": whole,
        },
        money_effect=-addition.amount,
        currency=row.currency,
        approval_id=approved,
        approver=approvals.approver_of(approved, beside=actor),
        account_id=row.account_id,
        now=now,
    )
    entry = journal.Entry(DocumentRef("account", row.account_id), "limit_added", f"{what}: {reason.note}")
    journal.write([entry], actor=actor, now=now)
    if addition.valid_from <= company_day(now):
        cause = f"{addition.kind} limit granted"
        publish(CreditImproved(row.account_id, cause), stream=f"credit:{row.account_id}", seq=row.version, now=now)
