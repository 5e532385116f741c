from django.db import models
from django.db.models import Q

from core.choices import choices
from fulfillment.models.shipment import Shipment
from fulfillment.states import RecallState


class RecallRequest(models.Model):
    """Asked of the warehouse: give a released shipment back before it is picked. The warehouse accepts or refuses."""

    shipment = models.ForeignKey(Shipment, on_delete=models.PROTECT, related_name="recalls")
    state = models.CharField(max_length=8, choices=choices(RecallState), default=RecallState.ASKED)
    note = models.CharField(max_length=300)
    asked_at = models.DateTimeField()
    asked_by = models.CharField(max_length=150)
    respond_by = models.DateTimeField()
    answer = models.CharField(max_length=300, blank=True)
    answered_at = models.DateTimeField(null=True)
    answered_by = models.CharField(max_length=150, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["shipment"], condition=Q(state="asked"), name="one_open_recall_per_shipment"
            ),
            models.CheckConstraint(
                condition=Q(state="asked", answered_at__isnull=True)
                | (~Q(state="asked") & Q(answered_at__isnull=False)),
                name="an_answered_recall_says_when",
            ),
        ]
        indexes = [models.Index(fields=["respond_by"], condition=Q(state="asked"), name="open_recalls")]

    def __str__(self) -> str:
        return f"Recall of {self.shipment}"
