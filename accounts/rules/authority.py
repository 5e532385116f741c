"""Who may approve how much (domain.md §0.4: requester is never approver; authority limits by role and amount).

Amounts are compared as numbers in the approval's own currency, so in a small-unit currency the limits are stricter.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from accounts.states import Role

# {kind: {role: the largest amount it may approve; None: any}}. A role that is absent may not approve the kind at all.
LIMITS: Mapping[str, Mapping[Role, Decimal | None]] = {
    "price": {Role.CS_LEAD: Decimal(1_000), Role.PRICING: Decimal(25_000), Role.FINANCE_APPROVER: None},
    "credit": {Role.FINANCE: Decimal(25_000), Role.FINANCE_APPROVER: None},
    "stock count": {Role.PLANNER: Decimal(25_000), Role.FINANCE_APPROVER: None},
    "allocation": {Role.CS_LEAD: Decimal(10_000), Role.PLANNER: Decimal(25_000), Role.FINANCE_APPROVER: None},
}
OTHER_KINDS: Mapping[Role, Decimal | None] = {Role.CS_LEAD: Decimal(1_000), Role.FINANCE_APPROVER: None}


def may_approve(roles: Iterable[str], *, kind: str, amount: Decimal | None, is_superuser: bool = False) -> bool:
    """Whether one of the roles reaches `amount` (its size counts, not its sign; None: no money is at stake)."""
    if is_superuser:
        return True
    limits = LIMITS.get(kind, OTHER_KINDS)
    mine = [limits[role] for role in Role if role in limits and role in set(roles)]
    return any(limit is None or amount is None or abs(amount) <= limit for limit in mine)


def roles_for(kind: str, amount: Decimal | None) -> list[str]:
    """Whom to ask."""
    return [str(role) for role in Role if may_approve([role], kind=kind, amount=amount)]
