from django.db import models
from django.db.models import F, Q

from billing.models.invoice import Invoice, InvoiceLine
from billing.states import CreditKind
from core.choices import choices


class CreditMemo(models.Model):
    """What is owed back: applied to invoices, the rest stays on account. Numbers have no gaps; made once per key."""

    number = models.CharField(max_length=30, unique=True)
    account = models.ForeignKey("accounts.Account", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=12, choices=choices(CreditKind))
    currency = models.CharField(max_length=3)
    lines_amount = models.DecimalField(max_digits=14, decimal_places=2)
    tax_amount = models.DecimalField(max_digits=14, decimal_places=2, default=0, db_default=0)
    freight_amount = models.DecimalField(max_digits=14, decimal_places=2, default=0, db_default=0)
    fee_amount = models.DecimalField(max_digits=14, decimal_places=2, default=0)
    total_amount = models.DecimalField(max_digits=14, decimal_places=2)
    applied_amount = models.DecimalField(max_digits=14, decimal_places=2, default=0)
    reason = models.CharField(max_length=200)
    source_kind = models.CharField(max_length=40, blank=True)
    source_id = models.BigIntegerField(null=True)
    source_number = models.CharField(max_length=60, blank=True)
    key = models.CharField(max_length=120)
    issued_date = models.DateField()
    posted_at = models.DateTimeField()
    posted_by = models.CharField(max_length=150, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["key"], name="a_credit_memo_happens_once"),
            models.CheckConstraint(
                condition=Q(
                    total_amount=F("lines_amount") + F("tax_amount") + F("freight_amount") - F("fee_amount"),
                    fee_amount__gte=0,
                    total_amount__gt=0,
                ),
                name="a_credit_memo_is_its_lines_and_charges_less_the_fee",
            ),
            models.CheckConstraint(
                condition=Q(applied_amount__gte=0, applied_amount__lte=F("total_amount")),
                name="never_apply_more_than_credited",
            ),
        ]
        indexes = [
            models.Index(fields=["account", "-id"], name="credit_memos_by_account"),
            models.Index(fields=["issued_date"], name="credit_memos_by_day"),
        ]

    def __str__(self) -> str:
        return self.number


class Repricing(models.Model):
    """An approved repricing that was issued: once per approval. `rebills` are invoices of their own, by order."""

    approval_id = models.BigIntegerField(unique=True)
    account = models.ForeignKey("accounts.Account", on_delete=models.PROTECT, related_name="+")
    currency = models.CharField(max_length=3)
    credit_amount = models.DecimalField(max_digits=14, decimal_places=2)
    rebill_amount = models.DecimalField(max_digits=14, decimal_places=2)
    credit_memo = models.ForeignKey(CreditMemo, null=True, on_delete=models.PROTECT, related_name="+")
    rebills = models.ManyToManyField(Invoice, related_name="+")
    issued_at = models.DateTimeField()
    issued_by = models.CharField(max_length=150)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(credit_amount__gte=0, rebill_amount__gte=0), name="a_repricing_credits_and_rebills"
            ),
        ]

    def __str__(self) -> str:
        return f"repricing {self.approval_id}"


class CreditMemoLine(models.Model):
    """A quantity of an invoice line given back at its price, or (no quantity) a sum off its price. Without an invoice
    line: a sum of its own, in words."""

    credit_memo = models.ForeignKey(CreditMemo, on_delete=models.PROTECT, related_name="lines")
    invoice_line = models.ForeignKey(InvoiceLine, null=True, on_delete=models.PROTECT, related_name="credits")
    qty = models.DecimalField(max_digits=14, decimal_places=4, default=0)
    amount = models.DecimalField(max_digits=14, decimal_places=2)
    tax_amount = models.DecimalField(max_digits=14, decimal_places=2, default=0, db_default=0)
    freight_amount = models.DecimalField(max_digits=14, decimal_places=2, default=0, db_default=0)
    words = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(qty__gte=0, amount__gte=0), name="a_credit_line_is_not_negative"),
            models.CheckConstraint(
                condition=Q(tax_amount__gte=0, freight_amount__gte=0), name="a_credit_line_gives_charges_back"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.credit_memo}: {self.amount}"


class CreditMemoApplication(models.Model):
    credit_memo = models.ForeignKey(CreditMemo, on_delete=models.PROTECT, related_name="applications")
    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="credit_applications")
    amount = models.DecimalField(max_digits=14, decimal_places=2)
    applied_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="a_credit_application_applies_something"),
        ]

    def __str__(self) -> str:
        return f"{self.amount} of {self.credit_memo} to {self.invoice}"
