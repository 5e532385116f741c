from django.db import models
from django.db.models import Q


class PriceAgreement(models.Model):
    """Prices agreed for one document (a quote, an approved override), written by the room that owns the document."""

    ref_kind = models.CharField(max_length=40)
    ref_id = models.BigIntegerField()
    ref_number = models.CharField(max_length=60, blank=True)
    account = models.ForeignKey("accounts.Account", on_delete=models.PROTECT, related_name="+")
    currency = models.CharField(max_length=3)
    valid_until = models.DateTimeField()
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["ref_kind", "ref_id"], name="one_agreement_per_document")]

    def __str__(self) -> str:
        return f"{self.ref_kind} {self.ref_number or self.ref_id}"


class PriceAgreementRow(models.Model):
    agreement = models.ForeignKey(PriceAgreement, on_delete=models.CASCADE, related_name="rows")
    product = models.ForeignKey("catalog.Product", on_delete=models.PROTECT, related_name="+")
    min_qty = models.DecimalField(max_digits=14, decimal_places=4, default=0)
    unit_price = models.DecimalField(max_digits=18, decimal_places=6)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["agreement", "product", "min_qty"], name="one_agreed_price_per_break"),
            models.CheckConstraint(condition=Q(unit_price__gte=0), name="an_agreed_price_is_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.agreement} {self.product_id}: {self.unit_price}"
