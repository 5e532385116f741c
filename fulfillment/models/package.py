"""What stands on the dock: packages and pallets with their SSCC, and shipments that travel as one consignment."""

from django.db import models
from django.db.models import F, Q

from core.choices import choices
from core.triggers import append_only
from fulfillment.states import PackageKind


class Consignment(models.Model):
    """Shipments of one customer from one site to one address that leave together: one carrier, one tracking number."""

    number = models.CharField(max_length=30, unique=True)
    account = models.ForeignKey("accounts.Account", on_delete=models.PROTECT, related_name="+")
    site = models.ForeignKey("inventory.Site", on_delete=models.PROTECT, related_name="+", db_index=False)
    ship_to = models.ForeignKey("accounts.ShipTo", on_delete=models.PROTECT, related_name="+", db_index=False)
    made_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.number


class Package(models.Model):
    """A carton, or a pallet that cartons stand on. The SSCC is given once and never to another.

    A sealed package has its weight and takes nothing more; weight in kilograms, sides in centimetres.
    """

    shipment = models.ForeignKey("fulfillment.Shipment", on_delete=models.PROTECT, related_name="packages")
    sscc = models.CharField("SSCC", max_length=18, unique=True)
    kind = models.CharField(max_length=6, choices=choices(PackageKind), default=PackageKind.CARTON)
    pallet = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="cartons")
    weight_kg = models.DecimalField(max_digits=10, decimal_places=3, null=True)
    length_cm = models.DecimalField(max_digits=7, decimal_places=1, null=True)
    width_cm = models.DecimalField(max_digits=7, decimal_places=1, null=True)
    height_cm = models.DecimalField(max_digits=7, decimal_places=1, null=True)
    tracking_number = models.CharField(max_length=80, blank=True)
    opened_at = models.DateTimeField()
    sealed_at = models.DateTimeField(null=True)
    packed_by = models.CharField(max_length=120)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(sscc__regex=r"^\d{18}$"), name="an_sscc_has_18_digits"),
            models.CheckConstraint(
                condition=Q(pallet__isnull=True) | Q(kind="carton"), name="a_pallet_stands_on_no_pallet"
            ),
            models.CheckConstraint(
                condition=Q(sealed_at__isnull=True) | Q(weight_kg__gt=0), name="a_sealed_package_has_a_weight"
            ),
            models.CheckConstraint(
                condition=(Q(length_cm__isnull=True) | Q(length_cm__gt=0))
                & (Q(width_cm__isnull=True) | Q(width_cm__gt=0))
                & (Q(height_cm__isnull=True) | Q(height_cm__gt=0)),
                name="a_package_has_sides_or_none_are_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.sscc}"


class PackageLine(models.Model):
    """How much of a shipment line (so: of one lot, or one serial number) lies in the package, in base units."""

    package = models.ForeignKey(Package, on_delete=models.CASCADE, related_name="lines", db_index=False)
    shipment_line = models.ForeignKey("fulfillment.ShipmentLine", on_delete=models.PROTECT, related_name="packed")
    qty = models.DecimalField(max_digits=14, decimal_places=4)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(qty__gt=0), name="a_package_line_is_something"),
            models.UniqueConstraint(fields=["package", "shipment_line"], name="a_line_lies_in_a_package_once"),
        ]

    def __str__(self) -> str:
        return f"{self.qty} in {self.package}"


class Delivery(models.Model):
    """What happened at the door, as somebody reported it: proof of delivery, or a refusal. Never changed."""

    shipment = models.OneToOneField("fulfillment.Shipment", on_delete=models.PROTECT, related_name="delivery")
    is_refused = models.BooleanField(default=False)
    at = models.DateTimeField(help_text="When the goods were handed over, or not taken.")
    received_by = models.CharField(max_length=120, blank=True)
    note = models.CharField(max_length=300, blank=True)
    days_late = models.IntegerField(null=True, help_text="Behind the promised day; empty where none was promised.")
    image = models.CharField(max_length=200, blank=True, help_text="Where the picture lies under the media folder.")
    image_type = models.CharField(max_length=40, blank=True)
    reported_at = models.DateTimeField()
    reported_by = models.CharField(max_length=120)

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [
            models.CheckConstraint(condition=Q(is_refused=False) | ~Q(note=""), name="a_refused_delivery_says_why"),
            models.CheckConstraint(condition=Q(at__lte=F("reported_at")), name="a_delivery_is_reported_after_it_was"),
        ]
        triggers = append_only()

    def __str__(self) -> str:
        return f"{'Refusal' if self.is_refused else 'Delivery'} of {self.shipment}"


class DamageNote(models.Model):
    """Goods that arrived damaged: base units of a shipment line, and what is wrong with them. Never changed."""

    delivery = models.ForeignKey(Delivery, on_delete=models.PROTECT, related_name="damages")
    shipment_line = models.ForeignKey("fulfillment.ShipmentLine", on_delete=models.PROTECT, related_name="+")
    qty = models.DecimalField(max_digits=14, decimal_places=4)
    note = models.CharField(max_length=200)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(qty__gt=0), name="a_damage_is_of_something"),
            models.CheckConstraint(condition=~Q(note=""), name="a_damage_says_what_is_wrong"),
        ]
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.qty} damaged: {self.note}"
