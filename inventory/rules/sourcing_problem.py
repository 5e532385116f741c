"""An order to be sourced: its lines, what is offered where, what a shipment from a site costs, and what a plan comes to."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import NamedTuple

ZERO = Decimal(0)
NEVER = date.max


class Reach(NamedTuple):
    """How a site reaches a line: on its date or later, and the least expiry a lot must have to serve it."""

    is_on_time: bool
    least_expiry: date = date.min


@dataclass(frozen=True)
class Ask:
    """A line: `qty` base units, by the sites that may serve it. Less than `least_qty` of it is nothing to it."""

    key: int
    product_id: int
    qty: Decimal
    reach: Mapping[int, Reach]
    least_qty: Decimal = ZERO
    weight_kg: Decimal = ZERO


@dataclass(frozen=True)
class Offer:
    """Free stock of one place and lot."""

    offer_id: int
    site_id: int
    product_id: int
    qty: Decimal
    expiry_date: date | None = None


@dataclass(frozen=True)
class Origin:
    """A candidate site with what a shipment from it costs the order. `breaches` are the soft constraints it breaks."""

    site_id: int
    code: str = ""
    rank: int = 100
    cost_per_shipment: Decimal = ZERO
    cost_per_kg: Decimal = ZERO
    cost_per_unit: Decimal = ZERO
    distance_km: int = 0
    breaches: tuple[str, ...] = ()


@dataclass(frozen=True)
class Limits:
    """`max_shipments` None: any number. Less than `least_qty` of the whole order is nothing to it."""

    max_shipments: int | None = None
    least_qty: Decimal = ZERO


class Take(NamedTuple):
    key: int
    offer_id: int
    site_id: int
    qty: Decimal
    is_on_time: bool


class Score(NamedTuple):
    """Smaller is better, from the left."""

    not_on_time: Decimal
    not_covered: Decimal
    breaches: int
    shipments: int
    cost: Decimal
    expiry: Decimal
    distance_km: int
    ranks: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Sourced:
    """`takes` in the order of the lines; `waiting` are lines that get less than their minimum, so nothing of them ships.

    Not `is_exact`: there was so much to look at that plans which cost at most a hundredth less were passed over. Not
    `is_proven`: so much that something better may be there.
    """

    takes: tuple[Take, ...]
    waiting: tuple[int, ...]
    score: Score
    sites: tuple[int, ...]
    is_exact: bool = True
    is_proven: bool = True


@dataclass(frozen=True)
class Filled:
    """What the lines of one product get from a set of sites."""

    takes: tuple[Take, ...]
    on_time: Decimal
    covered: Decimal
    unit_cost: Decimal
    expiry: Decimal
    waiting: tuple[int, ...] = ()


@dataclass(frozen=True)
class Problem:
    asks: tuple[Ask, ...]
    offers: tuple[Offer, ...]
    origins: tuple[Origin, ...]
    limits: Limits = Limits()
    _filled: dict[tuple[int, frozenset[int]], "Filled"] = field(default_factory=dict, compare=False, repr=False)

    @cached_property
    def origin(self) -> dict[int, Origin]:
        return {o.site_id: o for o in self.origins}

    @cached_property
    def asks_of(self) -> dict[int, list[Ask]]:
        found: dict[int, list[Ask]] = defaultdict(list)
        for ask in self.asks:
            found[ask.product_id].append(ask)
        return found

    @cached_property
    def offers_of(self) -> dict[int, list[Offer]]:
        found: dict[int, list[Offer]] = defaultdict(list)
        for offer in self.offers:
            if offer.qty > 0 and offer.site_id in self.origin:
                found[offer.product_id].append(offer)
        return found

    @cached_property
    def wanted(self) -> Decimal:
        return sum((a.qty for a in self.asks), ZERO)

    @cached_property
    def sites_of(self) -> dict[int, frozenset[int]]:
        """{product: sites that can serve some line of it}."""
        return {
            product_id: frozenset(o.site_id for o in self.offers_of.get(product_id, ()) for a in asks if serves(o, a))
            for product_id, asks in self.asks_of.items()
        }

    @cached_property
    def useful(self) -> tuple[int, ...]:
        """The candidates that have something for the order, in the rule's order."""
        some = frozenset().union(*self.sites_of.values()) if self.sites_of else frozenset()
        return tuple(o.site_id for o in sorted(self.origins, key=lambda o: (o.rank, o.site_id)) if o.site_id in some)


def serves(offer: Offer, ask: Ask) -> bool:
    reach = ask.reach.get(offer.site_id)
    return reach is not None and (offer.expiry_date is None or offer.expiry_date >= reach.least_expiry)
