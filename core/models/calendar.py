from zoneinfo import available_timezones

from django.core.exceptions import ValidationError
from django.db import models

from core.calendars import read_week, week_problems


class Calendar(models.Model):
    """Opening hours of a team, a site or a carrier.

    `week` is {"0": [["09:00", "17:00"]], …} with Monday = 0; ["22:00", "06:00"] is a shift over midnight.
    """

    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    time_zone = models.CharField(max_length=64, default="UTC")
    week = models.JSONField(default=dict)

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        try:
            wrong = week_problems(read_week(self.week))
        except (AttributeError, TypeError, ValueError) as error:
            wrong = [f'Hours are {{"0": [["09:00", "17:00"]], …}}, Monday being 0: {error}.']
        if wrong:
            raise ValidationError({"week": wrong})
        if self.time_zone not in available_timezones():
            raise ValidationError({"time_zone": f"{self.time_zone} is no time zone; name one like Europe/Berlin."})


class CalendarHoliday(models.Model):
    calendar = models.ForeignKey(Calendar, on_delete=models.CASCADE, related_name="holidays")
    date = models.DateField()
    name = models.CharField(max_length=120, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["calendar", "date"], name="one_holiday_per_calendar_day")]

    def __str__(self) -> str:
        return f"{self.date} {self.name}".strip()
