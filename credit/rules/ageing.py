"""Open receivables by how late they are."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

ZERO = Decimal(0)


@dataclass(frozen=True)
class Ageing:
    """Amounts by days past the due date; `not_due` includes items without one."""

    not_due: Decimal = ZERO
    days_1_30: Decimal = ZERO
    days_31_60: Decimal = ZERO
    days_61_90: Decimal = ZERO
    days_over_90: Decimal = ZERO

    @property
    def overdue(self) -> Decimal:
        return self.days_1_30 + self.days_31_60 + self.days_61_90 + self.days_over_90

    @property
    def total(self) -> Decimal:
        return self.not_due + self.overdue


def age(items: Iterable[tuple[Decimal, date | None]], *, on: date) -> Ageing:
    """`items`: open balance and due date of each document."""
    sums: dict[str, Decimal] = {}
    for balance, due in items:
        name = _bucket(0 if due is None else (on - due).days)
        sums[name] = sums.get(name, ZERO) + balance
    return Ageing(**sums)


def _bucket(days_late: int) -> str:
    if days_late <= 0:
        return "not_due"
    if days_late <= 30:
        return "days_1_30"
    if days_late <= 60:
        return "days_31_60"
    return "days_61_90" if days_late <= 90 else "days_over_90"
