import calendar
import uuid

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Upper

from accounts.models.validators import country_code, currency_code, gln, known_time_zone
from accounts.states import ACCOUNT, AccountStatus, ShipComplete
from core.choices import choices
from core.history import keep_history
from core.rings import no_ring
from core.triggers import guard

WEEKDAYS = [(day, name) for day, name in enumerate(calendar.day_name)]


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
    currency = models.CharField(max_length=3, default="USD", validators=[currency_code])
    time_zone = models.CharField(max_length=64, default="UTC", validators=[known_time_zone])
    is_tax_exempt = models.BooleanField(default=False)
    po_number_required = models.BooleanField("PO number required", default=True)
    ship_complete = models.CharField(max_length=5, choices=choices(ShipComplete), default=ShipComplete.NONE)
    min_line_percent = models.DecimalField(max_digits=5, decimal_places=2, default=0)
    min_order_percent = models.DecimalField(max_digits=5, decimal_places=2, default=0)
    max_shipments = models.PositiveSmallIntegerField(null=True, blank=True)
    backorders_allowed = models.BooleanField(default=True)
    short_close_percent = models.DecimalField(
        "closed short, %", max_digits=5, decimal_places=2, default=0, db_default=0,
        help_text="A rest of at most this share of a line that has shipped is not sent after it. 0: always sent.",
    )  # fmt: skip
    early_days_allowed = models.PositiveSmallIntegerField(
        "delivered early, days at most", null=True, blank=True,
        help_text="How many days before the requested date a delivery may come. Empty: any; 0: not before it.",
    )  # fmt: skip
    over_ship_percent = models.DecimalField(
        "taken above the order, %", max_digits=5, decimal_places=2, default=0, db_default=0,
        help_text="What may be picked, shipped and invoiced above what was ordered of a line. 0: never more.",
    )  # fmt: skip
    substitution_allowed = models.BooleanField(default=False)
    min_shelf_life_days = models.PositiveIntegerField(default=0)
    external_id = models.CharField(max_length=80, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(Upper("code"), name="one_account_per_code"),
            models.CheckConstraint(
                condition=Q(
                    min_line_percent__range=(0, 100),
                    min_order_percent__range=(0, 100),
                    short_close_percent__range=(0, 100),
                    over_ship_percent__range=(0, 100),
                ),
                name="account_minimum_percents_are_percents",
            ),
            models.CheckConstraint(
                condition=Q(parent__isnull=True) | ~Q(parent=F("id")), name="an_account_is_not_its_own_parent"
            ),
        ]
        indexes = [
            models.Index(fields=["territory", "id"], name="accounts_by_territory"),
            GinIndex(OpClass(Upper("code"), "gin_trgm_ops"), name="accounts_like_code"),
            GinIndex(OpClass(Upper("name"), "gin_trgm_ops"), name="accounts_like_name"),
        ]
        triggers = [guard(ACCOUNT, "status"), no_ring("parent_id", "no_ring_of_parents", table="accounts_account")]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


@keep_history
class ShipTo(models.Model):
    """Where goods go. `identifiers` on EDI documents (GLN, DUNS, a store number) match `edi_code` or `gln`.

    Goods are taken in on `delivery_days` (Monday 0; none: any day) from `delivery_from` up to `delivery_to`, in the
    place's own time; the receiving calendar closes days on top of that.
    """

    CALLED = ("ship-to address", "ship-to addresses")

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="ship_tos")
    code = models.CharField(max_length=40)
    name = models.CharField(max_length=200)
    line1 = models.CharField(max_length=200, blank=True)
    line2 = models.CharField(max_length=200, blank=True)
    city = models.CharField(max_length=100, blank=True)
    region = models.CharField(max_length=40, blank=True)
    postal_code = models.CharField(max_length=20, blank=True)
    country = models.CharField(max_length=2, default="US", validators=[country_code])
    time_zone = models.CharField(max_length=64, default="UTC", validators=[known_time_zone])
    calendar = models.ForeignKey("core.Calendar", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    delivery_days = ArrayField(models.PositiveSmallIntegerField(choices=WEEKDAYS), default=list, blank=True)
    delivery_from = models.TimeField("deliver from", null=True, blank=True)
    delivery_to = models.TimeField("deliver until", null=True, blank=True)
    gln = models.CharField("GLN", max_length=13, blank=True, validators=[gln])
    edi_code = models.CharField("EDI code", max_length=80, blank=True)
    is_default = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "code"], name="one_ship_to_per_account_and_code"),
            models.UniqueConstraint(
                fields=["account"], condition=Q(is_default=True), name="one_default_ship_to_per_account"
            ),
            models.CheckConstraint(
                condition=Q(is_default=False) | Q(is_active=True), name="the_default_ship_to_is_active"
            ),
            models.CheckConstraint(
                condition=Q(delivery_from__isnull=True, delivery_to__isnull=True)
                | Q(delivery_from__isnull=False, delivery_to__isnull=False, delivery_to__gt=F("delivery_from")),
                name="a_delivery_window_ends_after_it_starts",
            ),
            models.CheckConstraint(
                condition=Q(delivery_days__contained_by=[day for day, _ in WEEKDAYS]),
                name="delivery_days_are_days_of_the_week",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name}, {self.city}" if self.city else self.name
