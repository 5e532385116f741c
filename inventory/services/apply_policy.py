"""Apply what was tried: a run by the policy shown, if nothing has changed since, with a reason in the override log."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from accounts import approvals
from core import overrides
from core.actors import Actor
from core.errors import NotFound, Refused
from core.overrides import Reason
from core.refs import DocumentRef
from core.uow import door_verb
from inventory.models import AllocationChange, AllocationPolicy
from inventory.policy_queries import policy_called
from inventory.rules.asks import AllocationOutcome
from inventory.services.plan_by_policy import PolicyPlan
from inventory.services.run_by_policy import Wish
from inventory.services.run_products import run_products
from inventory.services.what_if import versions_of

APPROVAL = "allocation"
GOOD_FOR = timedelta(days=1)
CAUSE = "a planner applied another allocation policy"


class ChangedSinceShown(Refused):
    template = "Demand or stock of {count} product(s) changed since the what-if was shown."
    remedy_template = "Run it again and look at the difference."


@dataclass(frozen=True)
class Applied:
    """`outcome` of the run, or None while `approval_id` waits for a second person."""

    outcome: AllocationOutcome | None
    approval_id: int | None = None


class _NeedsApproval(Exception):
    """The plan takes confirmed promises the policy may not take; rolls the run back."""


def apply_policy(
    *, policy_code: str, versions: Mapping[int, str], reason: Reason, actor: Actor, now: datetime,
    approval_id: int | None = None,
) -> Applied:  # fmt: skip
    """Run the policy over the products of `versions` (product → version as `what_if` gave it), all or none.

    A plan that takes confirmed promises needs a policy that may, or an approval of kind "allocation" for exactly these
    versions; without one it is asked for and nothing is changed. Raises ChangedSinceShown, NotFound, ReasonTooShort,
    and what `approvals.require` raises.
    """
    try:
        return Applied(_apply(
            policy_code=policy_code, versions=versions, reason=reason, actor=actor, now=now, approval_id=approval_id
        ))  # fmt: skip
    except _NeedsApproval:
        return Applied(None, _ask(policy_code=policy_code, versions=versions, reason=reason, actor=actor, now=now))


@door_verb
def _apply(
    *,
    policy_code: str,
    versions: Mapping[int, str],
    reason: Reason,
    actor: Actor,
    now: datetime,
    approval_id: int | None,
) -> AllocationOutcome:
    policy = policy_called(policy_code)
    if policy is None:
        raise NotFound(kind="allocation policy", ident=policy_code)
    content = _content(policy_code, versions)
    approval = approvals.require(approval_id=approval_id, content_hash=content, now=now) if approval_id else None

    def check(planned: PolicyPlan) -> None:
        found = versions_of(planned)
        changed = [i for i, version in versions.items() if found.get(i) != version]
        if changed:
            raise ChangedSinceShown(count=len(changed))
        if approval is None and not policy.may_take_promises and _takes(planned):
            raise _NeedsApproval

    outcome = run_products(
        trigger_key=f"what-if {content} {now.isoformat()}", product_ids=sorted(versions), actor=actor, now=now,
        wish=Wish(policy, permit=True, cause=CAUSE, check=check),
    )  # fmt: skip
    changes = list(AllocationChange.objects.filter(run_id=outcome.run_id))
    effect = sum((c.margin_effect for c in changes if c.margin_effect is not None), Decimal(0))
    overrides.record(
        kind=APPROVAL, subject=DocumentRef("allocation_run", outcome.run_id), actor=actor, reason=reason,
        before={str(c.demand_id): c.before_qty for c in changes}, after={str(c.demand_id): c.after_qty for c in changes},
        now=now, money_effect=effect, approval_id=approval_id,
        approver=approvals.approver_of(approval_id, beside=actor),
    )  # fmt: skip
    return outcome


def _takes(planned: PolicyPlan) -> bool:
    """Whether any demand would hold less firmly than now."""
    firm: dict[int, Decimal] = {}
    for line in planned.plan.lines:
        if line.is_firm:
            firm[line.demand_id] = firm.get(line.demand_id, Decimal(0)) + line.qty
    return any(d.need.held_qty > firm.get(d.need.demand_id, Decimal(0)) for d in planned.plan.decisions)


@door_verb
def _ask(*, policy_code: str, versions: Mapping[int, str], reason: Reason, actor: Actor, now: datetime) -> int:
    row = AllocationPolicy.objects.get(code__iexact=policy_code)
    return approvals.request(
        kind=APPROVAL, subject=DocumentRef("allocation_policy", row.pk, row.code), amount=None, currency="",
        content_hash=_content(policy_code, versions), actor=actor, now=now, expires_at=now + GOOD_FOR, reason=reason.note,
        content={"policy": row.name, "products": len(versions)},
    )  # fmt: skip


def _content(policy_code: str, versions: Mapping[int, str]) -> str:
    text = repr((policy_code.lower(), sorted(versions.items())))
    return hashlib.sha256(text.encode()).hexdigest()[:40]
