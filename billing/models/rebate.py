from django.db import models
from django.db.models import Q

from billing.models.credit_memo import CreditMemo
from billing.models.invoice import InvoiceLine
from billing.states import CLAIM, ClaimStatus
from core.choices import choices
from core.triggers import append_only, guard


class RebateEntry(models.Model):
    """One movement of what is owed as rebate for an invoice line: accrued, taken back with a credit, paid (negative)."""

    program = models.ForeignKey("pricing.RebateProgram", on_delete=models.PROTECT, related_name="+")
    account = models.ForeignKey("accounts.Account", on_delete=models.PROTECT, related_name="+")
    invoice_line = models.ForeignKey(InvoiceLine, on_delete=models.PROTECT, related_name="+")
    amount = models.DecimalField(max_digits=14, decimal_places=2)
    credit_memo = models.ForeignKey(CreditMemo, null=True, on_delete=models.PROTECT, related_name="+")
    why = models.CharField(max_length=300)
    key = models.CharField(max_length=120)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["key"], name="a_rebate_moves_once")]
        indexes = [
            models.Index(fields=["program", "account"], name="rebates_by_account"),
            models.Index(fields=["invoice_line"], name="rebates_by_line"),
        ]
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.amount} of {self.program}"


class ChargebackClaim(models.Model):
    """A distributor sold to a group's member at the contract's price and asks for the difference to its cost."""

    number = models.CharField(max_length=30, unique=True)
    account = models.ForeignKey("accounts.Account", on_delete=models.PROTECT, related_name="+")
    member = models.ForeignKey("accounts.Account", null=True, on_delete=models.PROTECT, related_name="+")
    member_text = models.CharField("member as stated", max_length=80)
    contract_code = models.CharField(max_length=40)
    product = models.ForeignKey("catalog.Product", null=True, on_delete=models.PROTECT, related_name="+")
    sku_text = models.CharField("item as stated", max_length=80)
    reference = models.CharField(max_length=80)
    sale_date = models.DateField()
    qty = models.DecimalField(max_digits=14, decimal_places=4)
    cost_price = models.DecimalField(max_digits=18, decimal_places=6)
    contract_price = models.DecimalField(max_digits=18, decimal_places=6)
    currency = models.CharField(max_length=3)
    amount = models.DecimalField(max_digits=14, decimal_places=2)
    status = models.CharField(max_length=10, choices=choices(ClaimStatus))
    denials = models.JSONField(default=list)
    credit_memo = models.ForeignKey(CreditMemo, null=True, on_delete=models.PROTECT, related_name="+")
    received_at = models.DateTimeField()
    received_by = models.CharField(max_length=150)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(qty__gt=0), name="a_claim_claims_something"),
            models.UniqueConstraint(
                fields=["account", "reference", "product", "member"],
                condition=Q(status="approved"),
                nulls_distinct=False,
                name="one_approved_claim_per_sale",
            ),
        ]
        indexes = [models.Index(fields=["status", "-id"], name="claims_by_status")]
        triggers = [guard(CLAIM, "status")]

    def __str__(self) -> str:
        return self.number
