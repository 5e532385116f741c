from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Q

from core.ranges import DateRange


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


class Commitment(models.Model):
    """A volume promised by the customer on a contract, in base units, with what was called off so far."""

    source = models.ForeignKey("pricing.PriceSource", on_delete=models.PROTECT, related_name="commitments")
    product = models.ForeignKey("catalog.Product", on_delete=models.PROTECT, related_name="+")
    valid_from = models.DateField()
    valid_to = models.DateField()
    committed_qty = models.DecimalField(max_digits=14, decimal_places=4)
    consumed_qty = models.DecimalField(max_digits=14, decimal_places=4, default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(consumed_qty__gte=0), name="a_commitment_is_not_consumed_below_zero"),
            models.CheckConstraint(condition=Q(valid_to__gt=F("valid_from")), name="a_commitment_ends_after_it_starts"),
            ExclusionConstraint(
                name="one_commitment_per_source_product_and_day",
                expressions=[
                    ("source", RangeOperators.EQUAL),
                    ("product", RangeOperators.EQUAL),
                    (DateRange("valid_from", "valid_to"), RangeOperators.OVERLAPS),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.product_id}: {self.consumed_qty} of {self.committed_qty}"


class CommitmentUse(models.Model):
    """What one document called off: counted once, however often it is told."""

    commitment = models.ForeignKey(Commitment, on_delete=models.PROTECT, related_name="uses")
    ref_kind = models.CharField(max_length=40)
    ref_id = models.BigIntegerField()
    qty = models.DecimalField(max_digits=14, decimal_places=4)
    on = models.DateField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["commitment", "ref_kind", "ref_id"], name="a_document_is_counted_once_on_a_commitment"
            )
        ]

    def __str__(self) -> str:
        return f"{self.ref_kind} {self.ref_id}: {self.qty}"
