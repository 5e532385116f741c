from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from core.choices import choices
from core.history import keep_history
from credit.states import CheckPoint, Effect, RuleKind

# What the number of each kind is; the others have none.
MEASURES = {
    RuleKind.LIMIT_EXPIRED: "days of grace",
    RuleKind.OLDEST_OPEN_ITEM: "days overdue allowed",
    RuleKind.OVERDUE_AMOUNT: "amount overdue allowed",
    RuleKind.OVERDUE_PERCENT: "percent of receivables overdue allowed",
    RuleKind.ORDER_VALUE_MAX: "largest value of one order",
}


@keep_history
class CreditRule(models.Model):
    """A rule of credit as data: for one account, a group or everybody, and for one risk group or any.

    The most specific row of a kind decides: a blocking one sets the figure, an exclusion switches this one rule off.
    """

    kind = models.CharField(max_length=20, choices=choices(RuleKind))
    effect = models.CharField(max_length=10, choices=choices(Effect), default=Effect.BLOCKING)
    account = models.ForeignKey(
        "accounts.Account", null=True, blank=True, on_delete=models.PROTECT, related_name="+", help_text="Only for it."
    )
    group = models.ForeignKey(
        "accounts.AccountGroup",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="For its members.",
    )
    risk_group = models.CharField(max_length=20, blank=True, help_text="Only accounts of this risk group; empty: all.")
    value = models.DecimalField(
        max_digits=14, decimal_places=2, null=True, blank=True, help_text="Days, an amount or a percent, by the rule."
    )
    points = ArrayField(
        models.CharField(max_length=10, choices=choices(CheckPoint)),
        default=list,
        blank=True,
        help_text="Where it holds; none chosen: everywhere.",
    )
    is_active = models.BooleanField(default=True)
    note = models.CharField(max_length=200, blank=True, help_text="Why the rule is as it is.")

    class Meta:
        verbose_name = "credit rule"
        constraints = [
            models.CheckConstraint(
                condition=Q(account__isnull=True) | Q(group__isnull=True), name="a_credit_rule_is_for_one_party"
            ),
            models.CheckConstraint(
                condition=Q(value__isnull=True) | Q(value__gte=0), name="a_rule_value_is_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(effect=Effect.EXCLUSION) | ~Q(kind__in=list(MEASURES)) | Q(value__isnull=False),
                name="a_measuring_rule_has_a_figure",
            ),
            models.UniqueConstraint(
                fields=["kind", "account", "group", "risk_group"],
                condition=Q(is_active=True),
                nulls_distinct=False,
                name="one_credit_rule_per_party_and_risk_group",
            ),
        ]
        indexes = [models.Index(fields=["account"], condition=Q(is_active=True), name="credit_rules_by_account")]

    def __str__(self) -> str:
        party = self.account or self.group or "all accounts"
        risk = f", risk group {self.risk_group}" if self.risk_group else ""
        return f"{self.get_kind_display()} for {party}{risk}"
