from django.db import models


class NumberSeries(models.Model):
    """A gapless series: the row is locked until the document that took the number commits."""

    code = models.CharField(max_length=40, unique=True)
    prefix = models.CharField(max_length=20, blank=True)
    next_value = models.BigIntegerField(default=1)

    def __str__(self) -> str:
        return f"{self.prefix}{self.next_value}"
