from django.db import models
from django.db.models import F, Q

from core.choices import choices
from core.triggers import append_only, guard
from fulfillment.rules.standing import RETURNS, named
from fulfillment.states import RETURN, Disposition, ReturnOutcome, ReturnStatus


class Return(models.Model):
    """Goods that come, or should come, back from a customer: prices and terms are those of the sale.

    `fee_percent` is the restocking fee, kept back from the credit; `refunds_freight`: it is our fault, and the freight that
    was billed goes back too. Its replacement is the
    console's order whose external id is `return:<id>`.
    """

    number = models.CharField(max_length=30, unique=True)
    account = models.ForeignKey("accounts.Account", on_delete=models.PROTECT, related_name="+")
    status = models.CharField(max_length=14, choices=named(ReturnStatus, RETURNS), default=ReturnStatus.REQUESTED)
    reason = models.CharField(max_length=200)
    external_id = models.CharField(max_length=80, blank=True)
    outcome = models.CharField(max_length=12, choices=choices(ReturnOutcome), default=ReturnOutcome.CREDIT)
    fee_percent = models.DecimalField(max_digits=5, decimal_places=2, default=0)
    refunds_freight = models.BooleanField("our fault: freight goes back", default=False, db_default=False)
    site = models.ForeignKey("inventory.Site", null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    note = models.CharField(max_length=200, blank=True)
    carrier = models.CharField(max_length=40, blank=True)
    tracking_number = models.CharField(max_length=80, blank=True)
    is_damaged = models.BooleanField("arrived damaged", default=False, db_default=False)
    version = models.PositiveIntegerField(default=1)
    requested_at = models.DateTimeField()
    authorized_at = models.DateTimeField(null=True)
    received_at = models.DateTimeField(null=True)
    dispositioned_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "external_id"], condition=~Q(external_id=""), name="one_return_per_external_id"
            ),
            models.CheckConstraint(
                condition=Q(fee_percent__gte=0, fee_percent__lte=100), name="a_restocking_fee_is_a_share_of_the_price"
            ),
            models.CheckConstraint(
                condition=Q(site__isnull=False) | Q(status__in=["requested", "rejected"]),
                name="an_authorized_return_says_where_it_comes_to",
            ),
        ]
        triggers = [guard(RETURN, "status")]

    def __str__(self) -> str:
        return self.number


class ReturnLine(models.Model):
    """What of which order line. A request may come before shipping; receiving never passes what was shipped.

    `authorized_qty` is empty until somebody decided; what came beyond it is not in `received_qty` but in a case.
    """

    parent = models.ForeignKey(Return, on_delete=models.PROTECT, related_name="lines")
    order_line = models.ForeignKey("orders.OrderLine", on_delete=models.PROTECT, related_name="+")
    qty = models.DecimalField(max_digits=14, decimal_places=4)
    authorized_qty = models.DecimalField(max_digits=14, decimal_places=4, null=True)
    received_qty = models.DecimalField(max_digits=14, decimal_places=4, default=0)
    external_ref = models.CharField(max_length=80, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(qty__gt=0), name="a_return_line_returns_something"),
            models.CheckConstraint(
                condition=Q(authorized_qty__isnull=True) | Q(authorized_qty__gte=0, authorized_qty__lte=F("qty")),
                name="never_authorize_more_than_was_asked",
            ),
            models.CheckConstraint(
                condition=Q(received_qty=0) | Q(received_qty__gt=0, received_qty__lte=F("authorized_qty")),
                name="never_receive_more_than_was_authorized",
            ),
        ]
        indexes = [models.Index(fields=["order_line"], name="return_lines_by_order_line")]

    def __str__(self) -> str:
        return f"{self.parent}: {self.qty}"


class ReturnPart(models.Model):
    """What became of a part of a line: which shipped goods it was (so: which lot), and the disposition. Never changed."""

    line = models.ForeignKey(ReturnLine, on_delete=models.PROTECT, related_name="parts")
    shipment_line = models.ForeignKey("fulfillment.ShipmentLine", on_delete=models.PROTECT, related_name="+")
    qty = models.DecimalField(max_digits=14, decimal_places=4)
    disposition = models.CharField(max_length=18, choices=choices(Disposition))
    note = models.CharField(max_length=200, blank=True)
    at = models.DateTimeField()
    actor_label = models.CharField(max_length=120)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(qty__gt=0), name="a_return_part_is_something")]
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.line}: {self.disposition}"
