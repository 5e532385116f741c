from typing import ClassVar

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q

from core.choices import choices
from core.history import keep_history
from core.quantity import plain
from core.rings import no_ring
from core.triggers import written_by
from inventory.models.balance import Site
from inventory.states import AmountKind, PoolKind, PoolState, PoolWho

_NAMED = {
    PoolWho.ACCOUNT: "account",
    PoolWho.GROUP: "group",
    PoolWho.TIER: "tier",
}


def _whom(kinds: tuple[PoolWho, ...]) -> Q:
    """Exactly what `who` says is named, nothing else."""
    found = Q()
    for who in kinds:
        others = {f"{field}__isnull": field != _NAMED.get(who) for field in _NAMED.values()}
        region = ~Q(region="") if who == PoolWho.REGION else Q(region="")
        found |= Q(who=who, **others) & region
    return found


@keep_history
class Pool(models.Model):
    """Stock kept for some (a protection, a floor) or the most some may take (a quota, a ceiling).

    Pools stand in trees of any depth: a pool below another is a part of it, and has its product, place and members
    where it names none. `amount` is in base units of each product the pool is over, percent or a weight. In force on
    [valid_from, valid_to), while it and all above it are not inactive.
    """

    written_by: ClassVar[str] = "pools"

    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=120, help_text="As people know it.")
    kind = models.CharField(max_length=10, choices=choices(PoolKind))
    state = models.CharField(max_length=8, choices=choices(PoolState), default=PoolState.ACTIVE)
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="children")
    who = models.CharField("For", max_length=9, choices=choices(PoolWho))
    account = models.ForeignKey("accounts.Account", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    group = models.ForeignKey(
        "accounts.AccountGroup", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    tier = models.ForeignKey("accounts.ServiceTier", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    region = models.CharField(max_length=40, blank=True, help_text="Of the customers.")
    product = models.ForeignKey("catalog.Product", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    category = models.ForeignKey(
        "catalog.Category", null=True, blank=True, on_delete=models.PROTECT, related_name="+",
        help_text="The amount holds for each product in it and in the categories below it.",
    )  # fmt: skip
    site = models.ForeignKey(Site, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    site_region = models.CharField(max_length=40, blank=True, help_text="The sites of this region. Empty: everywhere.")
    amount_kind = models.CharField(max_length=8, choices=choices(AmountKind), default=AmountKind.NUMBER)
    amount = models.DecimalField(max_digits=14, decimal_places=4, validators=[MinValueValidator(0)])
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True, help_text="The first day it no longer holds.")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=_whom(tuple(PoolWho)), name="a_pool_names_whom_it_is_for"),
            models.CheckConstraint(
                condition=Q(product__isnull=True) | Q(category__isnull=True),
                name="a_pool_is_over_a_product_or_a_category",
            ),
            models.CheckConstraint(
                condition=Q(parent__isnull=False) | Q(product__isnull=False) | Q(category__isnull=False),
                name="a_pool_says_what_it_is_over",
            ),
            models.CheckConstraint(
                condition=Q(site__isnull=True) | Q(site_region=""), name="a_pool_is_at_a_site_or_in_a_region"
            ),
            models.CheckConstraint(condition=Q(amount__gte=0), name="a_pool_is_not_negative"),
            models.CheckConstraint(
                condition=~Q(amount_kind=AmountKind.PERCENT) | Q(amount__lte=100), name="a_pool_is_at_most_all_there_is"
            ),
            models.CheckConstraint(
                condition=~Q(amount_kind=AmountKind.RATIO) | Q(parent__isnull=False), name="a_ratio_is_of_a_pool_above"
            ),
            models.CheckConstraint(
                condition=~Q(state=PoolState.NEUTRAL) | Q(kind=PoolKind.QUOTA), name="only_a_quota_is_neutral"
            ),
            models.CheckConstraint(
                condition=~Q(who=PoolWho.EVERYBODY) | Q(kind=PoolKind.QUOTA), name="nothing_is_protected_for_everybody"
            ),
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gt=F("valid_from")), name="a_pool_ends_after_it_starts"
            ),
            models.CheckConstraint(
                condition=Q(parent__isnull=True) | ~Q(parent=F("id")), name="a_pool_is_not_its_own_parent"
            ),
        ]
        triggers = [
            no_ring("parent_id", "no_ring_of_pools", table="inventory_pool"),
            *written_by("pools", room="inventory", remedy="save_pool, retire_pool"),
        ]

    def __str__(self) -> str:
        return self.name


@keep_history
class SafetyStock(models.Model):
    """Units of a product that a site keeps back. Customers of `tier` and of better ones may have them too."""

    product = models.ForeignKey("catalog.Product", on_delete=models.PROTECT, related_name="+")
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+")
    qty = models.DecimalField(max_digits=14, decimal_places=4, validators=[MinValueValidator(0)])
    tier = models.ForeignKey(
        "accounts.ServiceTier", null=True, blank=True, on_delete=models.PROTECT, related_name="+",
        help_text="Customers of this tier and better ones are offered it. Empty: nobody.",
    )  # fmt: skip

    class Meta:
        verbose_name_plural = "safety stock"
        constraints = [
            models.CheckConstraint(condition=Q(qty__gte=0), name="safety_stock_is_not_negative"),
            models.UniqueConstraint(fields=["product", "site"], name="one_safety_stock_per_product_and_site"),
        ]

    def __str__(self) -> str:
        return f"safety stock of product {self.product_id} at {self.site_id}"

    @property
    def headline(self) -> str:
        """For the head of its own page, which may ask other tables."""
        return f"{self.product} at {self.site}"


@keep_history
class OrderCap(models.Model):
    """The most one order may take of a product: of each product, where it is for a category.

    For one order the closest cap counts: an account's before a group's, a tier's and everybody's, a product's before
    a category's.
    """

    WHO = (PoolWho.ACCOUNT, PoolWho.GROUP, PoolWho.TIER, PoolWho.EVERYBODY)

    who = models.CharField("For", max_length=9, choices=choices(PoolWho))
    account = models.ForeignKey("accounts.Account", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    group = models.ForeignKey(
        "accounts.AccountGroup", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    tier = models.ForeignKey("accounts.ServiceTier", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    product = models.ForeignKey("catalog.Product", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    category = models.ForeignKey("catalog.Category", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    max_qty = models.DecimalField("At most", max_digits=14, decimal_places=4, validators=[MinValueValidator(0)])
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True, help_text="The first day it no longer holds.")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(who=PoolWho.EVERYBODY, account__isnull=True, group__isnull=True, tier__isnull=True)
                | Q(who=PoolWho.ACCOUNT, account__isnull=False, group__isnull=True, tier__isnull=True)
                | Q(who=PoolWho.GROUP, account__isnull=True, group__isnull=False, tier__isnull=True)
                | Q(who=PoolWho.TIER, account__isnull=True, group__isnull=True, tier__isnull=False),
                name="a_cap_names_whom_it_is_for",
            ),
            models.CheckConstraint(
                condition=Q(product__isnull=True, category__isnull=False)
                | Q(product__isnull=False, category__isnull=True),
                name="a_cap_is_of_a_product_or_a_category",
            ),
            models.CheckConstraint(condition=Q(max_qty__gte=0), name="a_cap_is_not_negative"),
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gt=F("valid_from")), name="a_cap_ends_after_it_starts"
            ),
        ]

    def __str__(self) -> str:
        return f"at most {plain(self.max_qty)} an order"
