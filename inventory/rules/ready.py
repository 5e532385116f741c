"""Stock that is allocated and about to go: when it would leave and arrive, whether its lot may still go to this customer,
and how many lines of the day its site still handles."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta


@dataclass(frozen=True, slots=True)
class ReadyStock:
    """A hard claim as it stands now. `ships_on` is where its site works on it from now on, cut-off, calendar and lead days
    counted; `arrives_on` a day the customer takes goods in. `is_usable`: its stock is good and its lot not recalled."""

    demand_id: int
    site_id: int
    site_code: str
    lot_code: str
    expiry_date: date | None
    is_usable: bool
    min_shelf_life_days: int
    ships_on: date
    arrives_on: date

    @property
    def fault(self) -> str:
        """Why it may not go any more, for people; empty: it may. The rule is that of allocation (domain.md §5), asked of
        the day it would arrive if it left now."""
        if not self.is_usable:
            return f"{self._what} was recalled, or its stock is not good any more"
        if self.expiry_date is None or self.expiry_date >= self.arrives_on + timedelta(days=self.min_shelf_life_days):
            return ""
        if self.expiry_date < self.arrives_on:
            return f"{self._what} expires on {self.expiry_date}, before it would arrive on {self.arrives_on}"
        left = (self.expiry_date - self.arrives_on).days
        return (
            f"{self._what} expires on {self.expiry_date}, {left} days after it would arrive on {self.arrives_on}; the"
            f" customer wants {self.min_shelf_life_days}"
        )

    @property
    def _what(self) -> str:
        return f"lot {self.lot_code}" if self.lot_code else f"stock at {self.site_code}"


@dataclass(frozen=True, slots=True)
class SiteLoad:
    """What a site handles on a day of its own, and what was released to it for that day already, in order lines."""

    site_code: str
    day: date
    lines_per_day: int
    released: int = 0


def with_lines(loads: Mapping[int, SiteLoad], lines: Mapping[int, int]) -> dict[int, SiteLoad]:
    """The loads with `lines` more, by site id."""
    return {i: replace(load, released=load.released + lines.get(i, 0)) for i, load in loads.items()}
