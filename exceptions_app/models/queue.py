from django.contrib.postgres.fields import ArrayField
from django.db import models


class Queue(models.Model):
    """A team's list of cases. Its calendar says when its clocks run; without one they run Mon–Fri 9–17 UTC.

    `lead` is told first about cases nobody has taken.
    """

    CALLED = ("case team", "case teams")

    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=80)
    roles = ArrayField(models.CharField(max_length=20), default=list)
    escalation_role = models.CharField(max_length=20, blank=True)
    lead = models.ForeignKey("accounts.User", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    calendar = models.ForeignKey("core.Calendar", null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return self.name
