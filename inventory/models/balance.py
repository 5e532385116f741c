from typing import ClassVar

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q

from core.choices import choices, words
from core.quantity import plain
from core.triggers import append_only, written_by
from inventory.states import InboundKind, MovementKind, SiteKind, StockStatus


class Site(models.Model):
    """Where stock is. `cutoff_time` and `lead_days` (pick and pack) are local business time of the site's calendar."""

    code = models.CharField(max_length=20, unique=True)
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=12, choices=choices(SiteKind), default=SiteKind.DC)
    region = models.CharField(max_length=40, blank=True)
    time_zone = models.CharField(max_length=64, default="UTC")
    calendar = models.ForeignKey("core.Calendar", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    cutoff_time = models.TimeField(null=True, blank=True)
    lead_days = models.PositiveSmallIntegerField(default=0)
    transit_days = models.PositiveSmallIntegerField(default=2)
    rank = models.PositiveSmallIntegerField(default=100, help_text="Lower is tried first.")
    lines_per_day = models.PositiveIntegerField(null=True, blank=True)
    rep = models.ForeignKey("accounts.Rep", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    account = models.ForeignKey("accounts.Account", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    count_approval_amount = models.DecimalField(
        max_digits=14, decimal_places=2, null=True, blank=True, validators=[MinValueValidator(0)],
        help_text="Count variances worth more need approval. Empty: the company's amount.",
    )  # fmt: skip
    is_active = models.BooleanField(default=True)

    def __str__(self) -> str:
        return self.code


class Lot(models.Model):
    """A batch of a product. Of a serial-tracked product each unit is a lot of one, whose code is its serial number:
    so a unit is claimed, moved, recalled and traced by the same rules. `maker_lot` is the batch printed on such a unit.
    """

    product = models.ForeignKey("catalog.Product", on_delete=models.PROTECT, related_name="+")
    code = models.CharField(max_length=40)
    expiry_date = models.DateField(null=True, blank=True)
    is_recalled = models.BooleanField(default=False)
    is_serial = models.BooleanField(default=False)
    maker_lot = models.CharField(max_length=40, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["product", "code"], name="one_lot_per_product_and_code")]

    def __str__(self) -> str:
        return self.code


class Serials(models.Manager["Serial"]):
    def get_queryset(self) -> models.QuerySet["Serial"]:
        return super().get_queryset().filter(**Serial.told_by)


class Serial(Lot):
    """A unit with a serial number, to be looked at by itself."""

    told_by: ClassVar[dict[str, bool]] = {"is_serial": True}
    objects: ClassVar[models.Manager["Serial"]] = Serials()

    class Meta:
        proxy = True


class StockBalance(models.Model):
    """What is there and what is spoken for, in base units. Claims and movements write it, nothing else.

    `owner` is empty for our own stock, else the owner's code.
    """

    product = models.ForeignKey("catalog.Product", on_delete=models.PROTECT, related_name="+")
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+")
    lot = models.ForeignKey(Lot, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    status = models.CharField(max_length=10, choices=choices(StockStatus), default=StockStatus.AVAILABLE)
    owner = models.CharField(max_length=40, blank=True)
    on_hand_qty = models.DecimalField(max_digits=14, decimal_places=4, default=0)
    reserved_qty = models.DecimalField(max_digits=14, decimal_places=4, default=0)
    allocated_qty = models.DecimalField(max_digits=14, decimal_places=4, default=0)
    released_qty = models.DecimalField(max_digits=14, decimal_places=4, default=0)
    picked_qty = models.DecimalField(max_digits=14, decimal_places=4, default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(reserved_qty__gte=0, allocated_qty__gte=0, released_qty__gte=0, picked_qty__gte=0),
                name="claims_on_a_balance_are_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(
                    on_hand_qty__gte=F("reserved_qty") + F("allocated_qty") + F("released_qty") + F("picked_qty")
                ),
                name="never_claim_more_than_on_hand",
            ),
            models.UniqueConstraint(
                fields=["product", "site", "lot", "status", "owner"],
                name="one_balance_per_place_lot_status_and_owner",
                nulls_distinct=False,
            ),
        ]
        triggers = written_by(
            "stock", room="inventory", remedy="adjust_stock, post_count, change_stock_status, reserve",
            zero=("on_hand_qty", "reserved_qty", "allocated_qty", "released_qty", "picked_qty"),
        )  # fmt: skip

    def __str__(self) -> str:
        return f"product {self.product_id} at {self.site_id}"

    @property
    def headline(self) -> str:
        """For the head of its own page, which may ask other tables."""
        lot = f", lot {self.lot}" if self.lot else ""
        return f"{self.product} at {self.site}{lot}"


class StockMovement(models.Model):
    """The ledger of quantities: a balance's on hand is the sum of its movements. Append-only."""

    balance = models.ForeignKey(StockBalance, on_delete=models.PROTECT, related_name="movements", db_index=False)
    kind = models.CharField(max_length=12, choices=choices(MovementKind))
    qty = models.DecimalField(max_digits=14, decimal_places=4)
    source_kind = models.CharField(max_length=40)
    source_id = models.BigIntegerField()
    sequence = models.PositiveBigIntegerField(default=0)
    at = models.DateTimeField()
    actor_label = models.CharField(max_length=150)
    reason = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(qty=0), name="a_movement_moves_something"),
            models.UniqueConstraint(
                fields=["source_kind", "source_id", "kind", "sequence"],
                name="one_movement_per_source_kind_and_sequence",
            ),
        ]
        indexes = [models.Index(fields=["balance", "id"], name="movements_by_balance")]
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.kind} {self.qty}"

    @property
    def headline(self) -> str:
        return f"{words(self.kind)}, {plain(self.qty)}"


class InboundSupply(models.Model):
    """Supply on its way: open quantity and the date it is expected at the site."""

    product = models.ForeignKey("catalog.Product", on_delete=models.PROTECT, related_name="+")
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=10, choices=choices(InboundKind), default=InboundKind.PURCHASE)
    reference = models.CharField(max_length=60)
    ordered_qty = models.DecimalField(max_digits=14, decimal_places=4)
    received_qty = models.DecimalField(max_digits=14, decimal_places=4, default=0)
    eta_date = models.DateField()
    confidence_percent = models.PositiveSmallIntegerField(default=100)
    past_due_cutoff_days = models.PositiveSmallIntegerField(default=7)
    is_closed = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(ordered_qty__gt=0, received_qty__gte=0), name="inbound_supply_is_positive"
            ),
            models.UniqueConstraint(
                fields=["kind", "reference", "product", "site"], name="one_inbound_supply_per_reference_and_product"
            ),
        ]
        indexes = [
            models.Index(fields=["product", "eta_date"], condition=Q(is_closed=False), name="open_inbound_by_product")
        ]

    def __str__(self) -> str:
        return f"{self.reference} {self.ordered_qty - self.received_qty} due {self.eta_date}"

    @property
    def headline(self) -> str:
        """For the head of its own page."""
        return f"{self.reference}: {plain(self.ordered_qty - self.received_qty)} to come on {self.eta_date:%-d %b %Y}"
