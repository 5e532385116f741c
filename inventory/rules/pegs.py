"""What is left of supply on its way, for somebody to be promised."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from inventory.rules.atp import expected_on
from inventory.rules.promise import Peg

ZERO = Decimal(0)


class Expected(NamedTuple):
    """Open inbound supply; `pegged_qty` is what current promises rest on."""

    pk: int
    product_id: int
    site_id: int
    eta_date: date
    past_due_cutoff_days: int
    open_qty: Decimal
    pegged_qty: Decimal


def pegs_left(inbound: Iterable[Expected], own: Mapping[int | None, Decimal], *, today: date) -> dict[int, list[Peg]]:
    """{product: what can be promised from it}. `own` of each supply is pegged by those who ask, so it is theirs still.

    Overdue supply is expected tomorrow, until its cut-off; then it is no promise.
    """
    found: dict[int, list[Peg]] = defaultdict(list)
    for supply in inbound:
        day = expected_on(supply.eta_date, today=today, cutoff_days=supply.past_due_cutoff_days)
        left = supply.open_qty - supply.pegged_qty + own.get(supply.pk, ZERO)
        if day is not None and left > 0:
            found[supply.product_id].append(Peg(supply.pk, supply.site_id, day, left))
    return found
