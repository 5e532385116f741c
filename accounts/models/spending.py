from django.db import models

from accounts.models.people import Buyer
from core.triggers import append_only


class SpendingEntry(models.Model):
    """What a document counts towards its buyer's period limit. Append-only: a document's entries sum to what counts,
    and all of them carry the day it was first counted on (the company's day), so that a change stays in its period.

    It counts for who ordered, and beside that for whoever of the company approved it (`is_approver`)."""

    CALLED = ("spending entry", "spending entries")

    buyer = models.ForeignKey(Buyer, on_delete=models.PROTECT, related_name="spending")
    document_kind = models.CharField(max_length=40)
    document_id = models.BigIntegerField()
    document_number = models.CharField(max_length=60, blank=True)
    amount = models.DecimalField(max_digits=14, decimal_places=2)
    currency = models.CharField(max_length=3)
    spent_date = models.DateField()
    is_approver = models.BooleanField(default=False, db_default=False, help_text="Approved it, did not order it.")
    at = models.DateTimeField()
    actor_label = models.CharField(max_length=150)

    class Meta:
        verbose_name_plural = "spending"
        constraints = [
            models.CheckConstraint(condition=~models.Q(amount=0), name="a_spending_entry_changes_something"),
        ]
        indexes = [
            models.Index(fields=["buyer", "spent_date"], name="spending_by_buyer_and_day"),
            models.Index(fields=["document_kind", "document_id"], name="spending_by_document"),
        ]
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.amount} {self.currency} for {self.document_kind} {self.document_number or self.document_id}"
