from django.db import models


class Calendar(models.Model):
    """Opening hours of a team, a site or a carrier.

    `week` is {"0": [["09:00", "17:00"]], …} with Monday = 0.
    """

    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    time_zone = models.CharField(max_length=64, default="UTC")
    week = models.JSONField(default=dict)

    def __str__(self) -> str:
        return self.name


class CalendarHoliday(models.Model):
    calendar = models.ForeignKey(Calendar, on_delete=models.CASCADE, related_name="holidays")
    date = models.DateField()
    name = models.CharField(max_length=120, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["calendar", "date"], name="one_holiday_per_calendar_day")]

    def __str__(self) -> str:
        return f"{self.date} {self.name}".strip()
