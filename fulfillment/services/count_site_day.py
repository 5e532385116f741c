"""Count what was released to a site today before it was limited to so many lines a day."""

from collections.abc import Collection
from datetime import datetime, timedelta

from core.uow import door_verb
from fulfillment.models import ShipmentLine
from fulfillment.states import ShipmentStatus
from inventory.network_queries import site_times
from inventory.rules.promise import working_day
from inventory.services.site_days import lock_site_days, set_released

LONGEST_WEEKEND = timedelta(days=15)  # what comes after the cut-off before holidays is work of the day after them


@door_verb
def count_site_days(*, site_ids: Collection[int], now: datetime) -> dict[int, int]:
    """{site: order lines released for the day it works on now}, set as what its limit has left; sites without a limit are
    not in it. What the warehouse gave back does not count. Safe to run twice; a constant number of statements.

    Locks the sites' days (58), so that no release counts beside it.
    """
    loads = lock_site_days(site_ids, now=now)
    if not loads:
        return {}
    sent = ShipmentLine.objects.filter(
        shipment__site_id__in=list(loads), shipment__released_at__gt=now - LONGEST_WEEKEND, shipment__usage__isnull=True
    ).exclude(shipment__status=ShipmentStatus.CANCELLED)
    released = sent.values_list("shipment__site_id", "shipment__released_at", "shipment_id", "order_line_id").distinct()
    network = site_times()
    lines = dict.fromkeys(loads, 0)
    for site_id, at, _, _ in released:
        lines[site_id] += working_day(network[site_id], now=at) == loads[site_id].day
    set_released(lines, loads)
    return lines
