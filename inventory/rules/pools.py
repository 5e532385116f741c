"""Pools as allocation and availability see them: resolved to accounts, sites and one product (domain.md §6)."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal


@dataclass(frozen=True)
class Protection:
    """A floor: `qty` base units of the product stay for `account_ids` until `until` (exclusive; None: no end).

    `site_ids` None means every site. What its members already hold is not in `qty`: it is what is still to protect.
    """

    pool_id: int
    name: str
    product_id: int
    account_ids: frozenset[int]
    qty: Decimal
    site_ids: frozenset[int] | None = None
    until: date | None = None


@dataclass(frozen=True)
class Quota:
    """A ceiling: `account_ids` together may take `qty` base units more of the product; a neutral quota only counts.

    One pool over several products or several tree levels gives several quotas; a need must fit every one it is under.
    """

    pool_id: int
    name: str
    product_id: int
    account_ids: frozenset[int]
    qty: Decimal
    site_ids: frozenset[int] | None = None
    is_limiting: bool = True
