from decimal import Decimal
from typing import Any

from django.contrib.postgres.fields import RangeOperators
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q

from core.choices import choices
from core.quantity import plain
from core.ranges import DateRange
from pricing.models.constraints import NamingExclusion
from pricing.states import Measure

_PERIOD = (DateRange("valid_from", "valid_to"), RangeOperators.OVERLAPS)


class Commitment(models.Model):
    """What the customer promised to call off of a list or contract over [valid_from, valid_to), with what was called off so
    far: base units of one product, or money in the list's currency, of one product or (none) of everything on it."""

    source = models.ForeignKey("pricing.PriceSource", on_delete=models.PROTECT, related_name="commitments")
    product = models.ForeignKey(
        "catalog.Product",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="empty, where money is promised: everything at this list's prices",
    )
    measure = models.CharField(max_length=6, choices=choices(Measure), default=Measure.UNITS, db_default=Measure.UNITS)
    valid_from = models.DateField()
    valid_to = models.DateField()
    committed_qty = models.DecimalField(max_digits=14, decimal_places=4, default=0, blank=True, help_text="base units")
    consumed_qty = models.DecimalField(max_digits=14, decimal_places=4, default=0)
    committed_amount = models.DecimalField(
        max_digits=14, decimal_places=2, default=0, db_default=0, blank=True, help_text="in the list's currency"
    )
    consumed_amount = models.DecimalField(max_digits=14, decimal_places=2, default=0, db_default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(consumed_qty__gte=0, consumed_amount__gte=0), name="a_commitment_is_not_consumed_below_zero"
            ),
            models.CheckConstraint(condition=Q(valid_to__gt=F("valid_from")), name="a_commitment_ends_after_it_starts"),
            models.CheckConstraint(
                condition=Q(measure="units", product__isnull=False, committed_qty__gt=0, committed_amount=0)
                | Q(measure="money", committed_amount__gt=0, committed_qty=0),
                name="a_commitment_is_units_of_a_product_or_money",
            ),
            NamingExclusion(
                name="one_commitment_per_source_product_and_day",
                expressions=[
                    ("source", RangeOperators.EQUAL),
                    ("product", RangeOperators.EQUAL),
                    ("measure", RangeOperators.EQUAL),
                    _PERIOD,
                ],
                key=("source", "product", "measure"),
            ),
            NamingExclusion(
                name="one_commitment_on_everything_of_a_source_and_day",
                expressions=[("source", RangeOperators.EQUAL), _PERIOD],
                condition=Q(product__isnull=True),
                key=("source", "product"),
            ),
        ]

    def __str__(self) -> str:
        of = "everything" if self.product is None else self.product.sku
        return f"{self.source} {of}: {plain(self.consumed)} of {plain(self.committed)}"

    @property
    def headline(self) -> str:
        """For the head of its own page, which may ask other tables."""
        return f"{self.product or 'Everything'} on {self.source}"

    def told(self) -> str:
        about = "everything" if self.product is None else self.product.sku
        return f"The volume promised on {self.source.code} of {about}"

    @property
    def is_money(self) -> bool:
        return self.measure == Measure.MONEY

    @property
    def committed(self) -> Decimal:
        return self.committed_amount if self.is_money else self.committed_qty

    @property
    def consumed(self) -> Decimal:
        return self.consumed_amount if self.is_money else self.consumed_qty

    def add(self, change: Decimal) -> None:
        """Count more (or, below zero, less) as called off; the caller saves it."""
        if self.is_money:
            self.consumed_amount += change
        else:
            self.consumed_qty += change

    def clean(self) -> None:
        wrong: dict[str, Any] = {}
        if not self.is_money and self.product_id is None:
            wrong["product"] = "Units are of one product: name it, or promise money."
        if not self.is_money and (self.committed_amount or not self.committed_qty):
            wrong["committed_qty"] = "Units are promised: fill in the quantity, and leave the amount at 0."
        if self.is_money and (self.committed_qty or not self.committed_amount):
            wrong["committed_amount"] = "Money is promised: fill in the amount, and leave the quantity at 0."
        if wrong:
            raise ValidationError(wrong)


class CommitmentUse(models.Model):
    """What one document called off, in base units or money as the commitment is: counted once, however often it is told."""

    commitment = models.ForeignKey(Commitment, on_delete=models.PROTECT, related_name="uses")
    ref_kind = models.CharField(max_length=40)
    ref_id = models.BigIntegerField()
    qty = models.DecimalField(max_digits=14, decimal_places=4, default=0)
    amount = models.DecimalField(max_digits=14, decimal_places=2, default=0, db_default=0)
    on = models.DateField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["commitment", "ref_kind", "ref_id"], name="a_document_is_counted_once_on_a_commitment"
            )
        ]

    def __str__(self) -> str:
        return f"{self.ref_kind} {self.ref_id}: {self.amount or self.qty}"
