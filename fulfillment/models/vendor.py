from django.db import models
from django.db.models import Q

from fulfillment.models.shipment import Shipment, ShipmentLine


class VendorOrder(models.Model):
    """What we buy of a vendor for one shipment, which it sends to the customer itself (drop ship). How far it is, is the
    shipment's status: released is asked, acknowledged is confirmed, cancelled is withdrawn.
    """

    number = models.CharField(max_length=30, unique=True)
    shipment = models.OneToOneField(Shipment, on_delete=models.PROTECT, related_name="vendor_order")
    site = models.ForeignKey("inventory.Site", on_delete=models.PROTECT, related_name="+", verbose_name="vendor")
    asked_at = models.DateTimeField()
    promised_ship_date = models.DateField("to leave on", null=True, help_text="As we promised when it was asked.")
    reference = models.CharField("vendor's reference", max_length=60, blank=True)
    confirmed_at = models.DateTimeField(null=True)
    confirmed_by = models.CharField(max_length=150, blank=True)
    confirmed_ship_date = models.DateField("confirmed for", null=True)
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_why = models.CharField("why withdrawn", max_length=300, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(confirmed_at__isnull=True) | Q(confirmed_ship_date__isnull=False),
                name="a_confirmed_vendor_order_says_for_when",
            ),
        ]
        indexes = [
            models.Index(fields=["asked_at"], name="vendor_orders_by_asking"),
        ]

    def __str__(self) -> str:
        return self.number


class VendorOrderLine(models.Model):
    """A part of an order line the vendor is asked for: base units, at the cost its offer had then."""

    vendor_order = models.ForeignKey(VendorOrder, on_delete=models.PROTECT, related_name="lines")
    # Empty once the vendor confirmed nothing of it: then it is no part of the shipment.
    shipment_line = models.OneToOneField(ShipmentLine, null=True, on_delete=models.SET_NULL, related_name="vendor_line")
    order_line = models.ForeignKey("orders.OrderLine", on_delete=models.PROTECT, related_name="+")
    product = models.ForeignKey("catalog.Product", on_delete=models.PROTECT, related_name="+", db_index=False)
    vendor_sku = models.CharField("vendor's number", max_length=60, blank=True)
    qty = models.DecimalField(max_digits=14, decimal_places=4)
    confirmed_qty = models.DecimalField(max_digits=14, decimal_places=4, null=True)
    unit_cost = models.DecimalField(max_digits=18, decimal_places=6)
    currency = models.CharField(max_length=3)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(qty__gt=0, unit_cost__gte=0), name="a_vendor_is_asked_for_something"),
            models.CheckConstraint(
                condition=Q(confirmed_qty__isnull=True) | Q(confirmed_qty__gte=0, confirmed_qty__lte=models.F("qty")),
                name="a_vendor_confirms_at_most_what_was_asked",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.qty} of {self.product_id}"
