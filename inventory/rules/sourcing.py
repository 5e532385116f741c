"""Which stock may serve a need, and in what order it is tried: the preferred site, then the sites' rank, then expiry."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from accounts.rules.asks import NO_TIER_RANK
from inventory.states import SiteKind

GENERAL_KINDS = frozenset({SiteKind.DC, SiteKind.HUB, SiteKind.THIRD_PARTY})
NEVER = date.max


@dataclass(frozen=True)
class Terms:
    """Who wants it and how it may be served: the same for every need of one account and product.

    `lot` is the product's order multiple (0: any quantity). `lock_days` of the account's tier: an order wanted within
    them keeps what it holds. `category_ids` are the product's category and all above it. `behind`: by how many points the
    service of the last months was below what the customer's contract promises, in words `behind_words`.
    """

    region: str = ""
    group_ids: frozenset[int] = frozenset()
    category_ids: frozenset[int] = frozenset()
    lot: Decimal = Decimal(0)
    fair_weight: Decimal = Decimal(1)
    lock_days: int = 0
    behind: Decimal = Decimal(0)
    behind_words: str = ""


NO_TERMS = Terms()


@dataclass(frozen=True)
class Need:
    """What one demand wants now, in base units, with what it is ranked by.

    `qty` counts `held`, its firm claims by balance that a policy may take or keep. Less than `min_qty` is nothing to
    it. `order_key` is its order, for caps; `group` an order of which `group_percent` must be served or nothing, with what
    its lines elsewhere (of products this run does not deal) ask and hold.
    """

    demand_id: int
    product_id: int
    qty: Decimal
    requested_date: date
    opened_at: datetime
    site_id: int | None = None
    is_blocked: bool = False
    priority: int = 0
    tier_rank: int = NO_TIER_RANK
    sla_penalty: Decimal = Decimal(0)
    is_contract: bool = False
    margin_band: int = 0
    min_shelf_life_days: int = 0
    account_id: int | None = None
    order_key: str = ""
    held: tuple[tuple[int, Decimal], ...] = ()
    min_qty: Decimal = Decimal(0)
    group: str = ""
    group_percent: Decimal = Decimal(100)
    history_qty: Decimal = Decimal(0)
    terms: Terms = NO_TERMS
    route: tuple[int, ...] = ()  # the sites that may serve it, in turn, as sourcing planned; empty: any, by their rank
    group_elsewhere: tuple[Decimal, Decimal] = (Decimal(0), Decimal(0))
    is_soft_only: bool = False  # dealt to by its rank; what it gets it only holds softly

    @property
    def gets_firm(self) -> bool:
        return not (self.is_blocked or self.is_soft_only)

    @property
    def held_qty(self) -> Decimal:
        return sum((qty for _, qty in self.held), Decimal(0))


class Supply(NamedTuple):
    """Stock that can be dealt: `qty` base units on one balance. `is_general` is false for trunks and consignment.

    A named tuple, because a large order reads thousands of them: it is made six times faster than a frozen dataclass.
    """

    balance_id: int
    product_id: int
    site_id: int
    qty: Decimal
    site_rank: int = 100
    site_code: str = ""
    is_general: bool = True
    transit_days: int = 0
    lot_id: int | None = None
    expiry_date: date | None = None


def is_usable(supply: Supply, need: Need, today: date) -> bool:
    """Whether the lot lives long enough: expiry ≥ planned delivery + the customer's minimum shelf life (domain.md §5).

    Stock of a trunk, a consignment or a vendor only serves needs that name that site, or whose sourcing rule does.
    """
    if need.route:
        if supply.site_id not in need.route and supply.site_id != need.site_id:
            return False
    elif not supply.is_general and need.site_id != supply.site_id:
        return False
    return supply.expiry_date is None or lives_long_enough(
        supply.expiry_date, need.requested_date, supply.transit_days, need.min_shelf_life_days, today
    )


def lives_long_enough(
    expiry_date: date, requested_date: date, transit_days: int, min_shelf_life_days: int, today: date
) -> bool:
    """expiry ≥ planned delivery + the customer's minimum shelf life; it cannot be delivered before it can arrive."""
    delivery = max(requested_date, today + timedelta(days=transit_days))
    return expiry_date >= delivery + timedelta(days=min_shelf_life_days)


def general_order(supplies: Iterable[Supply]) -> list[Supply]:
    """Sites by rank, within a site the earliest expiry first (FEFO)."""
    return sorted(supplies, key=lambda s: (s.site_rank, s.site_id, s.expiry_date or NEVER, s.balance_id))


def in_turn(ordered: list[Supply], need: Need) -> list[Supply]:
    """The same stock in the order in which it serves the need: its own site, then its route, then the general order."""
    if not need.route:
        return preferred_first(ordered, need.site_id)
    first = () if need.site_id is None else (need.site_id,)
    place = {site_id: n for n, site_id in enumerate(dict.fromkeys((*first, *need.route)))}
    return sorted(ordered, key=lambda s: place.get(s.site_id, len(place)))


def sites_in_turn(need: Need, sites: Collection[int]) -> list[int]:
    """Those of the sites in the order in which they serve the need; of a routed one only those of its route."""
    first = [need.site_id] if need.site_id is not None else []
    return [s for s in dict.fromkeys([*first, *(need.route or sites)]) if s in sites]


def preferred_first(ordered: list[Supply], site_id: int | None) -> list[Supply]:
    """The same order with the need's own site in front."""
    if site_id is None:
        return ordered
    here = [s for s in ordered if s.site_id == site_id]
    return here + [s for s in ordered if s.site_id != site_id] if here else ordered
