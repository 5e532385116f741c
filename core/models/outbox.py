from django.db import models
from django.db.models import Q


class JobState(models.TextChoices):
    READY = "ready", "Ready"
    DONE = "done", "Done"
    DEAD = "dead", "Dead"


class OutboxFact(models.Model):
    """A fact, written in the transaction in which it became true."""

    kind = models.CharField(max_length=100)
    stream = models.CharField(max_length=80)
    seq = models.BigIntegerField()
    payload = models.JSONField()
    at = models.DateTimeField()
    request_id = models.CharField(max_length=64, blank=True)

    class Meta:
        indexes = [models.Index(fields=["stream", "seq"], name="fact_by_stream")]

    def __str__(self) -> str:
        return f"{self.kind} {self.stream}@{self.seq}"


class Job(models.Model):
    """One reaction to one fact: an owed effect. Redis only wakes workers; this row is the truth."""

    fact = models.ForeignKey(OutboxFact, on_delete=models.PROTECT, related_name="jobs", db_index=False)
    reaction = models.CharField(max_length=120)
    stream = models.CharField(max_length=80)
    seq = models.BigIntegerField()
    state = models.CharField(max_length=10, choices=JobState, default=JobState.READY)
    deliveries = models.PositiveIntegerField(default=0)
    attempts = models.PositiveIntegerField(default=0)
    next_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=20, blank=True)
    last_error = models.TextField(blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["fact", "reaction"], name="one_job_per_fact_and_reaction")]
        indexes = [
            models.Index(fields=["next_at", "id"], condition=Q(state="ready"), name="jobs_due"),
            models.Index(fields=["reaction", "stream", "seq"], condition=Q(state="done"), name="jobs_done_by_stream"),
            models.Index(fields=["id"], condition=Q(state="dead"), name="jobs_dead"),
        ]

    def __str__(self) -> str:
        return f"{self.reaction} for {self.stream}@{self.seq}"
