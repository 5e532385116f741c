"""What the company decided about cases, as data: how fast (SLA policies) and by whom (routing rules)."""

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q

from core.choices import choices
from core.history import keep_history
from exceptions_app import kinds
from exceptions_app.models.queue import Queue
from exceptions_app.severity import LITTLE, MUCH
from exceptions_app.states import Severity


class _Scope(models.Model):
    """Which cases a row is about: whatever it leaves empty fits every case. `min_amount` is compared with the money
    at risk when that is in `currency`."""

    kind = models.CharField(max_length=40, blank=True, help_text="The kind's code; empty: every kind.")
    account = models.ForeignKey("accounts.Account", null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    tier = models.ForeignKey("accounts.ServiceTier", null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    min_amount = models.DecimalField("money at risk from", max_digits=14, decimal_places=2, null=True, blank=True)
    currency = models.CharField(max_length=3, blank=True)
    is_active = models.BooleanField(default=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        parts = [
            kinds.label(self.kind) if self.kind else "Every case",
            str(self.account) if self.account_id else "",
            f"tier {self.tier}" if self.tier_id else "",
            f"from {self.min_amount:,} {self.currency}" if self.min_amount is not None else "",
        ]
        return ", ".join(part for part in parts if part)

    def clean(self) -> None:
        wrong = {}
        if self.kind and self.kind not in {spec.code for spec in kinds.kinds()}:
            wrong["kind"] = "No kind of case has this code."
        if (self.min_amount is None) != (not self.currency):
            wrong["currency"] = "An amount and its currency go together."
        if wrong:
            raise ValidationError(wrong)


@keep_history
class SlaPolicy(_Scope):
    """How fast cases are answered and resolved, in business minutes of the owner's calendar, and how grave money makes them,
    in the company's currency; it stands before what the kind itself declares, and what it leaves empty stays as declared.
    Of several that fit, the most particular holds: account, then tier, then amount, then kind."""

    respond_minutes = models.PositiveIntegerField(null=True, blank=True, help_text="Empty: as the kind declares.")
    resolve_minutes = models.PositiveIntegerField(null=True, blank=True, help_text="Empty: as the kind declares.")
    severity = models.CharField(max_length=10, choices=choices(Severity), blank=True)
    graver_from = models.DecimalField(
        "a step graver from", max_digits=14, decimal_places=2, null=True, blank=True,
        help_text="Money at risk, in the company's currency. Empty: 25,000.",
    )  # fmt: skip
    milder_below = models.DecimalField(
        "a step milder below", max_digits=14, decimal_places=2, null=True, blank=True,
        help_text="Money at risk, in the company's currency. Empty: 250. 0: never milder.",
    )  # fmt: skip

    class Meta:
        verbose_name = "SLA policy"
        verbose_name_plural = "SLA policies"
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    respond_minutes__gt=0, resolve_minutes__gte=F("respond_minutes"), resolve_minutes__isnull=False
                )
                | Q(respond_minutes__isnull=True, resolve_minutes__isnull=True),
                name="a_policy_answers_before_it_resolves",
            ),
            models.CheckConstraint(
                condition=Q(graver_from__isnull=True) | Q(graver_from__gt=0),
                name="a_policy_is_graver_from_something_on",
            ),
            models.CheckConstraint(
                condition=Q(milder_below__isnull=True) | Q(milder_below__gte=0),
                name="a_policy_is_milder_below_nothing_or_more",
            ),
        ]

    def clean(self) -> None:
        super().clean()
        wrong = {}
        if (self.respond_minutes is None) != (self.resolve_minutes is None):
            wrong["resolve_minutes"] = "Give both times, or leave both as the kind declares."
        much = MUCH if self.graver_from is None else self.graver_from
        if much < (LITTLE if self.milder_below is None else self.milder_below):
            wrong["milder_below"] = "What is little is less than what is much."
        if wrong:
            raise ValidationError(wrong)


@keep_history
class RoutingRule(_Scope):
    """Who owns a case: a team, a person, or whoever of the team is there and has the fewest live cases (`spreads`).
    The most particular rule that fits holds: account, then territory, tier, amount, kind."""

    territory = models.ForeignKey(
        "accounts.Territory", null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    queue = models.ForeignKey(Queue, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    person = models.ForeignKey("accounts.User", null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    spreads = models.BooleanField("share out by workload", default=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(queue__isnull=False) | Q(person__isnull=False) | Q(spreads=True),
                name="a_routing_rule_says_who",
            )
        ]

    def __str__(self) -> str:
        where = f", territory {self.territory}" if self.territory_id else ""
        return f"{super().__str__()}{where}"
