"""How money is applied: oldest due first, never more than is open, the rest stays on account."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from billing.rules.asks import AgeingBucket

ZERO = Decimal(0)
AGES = (
    (None, 0, "Not due"),
    (1, 30, "1–30 days"),
    (31, 60, "31–60 days"),
    (61, 90, "61–90 days"),
    (91, None, "Over 90"),
)


@dataclass(frozen=True)
class OpenInvoice:
    id: int
    due_date: date
    open_amount: Decimal


@dataclass(frozen=True)
class Application:
    invoice_id: int
    amount: Decimal


def apply_oldest_first(amount: Decimal, invoices: Iterable[OpenInvoice]) -> list[Application]:
    """Deal `amount` out by due date, then id. Σ ≤ amount; none above what its invoice has open."""
    left, applied = amount, []
    for invoice in sorted(invoices, key=lambda i: (i.due_date, i.id)):
        part = min(left, invoice.open_amount)
        if part > ZERO:
            applied.append(Application(invoice.id, part))
            left -= part
    return applied


def age(invoices: Iterable[OpenInvoice], *, on: date) -> list[AgeingBucket]:
    """Open amounts by how long they are overdue on the day `on`; every invoice in exactly one bucket."""
    totals = [ZERO] * len(AGES)
    for invoice in invoices:
        overdue = (on - invoice.due_date).days
        totals[_bucket(overdue)] += invoice.open_amount
    return [AgeingBucket(label, total) for (_, _, label), total in zip(AGES, totals, strict=True)]


def _bucket(overdue_days: int) -> int:
    for position, (_, to_days, _) in enumerate(AGES):
        if to_days is None or overdue_days <= to_days:
            return position
    raise AssertionError("the last bucket is open-ended")
