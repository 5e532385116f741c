from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from core.choices import choices
from orders.models.order import Order
from orders.states import Blocks, HoldReason

# Credit is decided before the warehouse feels it: it keeps nothing from being picked or shipped.
WAREHOUSE_FREE = [str(Blocks.ALLOCATE), str(Blocks.RELEASE), str(Blocks.INVOICE)]


class Hold(models.Model):
    """Orthogonal to status: what it blocks, why, which rule placed it, who may clear it."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="holds")
    reason = models.CharField(max_length=12, choices=choices(HoldReason))
    blocks = ArrayField(models.CharField(max_length=10, choices=choices(Blocks)))
    rule = models.CharField(max_length=60)
    explanation = models.JSONField(default=dict)
    clearable_by = ArrayField(models.CharField(max_length=20), default=list)
    is_forced = models.BooleanField(default=False, help_text="Never cleared by a rule, only by a person.")
    ceiling_amount = models.DecimalField(max_digits=14, decimal_places=2, null=True)
    valid_until = models.DateTimeField(null=True)
    placed_at = models.DateTimeField()
    placed_by = models.CharField(max_length=150)
    cleared_at = models.DateTimeField(null=True)
    cleared_by = models.CharField(max_length=150, blank=True)
    is_waiver = models.BooleanField(
        default=False, help_text="Cleared by a person: its rule does not hold the order again within the ceiling."
    )
    clear_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["order", "reason", "rule"], condition=Q(cleared_at__isnull=True), name="one_open_hold_per_rule"
            ),
            models.CheckConstraint(
                condition=~Q(reason="credit") | Q(blocks__contained_by=WAREHOUSE_FREE),
                name="a_credit_hold_ends_before_the_warehouse",
            ),
        ]
        indexes = [
            models.Index(fields=["reason", "placed_at"], condition=Q(cleared_at__isnull=True), name="open_holds"),
            models.Index(fields=["placed_at"], name="holds_by_placing"),
            models.Index(fields=["cleared_at"], condition=Q(reason="credit"), name="credit_holds_by_clearing"),
        ]

    def __str__(self) -> str:
        return f"{self.reason} hold on {self.order}"
