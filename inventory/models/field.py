"""Stock in the field: what is used there, what is to be there, and goods handed from one keeper to another."""

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q

from core.choices import choices
from core.triggers import append_only, guard
from inventory.models.balance import Lot, Site
from inventory.models.demand import Demand
from inventory.models.transfer import Transfer, TransferLine
from inventory.states import DISPUTE, OFFER, USAGE, DisputeOutcome, DisputeStatus, OfferStatus, UsageStatus


class FieldUsage(models.Model):
    """Goods used from a trunk or a consignment: a fact, at the moment the device says. Who pays for them is `account`."""

    number = models.CharField(max_length=20, unique=True)
    request_key = models.CharField(max_length=250, unique=True)
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+")
    account = models.ForeignKey("accounts.Account", on_delete=models.PROTECT, related_name="+")
    status = models.CharField(max_length=10, choices=choices(UsageStatus), default=UsageStatus.RECORDED)
    used_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    recorded_by_id = models.BigIntegerField(null=True)
    recorded_by = models.CharField(max_length=150)
    case_reference = models.CharField(max_length=60, blank=True)
    po_number = models.CharField("PO number", max_length=60, blank=True)
    is_po_awaited = models.BooleanField(default=False)
    note = models.CharField(max_length=300, blank=True)
    problem = models.CharField(max_length=300, blank=True)

    class Meta:
        verbose_name = "usage"
        indexes = [
            models.Index(fields=["site", "-id"], name="usages_by_site"),
            models.Index(fields=["account", "-id"], name="usages_by_account"),
            models.Index(fields=["id"], condition=Q(status="recorded"), name="usages_to_be_billed"),
        ]
        triggers = [guard(USAGE, "status")]

    def __str__(self) -> str:
        return self.number


class UsageLine(models.Model):
    """One product used. `qty` in base units, `unit_qty` in `unit` as it was said; the demand's claims name the lots."""

    usage = models.ForeignKey(FieldUsage, on_delete=models.PROTECT, related_name="lines")
    line_no = models.PositiveIntegerField()
    code = models.CharField(max_length=200)
    product = models.ForeignKey("catalog.Product", on_delete=models.PROTECT, related_name="+")
    lot = models.ForeignKey(Lot, null=True, on_delete=models.PROTECT, related_name="+")
    qty = models.DecimalField(max_digits=14, decimal_places=4)
    unit = models.CharField(max_length=10)
    unit_qty = models.DecimalField(max_digits=14, decimal_places=4)
    demand = models.OneToOneField(Demand, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["usage", "line_no"], name="one_usage_line_per_number"),
            models.CheckConstraint(condition=Q(qty__gt=0, unit_qty__gt=0), name="a_usage_line_uses_something"),
        ]
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.usage} line {self.line_no}"


class ParLevel(models.Model):
    """How much of a product a trunk or consignment is to hold, in base units. It is filled up to `par_qty` when it
    falls below `refill_below_qty` (empty: below par)."""

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+")
    product = models.ForeignKey("catalog.Product", on_delete=models.PROTECT, related_name="+")
    par_qty = models.DecimalField(max_digits=14, decimal_places=4, validators=[MinValueValidator(0)])
    refill_below_qty = models.DecimalField(
        max_digits=14, decimal_places=4, null=True, blank=True, validators=[MinValueValidator(0)],
        help_text="Filled up when less is there or on its way. Empty: as soon as anything is missing.",
    )  # fmt: skip

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["site", "product"], name="one_par_level_per_site_and_product"),
            models.CheckConstraint(condition=Q(par_qty__gt=0), name="a_par_level_is_above_nothing"),
            models.CheckConstraint(
                condition=Q(refill_below_qty__isnull=True)
                | Q(refill_below_qty__gt=0, refill_below_qty__lte=F("par_qty")),
                name="a_refill_starts_at_or_below_par",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.product} at {self.site}"


class FillUp(models.Model):
    """What a trunk or consignment asks the centers for, each line a demand like any other."""

    number = models.CharField(max_length=20, unique=True)
    request_key = models.CharField(max_length=120, unique=True)
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+")
    requested_at = models.DateTimeField()
    requested_by = models.CharField(max_length=150)
    wanted_date = models.DateField()

    class Meta:
        verbose_name = "fill-up"
        indexes = [models.Index(fields=["site", "-id"], name="fill_ups_by_site")]

    def __str__(self) -> str:
        return self.number


