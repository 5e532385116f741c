"""How high a limit somebody may set alone, as things stand in this transaction."""

from datetime import date
from decimal import Decimal

from accounts.approval_queries import home_currency, kept_limits, roles_now
from core.actors import Actor
from core.money import EXACT, round_amount
from core.rates import RateMissing, rates
from credit.rules.authority import KIND, limit_authority


def authority_of(actor: Actor) -> Decimal | None:
    """By the roles as they are stored now, and by the limits this installation keeps for "credit limit"; None: they set
    no limits at all. In the company's currency. 2 SQL."""
    roles, _ = roles_now(actor)
    return limit_authority(roles, kept_limits(KIND))


def authority_in(currency: str, actor: Actor, *, on: date) -> Decimal | None:
    """The same in an account's currency, by the rate of the day. Raises RateMissing."""
    authority, home = authority_of(actor), home_currency()
    if not authority or not authority.is_finite() or currency == home:
        return authority
    rate = rates([(home, currency)], on=on).get((home, currency))
    if rate is None:
        raise RateMissing(base=home, quote=currency, day=on, actor=actor.label, home=home)
    return round_amount(EXACT.multiply(authority, rate), currency)
