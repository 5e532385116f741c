from django.db import models
from django.db.models import Q

from core.choices import choices, words
from core.triggers import append_only, written_by
from credit.models.account import CreditAccount
from credit.states import Bucket


class Posting(models.Model):
    """One movement of exposure: a signed amount into a bucket, for a document. Append-only; unique by key.

    `amount` is in the account's currency. A document in another is kept with its own amount and the rate that counts it,
    which is empty, and the amount 0, while there is none.
    """

    credit_account = models.ForeignKey(CreditAccount, on_delete=models.PROTECT, related_name="postings")
    doc_kind = models.CharField(max_length=40)
    doc_id = models.BigIntegerField()
    doc_number = models.CharField(max_length=60, blank=True)
    bucket = models.CharField(max_length=10, choices=choices(Bucket))
    amount = models.DecimalField(max_digits=14, decimal_places=2)
    currency = models.CharField(
        max_length=3, blank=True, default="", db_default="", help_text="Where not the account's."
    )
    document_amount = models.DecimalField(max_digits=14, decimal_places=2, null=True)
    rate = models.DecimalField(max_digits=20, decimal_places=10, null=True)
    rate_date = models.DateField(null=True)
    terms_code = models.CharField(
        max_length=60, blank=True, default="", db_default="", help_text="The document's own terms, where it has any."
    )
    due_date = models.DateField(null=True)
    ship_date = models.DateField(null=True)
    key = models.CharField(max_length=120)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["key"], name="a_posting_happens_once"),
            models.CheckConstraint(
                condition=~Q(bucket="open_order") | Q(ship_date__isnull=False),
                name="an_open_order_posting_has_a_ship_date",
            ),
            models.CheckConstraint(
                condition=Q(currency="", document_amount__isnull=True, rate__isnull=True, rate_date__isnull=True)
                | (~Q(currency="") & Q(document_amount__isnull=False, rate_date__isnull=False)),
                name="a_posting_in_another_currency_keeps_its_own_amount",
            ),
        ]
        indexes = [
            models.Index(
                fields=["credit_account", "doc_kind", "doc_id"],
                include=["amount", "due_date"],
                condition=Q(bucket="receivable"),
                name="receivables_by_document",
            ),
            models.Index(fields=["doc_kind", "doc_id"], name="postings_by_document"),
            models.Index(
                fields=["credit_account", "bucket"], condition=~Q(terms_code=""), name="postings_on_terms_of_their_own"
            ),
            models.Index(
                fields=["credit_account", "currency", "rate_date"],
                condition=~Q(currency=""),
                name="postings_by_rate",
            ),
        ]
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.bucket} {self.amount} for {self.doc_kind} {self.doc_number or self.doc_id}"

    @property
    def headline(self) -> str:
        """For the head of its own page."""
        return f"{words(self.bucket)} {self.amount:,}, {words(self.doc_kind).lower()} {self.doc_number or self.doc_id}"


class OpenOrderDay(models.Model):
    """Open orders of an account by ship date: summed at the decision, so that the horizon rolls without a posting."""

    credit_account = models.ForeignKey(CreditAccount, on_delete=models.PROTECT, related_name="open_order_days")
    ship_date = models.DateField()
    amount = models.DecimalField(max_digits=14, decimal_places=2, default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["credit_account", "ship_date"], name="one_open_order_total_per_day"),
            models.CheckConstraint(condition=Q(amount__gte=0), name="an_open_order_total_is_not_negative"),
        ]
        triggers = written_by("credit", room="credit", remedy="post")

    def __str__(self) -> str:
        return f"{self.ship_date}: {self.amount}"
