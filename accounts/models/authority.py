from django.db import models
from django.db.models import F, Q

from accounts.states import Role
from core.choices import choices


class AuthorityLimit(models.Model):
    """How much a role may approve of a kind. A kind with a row here is ruled by its rows alone; others by the limits a
    new installation starts with (accounts.rules.authority). An empty number is no limit, an empty kind every other kind.

    `day_amount` is what one person may approve of the kind in a day (UTC) by this role.
    """

    kind = models.CharField(max_length=40, blank=True, help_text="price, credit, allocation …; empty: every other kind")
    role = models.CharField(max_length=20, choices=choices(Role))
    max_amount = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    max_margin_points = models.DecimalField(
        max_digits=6, decimal_places=2, null=True, blank=True, help_text="points of margin given up; empty: any"
    )
    day_amount = models.DecimalField("amount per day", max_digits=14, decimal_places=2, null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "role"],
                name="one_authority_limit_per_kind_and_role",
                violation_error_message="This role has a limit for this kind already: change that one.",
            ),
            models.CheckConstraint(
                condition=(Q(max_amount__isnull=True) | Q(max_amount__gte=0))
                & (Q(max_margin_points__isnull=True) | Q(max_margin_points__gte=0))
                & (Q(day_amount__isnull=True) | Q(day_amount__gte=0)),
                name="an_authority_limit_is_not_negative",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind or 'every other kind'} by {self.get_role_display()}"


class AuthorityUse(models.Model):
    """What somebody approved of a kind on a day, as a number to hold against the day's limit. Locked at rank 12."""

    user = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=40)
    day = models.DateField()
    used_amount = models.DecimalField(max_digits=16, decimal_places=2, default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "kind", "day"], name="one_authority_use_per_person_kind_and_day"),
            models.CheckConstraint(condition=Q(used_amount__gte=0), name="used_authority_is_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.used_amount} of {self.kind} on {self.day}"


NOT_ABSENT_REQUESTER = Q(decided_for__isnull=True) | Q(requested_by__isnull=True) | ~Q(decided_for=F("requested_by"))
