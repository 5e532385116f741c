"""How high a limit somebody may set alone, as things stand in this transaction."""

from decimal import Decimal

from accounts.approval_queries import kept_limits, roles_now
from core.actors import Actor
from credit.rules.authority import KIND, limit_authority


def authority_of(actor: Actor) -> Decimal | None:
    """By the roles as they are stored now, and by the limits this installation keeps for "credit limit"; None: they set
    no limits at all. 2 SQL."""
    roles, _ = roles_now(actor)
    return limit_authority(roles, kept_limits(KIND))
