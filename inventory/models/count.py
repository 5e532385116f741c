from django.db import models
from django.db.models import Q

from core.choices import choices
from core.triggers import guard
from inventory.models.balance import Site, StockBalance
from inventory.states import COUNT, CountStatus


class StockCount(models.Model):
    """A count of a site: of some products, or of everything there. Who counts does not see what is expected."""

    number = models.CharField(max_length=20, unique=True)
    request_key = models.CharField(max_length=80, unique=True)
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+")
    status = models.CharField(max_length=10, choices=choices(CountStatus), default=CountStatus.OPEN)
    is_whole_site = models.BooleanField(default=False)
    opened_at = models.DateTimeField()
    opened_by = models.CharField(max_length=150)
    approval = models.ForeignKey(
        "accounts.ApprovalRequest", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    posted_at = models.DateTimeField(null=True)
    posted_by = models.CharField(max_length=150, blank=True)
    end_reason = models.CharField(max_length=200, blank=True)

    class Meta:
        indexes = [models.Index(fields=["site"], condition=Q(status__in=["open", "approval"]), name="counts_under_way")]
        triggers = [guard(COUNT, "status")]

    def __str__(self) -> str:
        return self.number


class CountLine(models.Model):
    """What was found of one balance, and at the posting how much that was more or less than the books said.

    `pending_qty` is the part of a shortage that could not be booked because the warehouse holds the units: it waits,
    with a case, until they are picked short or given back.
    """

    count = models.ForeignKey(StockCount, on_delete=models.PROTECT, related_name="lines")
    balance = models.ForeignKey(StockBalance, on_delete=models.PROTECT, related_name="+")
    counted_qty = models.DecimalField(max_digits=14, decimal_places=4, null=True)
    counted_at = models.DateTimeField(null=True)
    counted_by_id = models.BigIntegerField(null=True)
    counted_by = models.CharField(max_length=150, blank=True)
    variance_qty = models.DecimalField(max_digits=14, decimal_places=4, null=True)
    pending_qty = models.DecimalField(max_digits=14, decimal_places=4, default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["count", "balance"], name="one_line_per_count_and_balance"),
            models.CheckConstraint(
                condition=Q(counted_qty__isnull=True) | Q(counted_qty__gte=0), name="nobody_counts_less_than_nothing"
            ),
            models.CheckConstraint(condition=Q(pending_qty__gte=0), name="a_pending_shortage_is_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.count} line {self.pk}"
