"""Shipments as their buyer sees them: where they are, what lies in which package, who took them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.rules.asks import AccountSnapshot
from catalog.queries import product_snapshots
from catalog.rules.asks import ProductSnapshot
from core.clock import local_date
from core.quantity import plain
from fulfillment.delivery_queries import DeliveryView, deliveries_of
from fulfillment.package_queries import PackageView, packages_of
from fulfillment.queries import shipments_of, tracking_links
from fulfillment.rules.asks import ShipmentView
from inventory.queries import site_snapshots
from portal.lists import shipment_sign
from portal.rules.words import Sign


@dataclass(frozen=True)
class Parcel:
    """One package: its SSCC, and what lies in it in words."""

    sscc: str
    words: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class ShipmentCard:
    number: str
    state: Sign
    words: str
    has_left: bool
    has_slip: bool
    tracking_number: str
    tracking_url: str
    parcels: tuple[Parcel, ...]
    delivered_at: datetime | None
    received_by: str
    note: str
    damages: tuple[str, ...]
    has_picture: bool = False


def shipment_cards(order_id: int, account: AccountSnapshot, now: datetime) -> tuple[ShipmentCard, ...]:
    """A constant number of statements."""
    found = shipments_of([order_id]).get(order_id, [])
    if not found:
        return ()
    ids = [s.id for s in found]
    sites, links = site_snapshots({s.site_id for s in found}), tracking_links(found)
    packages, deliveries = packages_of(ids), deliveries_of(ids)
    products = product_snapshots({x.product_id for many in packages.values() for p in many for x in p.lines})
    today = local_date(now, account.time_zone)
    return tuple(
        _card(
            s,
            _words(s, sites, account, today),
            links.get(s.id, ""),
            packages.get(s.id, ()),
            products,
            deliveries.get(s.id),
        )
        for s in found
    )


def _card(
    s: ShipmentView, words: str, link: str, packages: Sequence[PackageView], products: Mapping[int, ProductSnapshot],
    delivery: DeliveryView | None,
) -> ShipmentCard:  # fmt: skip
    return ShipmentCard(
        number=s.number,
        state=shipment_sign(s.status, is_usage=s.is_usage),
        words=words,
        has_left=s.shipped_at is not None,
        has_slip=s.shipped_at is not None and not s.is_usage,
        tracking_number=s.tracking_number,
        tracking_url=link,
        parcels=tuple(_parcel(p, products) for p in packages if p.lines) if s.shipped_at else (),
        delivered_at=delivery.at if delivery and not delivery.is_refused else None,
        received_by=delivery.received_by if delivery else "",
        note=delivery.note if delivery else "",
        damages=tuple(f"{plain(d.qty)} × {d.sku}: {d.note}" for d in delivery.damages) if delivery else (),
        has_picture=bool(delivery and delivery.image),
    )


def _parcel(p: PackageView, products: Mapping[int, ProductSnapshot]) -> Parcel:
    weight = f", {plain(p.weight_kg)} kg" if p.weight_kg else ""
    count = ngettext("%(n)s line", "%(n)s lines", len(p.lines)) % {"n": len(p.lines)}
    lines = (
        f"{plain(x.qty)} × {products[x.product_id].sku}{_(', lot ') + x.lot_code if x.lot_code else ''}"
        for x in p.lines
    )
    return Parcel(p.sscc, f"{count}{weight}", tuple(lines))


def _words(s: ShipmentView, sites: Mapping[int, Any], account: AccountSnapshot, today: date) -> str:
    if s.is_usage and s.shipped_at:
        used = local_date(s.shipped_at, account.time_zone)
        return f"Used from {sites[s.site_id].shown_name} on {used.day} {used:%b}"
    words = [f"From {sites[s.site_id].shown_name}"] if s.site_id in sites else []
    if s.shipped_at:
        left = local_date(s.shipped_at, account.time_zone)
        words.append(f"left {'today' if left == today else f'{left.day} {left:%b}'}")
    return " · ".join([*words, *filter(None, [s.carrier])])
