from decimal import Decimal

import pgtrigger
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Q

from accounts.models.account import Account, Territory
from accounts.models.user import User
from accounts.states import BuyerRole, PromiseMail, SpendingPeriod, SplitKind
from core.choices import choices
from core.history import keep_history
from core.ranges import DateRange

# Runs at the commit, when whoever set an account's table of splits had all of the transaction to make it whole. The
# account is locked first, so that two who set it at once see each other.
_TOTALS = """
FOR wanted IN SELECT DISTINCT id FROM unnest(ARRAY[NEW.account_id, OLD.account_id]) AS touched(id)
               WHERE id IS NOT NULL ORDER BY id LOOP
    PERFORM 1 FROM accounts_account WHERE id = wanted FOR NO KEY UPDATE;
    WITH split AS (
        SELECT * FROM accounts_repassignment WHERE account_id = wanted AND kind = 'revenue'
    ), turn(day) AS (SELECT valid_from FROM split UNION SELECT valid_to FROM split WHERE valid_to IS NOT NULL)
    SELECT turn.day, SUM(split.split_percent) INTO wrong_day, wrong_total
      FROM turn JOIN split ON split.valid_from <= turn.day AND (split.valid_to IS NULL OR split.valid_to > turn.day)
     GROUP BY turn.day HAVING SUM(split.split_percent) <> 100 ORDER BY turn.day LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'revenue_splits_total_100: account % has % on %', wanted, wrong_total, wrong_day
            USING ERRCODE = 'check_violation', CONSTRAINT = 'revenue_splits_total_100';
    END IF;
END LOOP;
RETURN NULL;
"""
_SPLITS_TOTAL_100 = pgtrigger.Trigger(
    name="revenue_splits_total_100",
    level=pgtrigger.Row,
    when=pgtrigger.After,
    operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
    timing=pgtrigger.Deferred,
    declare=[("wanted", "bigint"), ("wrong_day", "date"), ("wrong_total", "numeric")],
    func=_TOTALS,
)


class Rep(models.Model):
    """A field representative: sees the accounts of the territory and those assigned."""

    user = models.OneToOneField(User, on_delete=models.PROTECT, related_name="rep")
    code = models.CharField(max_length=20, unique=True)
    territory = models.ForeignKey(Territory, null=True, blank=True, on_delete=models.PROTECT, related_name="reps")
    promise_mail = models.CharField(
        "mail about moved promises", max_length=8, choices=choices(PromiseMail), default=PromiseMail.AT_ONCE
    )

    def __str__(self) -> str:
        return f"{self.code} {self.user}"


@keep_history
class RepAssignment(models.Model):
    """Who sells to the account over [valid_from, valid_to), and with what share of the commission. Revenue shares total
    100 on every day that has any; an overlay comes on top."""

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
            ExclusionConstraint(
                name="one_assignment_of_a_kind_per_rep_at_a_time",
                expressions=[
                    ("account", RangeOperators.EQUAL),
                    ("rep", RangeOperators.EQUAL),
                    ("kind", RangeOperators.EQUAL),
                    (DateRange("valid_from", "valid_to"), RangeOperators.OVERLAPS),
                ],
            ),
        ]
        indexes = [models.Index(fields=["account", "valid_from"], name="assignments_by_account")]
        triggers = [_SPLITS_TOTAL_100]

    def __str__(self) -> str:
        return f"{self.rep} for {self.account}"


@keep_history
class Buyer(models.Model):
    """A person who buys for an account, with limits per order and per period (in the account's currency, by the
    account's own days). Somebody who left stays, not active: what they spent is theirs."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="buyers")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="buyers")
    role = models.CharField(max_length=10, choices=choices(BuyerRole), default=BuyerRole.BUYER)
    order_limit = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    period_limit = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    period = models.CharField(max_length=8, choices=choices(SpendingPeriod), default=SpendingPeriod.MONTH)
    includes_children = models.BooleanField(default=False)
    promise_mail = models.CharField(
        "mail about moved promises", max_length=8, choices=choices(PromiseMail), default=PromiseMail.AT_ONCE
    )
    is_active = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "account"], name="one_buyer_per_user_and_account"),
            models.CheckConstraint(
                condition=(Q(order_limit__isnull=True) | Q(order_limit__gte=0))
                & (Q(period_limit__isnull=True) | Q(period_limit__gte=0)),
                name="a_spending_limit_is_not_negative",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} for {self.account}"
