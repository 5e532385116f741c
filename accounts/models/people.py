from decimal import Decimal

from django.db import models
from django.db.models import F, Q

from accounts.models.account import Account, Territory
from accounts.models.user import User
from accounts.states import BuyerRole, SplitKind
from core.choices import choices
from core.history import keep_history


class Rep(models.Model):
    """A field representative: sees the accounts of the territory and those assigned."""

    user = models.OneToOneField(User, on_delete=models.PROTECT, related_name="rep")
    code = models.CharField(max_length=20, unique=True)
    territory = models.ForeignKey(Territory, null=True, blank=True, on_delete=models.PROTECT, related_name="reps")

    def __str__(self) -> str:
        return f"{self.code} {self.user}"


@keep_history
class RepAssignment(models.Model):
    """Who sells to the account over [valid_from, valid_to), and with what share of the commission."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="assignments")
    rep = models.ForeignKey(Rep, on_delete=models.PROTECT, related_name="assignments")
    kind = models.CharField(max_length=10, choices=choices(SplitKind), default=SplitKind.REVENUE)
    split_percent = models.DecimalField(max_digits=5, decimal_places=2, default=Decimal(100))
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(split_percent__gt=0, split_percent__lte=100), name="a_rep_split_is_a_percent"
            ),
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gt=F("valid_from")),
                name="a_rep_assignment_ends_after_it_starts",
            ),
        ]
        indexes = [models.Index(fields=["account", "valid_from"], name="assignments_by_account")]

    def __str__(self) -> str:
        return f"{self.rep} for {self.account}"


@keep_history
class Buyer(models.Model):
    """A person who buys for an account, with limits per order and per month (in the account's currency)."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="buyers")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="buyers")
    role = models.CharField(max_length=10, choices=choices(BuyerRole), default=BuyerRole.BUYER)
    order_limit = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    period_limit = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    includes_children = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "account"], name="one_buyer_per_user_and_account")]

    def __str__(self) -> str:
        return f"{self.user} for {self.account}"
