from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Upper

from catalog.models.product import Category, Product
from catalog.states import Effect
from core.choices import choices
from core.history import keep_history


@keep_history
class AuthorizationRule(models.Model):
    """Who may or may not buy what, over [valid_from, valid_to). Empty fields mean "any"; the most specific rule wins."""

    name = models.CharField(max_length=120)
    effect = models.CharField(max_length=5, choices=choices(Effect))
    account = models.ForeignKey("accounts.Account", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    group = models.ForeignKey(
        "accounts.AccountGroup", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    tier = models.ForeignKey("accounts.ServiceTier", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    territory = models.ForeignKey(
        "accounts.Territory", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    product = models.ForeignKey(Product, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    category = models.ForeignKey(Category, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    regulated_class = models.CharField(max_length=40, blank=True)
    license_kind = models.CharField(max_length=40, blank=True, help_text="An allow rule may ask for a licence.")
    valid_from = models.DateField(null=True, blank=True)
    valid_to = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_from__isnull=True) | Q(valid_to__isnull=True) | Q(valid_to__gt=F("valid_from")),
                name="an_authorization_ends_after_it_starts",
            )
        ]

    def __str__(self) -> str:
        return self.name


@keep_history
class License(models.Model):
    """A permission the account holds over [valid_from, valid_to): kind, number, evidence."""

    account = models.ForeignKey("accounts.Account", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=40)
    number = models.CharField(max_length=80)
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True, help_text="The first day it is no longer valid.")
    evidence = models.FileField(upload_to="licences/", blank=True, editable=False)  # services/attach_evidence.py
    evidence_name = models.CharField(max_length=120, blank=True, editable=False)  # as its sender called it
    evidence_type = models.CharField(max_length=40, blank=True, editable=False)
    evidence_sha256 = models.CharField(max_length=64, blank=True, editable=False)
    revoked_date = models.DateField(null=True, blank=True, editable=False)  # the first day it counts for nothing
    revoked_reason = models.CharField(max_length=200, blank=True, editable=False)

    class Meta:
        verbose_name = "licence"
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gt=F("valid_from")),
                name="a_licence_ends_after_it_starts",
            ),
            models.UniqueConstraint(
                "account", Upper("kind"), Upper("number"), "valid_from", name="one_licence_per_number_and_start"
            ),
        ]
        indexes = [models.Index(fields=["account", "kind"], name="licences_by_account")]

    def __str__(self) -> str:
        return f"{self.kind} {self.number}"
