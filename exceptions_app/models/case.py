from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import Q
from django.db.models.functions import Upper

from core.choices import choices
from core.triggers import append_only, guard
from exceptions_app.models.policy import SlaPolicy
from exceptions_app.models.queue import Queue
from exceptions_app.states import CASE, LIVE, CaseStatus, Clock, NoticeKind, Severity


class Case(models.Model):
    """Something went wrong with a subject, for one cause: an owner, a clock, and what was known.

    `money_at_risk` is in `currency`; `paused_seconds` is open time of the queue's calendar; `breached_at` is when the
    first clock ran out, not when somebody noticed; `breach_at` is when the next one runs out, nothing while no clock
    runs; `severity_why` says what the rule of the kind, or the policy, made of what is known; people raised it by
    `raised_by_hand` steps more; `respond_minutes` and `resolve_minutes` are what the clocks were started with;
    `escalation` is the highest step that fired, in percent; `money_effect` is what the resolution that was applied
    gained (> 0) or gave away; `version` counts changes (the stream's seq).
    """

    number = models.CharField(max_length=30, unique=True)
    kind = models.CharField(max_length=40)
    subject_kind = models.CharField(max_length=40)
    subject_id = models.BigIntegerField()
    subject_number = models.CharField(max_length=60, blank=True)
    cause_key = models.CharField(max_length=120, blank=True)
    account = models.ForeignKey("accounts.Account", null=True, on_delete=models.PROTECT, related_name="+")
    money_at_risk = models.DecimalField(max_digits=14, decimal_places=2, default=0)
    currency = models.CharField(max_length=3, blank=True)
    severity = models.CharField(max_length=10, choices=choices(Severity))
    severity_why = models.CharField(max_length=300, blank=True, default="", db_default="")
    raised_by_hand = models.PositiveSmallIntegerField(default=0, db_default=0)
    queue = models.ForeignKey(Queue, on_delete=models.PROTECT, related_name="cases")
    assignee = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    status = models.CharField(max_length=15, choices=choices(CaseStatus), default=CaseStatus.OPEN)
    summary = models.CharField(max_length=300, blank=True)
    evidence = models.JSONField(default=dict)
    opened_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    times_seen = models.PositiveIntegerField(default=1)
    respond_by = models.DateTimeField()
    resolve_by = models.DateTimeField()
    responded_at = models.DateTimeField(null=True)
    resolved_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    waiting_since = models.DateTimeField(null=True)
    waiting_for = models.CharField(max_length=200, blank=True)
    snoozed_until = models.DateTimeField(null=True)
    paused_seconds = models.BigIntegerField(default=0)
    breached_at = models.DateTimeField(null=True)
    breach_at = models.DateTimeField(null=True)
    clock_cancelled_at = models.DateTimeField(null=True)
    sla_policy = models.ForeignKey(SlaPolicy, null=True, on_delete=models.SET_NULL, related_name="+")
    respond_minutes = models.PositiveIntegerField(default=0, db_default=0)
    resolve_minutes = models.PositiveIntegerField(default=0, db_default=0)
    escalation = models.PositiveSmallIntegerField(default=0, db_default=0)
    reopened_times = models.PositiveSmallIntegerField(default=0, db_default=0)
    money_effect = models.DecimalField(max_digits=14, decimal_places=2, null=True)
    resolution_code = models.CharField(max_length=40, blank=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "subject_kind", "subject_id", "cause_key"],
                condition=Q(status__in=[s.value for s in LIVE]),
                name="one_open_case_per_kind_subject_and_cause",
            ),
            models.CheckConstraint(
                condition=Q(status="waiting", waiting_since__isnull=False)
                | (~Q(status="waiting") & Q(waiting_since__isnull=True)),
                name="a_case_waits_since_some_moment_or_not_at_all",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["resolved", "auto_resolved", "closed"], resolved_at__isnull=False)
                | (~Q(status__in=["resolved", "auto_resolved", "closed"]) & Q(resolved_at__isnull=True)),
                name="a_resolved_case_says_when",
            ),
        ]
        indexes = [
            models.Index(
                fields=["queue", "resolve_by"],
                condition=Q(status__in=[s.value for s in LIVE]),
                name="live_cases_by_due_time",
            ),
            models.Index(fields=["subject_kind", "subject_id"], name="cases_by_subject"),
            models.Index(fields=["breached_at"], condition=Q(breached_at__isnull=False), name="cases_by_breach"),
            models.Index(fields=["account", "-id"], name="cases_by_account"),
            models.Index(fields=["resolve_by", "id"], name="cases_by_due_time"),
            models.Index(fields=["breach_at"], condition=Q(breach_at__isnull=False), name="cases_by_next_breach"),
            models.Index(
                fields=["assignee", "breach_at"],
                condition=Q(status__in=[s.value for s in LIVE]),
                name="live_cases_by_person",
            ),
            models.Index(fields=["opened_at"], name="cases_by_opening"),
            GinIndex(
                OpClass(Upper("number"), "gin_trgm_ops"),
                OpClass(Upper("subject_number"), "gin_trgm_ops"),
                name="cases_like_number",
            ),
        ]
        triggers = [guard(CASE, "status")]

    def __str__(self) -> str:
        return self.number


class SlaStep(models.Model):
    """A moment of a case's clock. Fired once; `is_running` is false while the clock is stopped. A clock that was reset
    starts another round. `told` is who was told when it fired."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="steps")
    clock = models.CharField(max_length=8, choices=choices(Clock))
    round = models.PositiveSmallIntegerField(default=1)
    threshold = models.PositiveSmallIntegerField()
    due_at = models.DateTimeField()
    is_running = models.BooleanField(default=True)
    fired_at = models.DateTimeField(null=True)
    late = models.BooleanField(default=False)
    told = models.ForeignKey("accounts.User", null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["case", "clock", "round", "threshold"], name="one_step_per_case_clock_round_and_threshold"
            ),
            models.CheckConstraint(condition=Q(threshold__in=[50, 75, 100]), name="a_step_is_at_50_75_or_100_percent"),
        ]
        indexes = [
            models.Index(
                fields=["due_at"], condition=Q(fired_at__isnull=True, is_running=True), name="steps_due_and_not_fired"
            )
        ]

    def __str__(self) -> str:
        return f"{self.clock} {self.threshold} %"


class Notice(models.Model):
    """Somebody is told something about a case: on their page at once, by mail soon after. Steps that fired together
    for the same person are one notice."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="notices")
    user = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=10, choices=choices(NoticeKind))
    text = models.CharField(max_length=300)
    at = models.DateTimeField()
    is_late = models.BooleanField(default=False)
    mailed_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["user", "-id"], name="notices_by_person")]

    def __str__(self) -> str:
        return self.text


class CaseEvent(models.Model):
    """What was done about a case, by whom. Append-only."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="events")
    verb = models.CharField(max_length=30)
    at = models.DateTimeField()
    actor_id = models.BigIntegerField(null=True)
    actor_label = models.CharField(max_length=150)
    note = models.TextField(blank=True)
    data = models.JSONField(default=dict)

    class Meta:
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.verb} by {self.actor_label}"
