"""What the last runs found for demands that are still short."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from django.db.models import F

from core.quantity import plain
from inventory.models import DemandAlternative
from inventory.queries import promises
from inventory.rules.alternatives import Way, day_of_rest

ZERO = Decimal(0)


@dataclass(frozen=True)
class FoundWay:
    """`qty` of the product at the site for `replaces` that wait, as the run found it: no stock is held for it. Of a split:
    the `rest` that would go on waiting, and the day the last of it is promised for now (None: not for all of it).
    """

    way: Way
    product_id: int
    sku: str
    site: str
    qty: Decimal
    replaces: Decimal
    needs_consent: bool
    run_id: int
    found_at: datetime
    rest: Decimal = ZERO
    rest_date: date | None = None

    @property
    def words(self) -> str:
        if self.way == Way.SUBSTITUTE:
            return f"{plain(self.qty)} of {self.sku} at {self.site} could stand in for {plain(self.replaces)}"
        if self.way == Way.SITE:
            return f"{plain(self.qty)} are free at {self.site}, which its sourcing leaves out"
        now = f"{plain(self.qty)} at {self.site} could go now if the order did not ship complete"
        if self.rest <= ZERO:
            return now
        day = f"by {self.rest_date.day} {self.rest_date:%b %Y}" if self.rest_date else "without a date yet"
        return f"{now}, the other {plain(self.rest)} {day}"


def ways_of(demand_ids: Iterable[int]) -> dict[int, list[FoundWay]]:
    """{demand: what was found for it}; demands that wait no more are absent. One statement, another for splits."""
    rows = DemandAlternative.objects.filter(demand_id__in=set(demand_ids), demand__backordered_qty__gt=0)
    found: dict[int, list[FoundWay]] = defaultdict(list)
    columns = (
        "way",
        "product_id",
        "product__sku",
        "site__name",
        "qty",
        "replaces_qty",
        "needs_consent",
        "run_id",
        "found_at",
    )
    waits: dict[int, Decimal] = {}
    for demand_id, waiting, way, *values in rows.order_by(F("pk")).values_list(
        "demand_id", "demand__backordered_qty", *columns
    ):
        found[demand_id].append(FoundWay(Way(way), *values))
        waits[demand_id] = waiting
    return _with_the_rest(found, waits)


def _with_the_rest(found: Mapping[int, list[FoundWay]], waits: Mapping[int, Decimal]) -> dict[int, list[FoundWay]]:
    """Every split says when what it leaves comes, by the promises that hold now."""
    split = {i for i, ways in found.items() if any(way.way == Way.SPLIT for way in ways)}
    promised = promises(split) if split else {}
    told = dict(found)
    for i in split:
        rest = waits[i] - sum((way.replaces for way in found[i] if way.way == Way.SPLIT), ZERO)
        day = day_of_rest([(s.qty, s.delivery_date) for s in promised.get(i, ())], rest)
        told[i] = [replace(way, rest=rest, rest_date=day) if way.way == Way.SPLIT else way for way in found[i]]
    return told
