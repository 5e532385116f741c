from django.db import models
from django.db.models import Q

from core.triggers import append_only
from orders.models.order import Order


class OrderRevision(models.Model):
    """One amendment of an order: who changed what, when and why, and what it cost. Never changed afterwards.

    `changes` is for people: [{label, before, after}]; `before` and `after` are the header and the amended lines as they
    were and are. `money_effect` is the change of the goods' total. `version` is the order's after it.
    """

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="revisions", db_index=False)
    number = models.PositiveIntegerField()
    version = models.PositiveIntegerField()
    at = models.DateTimeField()
    actor_label = models.CharField(max_length=150)
    actor_id = models.BigIntegerField(null=True)
    on_behalf_of = models.BigIntegerField(null=True)
    channel = models.CharField(max_length=20, blank=True)
    reason = models.CharField(max_length=300)
    changes = models.JSONField(default=list)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    money_effect = models.DecimalField(max_digits=14, decimal_places=2)
    currency = models.CharField(max_length=3)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["order", "number"], name="one_revision_per_number"),
            models.CheckConstraint(condition=Q(number__gt=0), name="revisions_count_from_one"),
            models.CheckConstraint(condition=~Q(reason=""), name="a_revision_says_why"),
        ]
        triggers = append_only()

    def __str__(self) -> str:
        return f"revision {self.number} of order {self.order_id}"
