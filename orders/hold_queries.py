"""Reads of holds and their types."""

from collections.abc import Iterable, Sequence

from orders.models import Hold, HoldType
from orders.rules.holds import BY_HAND, CLEARABLE_BY, HandHold
from orders.states import HoldReason, OrderStatus


def types_by_hand() -> dict[str, HandHold]:
    """{code: what people may place}, by label: as kept here, else as the product came. One statement."""
    found = {kind.code: kind for kind in BY_HAND}
    for row in HoldType.objects.all():
        found.pop(row.code, None)
        if row.is_active and row.is_by_hand:
            found[row.code] = HandHold(
                row.code,
                row.label,
                HoldReason(row.reason),
                tuple(row.blocks),
                tuple(row.clearable_by),
                row.description,
            )
    return {kind.code: kind for kind in sorted(found.values(), key=lambda kind: kind.label)}


def clearers_of(reasons: Iterable[HoldReason]) -> dict[HoldReason, Sequence[str]]:
    """Who clears a hold of each reason: as its hold type says, else as the product came."""
    kept = dict(HoldType.objects.filter(code__in=list(reasons)).values_list("code", "clearable_by"))
    return {reason: kept.get(str(reason), CLEARABLE_BY[reason]) for reason in reasons}


def accounts_held_for_credit() -> list[int]:
    """Every account that has a submitted order with an open credit hold."""
    held = Hold.objects.filter(order__status=OrderStatus.SUBMITTED, reason=HoldReason.CREDIT, cleared_at__isnull=True)
    return sorted(set(held.values_list("order__account_id", flat=True)))
