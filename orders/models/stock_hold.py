from django.db import models
from django.db.models import Q

from core.choices import choices
from core.history import keep_history
from orders.states import StockHoldEnd


class StockHold(models.Model):
    """Goods a draft keeps from others until a moment. Another row replaces it when its lines or its time change.

    `first_at` is when the draft began to hold without a break; `amount` is what the held goods are worth in the company's
    currency at the customer's prices. What ran out may stand without an end: nothing need sweep it.
    """

    CALLED = ("hold of goods", "holds of goods")

    order = models.ForeignKey("orders.Order", on_delete=models.PROTECT, related_name="+")
    account = models.ForeignKey("accounts.Account", on_delete=models.PROTECT, related_name="+", db_index=False)
    until = models.DateTimeField()
    first_at = models.DateTimeField()
    placed_at = models.DateTimeField()
    placed_by = models.CharField(max_length=150)
    amount = models.DecimalField(max_digits=14, decimal_places=2, default=0)
    ended = models.CharField(max_length=10, choices=choices(StockHoldEnd), blank=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["order"], condition=Q(ended=""), name="one_stock_hold_per_draft"),
            models.CheckConstraint(
                condition=Q(ended="", ended_at__isnull=True) | (~Q(ended="") & Q(ended_at__isnull=False)),
                name="an_ended_stock_hold_says_when",
            ),
        ]
        indexes = [models.Index(fields=["account", "until"], condition=Q(ended=""), name="stock_holds_of_accounts")]

    def __str__(self) -> str:
        return f"goods held until {self.until:%d %b %Y %H:%M} UTC"


@keep_history
class StockHoldLimit(models.Model):
    """How much of our goods a customer's drafts may keep from others, and how long. Without an account: everybody's."""

    CALLED = ("limit of held goods", "limits of held goods")

    account = models.ForeignKey(
        "accounts.Account", null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False,
        help_text="Empty: for every customer without limits of its own.",
    )  # fmt: skip
    cart_minutes = models.PositiveIntegerField(default=30, help_text="The longest a buyer holds a cart.")
    quote_hours = models.PositiveIntegerField(default=72, help_text="The longest our people hold a quote.")
    most_amount = models.DecimalField(
        max_digits=14, decimal_places=2, default=50_000,
        help_text="Worth of all that the customer's drafts hold at once, in the company's currency.",
    )  # fmt: skip
    times_a_day = models.PositiveSmallIntegerField(default=6, help_text="How often buyers hold the same cart a day.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account"], nulls_distinct=False, name="one_stock_hold_limit_per_account"),
            models.CheckConstraint(condition=Q(most_amount__gte=0), name="held_goods_are_worth_something"),
        ]

    def __str__(self) -> str:
        return f"held goods of {self.account or 'everybody'}"
