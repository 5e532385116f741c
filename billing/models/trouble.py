from django.db import models
from django.db.models import Q

from billing.models.credit_memo import CreditMemo
from billing.models.invoice import Invoice
from billing.states import DISPUTE, WRITE_OFF, DisputeReason, DisputeStatus, WriteOffStatus
from core.choices import choices
from core.triggers import guard


class Dispute(models.Model):
    """A part of an invoice the customer does not accept: one at a time per invoice, credited or rejected."""

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="disputes")
    reason = models.CharField(max_length=12, choices=choices(DisputeReason))
    amount = models.DecimalField(max_digits=14, decimal_places=2)
    note = models.CharField(max_length=500)
    status = models.CharField(max_length=10, choices=choices(DisputeStatus), default=DisputeStatus.OPEN)
    opened_at = models.DateTimeField()
    opened_by = models.CharField(max_length=150)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=150, blank=True)
    answer = models.CharField(max_length=500, blank=True)
    credit_memo = models.ForeignKey(CreditMemo, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="a_dispute_is_about_something"),
            models.UniqueConstraint(
                fields=["invoice"], condition=Q(status="open"), name="one_open_dispute_per_invoice"
            ),
        ]
        indexes = [models.Index(fields=["status", "-id"], name="disputes_by_status")]
        triggers = [guard(DISPUTE, "status")]

    def __str__(self) -> str:
        return f"{self.amount} of {self.invoice}"


class WriteOff(models.Model):
    """What nobody will pay any more, asked by one person and approved by another."""

    CALLED = ("write-off", "write-offs")

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="write_offs")
    amount = models.DecimalField(max_digits=14, decimal_places=2)
    reason = models.CharField(max_length=200)
    status = models.CharField(max_length=10, choices=choices(WriteOffStatus), default=WriteOffStatus.WAITING)
    approval = models.ForeignKey("accounts.ApprovalRequest", null=True, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    asked_by = models.CharField(max_length=150)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="a_write_off_writes_something_off"),
            models.UniqueConstraint(
                fields=["invoice"], condition=Q(status="waiting"), name="one_waiting_write_off_per_invoice"
            ),
        ]
        triggers = [guard(WRITE_OFF, "status")]

    def __str__(self) -> str:
        return f"{self.amount} of {self.invoice}"
