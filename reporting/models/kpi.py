from django.db import models


class KpiDay(models.Model):
    """A KPI's raw material of one day (UTC): sums that may be added up over any period. Built from what was measured and
    from what the rooms below keep, again and again: a day that is built twice is the same day."""

    day = models.DateField()
    code = models.CharField(max_length=40)
    numerator = models.DecimalField(max_digits=20, decimal_places=4)
    denominator = models.DecimalField(max_digits=20, decimal_places=4)
    counted = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["day", "code"], name="one_kpi_row_per_day")]

    def __str__(self) -> str:
        return f"{self.code} on {self.day}"
