import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import OpClass
from django.db import models
from django.db.models.functions import Upper

# What the lines of an order add up to, kept on the order whoever writes a line: a page of KPIs then reads orders only.
# A line never promised is on time; an order is complete when every unit was shipped or cancelled.
ADD_UP = """
    UPDATE reporting_ordermeasure m
       SET is_complete = s.is_complete, is_on_time = s.is_on_time, is_in_full = s.is_in_full,
           ordered_qty = s.ordered_qty, first_shipped_qty = s.first_shipped_qty
      FROM (SELECT l.measure_id, bool_and(l.shipped_qty + l.cancelled_qty >= l.ordered_qty) AS is_complete,
                   coalesce(bool_and(l.last_shipped_date <= l.promised_date), true) AS is_on_time,
                   bool_and(l.shipped_qty >= l.ordered_qty) AS is_in_full, sum(l.ordered_qty) AS ordered_qty,
                   sum(coalesce(l.first_shipped_qty, 0)) AS first_shipped_qty
              FROM reporting_linemeasure l {only} GROUP BY l.measure_id) s
     WHERE m.id = s.measure_id;
"""
_TOUCHED = "WHERE l.measure_id IN (SELECT measure_id FROM touched)"


def _adding_up(name: str, operation: pgtrigger.Operation) -> pgtrigger.Trigger:
    return pgtrigger.Trigger(
        name=name,
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=operation,
        referencing=pgtrigger.Referencing(new="touched"),
        func=f"{ADD_UP.format(only=_TOUCHED)} RETURN NULL;",
    )


class OrderMeasure(models.Model):
    """What the KPIs need of an order, gathered from facts. Every value is only ever added to, so facts may repeat.

    `release_lines` and `short_lines` are of the first release. `is_rep_order`: a rep acted for the account.
    `billed_shipment_ids`: shipments an invoice bills. `held_seconds`: on hold between receipt and last shipment.
    From `is_complete` on, the columns are what the lines add up to (base units), kept by the database.
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
    billed_shipment_ids = ArrayField(models.BigIntegerField(), null=True)
    is_damaged = models.BooleanField(default=False)
    is_disputed = models.BooleanField(default=False, db_default=False)
    held_seconds = models.BigIntegerField(default=0, db_default=0)
    is_complete = models.BooleanField(default=False, db_default=False)
    is_on_time = models.BooleanField(default=True, db_default=True)
    is_in_full = models.BooleanField(default=False, db_default=False)
    ordered_qty = models.DecimalField(max_digits=18, decimal_places=4, default=0, db_default=0)
    first_shipped_qty = models.DecimalField(max_digits=18, decimal_places=4, default=0, db_default=0)

    class Meta:
        indexes = [
            models.Index(fields=["last_shipped_at"], name="measures_by_shipping"),
            models.Index(fields=["first_released_at"], name="measures_by_release"),
            models.Index(fields=["submitted_at"], name="measures_by_submission"),
            models.Index(fields=["received_at"], name="measures_by_arrival"),
            models.Index(OpClass(Upper("order_number"), "text_pattern_ops"), name="measures_by_order_number"),
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
    unit_price = models.DecimalField(max_digits=18, decimal_places=6, null=True)

    class Meta:
        triggers = [
            _adding_up("add_up_new_lines", pgtrigger.Insert),
            _adding_up("add_up_changed_lines", pgtrigger.Update),
        ]

    def __str__(self) -> str:
        return f"line {self.order_line_id}"
