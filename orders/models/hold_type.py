from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from accounts.states import STAFF
from core.choices import choices, words
from orders.models.hold import WAREHOUSE_FREE
from orders.states import Blocks, HoldReason


class HoldType(models.Model):
    """A kind of hold: what it blocks and who clears it. The type named like a reason says who clears what rules hold."""

    code = models.SlugField(max_length=40, unique=True)
    label = models.CharField(max_length=80)
    reason = models.CharField(max_length=12, choices=choices(HoldReason), default=HoldReason.MANUAL)
    blocks = ArrayField(models.CharField(max_length=10, choices=choices(Blocks)))
    clearable_by = ArrayField(models.CharField(max_length=20, choices=[(r, words(r)) for r in sorted(STAFF)]))
    is_by_hand = models.BooleanField(default=True, help_text="People may place it.")
    is_active = models.BooleanField(default=True)
    description = models.CharField(max_length=200, blank=True, help_text="When to use it.")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(blocks=[]), name="a_hold_type_blocks_something"),
            models.CheckConstraint(
                condition=~Q(reason="credit") | Q(blocks__contained_by=WAREHOUSE_FREE),
                name="credit_types_end_before_the_warehouse",
            ),
        ]

    def __str__(self) -> str:
        return self.label
