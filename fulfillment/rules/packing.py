"""How released lines become shipments: one per order, site and address, lines in the order's sequence."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class PackLine:
    """A claimed part of an order line, with where it leaves from and where it goes."""

    order_id: int
    order_line_id: int
    site_id: int
    ship_to_id: int | None
    demand_id: int
    claim_id: int
    balance_id: int
    lot_id: int | None
    product_id: int
    qty: Decimal


@dataclass(frozen=True)
class Parcel:
    order_id: int
    site_id: int
    ship_to_id: int | None
    lines: tuple[PackLine, ...]


def split_into_parcels(lines: Iterable[PackLine]) -> list[Parcel]:
    """Every line in exactly one parcel; parcels in order, site, address sequence."""
    groups: dict[tuple[int, int, int], list[PackLine]] = {}
    for line in lines:
        groups.setdefault((line.order_id, line.site_id, line.ship_to_id or 0), []).append(line)
    return [
        Parcel(order_id, site_id, ship_to_id or None, tuple(sorted(found, key=lambda x: (x.order_line_id, x.claim_id))))
        for (order_id, site_id, ship_to_id), found in sorted(groups.items())
    ]
