from django.db import models
from django.db.models.functions import Now


class IdempotencyKey(models.Model):
    """The first answer to a keyed call, kept to be given again."""

    scope = models.CharField(max_length=100)
    owner = models.CharField(max_length=100)
    key = models.CharField(max_length=200)
    body_hash = models.CharField(max_length=64)
    state = models.CharField(max_length=10, choices=[(s, s) for s in ("running", "done", "refused")])
    result = models.JSONField(null=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["scope", "owner", "key"], name="one_answer_per_idempotency_key")]

    def __str__(self) -> str:
        return f"{self.scope} {self.key}"
