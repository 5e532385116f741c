from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Q

from core.choices import choices
from core.ranges import DateRange
from pricing.models.constraints import NamingExclusion
from pricing.rules.numbers import plain
from pricing.states import AdjustmentKind, Combination, Counts, Method

IN_ORDER = 10


class PriceAdjustment(models.Model):
    """What comes off (or, a charge, onto) a price that a list or contract gave, from `min_qty` base units on, over
    [valid_from, valid_to). Rows of one `code` are its tiers: the highest that is reached counts. Agreed prices (quotes,
    overrides) take none. Empty whom and what: everybody, everything."""

    code = models.CharField(max_length=40)
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=20, choices=choices(AdjustmentKind))
    method = models.CharField(max_length=10, choices=choices(Method), default=Method.PERCENT)
    value = models.DecimalField(max_digits=18, decimal_places=6, help_text="percent, or money per base unit")
    combination = models.CharField(max_length=12, choices=choices(Combination), default=Combination.COMPOUNDED)
    sequence = models.PositiveSmallIntegerField(default=100, help_text="lower comes first")
    counts = models.CharField(max_length=6, choices=choices(Counts), default=Counts.LINE)
    min_qty = models.DecimalField(max_digits=14, decimal_places=4, default=0)
    currency = models.CharField(max_length=3, blank=True, help_text="only in this currency; an amount names it")
    source = models.ForeignKey(
        "pricing.PriceSource",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="only on prices of this list or contract",
    )
    account = models.ForeignKey("accounts.Account", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    group = models.ForeignKey(
        "accounts.AccountGroup", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    territory = models.ForeignKey(
        "accounts.Territory", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    product = models.ForeignKey("catalog.Product", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    category = models.ForeignKey("catalog.Category", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True)
    is_active = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(value__gte=0, min_qty__gte=0), name="a_price_adjustment_is_not_negative"
            ),
            models.CheckConstraint(
                condition=~Q(method="percent") | Q(kind="charge") | Q(value__lte=100),
                name="a_discount_is_at_most_100_percent",
            ),
            models.CheckConstraint(
                condition=~Q(method="amount") | ~Q(currency=""), name="an_amount_off_names_its_currency"
            ),
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gt=F("valid_from")),
                name="a_price_adjustment_ends_after_it_starts",
            ),
            NamingExclusion(
                name="one_adjustment_per_code_break_and_day",
                expressions=[
                    ("code", RangeOperators.EQUAL),
                    ("min_qty", RangeOperators.EQUAL),
                    (DateRange("valid_from", "valid_to"), RangeOperators.OVERLAPS),
                ],
                key=("code", "min_qty"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} from {plain(self.min_qty)}" if self.min_qty else self.code

    def told(self) -> str:
        return f"{self.code} {plain(self.value)} from {plain(self.min_qty)}"


class TaxRate(models.Model):
    """The estimate of tax: percent of the net amount for customers of a region (empty: every other), over a period."""

    region = models.CharField(max_length=40, blank=True)
    percent = models.DecimalField(max_digits=6, decimal_places=3)
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(percent__gte=0, percent__lte=100)
                & (Q(valid_to__isnull=True) | Q(valid_to__gt=F("valid_from"))),
                name="a_tax_rate_is_a_percent_over_a_period",
            ),
            NamingExclusion(
                name="one_tax_rate_per_region_and_day",
                expressions=[
                    ("region", RangeOperators.EQUAL),
                    (DateRange("valid_from", "valid_to"), RangeOperators.OVERLAPS),
                ],
                key=("region",),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.percent:f} % in {self.region or 'every other region'}"

    def told(self) -> str:
        return str(self)


class FreightRate(models.Model):
    """The estimate of freight to a region (empty: every other): percent of the net amount, nothing from an amount of the
    order on."""

    region = models.CharField(max_length=40, blank=True)
    percent = models.DecimalField(max_digits=6, decimal_places=3)
    free_from_amount = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(percent__gte=0)
                & (Q(free_from_amount__isnull=True) | Q(free_from_amount__gte=0))
                & (Q(valid_to__isnull=True) | Q(valid_to__gt=F("valid_from"))),
                name="a_freight_rate_is_a_percent_over_a_period",
            ),
            NamingExclusion(
                name="one_freight_rate_per_region_and_day",
                expressions=[
                    ("region", RangeOperators.EQUAL),
                    (DateRange("valid_from", "valid_to"), RangeOperators.OVERLAPS),
                ],
                key=("region",),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.percent:f} % to {self.region or 'every other region'}"

    def told(self) -> str:
        return str(self)
