from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from core.choices import choices
from core.triggers import written_by
from credit.states import CheckPoint

TOTALS = ("receivable_amount", "shipped_amount", "released_amount", "unapplied_amount")


def every_point() -> list[str]:
    """Named by the migrations before 0010."""
    return [str(point) for point in CheckPoint]


def usual_points() -> list[str]:
    """All but allocation: whether stock is kept from a customer while credit waits is for finance to choose."""
    return [str(point) for point in CheckPoint if point != CheckPoint.ALLOCATION]


class PaymentTerms(models.Model):
    """When money is due: net days, from the end of the month or not, early-payment discount, deposit, prepayment."""

    code = models.CharField(max_length=20, unique=True)
    name = models.CharField(max_length=80)
    net_days = models.PositiveSmallIntegerField(default=30)
    is_end_of_month = models.BooleanField(default=False)
    discount_days = models.PositiveSmallIntegerField(default=0)
    discount_percent = models.DecimalField(max_digits=5, decimal_places=2, default=0)
    is_discount_on_goods = models.BooleanField(
        "discount on goods only",
        default=False,
        db_default=False,
        help_text="The discount for early payment is of the goods alone; else of the whole invoice, tax and freight too.",
    )
    deposit_percent = models.DecimalField(max_digits=5, decimal_places=2, default=0)
    is_prepayment = models.BooleanField(default=False)
    month_cutoff_day = models.PositiveSmallIntegerField(
        default=0,
        help_text="With end of month: invoices after this day count as of the next month; 0: the month's last.",
    )
    calendar = models.ForeignKey(
        "core.Calendar",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="What falls due on a day it is closed is due on the next it is open.",
    )

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(month_cutoff_day__lte=31), name="a_cutoff_is_a_day_of_a_month"),
            models.CheckConstraint(
                condition=Q(discount_percent__lte=100, deposit_percent__lte=100), name="terms_percents_are_percents"
            ),
        ]
        verbose_name_plural = "payment terms"

    def __str__(self) -> str:
        return self.name


class CreditAccount(models.Model):
    """The locked row of the account's exposure: limit, terms and the undated totals. Only credit's services write it."""

    account = models.OneToOneField("accounts.Account", on_delete=models.PROTECT, related_name="+")
    head = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="members",
        help_text="The credit account whose limit also covers what this one owes (its parent company).",
    )
    currency = models.CharField(max_length=3, default="USD")
    limit_amount = models.DecimalField(max_digits=14, decimal_places=2, default=0)
    limit_valid_to = models.DateField(null=True, blank=True)
    terms = models.ForeignKey(PaymentTerms, on_delete=models.PROTECT, related_name="+")
    risk_group = models.CharField(max_length=20, blank=True)
    horizon_days = models.PositiveSmallIntegerField(default=30)
    overdue_days_allowed = models.PositiveSmallIntegerField(null=True, blank=True)
    overdue_amount_max = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    order_value_max = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    check_points = ArrayField(
        models.CharField(max_length=10, choices=choices(CheckPoint)),
        default=usual_points,
        help_text="Where credit may hold; elsewhere it only notes.",
    )
    receivable_amount = models.DecimalField(max_digits=14, decimal_places=2, default=0)
    shipped_amount = models.DecimalField(max_digits=14, decimal_places=2, default=0)
    released_amount = models.DecimalField(max_digits=14, decimal_places=2, default=0)
    unapplied_amount = models.DecimalField(max_digits=14, decimal_places=2, default=0)
    version = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(limit_amount__gte=0), name="credit_limits_are_not_negative"),
            models.CheckConstraint(condition=~Q(head=F("pk")), name="a_credit_account_is_not_its_own_head"),
            models.CheckConstraint(
                condition=Q(released_amount__gte=0, shipped_amount__gte=0), name="exposure_parts_are_not_negative"
            ),
        ]
        triggers = written_by("credit", room="credit", remedy="post", columns=TOTALS, zero=TOTALS)

    def __str__(self) -> str:
        return f"Credit of {self.account}"
