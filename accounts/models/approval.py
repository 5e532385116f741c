from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models import F, Q

from accounts.models.authority import NOT_ABSENT_REQUESTER
from accounts.states import APPROVAL, ApprovalState
from core.choices import choices
from core.triggers import guard


class ApprovalRequest(models.Model):
    """Four eyes: bound to a content hash, it expires and dies when the content changes.

    `requested_by` is empty where the system asked (an order by EDI); a person always decides. `decided_for` is the
    absent person whose authority the decider stood in for. `content` is what is asked, in values, for the eyes of whoever
    decides; `account` the customer it concerns, who outside the house may see it. Undecided at `escalate_at`, it goes up.
    """

    public_id = models.UUIDField(db_default=RandomUUID(), unique=True, editable=False)
    kind = models.CharField(max_length=40)
    subject_kind = models.CharField(max_length=40)
    subject_id = models.BigIntegerField()
    subject_number = models.CharField(max_length=60, blank=True)
    content_hash = models.CharField(max_length=64)
    amount = models.DecimalField(max_digits=14, decimal_places=2, null=True)
    currency = models.CharField(max_length=3, blank=True)
    state = models.CharField(max_length=10, choices=choices(ApprovalState), default=ApprovalState.PENDING)
    margin_points = models.DecimalField(max_digits=6, decimal_places=2, null=True)
    content = models.JSONField(default=dict)
    account = models.ForeignKey("accounts.Account", null=True, on_delete=models.PROTECT, related_name="+")
    requested_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    requested_label = models.CharField(max_length=150, blank=True)
    requested_at = models.DateTimeField()
    reason = models.TextField(blank=True)
    decided_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)
    decided_for = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    decision_note = models.TextField(blank=True)
    expires_at = models.DateTimeField()
    escalate_at = models.DateTimeField(null=True)
    escalated_at = models.DateTimeField(null=True)
    escalated_to = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=F("requested_by")) | Q(state="expired"),
                name="an_approval_is_decided_by_someone_else",
            ),
            models.CheckConstraint(
                condition=NOT_ABSENT_REQUESTER, name="an_approval_is_not_decided_for_who_asked_for_it"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["pending", "expired"]) | Q(decided_by__isnull=False, decided_at__isnull=False),
                name="a_decided_approval_says_who_and_when",
            ),
            models.UniqueConstraint(
                fields=["kind", "subject_kind", "subject_id", "content_hash"],
                condition=Q(state="pending"),
                name="one_pending_approval_per_content",
            ),
        ]
        indexes = [
            models.Index(fields=["subject_kind", "subject_id", "-id"], name="approvals_by_subject"),
            models.Index(fields=["escalate_at"], condition=Q(state="pending"), name="approvals_to_escalate"),
        ]
        triggers = [guard(APPROVAL, "state")]

    def __str__(self) -> str:
        subject = self.subject_kind.replace("_", " ")
        return f"{self.kind} approval for {subject} {self.subject_number or self.subject_id}"