class FillUpLine(models.Model):
    fill_up = models.ForeignKey(FillUp, on_delete=models.PROTECT, related_name="lines")
    line_no = models.PositiveIntegerField()
    product = models.ForeignKey("catalog.Product", on_delete=models.PROTECT, related_name="+")
    demand = models.OneToOneField(Demand, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["fill_up", "line_no"], name="one_fill_up_line_per_number")]

    def __str__(self) -> str:
        return f"{self.fill_up} line {self.line_no}"


class TransferOffer(models.Model):
    """One keeper offers goods to another. Nothing moves before the other accepts; then it moves at once, all of it."""

    number = models.CharField(max_length=20, unique=True)
    request_key = models.CharField(max_length=250, unique=True)
    from_site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+")
    to_site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+")
    status = models.CharField(max_length=10, choices=choices(OfferStatus), default=OfferStatus.OFFERED)
    note = models.CharField(max_length=200, blank=True)
    offered_at = models.DateTimeField()
    offered_by_id = models.BigIntegerField(null=True)
    offered_by = models.CharField(max_length=150)
    expires_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    answered_by = models.CharField(max_length=150, blank=True)
    answer_note = models.CharField(max_length=200, blank=True)
    transfer = models.OneToOneField(Transfer, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(from_site=F("to_site")), name="an_offer_goes_to_somebody_else"),
            models.CheckConstraint(
                condition=Q(status="accepted", transfer__isnull=False)
                | (~Q(status="accepted") & Q(transfer__isnull=True)),
                name="an_accepted_offer_moved_its_goods",
            ),
        ]
        indexes = [models.Index(fields=["expires_at"], condition=Q(status="offered"), name="offers_by_expiry")]
        triggers = [guard(OFFER, "status")]

    def __str__(self) -> str:
        return self.number


class OfferLine(models.Model):
    offer = models.ForeignKey(TransferOffer, on_delete=models.PROTECT, related_name="lines")
    product = models.ForeignKey("catalog.Product", on_delete=models.PROTECT, related_name="+")
    lot = models.ForeignKey(Lot, null=True, on_delete=models.PROTECT, related_name="+")
    qty = models.DecimalField(max_digits=14, decimal_places=4)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(qty__gt=0), name="an_offer_line_offers_something"),
            models.UniqueConstraint(
                fields=["offer", "product", "lot"], name="one_offer_line_per_product_and_lot", nulls_distinct=False
            ),
        ]

    def __str__(self) -> str:
        return f"{self.offer} {self.product}"


class TransferDispute(models.Model):
    """Who got the goods says another number than who sent them. Both stand until one side gives way, or a count says."""

    number = models.CharField(max_length=20, unique=True)
    line = models.ForeignKey(TransferLine, on_delete=models.PROTECT, related_name="disputes")
    status = models.CharField(max_length=10, choices=choices(DisputeStatus), default=DisputeStatus.OPEN)
    sent_qty = models.DecimalField(max_digits=14, decimal_places=4)
    stated_qty = models.DecimalField(max_digits=14, decimal_places=4)
    note = models.CharField(max_length=200, blank=True)
    opened_at = models.DateTimeField()
    opened_by = models.CharField(max_length=150)
    outcome = models.CharField(max_length=10, choices=choices(DisputeOutcome), blank=True)
    settled_at = models.DateTimeField(null=True)
    settled_by = models.CharField(max_length=150, blank=True)
    settled_note = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name = "dispute"
        constraints = [
            models.UniqueConstraint(
                fields=["line"], condition=Q(status="open"), name="one_open_dispute_per_transfer_line"
            ),
            models.CheckConstraint(
                condition=~Q(sent_qty=F("stated_qty")) & Q(stated_qty__gte=0), name="a_dispute_has_two_numbers"
            ),
            models.CheckConstraint(
                condition=Q(status="open", outcome="") | (Q(status="settled") & ~Q(outcome="")),
                name="a_settled_dispute_says_how",
            ),
        ]
        triggers = [guard(DISPUTE, "status")]

    def __str__(self) -> str:
        return self.number


class ExpiryNotice(models.Model):
    """That a lot at a field site was pushed at this many days before its expiry: once per step."""

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+")
    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, related_name="+")
    step_days = models.PositiveSmallIntegerField()
    sent_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["site", "lot", "step_days"], name="one_expiry_notice_per_lot_and_step")
        ]
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.lot} at {self.site}, {self.step_days} days"
