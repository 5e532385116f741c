from typing import ClassVar

from django.db import models

from core.triggers import append_only


class AllocationScenario(models.Model):
    """A what-if kept under a name: what was tried, from which versions, what it would have changed. Append-only.

    `versions` is {product id: version} as the what-if gave it; `lines` its changes as plain values, `figures` their sums.
    """

    name = models.CharField(max_length=80, unique=True)
    product = models.ForeignKey("catalog.Product", on_delete=models.PROTECT, related_name="+")
    policy_code = models.CharField(max_length=40, blank=True)  # empty: the product's own
    beside_code = models.CharField(max_length=40, blank=True)
    hold_back_qty = models.DecimalField(max_digits=14, decimal_places=4, default=0)
    versions = models.JSONField()
    figures = models.JSONField()
    lines = models.JSONField()
    note = models.CharField(max_length=300, blank=True)
    saved_at = models.DateTimeField()
    saved_label = models.CharField(max_length=150)

    class Meta:
        triggers: ClassVar = append_only()

    def __str__(self) -> str:
        return self.name
