from typing import ClassVar

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models

from orders.models.order import Order


class AllowedProduct(models.Model):
    """Somebody with the authority set aside, for one line and product, the authorizations named in `rules`: the eligibility
    gate no longer minds those while the line is of at most `qty` base units, for that much was weighed against their
    authority. `override_id` is the entry of the override log."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="allowed_products")
    product = models.ForeignKey("catalog.Product", on_delete=models.PROTECT, related_name="+", db_index=False)
    line_no = models.PositiveIntegerField(default=0, db_default=0)
    qty = models.DecimalField(max_digits=14, decimal_places=4, default=0, db_default=0)
    rules = ArrayField(models.CharField(max_length=200))
    allowed_at = models.DateTimeField()
    override_id = models.BigIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["order", "line_no", "product", "rules", "qty"], name="a_line_is_allowed_once_by_its_rules"
            )
        ]
        triggers: ClassVar = [pgtrigger.Protect(name="allowances_are_kept", operation=pgtrigger.Update)]

    def __str__(self) -> str:
        return f"{self.product} on {self.order}"
