from django.contrib.auth.models import AbstractUser
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, RangeOperators
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower

from accounts.models.validators import known_time_zone
from accounts.states import Role
from core.choices import choices
from core.history import keep_history
from core.ranges import DateRange
from core.rings import no_ring


class User(AbstractUser):
    """Anyone who signs in. What they may do follows from `roles`; which customers they see from accounts.access."""

    email = models.EmailField()
    roles = ArrayField(models.CharField(max_length=20, choices=choices(Role)), default=list, blank=True)
    reports_to = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="team")
    time_zone = models.CharField(max_length=64, default="UTC", validators=[known_time_zone])

    class Meta(AbstractUser.Meta):
        abstract = False
        constraints = [
            models.UniqueConstraint(Lower("email"), name="one_user_per_email"),
            models.CheckConstraint(
                condition=Q(reports_to__isnull=True) | ~Q(reports_to=F("id")), name="nobody_reports_to_themselves"
            ),
        ]
        triggers = [no_ring("reports_to_id", "no_ring_of_managers", table="accounts_user")]

    def __str__(self) -> str:
        return self.get_full_name() or self.username


@keep_history
class UserAbsence(models.Model):
    """Somebody is away over [away_from, back_on), days where they are; `delegate` acts for them meanwhile, or, where
    nobody is named, whoever they report to."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="absences")
    away_from = models.DateField()
    back_on = models.DateField(null=True, blank=True)
    delegate = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="standing_in")
    note = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name = "absence"
        constraints = [
            models.CheckConstraint(
                condition=Q(back_on__isnull=True) | Q(back_on__gt=F("away_from")),
                name="an_absence_ends_after_it_starts",
            ),
            models.CheckConstraint(
                condition=Q(delegate__isnull=True) | ~Q(delegate=F("user")), name="nobody_stands_in_for_themselves"
            ),
            ExclusionConstraint(
                name="one_absence_at_a_time",
                expressions=[
                    ("user", RangeOperators.EQUAL),
                    (DateRange("away_from", "back_on"), RangeOperators.OVERLAPS),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} away from {self.away_from}"
