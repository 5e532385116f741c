from django.db import models
from django.db.models import F, Q

from core.choices import choices
from core.triggers import guard
from inventory.models.balance import Lot, Site
from inventory.models.demand import Claim
from inventory.states import TRANSFER, TransferStatus


class Transfer(models.Model):
    """Our own goods on their way from one site to another. While they travel they are on hand nowhere."""

    number = models.CharField(max_length=20, unique=True)
    request_key = models.CharField(max_length=80, unique=True)
    from_site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+")
    to_site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+")
    status = models.CharField(max_length=10, choices=choices(TransferStatus), default=TransferStatus.REQUESTED)
    expected_date = models.DateField()
    reason = models.CharField(max_length=200, blank=True)
    requested_at = models.DateTimeField()
    requested_by = models.CharField(max_length=150)
    shipped_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    close_reason = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(from_site=F("to_site")), name="a_transfer_goes_somewhere_else"),
        ]
        indexes = [
            models.Index(
                fields=["to_site", "expected_date"],
                condition=Q(status__in=["shipped", "short"]),
                name="transfers_on_their_way",
            )
        ]
        triggers = [guard(TRANSFER, "status")]

    def __str__(self) -> str:
        return self.number


class TransferLine(models.Model):
    """One product and lot of a transfer, in base units. In transit: shipped less received, damaged and missing.

    `claim` is what of a fill-up's demand is to travel; a line without one takes what is free when the truck is loaded.
    """

    transfer = models.ForeignKey(Transfer, on_delete=models.PROTECT, related_name="lines")
    product = models.ForeignKey("catalog.Product", on_delete=models.PROTECT, related_name="+")
    lot = models.ForeignKey(Lot, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    qty = models.DecimalField(max_digits=14, decimal_places=4)
    shipped_qty = models.DecimalField(max_digits=14, decimal_places=4, default=0)
    received_qty = models.DecimalField(max_digits=14, decimal_places=4, default=0)
    damaged_qty = models.DecimalField(max_digits=14, decimal_places=4, default=0)
    missing_qty = models.DecimalField(max_digits=14, decimal_places=4, default=0)
    claim = models.OneToOneField(Claim, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(qty__gt=0), name="a_transfer_line_asks_for_something"),
            models.CheckConstraint(
                condition=Q(received_qty__gte=0, damaged_qty__gte=0, missing_qty__gte=0, shipped_qty__lte=F("qty")),
                name="transfer_quantities_are_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(shipped_qty__gte=F("received_qty") + F("damaged_qty") + F("missing_qty")),
                name="no_more_arrives_than_was_sent",
            ),
            models.UniqueConstraint(
                fields=["transfer", "product", "lot", "claim"],
                name="one_transfer_line_per_product_lot_and_claim",
                nulls_distinct=False,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.transfer} {self.product}"
