"""What the last runs found for demands that are still short."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import F

from core.quantity import plain
from inventory.models import DemandAlternative
from inventory.rules.alternatives import Way


@dataclass(frozen=True)
class FoundWay:
    """`qty` of the product at the site for `replaces` that wait, as the run found it: no stock is held for it."""

    way: Way
    product_id: int
    sku: str
    site: str
    qty: Decimal
    replaces: Decimal
    needs_consent: bool
    run_id: int
    found_at: datetime

    @property
    def words(self) -> str:
        if self.way == Way.SUBSTITUTE:
            return f"{plain(self.qty)} of {self.sku} at {self.site} could stand in for {plain(self.replaces)}"
        if self.way == Way.SITE:
            return f"{plain(self.qty)} are free at {self.site}, which its sourcing leaves out"
        return f"{plain(self.qty)} at {self.site} could go now if the order did not ship complete"


def ways_of(demand_ids: Iterable[int]) -> dict[int, list[FoundWay]]:
    """{demand: what was found for it}; demands that wait no more are absent. One statement."""
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
    for demand_id, way, *values in rows.order_by(F("pk")).values_list("demand_id", *columns):
        found[demand_id].append(FoundWay(Way(way), *values))
    return dict(found)
