from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Upper

from billing.models.invoice import Invoice


class Receipt(models.Model):
    """Money that came in: applied to invoices, the rest stays on account."""

    number = models.CharField(max_length=30, unique=True)
    account = models.ForeignKey("accounts.Account", on_delete=models.PROTECT, related_name="+")
    currency = models.CharField(max_length=3)
    amount = models.DecimalField(max_digits=14, decimal_places=2)
    applied_amount = models.DecimalField(max_digits=14, decimal_places=2, default=0)
    method = models.CharField(max_length=20, blank=True)
    reference = models.CharField(max_length=80, blank=True)
    received_date = models.DateField()
    posted_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="a_receipt_brings_something"),
            models.CheckConstraint(
                condition=Q(applied_amount__gte=0, applied_amount__lte=F("amount")),
                name="never_apply_more_than_received",
            ),
            models.UniqueConstraint(
                fields=["account", "reference"],
                condition=~Q(reference=""),
                name="one_receipt_per_account_and_reference",
            ),
        ]
        indexes = [
            models.Index(fields=["received_date"], name="receipts_by_day"),
            GinIndex(
                OpClass(Upper("number"), "gin_trgm_ops"),
                OpClass(Upper("reference"), "gin_trgm_ops"),
                name="receipts_like_number",
            ),
        ]

    def __str__(self) -> str:
        return self.number


class ReceiptApplication(models.Model):
    receipt = models.ForeignKey(Receipt, on_delete=models.PROTECT, related_name="applications")
    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="applications")
    amount = models.DecimalField(max_digits=14, decimal_places=2)
    applied_at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(amount__gt=0), name="an_application_applies_something")]

    def __str__(self) -> str:
        return f"{self.amount} of {self.receipt} to {self.invoice}"
