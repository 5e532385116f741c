from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q

from core.history import keep_history
from inventory.models.balance import Site, StockBalance


@keep_history
class VendorOffer(models.Model):
    """What a vendor sells us to order and ships to the customer itself (drop ship).

    A site of kind vendor holds no stock of ours: its balance says how many the vendor can be asked for at once. Orders
    claim from it like from any other, so that gates, promises and invariants are those of stock; what the vendor ships
    comes off nothing of ours and the vendor can be asked for as many again. `unit_cost` is what we pay for a base unit.
    """

    site = models.ForeignKey(
        Site, on_delete=models.PROTECT, related_name="vendor_offers", verbose_name="vendor",
        limit_choices_to={"kind": "vendor"}, help_text="A site of kind vendor. Its days to pick and pack are the lead time.",
    )  # fmt: skip
    product = models.ForeignKey("catalog.Product", on_delete=models.PROTECT, related_name="+")
    vendor_sku = models.CharField("vendor's number", max_length=60, blank=True)
    unit_cost = models.DecimalField(
        "cost", max_digits=18, decimal_places=6, validators=[MinValueValidator(0)],
        help_text="What a base unit costs us. Buyers and reps never see it.",
    )  # fmt: skip
    currency = models.CharField(max_length=3, default="USD")
    most_qty = models.DecimalField(
        "at most", max_digits=14, decimal_places=4, validators=[MinValueValidator(0)],
        help_text="Base units that may be on order with the vendor at once.",
    )  # fmt: skip
    is_active = models.BooleanField(default=True)
    # The vendor confirmed less than it was asked for: it has no more until the offer is saved again.
    out_since = models.DateTimeField("out since", null=True, editable=False)
    balance = models.OneToOneField(
        StockBalance, null=True, on_delete=models.PROTECT, related_name="vendor_offer", editable=False
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["site", "product"], name="one_offer_per_vendor_and_product"),
            models.CheckConstraint(
                condition=Q(unit_cost__gte=0, most_qty__gte=0), name="a_vendor_s_offer_is_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.product} from {self.site}"
