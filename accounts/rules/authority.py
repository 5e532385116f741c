"""Who may approve how much (domain.md §0.4: requester is never approver; authority limits by role, amount and points of
margin).

Limits are amounts of the company's currency; what is asked in another one is converted by the rate of the day first.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from accounts.states import Role

ZERO = Decimal(0)
EVERY_OTHER_KIND = ""


@dataclass(frozen=True)
class Limit:
    """The largest amount and the most points of margin a role may approve of a kind, and how much a person may approve
    of it in a day. None: any."""

    kind: str
    role: str
    amount: Decimal | None = None
    margin_points: Decimal | None = None
    day_amount: Decimal | None = None

    def reaches(self, amount: Decimal | None, points: Decimal | None) -> bool:
        """The size of an amount counts, not its sign; None: nothing of that sort is at stake."""
        return _is_within(amount, self.amount) and _is_within(points, self.margin_points)


def _is_within(asked: Decimal | None, limit: Decimal | None) -> bool:
    return limit is None or asked is None or abs(asked) <= limit


# What a new installation starts with. A role that is absent from a kind may not approve it at all.
DEFAULTS: Sequence[Limit] = (
    Limit("price", Role.CS_LEAD, Decimal(1_000), Decimal(5)),
    Limit("price", Role.PRICING, Decimal(25_000), Decimal(15)),
    Limit("price", Role.FINANCE_APPROVER),
    Limit("credit", Role.FINANCE, Decimal(25_000)),
    Limit("credit", Role.FINANCE_APPROVER),
    Limit("stock count", Role.PLANNER, Decimal(25_000)),
    Limit("stock count", Role.FINANCE_APPROVER),
    Limit("allocation", Role.CS_LEAD, Decimal(10_000)),
    Limit("allocation", Role.PLANNER, Decimal(25_000)),
    Limit("allocation", Role.FINANCE_APPROVER),
    Limit("promise", Role.CS, Decimal(1_000)),
    Limit("promise", Role.CS_LEAD, Decimal(10_000)),
    Limit("promise", Role.PLANNER, Decimal(25_000)),
    Limit("promise", Role.FINANCE_APPROVER),
    Limit("eligibility", Role.CS_LEAD, Decimal(5_000)),
    Limit("eligibility", Role.PRICING, Decimal(25_000)),
    Limit("eligibility", Role.FINANCE_APPROVER),
    *(
        Limit("hold release", role)
        for role in (Role.CS, Role.CS_LEAD, Role.PRICING, Role.FINANCE, Role.FINANCE_APPROVER)
    ),
    Limit("reprice", Role.PRICING, Decimal(25_000)),
    Limit("reprice", Role.FINANCE_APPROVER),
    Limit("purchase order", Role.BUYER_APPROVER),  # the customer's own: nobody of the house decides it
    Limit(EVERY_OTHER_KIND, Role.CS_LEAD, Decimal(1_000)),
    Limit(EVERY_OTHER_KIND, Role.FINANCE_APPROVER),
)


def limits_of(kind: str, kept: Iterable[Limit] = ()) -> list[Limit]:
    """The limits in force for a kind: those kept for it, else its defaults, else those of every other kind."""
    mine = list(kept)
    choices = ((kind, mine), (kind, DEFAULTS), (EVERY_OTHER_KIND, mine), (EVERY_OTHER_KIND, DEFAULTS))
    for wanted, limits in choices:
        if found := [limit for limit in limits if limit.kind == wanted]:
            return found
    return []


def in_force(kept: Sequence[Limit]) -> list[tuple[Limit, bool]]:
    """Every limit that rules, kind by kind, and whether this installation set it; "every other kind" last. A kind with
    limits of its own takes none of its defaults."""
    kinds = {x.kind for x in (*kept, *DEFAULTS)}
    order = [*sorted(kinds - {EVERY_OTHER_KIND}), EVERY_OTHER_KIND]
    return [(limit, limit in kept) for kind in order for limit in limits_of(kind, kept)]


def may_approve(
    roles: Iterable[str],
    *,
    kind: str,
    amount: Decimal | None,
    is_superuser: bool = False,
    margin_points: Decimal | None = None,
    kept: Iterable[Limit] = (),
) -> bool:
    """Whether one of the roles reaches `amount` and `margin_points`; `kept` are the limits this installation set."""
    if is_superuser:
        return True
    mine = set(roles)
    return any(limit.role in mine and limit.reaches(amount, margin_points) for limit in limits_of(kind, kept))


def is_named(content: Mapping[str, Any], roles: Iterable[str]) -> bool:
    """What is asked may name the only roles that decide it ("roles"), whatever the authority of others: a hold does."""
    named = content.get("roles")
    return not named or not set(named).isdisjoint(roles)


def roles_for(
    kind: str, amount: Decimal | None, margin_points: Decimal | None = None, *, kept: Iterable[Limit] = ()
) -> list[str]:
    """Whom to ask, in the order of the roles."""
    able = {x.role for x in limits_of(kind, kept) if x.reaches(amount, margin_points)}
    return [str(role) for role in Role if role in able]


def day_limit(
    roles: Collection[str], *, kind: str, amount: Decimal | None, margin_points: Decimal | None, kept: Iterable[Limit]
) -> Decimal | None:
    """How much a person with these roles may approve of the kind in a day: the widest of the roles that reach what is
    asked; None: any."""
    able = [x for x in limits_of(kind, kept) if x.role in roles and x.reaches(amount, margin_points)]
    caps = [x.day_amount for x in able]
    return None if not caps or None in caps else max(cap for cap in caps if cap is not None)
