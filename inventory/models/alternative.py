from typing import ClassVar

from django.db import models
from django.db.models import Q

from core.choices import choices
from inventory.models.balance import Site
from inventory.models.demand import AllocationRun, Demand
from inventory.rules.alternatives import Way


class DemandAlternative(models.Model):
    """What the last run found for a demand it left short. An offer: no stock is held for it."""

    demand = models.ForeignKey(Demand, on_delete=models.CASCADE, related_name="alternatives")
    run = models.ForeignKey(AllocationRun, on_delete=models.PROTECT, related_name="+")
    way = models.CharField(max_length=10, choices=choices(Way))
    product = models.ForeignKey("catalog.Product", on_delete=models.PROTECT, related_name="+")
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+")
    qty = models.DecimalField(max_digits=14, decimal_places=4)
    replaces_qty = models.DecimalField(max_digits=14, decimal_places=4)
    needs_consent = models.BooleanField(default=False)
    found_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(qty__gt=0, replaces_qty__gt=0), name="an_alternative_serves_something"),
            models.UniqueConstraint(
                fields=["demand", "way", "product", "site"], name="one_alternative_a_way_product_and_site"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.way}: {self.qty} for {self.replaces_qty}"
