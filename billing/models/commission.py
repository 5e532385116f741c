from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Q

from billing.models.invoice import Invoice, InvoiceLine
from billing.states import STATEMENT, CommissionStep, LineState, StatementStatus
from core.choices import choices, words
from core.quantity import plain
from core.ranges import DateRange
from core.triggers import append_only, guard


class CommissionPlan(models.Model):
    """What reps are paid by. Its terms stand in versions, so that an old sale is explained by the terms of its day."""

    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=120)

    def __str__(self) -> str:
        return self.name


class PlanVersion(models.Model):
    """A plan's terms over [valid_from, valid_to), by the day of the invoice."""

    plan = models.ForeignKey(CommissionPlan, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True)
    note = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["plan", "number"], name="one_plan_version_per_number"),
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gt=F("valid_from")),
                name="a_plan_version_ends_after_it_starts",
            ),
            ExclusionConstraint(
                name="one_version_of_a_plan_per_day",
                expressions=[
                    ("plan", RangeOperators.EQUAL),
                    (DateRange("valid_from", "valid_to"), RangeOperators.OVERLAPS),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.plan} v{self.number}"


class CommissionRate(models.Model):
    """A percent of what is sold: of a product, a category, a customer tier, from a margin on. The most specific wins."""

    version = models.ForeignKey(PlanVersion, on_delete=models.PROTECT, related_name="rates")
    kind = models.CharField(max_length=10, choices=[("revenue", "Revenue"), ("overlay", "Overlay")], default="revenue")
    product = models.ForeignKey("catalog.Product", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    category = models.ForeignKey("catalog.Category", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    tier = models.ForeignKey("accounts.ServiceTier", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    min_margin_percent = models.DecimalField(max_digits=6, decimal_places=2, null=True, blank=True)
    percent = models.DecimalField(max_digits=7, decimal_places=4)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(percent__gte=0, percent__lte=100), name="a_rate_is_a_percent"),
            models.CheckConstraint(
                condition=Q(product__isnull=True) | Q(category__isnull=True), name="a_rate_names_product_or_category"
            ),
            models.UniqueConstraint(
                fields=["version", "kind", "product", "category", "tier", "min_margin_percent"],
                nulls_distinct=False,
                name="one_rate_per_case",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.version}: {plain(self.percent)} %"


class PlanMember(models.Model):
    """Which plan pays a rep over [valid_from, valid_to)."""

    rep = models.ForeignKey("accounts.Rep", on_delete=models.PROTECT, related_name="+")
    plan = models.ForeignKey(CommissionPlan, on_delete=models.PROTECT, related_name="members")
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gt=F("valid_from")), name="a_plan_member_ends_later"
            ),
            ExclusionConstraint(
                name="one_plan_per_rep_and_day",
                expressions=[
                    ("rep", RangeOperators.EQUAL),
                    (DateRange("valid_from", "valid_to"), RangeOperators.OVERLAPS),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rep} on {self.plan}"


class CommissionEntry(models.Model):
    """One movement of one rep's commission on one invoice line. Append-only: what is accrued, earned and paid are sums."""

    rep = models.ForeignKey("accounts.Rep", on_delete=models.PROTECT, related_name="+")
    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="+")
    invoice_line = models.ForeignKey(InvoiceLine, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=10)
    step = models.CharField(max_length=12, choices=choices(CommissionStep))
    accrued_delta = models.DecimalField(max_digits=14, decimal_places=2, default=0)
    earned_delta = models.DecimalField(max_digits=14, decimal_places=2, default=0)
    paid_delta = models.DecimalField(max_digits=14, decimal_places=2, default=0)
    base_amount = models.DecimalField(max_digits=14, decimal_places=2)
    rate_percent = models.DecimalField(max_digits=7, decimal_places=4)
    split_percent = models.DecimalField(max_digits=5, decimal_places=2)
    version = models.ForeignKey(PlanVersion, on_delete=models.PROTECT, related_name="+")
    why = models.CharField(max_length=300)
    key = models.CharField(max_length=120)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["key"], name="a_commission_moves_once")]
        indexes = [
            models.Index(fields=["invoice_line", "rep"], name="commissions_by_line"),
            models.Index(fields=["rep", "-id"], name="commissions_by_rep"),
        ]
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.step} of {self.rep_id}: {self.accrued_delta + self.earned_delta + self.paid_delta}"

    @property
    def headline(self) -> str:
        """For the head of its own page, which may ask other tables."""
        return f"{words(self.step)}, {self.invoice}"


class CommissionStatement(models.Model):
    """What a rep earned up to a day and was not stated before, line by line; paid as a whole."""

    number = models.CharField(max_length=30, unique=True)
    rep = models.ForeignKey("accounts.Rep", on_delete=models.PROTECT, related_name="+")
    currency = models.CharField(max_length=3)
    period_end = models.DateField()
    status = models.CharField(max_length=10, choices=choices(StatementStatus), default=StatementStatus.CLOSED)
    amount = models.DecimalField(max_digits=14, decimal_places=2)
    closed_at = models.DateTimeField()
    paid_at = models.DateTimeField(null=True)
    paid_by = models.CharField(max_length=150, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["rep", "currency", "period_end"], name="one_statement_per_rep_and_period"),
        ]
        indexes = [models.Index(fields=["status", "-id"], name="statements_by_status")]
        triggers = [guard(STATEMENT, "status")]

    def __str__(self) -> str:
        return self.number


class CommissionStatementLine(models.Model):
    """What one invoice line earned the rep since the statement before, and why."""

    statement = models.ForeignKey(CommissionStatement, on_delete=models.PROTECT, related_name="lines")
    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="+")
    invoice_line = models.ForeignKey(InvoiceLine, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=10)
    amount = models.DecimalField(max_digits=14, decimal_places=2)
    why = models.CharField(max_length=500)
    state = models.CharField(max_length=10, choices=choices(LineState), default=LineState.STATED)
    note = models.CharField(max_length=500, blank=True)
    answer = models.CharField(max_length=500, blank=True)
    was_disputed = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["statement", "invoice_line", "kind"], name="one_statement_line_per_invoice_line"
            ),
        ]
        indexes = [models.Index(fields=["invoice_line"], name="statement_lines_by_line")]

    def __str__(self) -> str:
        return f"{self.statement}: {self.amount}"
