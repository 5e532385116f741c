import uuid

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import Q
from django.db.models.functions import Upper

from accounts.states import ACCOUNT, AccountStatus, ShipComplete
from core.choices import choices
from core.history import keep_history
from core.triggers import guard


class ServiceTier(models.Model):
    """What a class of customers is promised. Rank 1 is served first."""

    code = models.CharField(max_length=20, unique=True)
    name = models.CharField(max_length=80)
    rank = models.PositiveSmallIntegerField(unique=True)
    fair_share_weight = models.DecimalField(max_digits=8, decimal_places=4, default=1)
    order_lock_days = models.PositiveSmallIntegerField(default=0)
    promise_slip_days = models.PositiveSmallIntegerField(default=0)

    def __str__(self) -> str:
        return self.name


class Territory(models.Model):
    code = models.CharField(max_length=20, unique=True)
    name = models.CharField(max_length=80)

    class Meta:
        verbose_name_plural = "territories"

    def __str__(self) -> str:
        return self.name


@keep_history
class Account(models.Model):
    """A customer company: the sold-to. Codes are unique whatever their case."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    code = models.CharField(max_length=40)
    name = models.CharField(max_length=200)
    status = models.CharField(max_length=12, choices=choices(AccountStatus), default=AccountStatus.PROSPECT)
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="children")
    tier = models.ForeignKey(ServiceTier, null=True, blank=True, on_delete=models.PROTECT, related_name="accounts")
    territory = models.ForeignKey(Territory, null=True, blank=True, on_delete=models.PROTECT, related_name="accounts")
    region = models.CharField(max_length=40, blank=True)
    currency = models.CharField(max_length=3, default="USD")
    time_zone = models.CharField(max_length=64, default="UTC")
    is_tax_exempt = models.BooleanField(default=False)
    po_number_required = models.BooleanField("PO number required", default=True)
    ship_complete = models.CharField(max_length=5, choices=choices(ShipComplete), default=ShipComplete.NONE)
    min_line_percent = models.DecimalField(max_digits=5, decimal_places=2, default=0)
    min_order_percent = models.DecimalField(max_digits=5, decimal_places=2, default=0)
    max_shipments = models.PositiveSmallIntegerField(null=True, blank=True)
    backorders_allowed = models.BooleanField(default=True)
    substitution_allowed = models.BooleanField(default=False)
    min_shelf_life_days = models.PositiveIntegerField(default=0)
    external_id = models.CharField(max_length=80, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(Upper("code"), name="one_account_per_code"),
            models.CheckConstraint(
                condition=Q(min_line_percent__range=(0, 100), min_order_percent__range=(0, 100)),
                name="account_minimum_percents_are_percents",
            ),
        ]
        indexes = [
            models.Index(fields=["territory", "id"], name="accounts_by_territory"),
            GinIndex(OpClass(Upper("code"), "gin_trgm_ops"), name="accounts_like_code"),
            GinIndex(OpClass(Upper("name"), "gin_trgm_ops"), name="accounts_like_name"),
        ]
        triggers = [guard(ACCOUNT, "status")]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


@keep_history
class ShipTo(models.Model):
    """Where goods go. `identifiers` on EDI documents (GLN, DUNS, a store number) match `edi_code` or `gln`."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="ship_tos")
    code = models.CharField(max_length=40)
    name = models.CharField(max_length=200)
    line1 = models.CharField(max_length=200, blank=True)
    line2 = models.CharField(max_length=200, blank=True)
    city = models.CharField(max_length=100, blank=True)
    region = models.CharField(max_length=40, blank=True)
    postal_code = models.CharField(max_length=20, blank=True)
    country = models.CharField(max_length=2, default="US")
    time_zone = models.CharField(max_length=64, default="UTC")
    calendar = models.ForeignKey("core.Calendar", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    gln = models.CharField("GLN", max_length=13, blank=True)
    edi_code = models.CharField("EDI code", max_length=80, blank=True)
    is_default = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "code"], name="one_ship_to_per_account_and_code"),
            models.UniqueConstraint(
                fields=["account"], condition=Q(is_default=True), name="one_default_ship_to_per_account"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name}, {self.city}" if self.city else self.name
