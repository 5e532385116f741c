import uuid

from django.db import models
from django.db.models import Q

from billing.models.receipt import Receipt
from billing.states import PAYMENT, PaymentStatus
from core.choices import choices
from core.triggers import append_only, guard


class Payment(models.Model):
    """A customer pays invoices through a provider: started here, ended by the provider's message, money only then."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    account = models.ForeignKey("accounts.Account", on_delete=models.PROTECT, related_name="+")
    provider = models.CharField(max_length=40)
    method = models.CharField(max_length=40)
    reference = models.CharField(max_length=80, blank=True)
    amount = models.DecimalField(max_digits=14, decimal_places=2)
    currency = models.CharField(max_length=3)
    remittance = models.JSONField(default=dict)
    status = models.CharField(max_length=10, choices=choices(PaymentStatus), default=PaymentStatus.STARTED)
    reason = models.CharField(max_length=200, blank=True)
    receipt = models.OneToOneField(Receipt, null=True, on_delete=models.PROTECT, related_name="+")
    key = models.CharField(max_length=120)
    started_at = models.DateTimeField()
    started_by = models.CharField(max_length=150)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "key"], name="a_payment_is_started_once"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="a_payment_pays_something"),
            models.CheckConstraint(
                condition=~Q(status="succeeded") | Q(receipt__isnull=False), name="a_paid_payment_has_its_receipt"
            ),
        ]
        indexes = [
            models.Index(fields=["account", "-id"], name="payments_by_account"),
            models.Index(fields=["status", "-id"], name="payments_by_status"),
        ]
        triggers = [guard(PAYMENT, "status")]

    def __str__(self) -> str:
        return f"{self.amount} {self.currency} by {self.account}"


class PaymentMessage(models.Model):
    """What a provider said, kept as it came; the same event is taken once."""

    provider = models.CharField(max_length=40)
    event_id = models.CharField(max_length=120)
    payment = models.ForeignKey(Payment, null=True, on_delete=models.PROTECT, related_name="messages")
    body = models.TextField()
    received_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["provider", "event_id"], name="a_provider_event_is_taken_once")]
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.provider} {self.event_id}"
