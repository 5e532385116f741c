from django.db import models
from django.db.models import Q

from core.choices import choices
from core.triggers import guard
from fulfillment.states import RETURN, ReturnStatus


class Return(models.Model):
    """Goods that come, or should come, back from a customer: prices and terms are those of the sale."""

    number = models.CharField(max_length=30, unique=True)
    account = models.ForeignKey("accounts.Account", on_delete=models.PROTECT, related_name="+")
    status = models.CharField(max_length=10, choices=choices(ReturnStatus), default=ReturnStatus.REQUESTED)
    reason = models.CharField(max_length=200)
    external_id = models.CharField(max_length=80, blank=True)
    requested_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "external_id"], condition=~Q(external_id=""), name="one_return_per_external_id"
            )
        ]
        triggers = [guard(RETURN, "status")]

    def __str__(self) -> str:
        return self.number


class ReturnLine(models.Model):
    """What of which order line. A request may come before shipping; receiving never passes what was shipped."""

    parent = models.ForeignKey(Return, on_delete=models.PROTECT, related_name="lines")
    order_line = models.ForeignKey("orders.OrderLine", on_delete=models.PROTECT, related_name="+")
    qty = models.DecimalField(max_digits=14, decimal_places=4)
    received_qty = models.DecimalField(max_digits=14, decimal_places=4, default=0)
    external_ref = models.CharField(max_length=80, blank=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(qty__gt=0), name="a_return_line_returns_something")]
        indexes = [models.Index(fields=["order_line"], name="return_lines_by_order_line")]

    def __str__(self) -> str:
        return f"{self.parent}: {self.qty}"
