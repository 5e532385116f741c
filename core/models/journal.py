from django.db import models

from core.triggers import append_only


class JournalEntry(models.Model):
    """What happened to a document: who, for whom, when, and the values.

    Append-only; the timeline reads it.
    """

    subject_kind = models.CharField(max_length=40)
    subject_id = models.BigIntegerField()
    verb = models.CharField(max_length=60)
    summary = models.CharField(max_length=300)
    at = models.DateTimeField()
    actor_id = models.BigIntegerField(null=True)
    actor_label = models.CharField(max_length=150)
    actor_roles = models.CharField(max_length=200, blank=True)
    on_behalf_of = models.BigIntegerField(null=True)
    ip = models.CharField(max_length=45, blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    data = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["subject_kind", "subject_id", "id"], name="journal_by_subject")]
        triggers = append_only()
        verbose_name_plural = "journal entries"

    def __str__(self) -> str:
        return self.summary
