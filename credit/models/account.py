from django.db import models
from django.db.models import Q


class PaymentTerms(models.Model):
    """When money is due: net days, from the end of the month or not, early-payment discount, deposit, prepayment."""

    code = models.CharField(max_length=20, unique=True)
    name = models.CharField(max_length=80)
    net_days = models.PositiveSmallIntegerField(default=30)
    is_end_of_month = models.BooleanField(default=False)
    discount_days = models.PositiveSmallIntegerField(default=0)
    discount_percent = models.DecimalField(max_digits=5, decimal_places=2, default=0)
    deposit_percent = models.DecimalField(max_digits=5, decimal_places=2, default=0)
    is_prepayment = models.BooleanField(default=False)

    class Meta:
        verbose_name_plural = "payment terms"

    def __str__(self) -> str:
        return self.name


class CreditAccount(models.Model):
    """The locked row of the account's exposure: limit, terms and the undated totals. Only credit's services write it."""

    account = models.OneToOneField("accounts.Account", on_delete=models.PROTECT, related_name="+")
    currency = models.CharField(max_length=3, default="USD")
    limit_amount = models.DecimalField(max_digits=14, decimal_places=2, default=0)
    limit_valid_to = models.DateField(null=True, blank=True)
    temporary_amount = models.DecimalField(max_digits=14, decimal_places=2, default=0)
    temporary_valid_to = models.DateField(null=True, blank=True)
    insured_amount = models.DecimalField(max_digits=14, decimal_places=2, default=0)
    terms = models.ForeignKey(PaymentTerms, on_delete=models.PROTECT, related_name="+")
    risk_group = models.CharField(max_length=20, blank=True)
    horizon_days = models.PositiveSmallIntegerField(default=30)
    overdue_days_allowed = models.PositiveSmallIntegerField(default=30)
    overdue_amount_max = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    order_value_max = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    check_at_release = models.BooleanField(default=True)
    receivable_amount = models.DecimalField(max_digits=14, decimal_places=2, default=0)
    shipped_amount = models.DecimalField(max_digits=14, decimal_places=2, default=0)
    released_amount = models.DecimalField(max_digits=14, decimal_places=2, default=0)
    unapplied_amount = models.DecimalField(max_digits=14, decimal_places=2, default=0)
    version = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(limit_amount__gte=0, temporary_amount__gte=0, insured_amount__gte=0),
                name="credit_limits_are_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(released_amount__gte=0, shipped_amount__gte=0), name="exposure_parts_are_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(temporary_amount=0) | Q(temporary_valid_to__isnull=False),
                name="a_temporary_limit_has_an_end",
            ),
        ]

    def __str__(self) -> str:
        return f"Credit of {self.account}"
