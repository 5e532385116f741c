"""Tell allocation which customers were served worse than the contract that holds for them promises."""

from datetime import datetime, timedelta
from decimal import Decimal

from core import clock
from inventory.services.keep_shortfalls import Shortfall, keep_shortfalls
from pricing.contract_queries import contract_terms
from reporting.service_terms import served_by_contract

MEASURED = timedelta(days=90)  # orders finished within them


def tell_shortfalls(*, now: datetime) -> int:
    """How many are behind: by the contract in force today, over orders placed under it that finished in the last 90 days;
    of a customer who misses both targets the worse one counts, and both are told. Seven statements. Safe to run twice."""
    today = clock.local_date(now, "UTC")
    found = served_by_contract(today - MEASURED, today + timedelta(days=1))
    terms = contract_terms({account_id for account_id, _ in found}, on=today)
    in_force = {(account_id, held.contract_id) for account_id, held in terms.items()}
    behind = [
        Shortfall(account_id, min(max(points for points, _ in missed), Decimal(100)), ", ".join(w for _, w in missed))
        for (account_id, contract_id), x in sorted(found.items())
        if (account_id, contract_id) in in_force and (missed := x.shortfalls)
    ]
    return keep_shortfalls(found=behind, measured_on=today, now=now)
