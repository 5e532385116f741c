from django.db import models
from django.db.models.functions import Upper

from core.choices import choices
from core.triggers import guard
from integrations.states import PARTNER, PartnerStatus, Strictness


class PartnerProfile(models.Model):
    """Who sends us EDI under which ids, for which account, and how strictly he is read.

    `unit_map` turns his unit codes into ours ({"CA": "CASE"}). An unknown sender gets an unconfirmed profile with a
    prospect account; until somebody confirms it his orders stay drafts.
    """

    code = models.CharField(max_length=40)
    name = models.CharField(max_length=200)
    account = models.ForeignKey("accounts.Account", on_delete=models.PROTECT, related_name="+")
    status = models.CharField(max_length=12, choices=choices(PartnerStatus), default=PartnerStatus.UNCONFIRMED)
    isa_qualifier = models.CharField("ISA qualifier", max_length=4, blank=True)
    isa_id = models.CharField("ISA id", max_length=60)
    gs_id = models.CharField("GS id", max_length=60, blank=True)
    our_isa_qualifier = models.CharField("our ISA qualifier", max_length=4, blank=True)
    our_isa_id = models.CharField("our ISA id", max_length=60, blank=True)
    wrong_counts = models.CharField(max_length=6, choices=choices(Strictness), default=Strictness.ACCEPT)
    unit_map = models.JSONField(default=dict, blank=True)
    auto_submit = models.BooleanField(default=False, help_text="Submit complete orders without a person looking.")
    default_ship_to = models.ForeignKey(
        "accounts.ShipTo", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = "trading partner"
        constraints = [
            models.UniqueConstraint(Upper("code"), name="one_partner_per_code"),
            models.UniqueConstraint(fields=["isa_qualifier", "isa_id"], name="one_partner_per_interchange_id"),
        ]
        triggers = [guard(PARTNER, "status")]

    def __str__(self) -> str:
        return self.code
