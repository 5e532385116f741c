"""What contracts make lateness cost us: for the money at risk of cases about lines that are, or will be, late."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from core.money import EXACT, round_amount
from core.rates import rates_by_day
from pricing.contract_queries import terms_by_day

ZERO = Decimal(0)

# For a query that names a demand `d`: by how many days what waits of it is promised after the day that was promised first
# (never promised: after the day asked for). Without any day it is late by one at least.
LATE = """
  CROSS JOIN LATERAL (SELECT min(p.first_delivery_date) AS first, max(p.delivery_date) AS day,
                             coalesce(bool_or(p.delivery_date IS NULL), true) AS is_lost
                        FROM inventory_promise p WHERE p.demand_id = d.id AND p.is_current) now
  CROSS JOIN LATERAL (SELECT CASE WHEN now.is_lost THEN 1
                                  ELSE greatest(now.day - coalesce(now.first, d.requested_date), 0) END AS days) late
"""


@dataclass(frozen=True)
class Late:
    """Lines of an account's orders placed on a day, in the orders' currency, with the days all of them are late together."""

    account_id: int
    ordered_on: date
    currency: str
    lines: int
    days: int


def penalties(late: Sequence[Late]) -> list[Decimal]:
    """For each what the contract that held on the day of the order asks, in the orders' currency at that day's rate; 0
    without a contract, a penalty or a rate. 4 SQL, none where nothing is late."""
    asked = [x for x in late if x.lines]
    terms = terms_by_day((x.account_id, x.ordered_on) for x in asked)
    pairs = {
        (t.currency, x.currency, x.ordered_on)
        for x in asked
        if (t := terms.get((x.account_id, x.ordered_on))) is not None
    }
    rates = rates_by_day(pairs) if pairs else {}
    found = []
    for x in late:
        held = terms.get((x.account_id, x.ordered_on)) if x.lines else None
        rate = rates.get((held.currency, x.currency, x.ordered_on)) if held else None
        amount = ZERO
        if held is not None and rate is not None:
            owed = held.penalty_per_late_line * x.lines + held.penalty_per_late_day * x.days
            amount = round_amount(EXACT.multiply(owed, rate), x.currency)
        found.append(amount)
    return found
