import uuid

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Upper

from core.triggers import guard
from fulfillment.rules.standing import SHIPMENTS, named
from fulfillment.states import SHIPMENT, ShipmentStatus


class Shipment(models.Model):
    """What the warehouse was told to send from one site to one address, for one order. It is also the warehouse order.

    With a `usage` it never was one: the goods were used from a trunk or a consignment.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    number = models.CharField(max_length=30, unique=True)
    order = models.ForeignKey("orders.Order", on_delete=models.PROTECT, related_name="+")
    account = models.ForeignKey("accounts.Account", on_delete=models.PROTECT, related_name="+")
    site = models.ForeignKey("inventory.Site", on_delete=models.PROTECT, related_name="+")
    ship_to = models.ForeignKey("accounts.ShipTo", null=True, on_delete=models.PROTECT, related_name="+")
    status = models.CharField(max_length=12, choices=named(ShipmentStatus, SHIPMENTS), default=ShipmentStatus.RELEASED)
    carrier = models.CharField(max_length=40, blank=True)
    tracking_number = models.CharField(max_length=80, blank=True)
    usage = models.ForeignKey(
        "inventory.FieldUsage", null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    service = models.ForeignKey(
        "fulfillment.CarrierService", null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    service_why = models.JSONField(default=dict, db_default={}, blank=True)
    is_service_by_hand = models.BooleanField(default=False, db_default=False)
    consignment = models.ForeignKey(
        "fulfillment.Consignment", null=True, on_delete=models.PROTECT, related_name="shipments"
    )
    version = models.PositiveIntegerField(default=1)
    released_at = models.DateTimeField()
    packed_at = models.DateTimeField(null=True)
    shipped_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(shipped_at__isnull=False)
                | ~Q(status__in=["shipped", "in_transit", "delivered", "refused"]),
                name="a_shipped_shipment_says_when",
            ),
            models.UniqueConstraint(fields=["usage"], condition=Q(usage__isnull=False), name="one_shipment_per_usage"),
        ]
        indexes = [
            models.Index(fields=["status", "site", "-id"], name="shipments_by_status"),
            models.Index(fields=["tracking_number"], condition=~Q(tracking_number=""), name="shipments_by_tracking"),
            models.Index(fields=["released_at"], name="shipments_by_release"),
            models.Index(fields=["shipped_at"], name="shipments_by_shipping"),
            GinIndex(
                OpClass(Upper("number"), "gin_trgm_ops"),
                OpClass(Upper("tracking_number"), "gin_trgm_ops"),
                name="shipments_like_number",
            ),
        ]
        triggers = [guard(SHIPMENT, "status")]

    def __str__(self) -> str:
        return self.number


class ShipmentLine(models.Model):
    """A part of an order line from one balance (so: one lot). Quantities in base units; invoiced never passes shipped."""

    shipment = models.ForeignKey(Shipment, on_delete=models.PROTECT, related_name="lines")
    order_line = models.ForeignKey("orders.OrderLine", on_delete=models.PROTECT, related_name="+")
    demand = models.ForeignKey("inventory.Demand", on_delete=models.PROTECT, related_name="+", db_index=False)
    claim = models.ForeignKey("inventory.Claim", on_delete=models.PROTECT, related_name="+")
    balance = models.ForeignKey("inventory.StockBalance", on_delete=models.PROTECT, related_name="+")
    lot = models.ForeignKey("inventory.Lot", null=True, on_delete=models.PROTECT, related_name="+")
    product = models.ForeignKey("catalog.Product", on_delete=models.PROTECT, related_name="+", db_index=False)
    qty = models.DecimalField(max_digits=14, decimal_places=4)
    picked_qty = models.DecimalField(max_digits=14, decimal_places=4, null=True)
    over_qty = models.DecimalField(
        max_digits=14, decimal_places=4, default=0, db_default=0, help_text="Picked above what was released."
    )
    short_reason = models.CharField(max_length=120, blank=True)
    shipped_qty = models.DecimalField(max_digits=14, decimal_places=4, default=0)
    invoiced_qty = models.DecimalField(max_digits=14, decimal_places=4, default=0)
    returned_qty = models.DecimalField(max_digits=14, decimal_places=4, default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(qty__gt=0), name="a_shipment_line_sends_something"),
            models.CheckConstraint(
                condition=Q(over_qty__gte=0)
                & (Q(picked_qty__isnull=True) | Q(picked_qty__gte=0, picked_qty__lte=F("qty") + F("over_qty"))),
                name="never_pick_more_than_released",
            ),
            models.CheckConstraint(
                condition=Q(shipped_qty__gte=0) & (Q(shipped_qty=0) | Q(shipped_qty__lte=F("picked_qty"))),
                name="never_ship_more_than_picked",
            ),
            models.CheckConstraint(
                condition=Q(invoiced_qty__gte=0, invoiced_qty__lte=F("shipped_qty")),
                name="never_invoice_more_than_shipped",
            ),
            models.CheckConstraint(
                condition=Q(returned_qty__gte=0, returned_qty__lte=F("shipped_qty")),
                name="never_return_more_than_shipped",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.shipment} line {self.pk}"
