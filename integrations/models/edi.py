from django.db import models
from django.db.models import Q

from core.choices import choices
from core.triggers import guard
from integrations.models.partner import PartnerProfile
from integrations.states import EDI_TRANSACTION, Direction, DocumentKind, InterchangeState, TransactionState


class InboxFile(models.Model):
    """A file as it came, committed before anybody reads it. Over the size limit only its head is kept."""

    name = models.CharField(max_length=255)
    sha256 = models.CharField(max_length=64)
    size = models.BigIntegerField()
    raw = models.BinaryField()
    notes = models.JSONField(default=list)
    received_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["sha256"], name="inbox_files_by_hash")]

    def __str__(self) -> str:
        return self.name


class Interchange(models.Model):
    """One ISA to IEA of a file. A duplicate keeps its row, so that the inbox tells the whole story."""

    file = models.ForeignKey(InboxFile, on_delete=models.PROTECT, related_name="interchanges")
    partner = models.ForeignKey(PartnerProfile, on_delete=models.PROTECT, related_name="interchanges")
    direction = models.CharField(max_length=3, choices=choices(Direction), default=Direction.IN)
    state = models.CharField(max_length=10, choices=choices(InterchangeState), default=InterchangeState.RECEIVED)
    control = models.CharField(max_length=60)
    sent_date = models.CharField(max_length=60, blank=True)
    sent_time = models.CharField(max_length=60, blank=True)
    is_test = models.BooleanField(default=False)
    problems = models.JSONField(default=list)
    received_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["partner", "direction", "control", "sent_date", "sent_time"],
                condition=Q(state__in=["received", "done"]),
                name="one_interchange_per_partner_and_control_number",
            )
        ]
        indexes = [models.Index(fields=["-received_at"], name="interchanges_by_arrival")]

    def __str__(self) -> str:
        return self.control


class EdiTransaction(models.Model):
    """One transaction set, or a piece of a file that is none (`interchange` empty): its fate and why.

    `text` is the set for people and for correcting, one segment a line; elements are split by `element_separator`.
    """

    file = models.ForeignKey(InboxFile, on_delete=models.PROTECT, related_name="transactions")
    interchange = models.ForeignKey(
        Interchange, null=True, on_delete=models.PROTECT, related_name="transactions", blank=True
    )
    partner = models.ForeignKey(PartnerProfile, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    group_control = models.CharField(max_length=60, blank=True)
    control = models.CharField(max_length=60, blank=True)
    set_id = models.CharField(max_length=12, blank=True)
    state = models.CharField(max_length=20, choices=choices(TransactionState), default=TransactionState.RECEIVED)
    order = models.ForeignKey("orders.Order", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    po_number = models.CharField(max_length=60, blank=True)
    release_number = models.CharField(max_length=30, blank=True)
    content_hash = models.CharField(max_length=64, blank=True)
    segment = models.CharField(max_length=60, blank=True, help_text="Where the gravest problem stands.")
    reason = models.CharField(max_length=500, blank=True)
    problems = models.JSONField(default=list)
    text = models.TextField(blank=True)
    element_separator = models.CharField(max_length=1, default="*")
    received_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "EDI transaction"
        indexes = [
            models.Index(fields=["partner", "po_number"], name="edi_transactions_by_po"),
            models.Index(fields=["state", "-id"], name="edi_transactions_by_state"),
        ]
        triggers = [guard(EDI_TRANSACTION, "state")]

    def __str__(self) -> str:
        return f"{self.set_id or 'text'} {self.control}".strip()


class OutboundDocument(models.Model):
    """What we answered or told of ourselves: a 997, TA1 or 846, ready to be sent."""

    kind = models.CharField(max_length=3, choices=choices(DocumentKind))
    partner = models.ForeignKey(PartnerProfile, on_delete=models.PROTECT, related_name="outbound")
    in_reply_to = models.ForeignKey(
        Interchange, null=True, blank=True, on_delete=models.PROTECT, related_name="replies"
    )
    control = models.CharField(max_length=9)
    text = models.TextField()
    codes = models.JSONField(default=list)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["sent_at", "id"], name="outbound_by_sent")]

    def __str__(self) -> str:
        return f"{self.kind} {self.control}"
