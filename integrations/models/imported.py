from django.db import models
from django.db.models import F, Q

from core.choices import choices
from integrations.states import ImportedKind


class ImportedLine(models.Model):
    """A row of an order file that was taken: so that the same row is known again, and what a sale has left to reverse.

    Identity: account, invoice and `ref` (what the row says and how often it was said). Quantities are in base units.
    """

    account = models.ForeignKey("accounts.Account", on_delete=models.PROTECT, related_name="+")
    product = models.ForeignKey("catalog.Product", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=8, choices=choices(ImportedKind))
    invoice = models.CharField(max_length=60)
    ref = models.CharField(max_length=80)
    order = models.ForeignKey("orders.Order", null=True, on_delete=models.PROTECT, related_name="+")
    happened_at = models.DateTimeField(null=True)
    qty = models.DecimalField(max_digits=14, decimal_places=4)
    reversed_qty = models.DecimalField(max_digits=14, decimal_places=4, default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "invoice", "ref"], name="one_imported_line_per_identity"),
            models.CheckConstraint(
                condition=Q(reversed_qty__gte=0, reversed_qty__lte=F("qty")), name="no_more_reversed_than_imported"
            ),
        ]
        indexes = [
            models.Index(fields=["account", "product"], condition=Q(kind="sale"), name="imported_sales_by_account")
        ]

    def __str__(self) -> str:
        return f"{self.invoice} {self.ref}"
