from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from core.choices import choices
from core.refs import DocumentRef
from inventory.models.balance import InboundSupply, Site, StockBalance
from inventory.states import ClaimEnd, ClaimKind, ClaimState, PromiseKind

BUCKETS = (
    "cancelled_qty",
    "backordered_qty",
    "reserved_qty",
    "allocated_qty",
    "released_qty",
    "picked_qty",
    "shipped_qty",
)

# Written so that a bucket may change without the index being touched: it names the two that end a demand, no more.
UNSHIPPED = Q(ordered_qty__gt=F("cancelled_qty") + F("shipped_qty"))


class Demand(models.Model):
    """One need for one product: every ordered unit is in exactly one bucket (domain.md §0.1), in base units.

    It knows nothing of orders: `ref_*` names the document for people, and the rank columns are a snapshot of what
    allocation sorts by, refreshed by whoever opened the demand.
    """

    product = models.ForeignKey("catalog.Product", on_delete=models.PROTECT, related_name="+")
    account = models.ForeignKey("accounts.Account", null=True, on_delete=models.PROTECT, related_name="+")
    site = models.ForeignKey(Site, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    ref_kind = models.CharField(max_length=40)
    ref_id = models.BigIntegerField()
    ref_number = models.CharField(max_length=60, blank=True)
    line_no = models.PositiveIntegerField(default=1)
    ordered_qty = models.DecimalField(max_digits=14, decimal_places=4)
    cancelled_qty = models.DecimalField(max_digits=14, decimal_places=4, default=0)
    backordered_qty = models.DecimalField(max_digits=14, decimal_places=4, default=0)
    reserved_qty = models.DecimalField(max_digits=14, decimal_places=4, default=0)
    allocated_qty = models.DecimalField(max_digits=14, decimal_places=4, default=0)
    released_qty = models.DecimalField(max_digits=14, decimal_places=4, default=0)
    picked_qty = models.DecimalField(max_digits=14, decimal_places=4, default=0)
    shipped_qty = models.DecimalField(max_digits=14, decimal_places=4, default=0)
    requested_date = models.DateField()
    min_shelf_life_days = models.PositiveIntegerField(default=0)
    is_blocked = models.BooleanField(default=False)
    backorder_allowed = models.BooleanField(default=True)
    priority = models.SmallIntegerField(default=0)
    tier_rank = models.PositiveSmallIntegerField(default=9999)
    sla_penalty = models.DecimalField(max_digits=14, decimal_places=2, default=0)
    is_contract = models.BooleanField(default=False)
    margin_band = models.SmallIntegerField(default=0)
    unit_margin = models.DecimalField(max_digits=18, decimal_places=6, null=True)
    ship_complete_group = models.CharField(max_length=40, blank=True)
    # How its own document wants to ship (none, line, order); empty: as the account takes its orders.
    ship_complete = models.CharField(max_length=5, blank=True, default="", db_default="")
    ship_to = models.ForeignKey(
        "accounts.ShipTo", null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    region = models.CharField(max_length=40, blank=True, db_default="")  # of the ship-to, as are the two that follow
    receiving_calendar = models.ForeignKey(
        "core.Calendar", null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    receiving_days = ArrayField(models.PositiveSmallIntegerField(), default=list, db_default=[])
    # The sites that may serve it, in turn, as sourcing planned; empty: any, by their rank.
    route = ArrayField(models.BigIntegerField(), default=list, db_default=[])
    opened_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(ordered_qty__gt=0), name="a_demand_asks_for_something"),
            models.CheckConstraint(
                condition=Q(**{f"{b}__gte": 0 for b in BUCKETS}), name="demand_buckets_are_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(ordered_qty=sum((F(b) for b in BUCKETS[1:]), start=F(BUCKETS[0]))),
                name="every_ordered_unit_is_in_exactly_one_bucket",
            ),
            models.UniqueConstraint(fields=["ref_kind", "ref_id", "line_no"], name="one_demand_per_document_line"),
        ]
        indexes = [
            models.Index(
                fields=["product", "id"],
                condition=UNSHIPPED,
                name="unshipped_demand_by_product",
            ),
        ]

    def __str__(self) -> str:
        return f"{DocumentRef(self.ref_kind, self.ref_id, self.ref_number)} line {self.line_no}"


class Backorder(Demand):
    """A demand that waits for stock, to be looked at by its age."""

    told_by: ClassVar[dict[str, int]] = {"cancelled_qty": 0, "shipped_qty": 0}  # the plainest of them

    class Meta:
        proxy = True


class Claim(models.Model):
    """A demand's hold on a balance. Soft claims may expire (NULL: they last); a closed claim says how it ended.

    Released and picked claims are not unique: each is one line of one shipment.
    """

    demand = models.ForeignKey(Demand, on_delete=models.PROTECT, related_name="claims")
    balance = models.ForeignKey(StockBalance, on_delete=models.PROTECT, related_name="claims", db_index=False)
    kind = models.CharField(max_length=8, choices=choices(ClaimKind))
    state = models.CharField(max_length=6, choices=choices(ClaimState), default=ClaimState.OPEN)
    qty = models.DecimalField(max_digits=14, decimal_places=4)
    expires_at = models.DateTimeField(null=True)
    opened_at = models.DateTimeField()
    ended = models.CharField(max_length=8, choices=choices(ClaimEnd), blank=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(qty__gt=0), name="a_claim_holds_something"),
            models.UniqueConstraint(
                fields=["demand", "balance", "kind"],
                condition=Q(state="open", kind__in=["soft", "hard"]),
                name="one_open_claim_per_demand_and_balance",
            ),
            models.CheckConstraint(
                condition=Q(state="open", ended="") | (Q(state="closed") & ~Q(ended="")),
                name="a_closed_claim_says_how_it_ended",
            ),
        ]
        indexes = [
            models.Index(fields=["balance"], condition=Q(state="open"), name="open_claims_by_balance"),
            models.Index(
                fields=["expires_at"], condition=Q(state="open", expires_at__isnull=False), name="claims_by_expiry"
            ),
            models.Index(
                fields=["balance", "ended_at"], condition=Q(ended="shipped"), name="shipped_claims_by_balance"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} claim of {self.qty}"


class Promise(models.Model):
    """What was promised for a part of a demand: quantity, ship date and delivery date, from where, on what ground.

    Slices with `is_current` add up to the open quantity; `first_delivery_date` never changes, `slip_cause` says why
    a date moved.
    """

    demand = models.ForeignKey(Demand, on_delete=models.PROTECT, related_name="promises")
    qty = models.DecimalField(max_digits=14, decimal_places=4)
    kind = models.CharField(max_length=8, choices=choices(PromiseKind))
    site = models.ForeignKey(Site, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    inbound = models.ForeignKey(InboundSupply, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    ship_date = models.DateField(null=True)
    delivery_date = models.DateField(null=True)
    first_delivery_date = models.DateField(null=True)
    slip_cause = models.CharField(max_length=200, blank=True)
    is_current = models.BooleanField(default=True)
    made_at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(qty__gt=0), name="a_promise_is_for_something")]
        indexes = [
            models.Index(
                fields=["inbound"], condition=Q(is_current=True, inbound__isnull=False), name="current_pegs_by_inbound"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.qty} on {self.delivery_date or 'no date yet'}"


class AllocationRun(models.Model):
    """One run of the allocator: its unique trigger, scope and result."""

    trigger_key = models.CharField(max_length=120, unique=True)
    scope = models.JSONField(default=dict)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    parent = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="shards")
    result = models.JSONField(default=dict)

    class Meta:
        indexes = [
            models.Index(
                fields=["started_at"], condition=Q(finished_at__isnull=True), name="allocation_runs_under_way"
            ),
        ]

    def __str__(self) -> str:
        return f"run {self.pk}"


class DemandDecision(models.Model):
    """Why this quantity: a demand's last decision (rank, rule, who was ahead), overwritten by the next.

    `run` is empty when the stock was reserved outside a run (a submit, a hold that was cleared).
    """

    demand = models.OneToOneField(Demand, on_delete=models.CASCADE, related_name="decision")
    run = models.ForeignKey(AllocationRun, null=True, on_delete=models.PROTECT, related_name="+")
    position = models.PositiveIntegerField()
    explanation = models.JSONField(default=dict)

    def __str__(self) -> str:
        return f"decision on demand {self.demand_id}"
