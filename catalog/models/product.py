import uuid

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Upper

from catalog.states import PRODUCT, ProductStatus, Tracking
from core.choices import choices
from core.history import keep_history
from core.ranges import DateRange
from core.triggers import guard


@keep_history
class Category(models.Model):
    """A shelf of the catalog; shelves stand in shelves to any depth, never in a circle (services/keep_category.py)."""

    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="children")

    class Meta:
        verbose_name_plural = "categories"
        constraints = [
            models.CheckConstraint(
                condition=Q(parent__isnull=True) | ~Q(parent=F("id")), name="a_category_is_not_its_own_parent"
            )
        ]

    def __str__(self) -> str:
        return self.name


@keep_history
class Product(models.Model):
    """Something sold. All quantities of the product are in `base_unit`. SKUs are unique whatever their case."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    sku = models.CharField("SKU", max_length=60)
    name = models.CharField(max_length=200)
    category = models.ForeignKey(Category, null=True, blank=True, on_delete=models.PROTECT, related_name="products")
    gtin = models.CharField("GTIN", max_length=14, blank=True)
    manufacturer_part = models.CharField(max_length=60, blank=True)
    base_unit = models.CharField(max_length=10, default="EA")
    order_multiple = models.DecimalField(max_digits=14, decimal_places=4, default=1)
    min_order_qty = models.DecimalField(max_digits=14, decimal_places=4, default=0)
    max_order_qty = models.DecimalField(max_digits=14, decimal_places=4, null=True, blank=True)
    tracking = models.CharField(max_length=6, choices=choices(Tracking), default=Tracking.NONE)
    shelf_life_days = models.PositiveIntegerField(null=True, blank=True)
    standard_cost = models.DecimalField(max_digits=18, decimal_places=6, null=True, blank=True)
    weight_kg = models.DecimalField(max_digits=10, decimal_places=4, null=True, blank=True)
    cube_m3 = models.DecimalField(max_digits=10, decimal_places=6, null=True, blank=True)
    regulated_class = models.CharField(max_length=40, blank=True)
    status = models.CharField(max_length=12, choices=choices(ProductStatus), default=ProductStatus.ACTIVE)

    class Meta:
        constraints = [
            models.UniqueConstraint(Upper("sku"), name="one_product_per_sku"),
            models.CheckConstraint(condition=Q(order_multiple__gte=0), name="an_order_multiple_is_not_negative"),
            models.CheckConstraint(
                condition=Q(max_order_qty__isnull=True) | Q(max_order_qty__gte=F("min_order_qty")),
                name="the_largest_order_is_not_below_the_smallest",
            ),
            models.CheckConstraint(condition=Q(min_order_qty__gte=0), name="a_smallest_order_is_not_negative"),
            models.CheckConstraint(
                condition=(Q(standard_cost__isnull=True) | Q(standard_cost__gte=0))
                & (Q(weight_kg__isnull=True) | Q(weight_kg__gte=0))
                & (Q(cube_m3__isnull=True) | Q(cube_m3__gte=0)),
                name="a_products_cost_weight_and_cube_are_not_negative",
            ),
        ]
        indexes = [
            models.Index(fields=["gtin"], condition=~Q(gtin=""), name="products_by_gtin"),
            models.Index(Upper("manufacturer_part"), condition=~Q(manufacturer_part=""), name="products_by_maker_part"),
            GinIndex(OpClass(Upper("sku"), "gin_trgm_ops"), name="products_like_sku"),
            GinIndex(OpClass(Upper("name"), "gin_trgm_ops"), name="products_like_name"),
        ]
        triggers = [guard(PRODUCT, "status")]

    def __str__(self) -> str:
        return self.sku


@keep_history
class ProductUnit(models.Model):
    """One `code` is exactly numerator/denominator base units (a case of 12: 12/1; a third: 1/3)."""

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="units")
    code = models.CharField(max_length=10)
    numerator = models.PositiveIntegerField(default=1)
    denominator = models.PositiveIntegerField(default=1)
    gtin = models.CharField("GTIN", max_length=14, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["product", "code"], name="one_factor_per_product_and_unit"),
            models.CheckConstraint(condition=Q(numerator__gt=0, denominator__gt=0), name="a_unit_factor_is_positive"),
        ]
        indexes = [models.Index(fields=["gtin"], condition=~Q(gtin=""), name="units_by_gtin")]

    def __str__(self) -> str:
        return f"{self.code} = {self.numerator}/{self.denominator}"


@keep_history
class CustomerPartNumber(models.Model):
    """What the customer calls our product. One that has ended stays for the record and names nothing."""

    account = models.ForeignKey("accounts.Account", on_delete=models.PROTECT, related_name="+")
    part_number = models.CharField(max_length=80)
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="customer_parts")
    ended_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "account",
                Upper("part_number"),
                condition=Q(ended_at__isnull=True),
                name="one_product_per_customer_part_number",
            )
        ]

    def __str__(self) -> str:
        return f"{self.part_number} → {self.product}"


@keep_history
class Substitution(models.Model):
    """`substitute` may stand in for `product`: `ratio` of its base units for one. Shown, never silent."""

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="substitutions")
    substitute = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="+")
    ratio = models.DecimalField(
        max_digits=14, decimal_places=4, default=1, help_text="Base units of the substitute for one of the product."
    )
    priority = models.PositiveSmallIntegerField(default=1, help_text="1 is offered first.")
    valid_from = models.DateField(null=True, blank=True)
    valid_to = models.DateField(null=True, blank=True, help_text="The first day it no longer applies.")
    needs_consent = models.BooleanField(default=True, help_text="The customer is asked before it is sent.")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(product=F("substitute")), name="a_product_is_not_its_own_substitute"),
            models.CheckConstraint(condition=Q(ratio__gt=0), name="a_substitution_ratio_is_positive"),
            models.CheckConstraint(
                condition=Q(valid_from__isnull=True) | Q(valid_to__isnull=True) | Q(valid_to__gt=F("valid_from")),
                name="a_substitution_ends_after_it_starts",
            ),
            ExclusionConstraint(
                name="one_substitution_per_pair_and_day",
                expressions=[
                    ("product", RangeOperators.EQUAL),
                    ("substitute", RangeOperators.EQUAL),
                    (DateRange("valid_from", "valid_to"), RangeOperators.OVERLAPS),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.product} → {self.substitute}"


@keep_history
class KitComponent(models.Model):
    """One `kit` is made of `qty` base units of `component`, which may be a kit itself, never in a circle."""

    kit = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="components")
    component = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="+")
    qty = models.DecimalField(
        "quantity", max_digits=14, decimal_places=4, default=1, help_text="Base units for one kit."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kit", "component"], name="one_quantity_per_kit_and_component"),
            models.CheckConstraint(condition=~Q(kit=F("component")), name="a_kit_does_not_contain_itself"),
            models.CheckConstraint(condition=Q(qty__gt=0), name="a_kit_component_quantity_is_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.kit} ⊃ {self.component}"
