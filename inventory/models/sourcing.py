from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from accounts.states import ShipComplete
from core.choices import choices
from core.history import keep_history
from inventory.models.balance import Site
from inventory.models.demand import Demand
from inventory.states import Fulfilment, Hardness


def _cost(words: str, help_text: str = "") -> "models.DecimalField[Any, Any]":
    return models.DecimalField(
        words, max_digits=14, decimal_places=4, default=0, validators=[MinValueValidator(0)], help_text=help_text
    )


@keep_history
class TransitLane(models.Model):
    """From a site to a region of ship-tos. Costs in the company's currency."""

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="lanes")
    region = models.CharField(max_length=40, blank=True, help_text="Of the ship-to. Empty: everywhere else.")
    transit_days = models.PositiveSmallIntegerField(
        help_text="Days of the carrier's calendar; calendar days where it has none."
    )
    calendar = models.ForeignKey(
        "core.Calendar", null=True, blank=True, on_delete=models.PROTECT, related_name="+",
        verbose_name="carrier's calendar", help_text="Goods are collected and travel on its days.",
    )  # fmt: skip
    cost_per_shipment = _cost("cost per shipment")
    cost_per_kg = _cost("cost per kg")
    cost_per_unit = _cost("cost per unit", "Handling, per base unit.")
    distance_km = models.PositiveIntegerField("distance, km", null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "site", Lower("region"), name="one_lane_per_site_and_region",
                violation_error_message="The site has a lane to this region already; capitals tell no two regions apart.",
            )
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.site} to {self.region or 'everywhere else'}"

    def clean(self) -> None:
        """Names the lane that is there already, which the database would only refuse."""
        same = TransitLane.objects.filter(site=self.site_id, region__iexact=self.region).exclude(pk=self.pk).first()
        if same is not None:
            words = f"{same} is a lane already, and “{self.region or 'everywhere else'}” is the same place: change that one."
            raise ValidationError({"region": words})


@keep_history
class SourcingRule(models.Model):
    """Which sites may serve which demand. The most specific rule that matches decides: account, then product, then
    the nearest category, then region, then fulfilment.
    """

    name = models.CharField(max_length=120, unique=True)
    account = models.ForeignKey("accounts.Account", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    product = models.ForeignKey("catalog.Product", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    category = models.ForeignKey("catalog.Category", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    region = models.CharField(max_length=40, blank=True, help_text="Of the ship-to. Empty: any.")
    fulfilment = models.CharField(max_length=10, choices=choices(Fulfilment), blank=True, help_text="Empty: any.")
    sites = ArrayField(
        models.CharField(max_length=20), default=list, blank=True,
        help_text="Codes of the candidate sites, the preferred first. Trunks and consignments only where named. "
        "Empty: every DC, hub and third party.",
    )  # fmt: skip
    max_shipments = models.PositiveSmallIntegerField(
        "most shipments", null=True, blank=True, validators=[MinValueValidator(1)],
        help_text="Sites one order may ship from. The account's own limit counts as well.",
    )  # fmt: skip
    ship_complete = models.CharField(
        max_length=5, choices=choices(ShipComplete), blank=True, help_text="Empty: as the account has it."
    )
    joins_inbound = models.BooleanField(
        "join what is on its way", default=False,
        help_text="Wait for supply on its way where it still arrives on time and saves a shipment.",
    )  # fmt: skip
    min_shelf_life_days = models.PositiveIntegerField(
        "minimum shelf life, days", default=0, help_text="The account's own counts where it is longer."
    )
    max_distance_km = models.PositiveIntegerField("farthest, km", null=True, blank=True)
    distance = models.CharField(max_length=4, choices=choices(Hardness), default=Hardness.OFF)
    cutoff = models.CharField(
        "cut-off", max_length=4, choices=choices(Hardness), default=Hardness.OFF,
        help_text="Sites that missed today's cut-off.",
    )  # fmt: skip
    capacity = models.CharField(
        max_length=4, choices=choices(Hardness), default=Hardness.OFF,
        help_text="Sites whose lines waiting to be shipped fill their day.",
    )  # fmt: skip
    is_active = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(product__isnull=True) | Q(category__isnull=True),
                name="a_sourcing_rule_names_a_product_or_a_category",
            ),
            models.CheckConstraint(
                condition=Q(distance="off") | Q(max_distance_km__isnull=False),
                name="a_rule_of_distance_says_how_far",
            ),
            models.UniqueConstraint(
                "account",
                "product",
                "category",
                Lower("region"),
                "fulfilment",
                condition=Q(is_active=True),
                name="one_active_sourcing_rule_per_scope",
                nulls_distinct=False,
                violation_error_message="Another active rule is for the same demand already.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        self.sites = list(dict.fromkeys(code.strip().upper() for code in self.sites if code.strip()))
        known = set(Site.objects.filter(code__in=self.sites).values_list("code", flat=True))
        if unknown := [code for code in self.sites if code not in known]:
            raise ValidationError({"sites": f"No site has the code {', '.join(unknown)}."})
        self._refuse_a_twin()

    def _refuse_a_twin(self) -> None:
        """Names the rule for the same demand, whatever the capitals of its region."""
        twins = SourcingRule.objects.filter(
            is_active=True, account=self.account_id, product=self.product_id, category=self.category_id,
            region__iexact=self.region, fulfilment=self.fulfilment,
        ).exclude(pk=self.pk)  # fmt: skip
        if self.is_active and (twin := twins.first()) is not None:
            where = f" (its region is written “{twin.region}”)" if twin.region != self.region else ""
            words = f"The active rule {twin.name} is for the same demand already{where}: make one of them inactive."
            raise ValidationError({"region": words})


class DemandSourcing(models.Model):
    """Why a demand is served from where it is: the rule, the plan's figures and the sites that lost."""

    demand = models.OneToOneField(Demand, on_delete=models.CASCADE, related_name="+")
    rule = models.ForeignKey(SourcingRule, null=True, on_delete=models.SET_NULL, related_name="+")
    explanation = models.JSONField(default=dict)
    planned_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"sourcing of demand {self.demand_id}"
