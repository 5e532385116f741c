from django.db import models
from django.db.models import Q

from core.choices import choices
from core.history import keep_history
from orders.states import PurchaseRuleKind


@keep_history
class PurchaseRule(models.Model):
    """When a customer's own people need a colleague's yes: above an amount, for an address never shipped to, for goods
    of a class."""

    account = models.ForeignKey("accounts.Account", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=14, choices=choices(PurchaseRuleKind))
    amount = models.DecimalField(
        max_digits=14, decimal_places=2, null=True, blank=True, help_text="Orders above it wait; in their currency."
    )
    product_class = models.CharField(max_length=40, blank=True, help_text="The regulated class of the goods.")
    is_active = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(kind="amount") | Q(amount__gte=0, amount__isnull=False),
                name="an_amount_rule_has_an_amount",
            ),
            models.CheckConstraint(
                condition=~Q(kind="product_class") | ~Q(product_class=""), name="a_class_rule_has_a_class"
            ),
            models.UniqueConstraint(
                fields=["account", "kind", "product_class"],
                condition=Q(is_active=True),
                name="one_purchase_rule_per_kind_and_class",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} rule of {self.account}"
