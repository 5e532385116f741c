"""How high a limit somebody may set alone; above it a second person with the authority approves."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from accounts.states import Role

ZERO = Decimal(0)
# In the account's currency: the largest limit the role sets without asking anybody.
LIMIT_AUTHORITY: Mapping[str, Decimal] = {
    Role.FINANCE: Decimal(25_000),
    Role.FINANCE_APPROVER: Decimal(1_000_000),
    Role.SERVICE: ZERO,
}


def limit_authority(roles: Iterable[str]) -> Decimal | None:
    """The highest of the roles; None: none of them sets limits at all."""
    found = [LIMIT_AUTHORITY[role] for role in roles if role in LIMIT_AUTHORITY]
    return max(found) if found else None


def needs_approval(*, before: Decimal, after: Decimal, authority: Decimal) -> bool:
    """Lowering a limit never does."""
    return after > before and after > authority
