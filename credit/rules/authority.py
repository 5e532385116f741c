"""How high a limit somebody may set alone; above it a second person with the authority approves."""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal

from accounts.rules.authority import Limit
from accounts.states import Role

ZERO = Decimal(0)
ANY = Decimal("Infinity")
KIND = "credit limit"  # of the authority limits an installation keeps
# What a new installation starts with, in the company's currency: the largest limit the role sets without asking anybody.
LIMIT_AUTHORITY: Mapping[str, Decimal] = {
    Role.FINANCE: Decimal(25_000),
    Role.FINANCE_APPROVER: Decimal(1_000_000),
    Role.SERVICE: ZERO,
}


def limit_authority(roles: Iterable[str], kept: Iterable[Limit] = ()) -> Decimal | None:
    """The highest of the roles; None: none of them sets limits at all. `kept`: what this installation set for the kind,
    which then rules alone; where it says any amount, infinity."""
    mine = {limit.role: ANY if limit.amount is None else limit.amount for limit in kept if limit.kind == KIND}
    limits = mine or LIMIT_AUTHORITY
    found = [limits[role] for role in roles if role in limits]
    return max(found) if found else None


def needs_approval(*, before: Decimal, after: Decimal, authority: Decimal, is_prolonged: bool = False) -> bool:
    """Lowering a limit never does; keeping one for longer is as much as giving it."""
    return after > authority and (after > before or is_prolonged)


def ends_later(before: date | None, after: date | None) -> bool:
    """Whether the limit ends later than it did; None: it has no end."""
    return before is not None and (after is None or after > before)
