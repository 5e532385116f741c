"""A second person said yes to a limit or an addition: it counts from now on."""

from datetime import date, datetime
from decimal import Decimal

from accounts.approval_queries import approvals
from accounts.rules.asks import Approval
from accounts.states import ApprovalState
from core.actors import Actor
from core.clock import company_day
from core.models import OverrideEntry
from core.overrides import Reason
from core.uow import door_verb, require_uow
from credit.models import CreditAccount, LimitAddition
from credit.services.change_limit import set_limit
from credit.services.grant_addition import AdditionSpec, add
from credit.states import AdditionKind


@door_verb
def apply_approved_limit(*, approval_id: int, now: datetime) -> str:
    """What was done, in the name of who asked for it: "limit", "addition", or "unchanged" (another kind of approval, not
    approved, over, done already). Safe to run twice. Locks credit (10), then the approval (18)."""
    approval = approvals([approval_id]).get(approval_id)
    is_ours = approval is not None and approval.kind == "credit" and approval.subject.kind == "credit_account"
    if approval is None or not is_ours or approval.state != ApprovalState.APPROVED or approval.expires_at <= now:
        return "unchanged"
    actor = Actor(approval.requested_label, approval.requested_by, channel="approval")
    account_id = CreditAccount.objects.filter(pk=approval.subject.id).values_list("account_id", flat=True).first() or 0
    part = approval.content.get("part")
    if part == "limit":
        return _set(approval, account_id, actor, now)
    if part == "addition":
        return _add(approval, account_id, actor, now)
    return "unchanged"


@require_uow
def _set(approval: Approval, account_id: int, actor: Actor, now: datetime) -> str:
    if OverrideEntry.objects.filter(kind="credit_limit", approval_id=approval.id).exists():
        return "unchanged"  # used already: what somebody changed since then stays
    wanted, until = Decimal(approval.content["limit"]), _day(approval.content["until"])
    changed = set_limit(
        account_id=account_id,
        limit_amount=wanted,
        valid_to=until,
        reason=_reason(approval),
        actor=actor,
        now=now,
        approval_id=approval.id,
    )
    return "limit" if changed else "unchanged"


@require_uow
def _add(approval: Approval, account_id: int, actor: Actor, now: datetime) -> str:
    if LimitAddition.objects.filter(approval_id=approval.id).exists():
        return "unchanged"
    asked = approval.content
    starts = _day(asked["from"])
    spec = AdditionSpec(
        AdditionKind(asked["kind"]),
        Decimal(asked["addition"]),
        starts or company_day(now),
        _day(asked["until"]),
        asked["reference"],
    )
    add(
        account_id=account_id,
        addition=spec,
        reason=_reason(approval),
        actor=actor,
        now=now,
        approval_id=approval.id,
    )
    return "addition"


def _reason(approval: Approval) -> Reason:
    return Reason("approved", f"Asked by {approval.requested_label}: {approval.reason}"[:300])


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None
