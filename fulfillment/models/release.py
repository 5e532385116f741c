import zoneinfo

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q

from core.choices import choices
from core.history import keep_history
from fulfillment.states import PolicyEffect, ResultState, RunKind


def every_day() -> list[int]:
    return list(range(7))


@keep_history
class ReleasePolicy(models.Model):
    """Which orders go to the warehouse by themselves once every gate passes, and which wait for a person.

    Policies are asked in the order of their rank; the first that an order fits decides. What fits none waits.
    """

    name = models.CharField(max_length=80, unique=True)
    rank = models.PositiveSmallIntegerField(default=100, help_text="The lowest is asked first.")
    effect = models.CharField(max_length=8, choices=choices(PolicyEffect), default=PolicyEffect.RELEASE)
    account = models.ForeignKey("accounts.Account", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    tier = models.ForeignKey("accounts.ServiceTier", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    site = models.ForeignKey(
        "inventory.Site",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Only orders whose stock is allocated at this site alone.",
    )
    currency = models.CharField(max_length=3, blank=True, help_text="Of the values below; empty: any.")
    min_value = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    max_value = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    weekdays = ArrayField(models.PositiveSmallIntegerField(), default=every_day, help_text="0 is Monday.")
    from_time = models.TimeField(null=True, blank=True, help_text="Empty: from midnight.")
    to_time = models.TimeField(null=True, blank=True, help_text="Empty: until midnight.")
    time_zone = models.CharField(max_length=40, default="UTC", help_text="Where days and times are told.")
    is_active = models.BooleanField(default=True)
    note = models.CharField(max_length=200, blank=True, help_text="Why it is as it is.")

    class Meta:
        verbose_name_plural = "release policies"
        constraints = [
            models.CheckConstraint(
                condition=Q(min_value__isnull=True) | Q(max_value__isnull=True) | Q(max_value__gte=F("min_value")),
                name="a_release_policy_s_values_are_in_order",
            ),
            models.CheckConstraint(
                condition=Q(from_time__isnull=True) | Q(to_time__isnull=True) | Q(to_time__gt=F("from_time")),
                name="a_release_policy_s_hours_end_after_they_begin",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        if self.time_zone not in zoneinfo.available_timezones():
            raise ValidationError({"time_zone": "There is no such time zone: use one as Europe/Berlin or UTC."})
        if (self.min_value is not None or self.max_value is not None) and not self.currency:
            raise ValidationError({"currency": "Say which currency the values are in."})


class ReleaseRun(models.Model):
    """Many orders released at once: by a policy, or by a person who chose them. Each order's outcome is a result."""

    kind = models.CharField(max_length=8, choices=choices(RunKind))
    asked_at = models.DateTimeField()
    asked_by = models.CharField(max_length=150)
    what = models.CharField(max_length=300, blank=True, help_text="The filters the orders were chosen by.")
    asked_count = models.PositiveIntegerField()
    released_count = models.PositiveIntegerField(default=0)
    refused_count = models.PositiveIntegerField(default=0)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(asked_count__gte=F("released_count") + F("refused_count")),
                name="a_release_run_answers_what_it_was_asked",
            )
        ]
        indexes = [models.Index(fields=["asked_at"], name="release_runs_by_time")]

    def __str__(self) -> str:
        return f"Release {self.pk} of {self.asked_at:%-d %b %Y %H:%M}"

    @property
    def done_count(self) -> int:
        return self.released_count + self.refused_count


class ReleaseResult(models.Model):
    """What became of one order in a run: released, or the first gate that said no with its words."""

    run = models.ForeignKey(ReleaseRun, on_delete=models.PROTECT, related_name="results")
    order = models.ForeignKey("orders.Order", on_delete=models.PROTECT, related_name="+")
    policy = models.ForeignKey(ReleasePolicy, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    state = models.CharField(max_length=8, choices=choices(ResultState), default=ResultState.WAITING)
    gate = models.CharField(max_length=20, blank=True)
    rule = models.CharField(max_length=60, blank=True)
    message = models.CharField(max_length=600, blank=True)
    shipments = models.PositiveSmallIntegerField(default=0)
    order_version = models.PositiveIntegerField(default=0)
    allocated_qty = models.DecimalField(max_digits=16, decimal_places=4, default=0)
    at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "order"], name="one_result_per_order_and_run")]
        indexes = [models.Index(fields=["order", "-id"], name="release_results_by_order")]

    def __str__(self) -> str:
        return f"{self.order} {self.state}"
