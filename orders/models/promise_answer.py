from typing import ClassVar

import pgtrigger
from django.db import models

from orders.models.order import OrderLine


class PromiseAnswer(models.Model):
    """The customer took a later day (empty: takes it without one) for a line. Kept as said; a later move asks anew."""

    line = models.ForeignKey(OrderLine, on_delete=models.PROTECT, related_name="answers")
    promised_date = models.DateField(null=True)
    answered_at = models.DateTimeField()
    answered_label = models.CharField(max_length=200)
    word = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["line", "promised_date"], nulls_distinct=False, name="one_answer_a_line_and_day"
            )
        ]
        triggers: ClassVar = [pgtrigger.Protect(name="answers_are_kept", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.line}: {self.promised_date or 'no date yet'} is good"
