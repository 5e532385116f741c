import uuid
from decimal import Decimal

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Upper

from billing.states import INVOICE, Delivery, Grouping, InvoiceStatus
from core.choices import choices
from core.triggers import guard


class InvoicingChoice(models.Model):
    """What an account chose: how many shipments go on one invoice, and how it gets it. Without one: each shipment by
    itself, sent by hand."""

    account = models.OneToOneField("accounts.Account", on_delete=models.PROTECT, related_name="+")
    grouping = models.CharField(max_length=10, choices=choices(Grouping), default=Grouping.SHIPMENT)
    delivery = models.CharField(max_length=10, choices=choices(Delivery), default=Delivery.BY_HAND)

    def __str__(self) -> str:
        return f"{self.account}: an invoice per {self.grouping}"


class Invoice(models.Model):
    """Shipped quantity at the locked price. Numbers have no gaps; a draft has none yet and owes nothing.

    `order` and `shipment` are the only ones billed, or the first order and no shipment: the lines tell all. What is
    open is the total less what was paid, credited and written off.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    number = models.CharField(max_length=30, unique=True)
    account = models.ForeignKey("accounts.Account", on_delete=models.PROTECT, related_name="+")
    order = models.ForeignKey("orders.Order", on_delete=models.PROTECT, related_name="+")
    shipment = models.OneToOneField(
        "fulfillment.Shipment", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    status = models.CharField(max_length=14, choices=choices(InvoiceStatus), default=InvoiceStatus.POSTED)
    currency = models.CharField(max_length=3)
    net_amount = models.DecimalField(max_digits=14, decimal_places=2)
    tax_amount = models.DecimalField(max_digits=14, decimal_places=2, default=0)
    freight_amount = models.DecimalField(max_digits=14, decimal_places=2, default=0)
    total_amount = models.DecimalField(max_digits=14, decimal_places=2)
    paid_amount = models.DecimalField(max_digits=14, decimal_places=2, default=0)
    credited_amount = models.DecimalField(max_digits=14, decimal_places=2, default=0, db_default=0)
    written_off_amount = models.DecimalField(max_digits=14, decimal_places=2, default=0, db_default=0)
    disputed_amount = models.DecimalField(max_digits=14, decimal_places=2, default=0, db_default=0)
    draft_key = models.CharField(max_length=80, blank=True, default="", db_default="")
    terms_code = models.CharField(max_length=20, blank=True)
    issued_date = models.DateField()
    due_date = models.DateField()
    version = models.PositiveIntegerField(default=1)
    posted_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(total_amount=F("net_amount") + F("tax_amount") + F("freight_amount")),
                name="an_invoice_total_is_net_plus_tax_plus_freight",
            ),
            models.CheckConstraint(
                condition=Q(paid_amount__gte=0, credited_amount__gte=0, written_off_amount__gte=0)
                & Q(total_amount__gte=F("paid_amount") + F("credited_amount") + F("written_off_amount")),
                name="never_apply_more_than_the_invoice",
            ),
            models.UniqueConstraint(
                fields=["draft_key"],
                condition=Q(status="draft") & ~Q(draft_key=""),
                name="one_draft_per_customer_and_period",
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

    @property
    def open_amount(self) -> Decimal:
        return self.total_amount - self.paid_amount - self.credited_amount - self.written_off_amount


class InvoiceLine(models.Model):
    """What was shipped at the locked price; or, `rebills`, what more an earlier line costs by a price that was changed
    afterwards and approved: its price is the difference, and its amount rules. `amount` is the goods alone; tax and freight
    are what the line charges of its order line's.
    `price_settled_at`: its price was not the confirmed one, and somebody said what counts."""

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="lines")
    shipment_line = models.OneToOneField(
        "fulfillment.ShipmentLine", null=True, on_delete=models.PROTECT, related_name="+"
    )
    rebills = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="+")
    order_line = models.ForeignKey("orders.OrderLine", on_delete=models.PROTECT, related_name="+")
    product = models.ForeignKey("catalog.Product", on_delete=models.PROTECT, related_name="+")
    qty = models.DecimalField(max_digits=14, decimal_places=4)
    unit_price = models.DecimalField(max_digits=18, decimal_places=6)
    amount = models.DecimalField(max_digits=14, decimal_places=2)
    tax_amount = models.DecimalField(max_digits=14, decimal_places=2, default=0, db_default=0)
    freight_amount = models.DecimalField(max_digits=14, decimal_places=2, default=0, db_default=0)
    credited_qty = models.DecimalField(max_digits=14, decimal_places=4, default=0, db_default=0)
    credited_amount = models.DecimalField(max_digits=14, decimal_places=2, default=0, db_default=0)
    credited_tax_amount = models.DecimalField(max_digits=14, decimal_places=2, default=0, db_default=0)
    credited_freight_amount = models.DecimalField(max_digits=14, decimal_places=2, default=0, db_default=0)
    price_settled_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(qty__gt=0), name="an_invoice_line_bills_something"),
            models.CheckConstraint(
                condition=Q(shipment_line__isnull=False, rebills__isnull=True)
                | Q(shipment_line__isnull=True, rebills__isnull=False),
                name="an_invoice_line_bills_a_shipment_or_a_difference",
            ),
            models.CheckConstraint(
                condition=Q(credited_qty__gte=0, credited_amount__gte=0)
                & Q(credited_qty__lte=F("qty"), credited_amount__lte=F("amount")),
                name="never_credit_more_than_the_line",
            ),
            models.CheckConstraint(
                condition=Q(credited_tax_amount__gte=0, credited_freight_amount__gte=0)
                & Q(credited_tax_amount__lte=F("tax_amount"), credited_freight_amount__lte=F("freight_amount")),
                name="never_credit_more_than_the_line_charges",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.invoice}: {self.amount}"
