import uuid

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Upper

from billing.states import INVOICE, InvoiceStatus
from core.choices import choices
from core.triggers import guard


class Invoice(models.Model):
    """Shipped quantity at the locked price, once per shipment. Numbers have no gaps."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    number = models.CharField(max_length=30, unique=True)
    account = models.ForeignKey("accounts.Account", on_delete=models.PROTECT, related_name="+")
    order = models.ForeignKey("orders.Order", on_delete=models.PROTECT, related_name="+")
    shipment = models.OneToOneField("fulfillment.Shipment", on_delete=models.PROTECT, related_name="+")
    status = models.CharField(max_length=14, choices=choices(InvoiceStatus), default=InvoiceStatus.POSTED)
    currency = models.CharField(max_length=3)
    net_amount = models.DecimalField(max_digits=14, decimal_places=2)
    tax_amount = models.DecimalField(max_digits=14, decimal_places=2, default=0)
    freight_amount = models.DecimalField(max_digits=14, decimal_places=2, default=0)
    total_amount = models.DecimalField(max_digits=14, decimal_places=2)
    paid_amount = models.DecimalField(max_digits=14, decimal_places=2, default=0)
    terms_code = models.CharField(max_length=20, blank=True)
    issued_date = models.DateField()
    due_date = models.DateField()
    version = models.PositiveIntegerField(default=1)
    posted_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(total_amount=F("net_amount") + F("tax_amount") + F("freight_amount")),
                name="an_invoice_total_is_net_plus_tax_plus_freight",
            ),
            models.CheckConstraint(
                condition=Q(paid_amount__gte=0, paid_amount__lte=F("total_amount")),
                name="never_apply_more_than_the_invoice",
            ),
        ]
        indexes = [
            models.Index(fields=["account", "-id"], name="invoices_by_account"),
            models.Index(fields=["due_date"], condition=~Q(status="paid"), name="unpaid_invoices_by_due_date"),
            models.Index(fields=["due_date"], name="invoices_by_due_date"),
            models.Index(fields=["status", "-id"], name="invoices_by_status"),
            GinIndex(OpClass(Upper("number"), "gin_trgm_ops"), name="invoices_like_number"),
        ]
        triggers = [guard(INVOICE, "status")]

    def __str__(self) -> str:
        return self.number


class InvoiceLine(models.Model):
    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="lines")
    shipment_line = models.OneToOneField("fulfillment.ShipmentLine", on_delete=models.PROTECT, related_name="+")
    order_line = models.ForeignKey("orders.OrderLine", on_delete=models.PROTECT, related_name="+")
    product = models.ForeignKey("catalog.Product", on_delete=models.PROTECT, related_name="+")
    qty = models.DecimalField(max_digits=14, decimal_places=4)
    unit_price = models.DecimalField(max_digits=18, decimal_places=6)
    amount = models.DecimalField(max_digits=14, decimal_places=2)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(qty__gt=0), name="an_invoice_line_bills_something")]

    def __str__(self) -> str:
        return f"{self.invoice}: {self.amount}"
