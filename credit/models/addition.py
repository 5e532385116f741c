from django.db import models
from django.db.models import F, Q

from core.choices import choices
from core.triggers import append_only
from credit.models.account import CreditAccount
from credit.states import AdditionKind


class LimitAddition(models.Model):
    """What an account may owe beside its limit over [valid_from, valid_to): for a while, or because it is insured.

    Never changed: it is ended early by a row that points at it.
    """

    credit_account = models.ForeignKey(CreditAccount, on_delete=models.PROTECT, related_name="additions")
    kind = models.CharField(max_length=10, choices=choices(AdditionKind))
    amount = models.DecimalField(max_digits=14, decimal_places=2)
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True)
    reference = models.CharField(max_length=80, blank=True, help_text="Policy number, case, letter.")
    note = models.CharField(max_length=300)
    granted_at = models.DateTimeField()
    granted_by = models.CharField(max_length=150)
    approval_id = models.BigIntegerField(null=True)

    class Meta:
        verbose_name = "limit addition"
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="an_addition_adds_something"),
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gt=F("valid_from")),
                name="an_addition_ends_after_it_begins",
            ),
            models.CheckConstraint(
                condition=~Q(kind=AdditionKind.TEMPORARY) | Q(valid_to__isnull=False),
                name="a_temporary_limit_has_an_end",
            ),
        ]
        indexes = [models.Index(fields=["credit_account", "valid_from"], name="additions_by_account")]
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.amount:,} {self.kind} from {self.valid_from}"


class AdditionEnd(models.Model):
    """An addition that ended before its time: the first day without it."""

    addition = models.OneToOneField(LimitAddition, on_delete=models.PROTECT, related_name="end")
    end_date = models.DateField()
    note = models.CharField(max_length=300)
    at = models.DateTimeField()
    ended_by = models.CharField(max_length=150)

    class Meta:
        triggers = append_only()

    def __str__(self) -> str:
        return f"ended on {self.end_date}"
