from django.contrib.postgres.fields import RangeOperators
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q

from accounts.rules.checks import currency_problem
from core.choices import choices
from core.ranges import DateRange
from pricing.models.constraints import NamingExclusion
from pricing.rules.numbers import plain
from pricing.states import DatePolicy, PriceLevel

SOURCE_LEVELS = [PriceLevel.ACCOUNT, PriceLevel.GROUP, PriceLevel.SEGMENT, PriceLevel.LIST]


class PriceSource(models.Model):
    """A list or a contract: who it is for, in which currency, over which half-open period."""

    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    level = models.CharField(max_length=10, choices=choices(PriceLevel))
    account = models.ForeignKey("accounts.Account", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    group = models.ForeignKey(
        "accounts.AccountGroup", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    territory = models.ForeignKey(
        "accounts.Territory", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    currency = models.CharField(max_length=3, default="USD")
    priority = models.PositiveSmallIntegerField(default=100)
    margin_floor_percent = models.DecimalField(max_digits=5, decimal_places=2, null=True, blank=True)
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True)
    is_active = models.BooleanField(default=True)
    covers_children = models.BooleanField(
        default=False, db_default=False, help_text="an account's contract is also for the accounts below it"
    )
    needs_activation = models.BooleanField(
        default=False, db_default=False, help_text="a member has these prices only while a tier is activated for it"
    )
    date_policy = models.CharField(
        "pricing date",
        max_length=10,
        choices=choices(DatePolicy),
        default=DatePolicy.ORDER,
        db_default=DatePolicy.ORDER,
    )
    contract = models.ForeignKey(
        "pricing.Contract",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="lists",
        help_text="the version these prices belong to: they hold while it does",
    )
    converts = models.BooleanField(
        default=False, db_default=False, help_text="also prices orders in other currencies, at the rate of the day"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(level__in=SOURCE_LEVELS), name="a_price_source_is_a_list_or_a_contract"),
            models.CheckConstraint(
                condition=Q(level="account", account__isnull=False, group__isnull=True, territory__isnull=True)
                | Q(level="group", account__isnull=True, group__isnull=False, territory__isnull=True)
                | (Q(level="segment", account__isnull=True) & (Q(group__isnull=False) | Q(territory__isnull=False)))
                | Q(level="list", account__isnull=True, group__isnull=True, territory__isnull=True),
                name="a_price_source_names_its_party",
            ),
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gt=F("valid_from")),
                name="a_price_source_ends_after_it_starts",
            ),
            models.CheckConstraint(
                condition=Q(margin_floor_percent__isnull=True)
                | Q(margin_floor_percent__gte=0, margin_floor_percent__lt=100),
                name="a_margin_floor_is_a_percent_below_100",
            ),
        ]
        indexes = [
            models.Index(fields=["account"], condition=Q(account__isnull=False), name="price_sources_by_account"),
            models.Index(fields=["group"], condition=Q(group__isnull=False), name="price_sources_by_group"),
        ]

    def __str__(self) -> str:
        return self.code

    def clean(self) -> None:
        if problem := currency_problem(self.currency):
            raise ValidationError({"currency": " ".join(problem)})


class PriceRow(models.Model):
    """A unit price per base unit from `min_qty` base units on, over [valid_from, valid_to), whatever unit is ordered in;
    with a `unit` only for lines ordered in it, and before those for any unit."""

    source = models.ForeignKey(PriceSource, on_delete=models.PROTECT, related_name="rows")
    product = models.ForeignKey("catalog.Product", on_delete=models.PROTECT, related_name="+")
    min_qty = models.DecimalField(max_digits=14, decimal_places=4, default=0)
    unit_price = models.DecimalField(max_digits=18, decimal_places=6)
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True)
    tier = models.CharField(
        max_length=20, blank=True, default="", db_default="", help_text="only for members activated for it"
    )
    unit = models.CharField(
        max_length=10,
        blank=True,
        default="",
        db_default="",
        help_text="only for lines ordered in this unit; empty: in any",
    )
    break_group = models.CharField(
        max_length=20,
        blank=True,
        default="",
        db_default="",
        help_text="lines with the same word on this list reach a break together",
    )

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(unit_price__gte=0, min_qty__gte=0), name="a_price_row_is_not_negative"),
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gt=F("valid_from")),
                name="a_price_row_ends_after_it_starts",
            ),
            NamingExclusion(
                name="one_price_per_source_product_break_and_day",
                expressions=[
                    ("source", RangeOperators.EQUAL),
                    ("product", RangeOperators.EQUAL),
                    ("min_qty", RangeOperators.EQUAL),
                    ("tier", RangeOperators.EQUAL),
                    ("unit", RangeOperators.EQUAL),
                    (DateRange("valid_from", "valid_to"), RangeOperators.OVERLAPS),
                ],
                key=("source", "product", "min_qty", "tier", "unit"),
            ),
        ]
        indexes = [models.Index(fields=["product", "source", "min_qty"], name="price_rows_by_product")]

    def __str__(self) -> str:
        return f"{self.source} {self.product.sku} from {plain(self.min_qty)}: {plain(self.unit_price)}"

    @property
    def headline(self) -> str:
        """For the head of its own page, which may ask other tables."""
        at_least = f", from {plain(self.min_qty)}" if self.min_qty else ""
        return f"{self.product} on {self.source}{at_least}"

    def told(self) -> str:
        """The row for whoever is told that two overlap."""
        more = "".join(f", {name} {value}" for name, value in (("tier", self.tier), ("unit", self.unit)) if value)
        return f"{self.source.code} {self.product} {plain(self.unit_price)} from {plain(self.min_qty)}{more}"


class TierActivation(models.Model):
    """A member's account is on a tier of a group's contract over [valid_from, valid_to): the prices of that tier, and
    those without a tier where the contract asks for an activation. One tier at a time."""

    source = models.ForeignKey(PriceSource, on_delete=models.PROTECT, related_name="activations")
    account = models.ForeignKey("accounts.Account", on_delete=models.PROTECT, related_name="+")
    tier = models.CharField(max_length=20)
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gt=F("valid_from")),
                name="a_tier_activation_ends_after_it_starts",
            ),
            NamingExclusion(
                name="one_tier_per_source_account_and_day",
                expressions=[
                    ("source", RangeOperators.EQUAL),
                    ("account", RangeOperators.EQUAL),
                    (DateRange("valid_from", "valid_to"), RangeOperators.OVERLAPS),
                ],
                key=("source", "account"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account} on tier {self.tier} of {self.source}"

    def told(self) -> str:
        return str(self)
