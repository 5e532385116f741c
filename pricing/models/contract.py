from django.contrib.postgres.fields import RangeOperators
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Cast, Concat

from accounts.rules.checks import currency_problem
from core.ranges import DateRange
from pricing.models.constraints import NamingExclusion


class Contract(models.Model):
    """What was agreed with a customer or a buying group over [valid_from, valid_to): a version of it. Its prices are on the
    lists that name it, its volumes are commitments on those.

    Service terms: percent of lines on time and of units filled that were promised, and what a line that is late costs us,
    once and for each day. Allocation ranks by it, money at risk and KPIs count it.
    """

    code = models.CharField(max_length=40)
    version = models.PositiveSmallIntegerField(default=1)
    name = models.CharField(max_length=120)
    account = models.ForeignKey("accounts.Account", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    group = models.ForeignKey(
        "accounts.AccountGroup", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    covers_children = models.BooleanField(default=False)
    valid_from = models.DateField()
    valid_to = models.DateField()
    is_active = models.BooleanField(default=True)
    currency = models.CharField(max_length=3, default="USD")
    payment_terms = models.CharField(max_length=20, blank=True, help_text="code of the payment terms agreed")
    margin_floor_percent = models.DecimalField(max_digits=5, decimal_places=2, null=True, blank=True)
    notice_days = models.PositiveSmallIntegerField(default=60, help_text="a case opens so many days before it ends")
    renews = models.BooleanField("renews by itself", default=False)
    on_time_percent = models.DecimalField(max_digits=5, decimal_places=2, null=True, blank=True)
    fill_percent = models.DecimalField(max_digits=5, decimal_places=2, null=True, blank=True)
    penalty_per_late_line = models.DecimalField(max_digits=14, decimal_places=2, default=0)
    penalty_per_late_day = models.DecimalField(max_digits=14, decimal_places=2, default=0)
    note = models.TextField(blank=True, max_length=2000)
    number = models.GeneratedField(
        expression=Concat("code", Value(" v"), Cast("version", models.CharField())),
        output_field=models.CharField(max_length=50),
        db_persist=True,
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["code", "version"], name="one_contract_per_code_and_version"),
            models.CheckConstraint(
                condition=Q(account__isnull=False, group__isnull=True) | Q(account__isnull=True, group__isnull=False),
                name="a_contract_is_with_an_account_or_a_group",
            ),
            models.CheckConstraint(condition=Q(valid_to__gt=F("valid_from")), name="a_contract_ends_after_it_starts"),
            models.CheckConstraint(
                condition=Q(penalty_per_late_line__gte=0, penalty_per_late_day__gte=0)
                & (Q(on_time_percent__isnull=True) | Q(on_time_percent__gte=0, on_time_percent__lte=100))
                & (Q(fill_percent__isnull=True) | Q(fill_percent__gte=0, fill_percent__lte=100))
                & (Q(margin_floor_percent__isnull=True) | Q(margin_floor_percent__gte=0, margin_floor_percent__lt=100)),
                name="a_contracts_terms_are_percents_and_penalties",
            ),
            NamingExclusion(
                name="one_version_of_a_contract_at_a_time",
                expressions=[
                    ("code", RangeOperators.EQUAL),
                    (DateRange("valid_from", "valid_to"), RangeOperators.OVERLAPS),
                ],
                key=("code",),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} v{self.version}"

    def told(self) -> str:
        return str(self)

    def clean(self) -> None:
        if problem := currency_problem(self.currency):
            raise ValidationError({"currency": " ".join(problem)})
