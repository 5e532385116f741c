"""Which row of data is meant for a case: the most particular one that fits. Source: domain.md §11."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class About:
    """What rows are compared with: a case's kind, its customer, and the money at risk in its currency."""

    kind: str
    account_id: int | None = None
    tier_id: int | None = None
    territory_id: int | None = None
    amount: Decimal = Decimal(0)
    currency: str = ""


@dataclass(frozen=True)
class Scope:
    """Whatever is empty fits every case; `min_amount` fits only cases in its currency."""

    id: int
    kind: str = ""
    account_id: int | None = None
    territory_id: int | None = None
    tier_id: int | None = None
    min_amount: Decimal | None = None
    currency: str = ""

    def is_about(self, case: About) -> bool:
        named = (
            (self.kind, case.kind),
            (self.account_id, case.account_id),
            (self.territory_id, case.territory_id),
            (self.tier_id, case.tier_id),
        )
        if any(wanted and wanted != has for wanted, has in named):
            return False
        return self.min_amount is None or (case.currency == self.currency and case.amount >= self.min_amount)

    @property
    def weight(self) -> tuple[bool, bool, bool, Decimal, bool, int]:
        """Greater is more particular; of two alike the older row holds."""
        amount = Decimal(-1) if self.min_amount is None else self.min_amount
        return (
            self.account_id is not None,
            self.territory_id is not None,
            self.tier_id is not None,
            amount,
            bool(self.kind),
            -self.id,
        )


def most_particular(scopes: Iterable[Scope], case: About) -> Scope | None:
    """The row that holds for the case, if any fits."""
    return max((scope for scope in scopes if scope.is_about(case)), key=lambda scope: scope.weight, default=None)


def least_loaded(members: Iterable[int], loads: dict[int, int]) -> int | None:
    """Who of the members has the fewest live cases; of equals the one with the smallest id. Counts the new case."""
    chosen = min(members, key=lambda member: (loads.get(member, 0), member), default=None)
    if chosen is not None:
        loads[chosen] = loads.get(chosen, 0) + 1
    return chosen
