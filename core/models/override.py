from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Length

from core.choices import words
from core.triggers import append_only

models.CharField.register_lookup(Length)
models.TextField.register_lookup(Length)


class OverrideEntry(models.Model):
    """A rule was set aside: by whom, why, from what to what, at what cost, approved by whom.

    Append-only, sealed.
    """

    kind = models.CharField(max_length=40)
    subject_kind = models.CharField(max_length=40)
    subject_id = models.BigIntegerField()
    subject_number = models.CharField(max_length=60, blank=True)
    at = models.DateTimeField()
    actor_id = models.BigIntegerField(null=True)
    actor_label = models.CharField(max_length=150)
    actor_roles = models.CharField(max_length=200, blank=True)
    on_behalf_of = models.BigIntegerField(null=True)
    ip = models.CharField(max_length=45, blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    reason_code = models.CharField(max_length=40)
    reason = models.TextField()
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    money_effect = models.DecimalField(max_digits=14, decimal_places=2, null=True)
    currency = models.CharField(max_length=3, blank=True)
    approval_id = models.BigIntegerField(null=True)
    approver_id = models.BigIntegerField(null=True)
    approver_label = models.CharField(max_length=150, blank=True)
    expires_at = models.DateTimeField(null=True)
    account_id = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(reason__length__gte=10), name="an_override_has_a_reason_of_ten_characters"
            ),
            models.CheckConstraint(
                condition=Q(approver_id__isnull=True) | Q(actor_id__isnull=True) | ~Q(approver_id=F("actor_id")),
                name="an_override_is_not_approved_by_its_requester",
            ),
        ]
        indexes = [
            models.Index(fields=["subject_kind", "subject_id"], name="overrides_by_subject"),
            models.Index(fields=["at"], name="overrides_by_time"),
        ]
        triggers = append_only()
        verbose_name_plural = "override entries"

    def __str__(self) -> str:
        return f"{words(self.kind)}, {words(self.subject_kind).lower()} {self.subject_number or self.subject_id}"


class OverrideSeal(models.Model):
    """The hash chain over the log: position n seals one entry together with seal n − 1."""

    position = models.BigIntegerField(unique=True)
    entry = models.OneToOneField(OverrideEntry, on_delete=models.PROTECT, related_name="seal")
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64, unique=True)
    sealed_at = models.DateTimeField()

    class Meta:
        triggers = append_only()

    def __str__(self) -> str:
        return f"seal {self.position}"


class OverrideReview(models.Model):
    """Finance looked at it. A later review does not erase an earlier one."""

    class Verdict(models.TextChoices):
        OK = "ok", "OK"
        FOLLOW_UP = "follow_up", "Follow up"
        TRAIN = "train", "Train"

    entry = models.ForeignKey(OverrideEntry, on_delete=models.PROTECT, related_name="reviews")
    verdict = models.CharField(max_length=10, choices=Verdict)
    note = models.TextField(blank=True)
    at = models.DateTimeField()
    reviewer_id = models.BigIntegerField(null=True)
    reviewer_label = models.CharField(max_length=150)

    class Meta:
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.verdict} by {self.reviewer_label}"
