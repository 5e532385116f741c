from django.contrib.postgres.fields import ArrayField
from django.db import models


class OrderMeasure(models.Model):
    """What the KPIs need of an order, gathered from facts. Every value is only ever added to, so facts may repeat.

    `release_lines` and `short_lines` are of the first release. `is_rep_order`: a rep acted for the account.
    """

    order_id = models.BigIntegerField(unique=True)
    order_number = models.CharField(max_length=30, blank=True)
    account_id = models.BigIntegerField()
    channel = models.CharField(max_length=10)
    is_rep_order = models.BooleanField(default=False)
    received_at = models.DateTimeField()
    submitted_at = models.DateTimeField(null=True)
    first_released_at = models.DateTimeField(null=True)
    release_lines = models.PositiveIntegerField(null=True)
    short_lines = models.PositiveIntegerField(null=True)
    last_shipped_at = models.DateTimeField(null=True)
    invoice_ids = ArrayField(models.BigIntegerField(), default=list)
    shipment_ids = ArrayField(models.BigIntegerField(), default=list)
    is_damaged = models.BooleanField(default=False)

    class Meta:
        indexes = [
            models.Index(fields=["last_shipped_at"], name="measures_by_shipping"),
            models.Index(fields=["first_released_at"], name="measures_by_release"),
            models.Index(fields=["submitted_at"], name="measures_by_submission"),
        ]

    def __str__(self) -> str:
        return self.order_number or f"order {self.order_id}"


class LineMeasure(models.Model):
    """What the KPIs need of an order line. Quantities in base units; `promised_date` is the first promise."""

    order_line_id = models.BigIntegerField(unique=True)
    measure = models.ForeignKey(OrderMeasure, on_delete=models.CASCADE, related_name="lines")
    product_id = models.BigIntegerField(null=True)
    ordered_qty = models.DecimalField(max_digits=14, decimal_places=4)
    cancelled_qty = models.DecimalField(max_digits=14, decimal_places=4, default=0)
    first_shipped_qty = models.DecimalField(max_digits=14, decimal_places=4, null=True)
    shipped_qty = models.DecimalField(max_digits=14, decimal_places=4, default=0)
    promised_date = models.DateField(null=True)
    last_shipped_date = models.DateField(null=True)

    def __str__(self) -> str:
        return f"line {self.order_line_id}"
