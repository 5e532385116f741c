"""How goods travel: what carriers offer, which of it is taken when, and whose numbers stand on the labels."""

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q

from core.choices import choices
from core.history import keep_history
from fulfillment.states import CarrierMode

DIGITS = RegexValidator(r"^\d+$", "Digits only.")
TRACKED = RegexValidator(
    r"^https://[^\s{}]+(\{number\}[^\s{}]*)?$", "An https:// address; {number} stands for the number."
)


@keep_history
class CarrierService(models.Model):
    """Something a carrier offers. The code is what files and people say ("UPS-GROUND")."""

    code = models.CharField(max_length=30, unique=True)
    carrier = models.CharField(max_length=40)
    name = models.CharField(max_length=80)
    mode = models.CharField(max_length=10, choices=choices(CarrierMode), default=CarrierMode.PARCEL)
    tracking_url = models.CharField(
        "tracking link", max_length=200, blank=True, validators=[TRACKED],
        help_text="Where a shipment is followed: {number} stands for the tracking number.",
    )  # fmt: skip
    is_active = models.BooleanField(default=True)

    def __str__(self) -> str:
        return self.code


def _in_order(what: str) -> Q:
    least, most = f"min_{what}", f"max_{what}"
    return Q((f"{most}__isnull", True)) | Q((f"{least}__isnull", True)) | Q((f"{most}__gte", F(least)))


@keep_history
class ShippingRule(models.Model):
    """When a service is taken. An empty field asks nothing; the lowest priority that fits wins, then the narrower rule."""

    priority = models.PositiveIntegerField(default=100, help_text="The lowest that fits is taken.")
    service = models.ForeignKey(CarrierService, on_delete=models.PROTECT, related_name="rules")
    account = models.ForeignKey("accounts.Account", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    site = models.ForeignKey("inventory.Site", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    country = models.CharField(max_length=2, blank=True)
    region = models.CharField(max_length=40, blank=True, help_text="State or province, as the address writes it.")
    min_weight_kg = models.DecimalField(max_digits=12, decimal_places=3, null=True, blank=True)
    max_weight_kg = models.DecimalField(max_digits=12, decimal_places=3, null=True, blank=True)
    min_cube_m3 = models.DecimalField("min cube m³", max_digits=12, decimal_places=4, null=True, blank=True)
    max_cube_m3 = models.DecimalField("max cube m³", max_digits=12, decimal_places=4, null=True, blank=True)
    min_pallets = models.PositiveIntegerField(null=True, blank=True)
    max_pallets = models.PositiveIntegerField(null=True, blank=True)
    min_days = models.IntegerField(
        "least days left", null=True, blank=True, help_text="Between the day of the choice and the promised delivery."
    )
    max_days = models.IntegerField("most days left", null=True, blank=True)
    is_active = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=_in_order("weight_kg") & _in_order("cube_m3") & _in_order("pallets") & _in_order("days"),
                name="a_shipping_rules_most_is_not_below_its_least",
            )
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.priority}: {self.service}"


@keep_history
class LabelNumbering(models.Model):
    """Whose GS1 company prefix and which extension digit the SSCCs of a site carry; without a site: of all others.

    Two rows with the same digits count on in one series, so that no number is given twice.
    """

    site = models.OneToOneField("inventory.Site", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    extension_digit = models.CharField(max_length=1, default="0", validators=[DIGITS])
    company_prefix = models.CharField("GS1 company prefix", max_length=12, validators=[DIGITS])

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["site"], nulls_distinct=False, name="one_label_numbering_per_site_and_one_for_all"
            ),
            models.CheckConstraint(
                condition=Q(company_prefix__regex=r"^\d{4,12}$", extension_digit__regex=r"^\d$"),
                name="an_sscc_is_made_of_digits",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.extension_digit} {self.company_prefix}"


@keep_history
class ShippingChoice(models.Model):
    """What a customer chose for what is sent to them. Without one every order travels by itself.

    How much of a line may stay unsent is the account's own short-close tolerance.
    """

    account = models.OneToOneField("accounts.Account", on_delete=models.PROTECT, related_name="+")
    is_consolidated = models.BooleanField(
        "one consignment for many orders", default=True, help_text="Orders of one site and address leave together."
    )

    def __str__(self) -> str:
        return f"Shipping choice of {self.account}"
