"""Rank 30: shipments and returns."""

from collections.abc import Iterable

from core.locks import Rank, take
from fulfillment.models import Return, Shipment


def lock_shipments(shipment_ids: Iterable[int]) -> list[Shipment]:
    return take(Rank.SHIPMENT, Shipment.objects.filter(pk__in=set(shipment_ids)))


def lock_returns(return_ids: Iterable[int]) -> list[Return]:
    return take(Rank.SHIPMENT, Return.objects.filter(pk__in=set(return_ids)))
