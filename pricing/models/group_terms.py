from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Q

from core.ranges import DateRange
from pricing.models.constraints import NamingExclusion


class RebateProgram(models.Model):
    """A percent of what a group's members buy over [valid_from, valid_to), of everything, a category or a product. Billing
    accrues it per invoice line."""

    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    group = models.ForeignKey("accounts.AccountGroup", on_delete=models.PROTECT, related_name="+")
    product = models.ForeignKey("catalog.Product", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    category = models.ForeignKey("catalog.Category", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    percent = models.DecimalField(max_digits=7, decimal_places=4)
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(percent__gt=0, percent__lte=100), name="a_rebate_is_a_percent"),
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gt=F("valid_from")),
                name="a_rebate_ends_after_it_starts",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ChargebackTerms(models.Model):
    """What a distributor's claim under a group's contracts has to keep to, over [valid_from, valid_to). A group without a
    row: 90 days, the contract's price to the last place."""

    group = models.ForeignKey("accounts.AccountGroup", on_delete=models.PROTECT, related_name="+")
    claim_days = models.PositiveSmallIntegerField(
        default=90, help_text="how many days after the sale it may be claimed"
    )
    price_tolerance = models.DecimalField(
        max_digits=18,
        decimal_places=6,
        default=0,
        help_text="per base unit: how far the price claimed may be from the contract's",
    )
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "chargeback terms"
        constraints = [
            models.CheckConstraint(condition=Q(price_tolerance__gte=0), name="a_tolerance_is_not_negative"),
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gt=F("valid_from")),
                name="chargeback_terms_end_after_they_start",
            ),
            NamingExclusion(
                name="one_set_of_chargeback_terms_per_group_and_day",
                expressions=[
                    ("group", RangeOperators.EQUAL),
                    (DateRange("valid_from", "valid_to"), RangeOperators.OVERLAPS),
                ],
                key=("group",),
            ),
        ]

    def __str__(self) -> str:
        return f"chargebacks of {self.group}"

    def told(self) -> str:
        return str(self)
