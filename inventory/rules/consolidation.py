"""Stock on hand joined with supply on its way in one shipment, where that is as good for the customer (domain.md §7)."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from inventory.rules.sourcing_plan import source
from inventory.rules.sourcing_problem import Offer, Problem, Sourced, Take

_FIRST = 10**15  # above every balance: of two offers alike, stock that is there goes first


def coming(inbound_id: int, site_id: int, product_id: int, qty: Decimal) -> Offer:
    """Supply on its way as an offer: only what still arrives at the customer's on time is one."""
    return Offer(_FIRST + inbound_id, site_id, product_id, qty)


def is_coming(take: Take) -> bool:
    return take.offer_id >= _FIRST


def join_inbound(problem: Problem, plan: Sourced, supplies: Sequence[Offer]) -> tuple[Problem, Sourced] | None:
    """The problem with the supplies and its plan, where waiting for them saves a shipment and costs the customer nothing:
    no unit less on time or in all, no soft constraint more broken. None: the plan stands as it is.

    A plan of one shipment, or of none, has nothing to save.
    """
    if plan.score.shipments < 2 or not supplies:
        return None
    wider = replace(problem, offers=(*problem.offers, *supplies), _filled={})
    joined = source(wider)
    is_as_good = joined.score[:3] <= plan.score[:3]
    if not is_as_good or joined.score.shipments >= plan.score.shipments:
        return None
    return (wider, joined) if any(is_coming(t) for t in joined.takes) else None
