"""How goods get from the sites to a customer: the sites' own times, lanes to regions, and when the customer receives."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import time
from decimal import Decimal
from typing import NamedTuple

from core.calendars import ALWAYS_OPEN, BusinessCalendar
from inventory.rules.promise import SiteTimes

ZERO = Decimal(0)
EVERYWHERE = ""


@dataclass(frozen=True)
class Lane:
    """From a site to a region (empty: everywhere else). Costs are in the company's currency.

    `transit_days` are days of the carrier's calendar, or calendar days where it has none.
    """

    site_id: int
    region: str
    transit_days: int
    cost_per_shipment: Decimal = ZERO
    cost_per_kg: Decimal = ZERO
    cost_per_unit: Decimal = ZERO  # handling, per base unit
    distance_km: int | None = None
    calendar_id: int | None = None


class Destination(NamedTuple):
    """Where a demand goes, as far as dates are concerned. `days`: weekdays goods are taken in on, Monday 0; none: any."""

    region: str = EVERYWHERE
    calendar_id: int | None = None
    days: tuple[int, ...] = ()


ANYWHERE = Destination()


class Network(dict[int, SiteTimes]):
    """{site: its own times}, and for a destination the same with its lanes and the customer's receiving days.

    The times of a destination are made once, so that what is worked out for them is kept.
    """

    def __init__(
        self,
        sites: Mapping[int, SiteTimes],
        lanes: Iterable[Lane] = (),
        calendars: Mapping[int, BusinessCalendar] | None = None,
    ) -> None:
        super().__init__(sites)
        self.lanes: dict[tuple[int, str], Lane] = {}
        for lane in lanes:
            self.lanes.setdefault((lane.site_id, lane.region.lower()), lane)
        self.calendars = dict(calendars or {})
        self._to: dict[Destination, Mapping[int, SiteTimes]] = {}

    def lane(self, site_id: int, region: str) -> Lane | None:
        """The lane to the region, whatever its capitals, else the site's lane to everywhere else."""
        return self.lanes.get((site_id, region.lower())) or self.lanes.get((site_id, EVERYWHERE))

    def times_to(self, place: Destination) -> Mapping[int, SiteTimes]:
        known = self._to.get(place)
        if known is None:
            receiving = receiving_days(self.calendars.get(place.calendar_id or 0), place.days)
            known = self._to[place] = {i: self._times(site, place.region, receiving) for i, site in self.items()}
        return known

    def _times(self, site: SiteTimes, region: str, receiving: BusinessCalendar | None) -> SiteTimes:
        lane = self.lane(site.site_id, region)
        if lane is None and receiving is None:
            return site
        changed = replace(site, receiving=receiving)
        if lane is None:
            return changed
        carrier = self.calendars.get(lane.calendar_id or 0)
        return replace(changed, transit_days=lane.transit_days, carrier=carrier)


def receiving_days(calendar: BusinessCalendar | None, days: Sequence[int]) -> BusinessCalendar | None:
    """The days a customer takes goods in: those of the calendar that are also among the weekdays; None: every day.

    A place that would never take anything in is treated as one that says nothing.
    """
    if calendar is None and not days:
        return None
    base = ALWAYS_OPEN if calendar is None else calendar
    wanted = set(days) or set(range(7))
    week: dict[int, tuple[tuple[time, time], ...]] = {d: s for d, s in base.week.items() if d in wanted and s}
    return BusinessCalendar(base.time_zone, week, base.holidays) if week else None
