from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Upper

from accounts.models.account import Account
from accounts.states import IDENTIFIER_NAMES, IdentifierKind
from core.history import keep_history
from core.ranges import DateRange


class AccountGroup(models.Model):
    """A buying group (GPO), a chain or a segment."""

    class Kind(models.TextChoices):
        BUYING_GROUP = "buying_group", "Buying group"
        CHAIN = "chain", "Chain"
        SEGMENT = "segment", "Segment"

    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=12, choices=Kind, default=Kind.BUYING_GROUP)

    def __str__(self) -> str:
        return self.name


@keep_history
class GroupMembership(models.Model):
    """Membership over [valid_from, valid_to), with the identifier that proves it (GLN, DEA, HIN, 340B)."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="memberships")
    group = models.ForeignKey(AccountGroup, on_delete=models.PROTECT, related_name="memberships")
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True)
    identifier_kind = models.CharField(max_length=10, blank=True, choices=list(IDENTIFIER_NAMES.items()))
    identifier = models.CharField(max_length=40, blank=True)

    class Meta:
        indexes = [models.Index(Upper("identifier"), "identifier_kind", name="memberships_by_identifier")]
        constraints = [
            models.CheckConstraint(
                condition=Q(identifier="", identifier_kind="") | (~Q(identifier="") & ~Q(identifier_kind="")),
                name="an_identifier_says_its_kind",
            ),
            models.CheckConstraint(
                condition=Q(identifier_kind__in=["", *(str(kind) for kind in IdentifierKind)]),
                name="an_identifier_kind_is_known",
            ),
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gt=F("valid_from")),
                name="a_membership_ends_after_it_starts",
            ),
            ExclusionConstraint(
                name="one_membership_per_group_at_a_time",
                expressions=[
                    ("account", RangeOperators.EQUAL),
                    ("group", RangeOperators.EQUAL),
                    (DateRange("valid_from", "valid_to"), RangeOperators.OVERLAPS),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account} in {self.group} from {self.valid_from}"
