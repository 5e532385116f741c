from django.db import models
from django.db.models import F, Q

from billing.models.invoice import Invoice, InvoiceLine
from billing.states import Recognition
from core.choices import choices, words
from core.triggers import append_only


class RecognitionRule(models.Model):
    """When what was billed of a product (or of a category) is revenue, and what it sells for by itself."""

    product = models.ForeignKey("catalog.Product", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    category = models.ForeignKey("catalog.Category", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    event = models.CharField(max_length=10, choices=choices(Recognition))
    months = models.PositiveSmallIntegerField(default=1, help_text="Over time: how many months.")
    standalone_price = models.DecimalField(max_digits=18, decimal_places=6, null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(product__isnull=True, category__isnull=False)
                | Q(product__isnull=False, category__isnull=True),
                name="a_recognition_rule_names_one_thing",
            ),
            models.CheckConstraint(condition=Q(months__gt=0), name="a_service_takes_a_month_or_more"),
            models.UniqueConstraint(
                fields=["product", "category"], nulls_distinct=False, name="one_recognition_rule_per_thing"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.product or self.category}: {words(self.event).lower()}"


class Obligation(models.Model):
    """What we owe for an invoice line, with its part of the price. Invoices without any rule have none: they are revenue
    when posted. `allocated_amount` is after credits; `used_qty` counts what was used of it, `moves` its
    entries; revenue is worked out up to `as_of_date`, which never goes back."""

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="obligations")
    invoice_line = models.OneToOneField(InvoiceLine, on_delete=models.PROTECT, related_name="+")
    event = models.CharField(max_length=10, choices=choices(Recognition))
    months = models.PositiveSmallIntegerField(default=1)
    start_date = models.DateField()
    standalone_amount = models.DecimalField(max_digits=16, decimal_places=2)
    allocated_amount = models.DecimalField(max_digits=14, decimal_places=2)
    recognized_amount = models.DecimalField(max_digits=14, decimal_places=2, default=0)
    used_qty = models.DecimalField(max_digits=14, decimal_places=4, default=0)
    as_of_date = models.DateField(null=True)
    moves = models.PositiveIntegerField(default=0)
    hold_reason = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(recognized_amount__gte=0), name="recognized_revenue_is_not_negative"),
        ]
        indexes = [
            models.Index(
                fields=["event"],
                condition=~Q(recognized_amount=F("allocated_amount")),
                name="obligations_not_met",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.invoice}: {self.recognized_amount} of {self.allocated_amount}"


class RevenueEntry(models.Model):
    """Revenue of a day: recognized, or (negative) taken back with a credit. Append-only."""

    obligation = models.ForeignKey(Obligation, on_delete=models.PROTECT, related_name="entries")
    amount = models.DecimalField(max_digits=14, decimal_places=2)
    day = models.DateField()
    why = models.CharField(max_length=200)
    key = models.CharField(max_length=120)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["key"], name="revenue_moves_once")]
        indexes = [models.Index(fields=["day"], name="revenue_by_day")]
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.amount} on {self.day}"
