import uuid

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import Q
from django.db.models.functions import Upper

from accounts.states import ShipComplete
from core.choices import choices
from core.triggers import guard
from orders.states import ORDER, Channel, OrderStatus


class Order(models.Model):
    """What a customer asked for and was promised. A cart is a draft order. Progress is derived, never typed in.

    `version` counts changes (the stream's seq); `total_amount` is the sum of the lines' amounts.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    number = models.CharField(max_length=30, unique=True)
    account = models.ForeignKey("accounts.Account", on_delete=models.PROTECT, related_name="+", db_index=False)
    ship_to = models.ForeignKey("accounts.ShipTo", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    status = models.CharField(max_length=10, choices=choices(OrderStatus), default=OrderStatus.DRAFT)
    channel = models.CharField(max_length=10, choices=choices(Channel))
    entered_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    on_behalf_of = models.ForeignKey("accounts.Account", null=True, on_delete=models.PROTECT, related_name="+")
    external_id = models.CharField(max_length=80, blank=True)
    po_number = models.CharField("PO number", max_length=60, blank=True)
    release_number = models.CharField(max_length=30, blank=True)
    currency = models.CharField(max_length=3)
    terms_code = models.CharField(max_length=20, blank=True)
    contract_terms_code = models.CharField(max_length=20, blank=True, default="", db_default="", editable=False)
    terms_override_id = models.BigIntegerField(null=True, editable=False)
    requested_date = models.DateField(null=True, blank=True)
    cancel_after_date = models.DateField(null=True, blank=True)
    ship_complete = models.CharField(
        max_length=5, blank=True, db_default="", choices=choices(ShipComplete), help_text="Empty: as the account."
    )
    note = models.TextField(blank=True)
    total_amount = models.DecimalField(max_digits=14, decimal_places=2, default=0)
    tax_amount = models.DecimalField(max_digits=14, decimal_places=2, default=0)
    freight_amount = models.DecimalField(max_digits=14, decimal_places=2, default=0)
    version = models.PositiveIntegerField(default=1)
    gate_results = models.JSONField(default=list)
    received_at = models.DateTimeField()
    submitted_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    # What a draft holds for a time, or held last; here, so that submit finds it in the row it locks.
    stock_hold = models.ForeignKey(
        "orders.StockHold", null=True, editable=False, on_delete=models.PROTECT, related_name="+", db_index=False
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "po_number", "release_number"],
                condition=~Q(po_number="") & ~Q(status="cancelled"),
                name="one_order_per_account_and_po_number",
            ),
            models.UniqueConstraint(
                fields=["channel", "account", "external_id"],
                condition=~Q(external_id=""),
                name="one_order_per_channel_and_external_id",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["draft", "cancelled"]) | Q(submitted_at__isnull=False),
                name="a_submitted_order_says_when",
            ),
        ]
        indexes = [
            models.Index(fields=["account", "-id"], name="orders_by_account"),
            models.Index(fields=["status", "-id"], name="orders_by_status"),
            models.Index(fields=["-received_at"], name="orders_by_arrival"),
            models.Index(fields=["channel", "-id"], name="orders_by_channel"),
            GinIndex(
                OpClass(Upper("number"), "gin_trgm_ops"),
                OpClass(Upper("po_number"), "gin_trgm_ops"),
                name="orders_like_number_or_po",
            ),
        ]
        triggers = [guard(ORDER, "status")]

    def __str__(self) -> str:
        return self.number


class OrderLine(models.Model):
    """One product wanted. `qty` is in base units, `unit_qty` in `unit` as the customer said it.

    While the order is a draft a line may be unresolved: `stated_*` keeps what the customer wrote. `demand` holds all
    quantity buckets from submit on. The net price is locked at `price_locked_at`; the invoice copies it.
    `repriced_amount` was credited (below 0) or rebilled of it since, because its contract changed for days that are over.
    """

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="lines", db_index=False)
    line_no = models.PositiveIntegerField()
    product = models.ForeignKey(
        "catalog.Product", null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    demand = models.OneToOneField("inventory.Demand", null=True, on_delete=models.PROTECT, related_name="+")
    qty = models.DecimalField(max_digits=14, decimal_places=4)
    unit = models.CharField(max_length=10, blank=True)
    unit_qty = models.DecimalField(max_digits=14, decimal_places=4)
    stated_code = models.CharField(max_length=80, blank=True)
    stated_description = models.CharField(max_length=300, blank=True)
    stated_price = models.DecimalField(max_digits=18, decimal_places=6, null=True)
    external_ref = models.CharField(max_length=80, blank=True)
    ship_to = models.ForeignKey("accounts.ShipTo", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    requested_date = models.DateField(null=True, blank=True)
    unit_price = models.DecimalField(max_digits=18, decimal_places=6, null=True)
    amount = models.DecimalField(max_digits=14, decimal_places=2, default=0)
    unit_tax = models.DecimalField(max_digits=24, decimal_places=12, default=0, db_default=0, editable=False)
    unit_freight = models.DecimalField(max_digits=24, decimal_places=12, default=0, db_default=0, editable=False)
    unit_margin = models.DecimalField(max_digits=18, decimal_places=6, null=True)
    price_basis = models.CharField(max_length=10, blank=True)
    price_source_id = models.BigIntegerField(null=True)
    price_trace = models.JSONField(default=dict)
    price_locked_at = models.DateTimeField(null=True)
    repriced_amount = models.DecimalField(max_digits=14, decimal_places=2, default=0, db_default=0, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["order", "line_no"], name="one_line_per_number"),
            models.CheckConstraint(condition=Q(qty__gt=0, unit_qty__gt=0), name="a_line_asks_for_something"),
            models.CheckConstraint(
                condition=Q(demand__isnull=True)
                | Q(product__isnull=False, unit_price__isnull=False, price_locked_at__isnull=False),
                name="a_line_in_demand_is_resolved_and_priced",
            ),
        ]
        indexes = [models.Index(fields=["product", "-id"], name="lines_by_product")]

    def __str__(self) -> str:
        return f"line {self.line_no}"


class LineSplit(models.Model):
    """Who gets the commission for this line: the account's rep splits, snapshotted when the order is submitted."""

    line = models.ForeignKey(OrderLine, on_delete=models.PROTECT, related_name="splits")
    rep = models.ForeignKey("accounts.Rep", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=10)
    percent = models.DecimalField(max_digits=5, decimal_places=2)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["line", "rep", "kind"], name="one_split_per_line_and_rep"),
            models.CheckConstraint(condition=Q(percent__gt=0, percent__lte=100), name="a_line_split_is_a_percent"),
        ]

    def __str__(self) -> str:
        return f"{self.percent} % to {self.rep_id}"
