from django.db import models
from django.db.models import Q

from core.triggers import append_only
from credit.models.account import CreditAccount


class LimitEvidence(models.Model):
    """What a limit is asked for with: a document, or a note of what was said. Never changed and never removed.

    A file is told by the hash of its bytes, which a request for a limit carries on.
    """

    credit_account = models.ForeignKey(CreditAccount, on_delete=models.PROTECT, related_name="evidence")
    note = models.CharField(max_length=300)
    file = models.FileField(max_length=200, blank=True)
    file_name = models.CharField(max_length=120, blank=True)
    file_type = models.CharField(max_length=60, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    size = models.PositiveIntegerField(default=0)
    attached_at = models.DateTimeField()
    attached_by = models.CharField(max_length=150)

    class Meta:
        verbose_name_plural = "limit evidence"
        constraints = [
            models.CheckConstraint(
                condition=Q(file="", sha256="", size=0) | (~Q(file="") & ~Q(sha256="") & Q(size__gt=0)),
                name="a_file_of_evidence_has_its_hash",
            ),
            models.UniqueConstraint(
                fields=["credit_account", "sha256"], condition=~Q(sha256=""), name="one_file_once_per_credit_account"
            ),
        ]
        triggers = append_only()

    def __str__(self) -> str:
        return self.file_name or self.note
