"""What somebody said yes to about an order as a whole is done: its hold is let go, its payment terms are changed."""

from datetime import datetime

import structlog

from accounts import approvals
from accounts.approval_queries import roles_now
from accounts.queries import approvals as approvals_by_id
from accounts.rules.asks import Approval
from core import journal, overrides
from core.actors import Actor
from core.clock import company_day
from core.errors import DomainError
from core.overrides import Reason
from core.uow import door_verb, require_uow
from credit.services.lock_accounts import lock_accounts
from orders.models import Hold
from orders.queries import account_of, pictures
from orders.rules.requests import CREDIT_APPROVAL, HOLD_APPROVAL, HOLD_PART, TERMS_PART, release_hash, terms_hash
from orders.services.change_terms import locked_for_terms, require_may_change, set_terms
from orders.services.clear_hold import let_go, locked_hold, require_may_clear

log = structlog.get_logger(__name__)


@door_verb
def apply_approved_request(*, approval_id: int, actor: Actor, now: datetime) -> bool:
    """Whether it is done now, in the name of who asked and with who approved beside them. What changed since (the order is
    worth another sum, the hold went) is not forced: the order's timeline says why it came to nothing. Safe to run twice."""
    given = approvals_by_id([approval_id]).get(approval_id)
    if given is None or given.kind not in (CREDIT_APPROVAL, HOLD_APPROVAL) or given.subject.kind != "order":
        return False
    if overrides.is_recorded(approval_id=approval_id, subject=given.subject):
        return True
    asker = Actor(given.requested_label, user_id=given.requested_by, channel=actor.channel, request_id=actor.request_id)
    reason = Reason(str(given.content.get("reason_code", "approved")), given.reason)
    part = str(given.content.get("part", ""))
    try:
        if part == TERMS_PART:
            _change_terms(given, reason, asker, now)
        elif part.startswith(f"{HOLD_PART} "):
            _let_go(given, int(part.removeprefix(f"{HOLD_PART} ")), reason, asker, now)
        else:
            return False
    except DomainError as refusal:
        log.warning("approved request not applied", approval_id=approval_id, why=refusal.message)
        words = f"What was approved was not done: {refusal.message}"[:300]
        journal.write([journal.Entry(given.subject, "request_refused", words)], actor=actor, now=now)
        return False
    return True


@require_uow
def _change_terms(given: Approval, reason: Reason, asker: Actor, now: datetime) -> None:
    wanted = str(given.content["terms asked"])
    lock_accounts([account_of(given.subject.id) or 0])
    _require(given, _terms_hash(given, wanted), now)
    row = locked_for_terms(given.subject.id, wanted)
    _require_same(given, _terms_hash(given, wanted))
    require_may_change(row, _decider(given), on=company_day(now))
    approver = approvals.approver_of(given.id, beside=asker)
    set_terms(row, wanted, reason=reason, actor=asker, now=now, approval_id=given.id, approver=approver)


def _terms_hash(given: Approval, wanted: str) -> str:
    order = pictures([given.subject.id])[given.subject.id]
    return terms_hash(order.order_id, order.total, order.currency, order.terms_code, wanted)


@require_uow
def _let_go(given: Approval, hold_id: int, reason: Reason, asker: Actor, now: datetime) -> None:
    _require(given, _hold_hash(hold_id), now)
    order, hold = locked_hold(hold_id)
    _require_same(given, _hold_hash(hold_id))
    require_may_clear(order, hold, _decider(given), None, on=company_day(now))
    approver = approvals.approver_of(given.id, beside=asker)
    let_go(order, hold, reason=reason, actor=asker, now=now, approval_id=given.id, approver=approver)


def _hold_hash(hold_id: int) -> str:
    order_id = Hold.objects.filter(pk=hold_id).values_list("order_id", flat=True).get()
    order = pictures([order_id])[order_id]
    return release_hash(hold_id, order.total, order.currency)


@require_uow
def _require(given: Approval, content_hash: str, now: datetime) -> None:
    """Before the order is locked (18 before 20): checked again under its lock."""
    approvals.require(approval_id=given.id, content_hash=content_hash, now=now)


def _require_same(given: Approval, content_hash: str) -> None:
    if given.content_hash != content_hash:
        raise approvals.ContentChanged(approval_id=given.id)


def _decider(given: Approval) -> Actor:
    """With whose authority it was decided: roles as they are stored now."""
    person = Actor("", user_id=given.decided_for or given.decided_by)
    found = approvals.approver_of(given.id, beside=Actor(""))
    roles, _ = roles_now(person)
    return Actor(found.label if found else "", user_id=person.user_id, roles=roles)
