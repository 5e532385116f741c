from django.db import models
from django.db.models import Q

from core.triggers import append_only
from inventory.models.demand import AllocationRun, Demand


class AllocationPolicy(models.Model):
    """How allocation runs decide (inventory.rules.policy). `definition` is the version in force, as plain values."""

    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    version = models.PositiveIntegerField(default=1)
    definition = models.JSONField(default=dict)
    is_default = models.BooleanField(default=False)

    class Meta:
        verbose_name_plural = "allocation policies"
        constraints = [
            models.UniqueConstraint(
                fields=["is_default"], condition=Q(is_default=True), name="one_default_allocation_policy"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class AllocationPolicyVersion(models.Model):
    """What a policy said from `at` on, and who changed it. Append-only."""

    policy = models.ForeignKey(AllocationPolicy, on_delete=models.PROTECT, related_name="versions")
    version = models.PositiveIntegerField()
    definition = models.JSONField(default=dict)
    at = models.DateTimeField()
    actor_label = models.CharField(max_length=150)
    note = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["policy", "version"], name="one_row_per_policy_and_version"),
        ]
        triggers = append_only()

    def __str__(self) -> str:
        return f"version {self.version}"


class ServiceShortfall(models.Model):
    """A customer who was served worse than their contract promises: by how many percentage points, of what is furthest
    behind, and both figures in words. Written from the measured orders; who is on target has no row."""

    account = models.OneToOneField("accounts.Account", on_delete=models.CASCADE, related_name="+")
    points = models.DecimalField(max_digits=5, decimal_places=2)
    words = models.CharField(max_length=120)
    measured_on = models.DateField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(points__gt=0, points__lte=100), name="a_shortfall_is_of_1_to_100_points"
            ),
        ]

    def __str__(self) -> str:
        return self.words


class AllocationPolicyUse(models.Model):
    """Which policy a product, or every product of a category and below, is allocated by; else the default."""

    policy = models.ForeignKey(AllocationPolicy, on_delete=models.PROTECT, related_name="uses")
    product = models.OneToOneField("catalog.Product", null=True, on_delete=models.PROTECT, related_name="+")
    category = models.OneToOneField("catalog.Category", null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(product__isnull=True) ^ Q(category__isnull=True),
                name="a_policy_is_used_for_a_product_or_a_category",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.policy_id} for {self.product_id or self.category_id}"


class AllocationChange(models.Model):
    """What a run changed for a demand, by policy or by rank: firm quantity and last promised day before and after."""

    run = models.ForeignKey(AllocationRun, on_delete=models.PROTECT, related_name="changes")
    demand = models.ForeignKey(Demand, on_delete=models.PROTECT, related_name="+")
    before_qty = models.DecimalField(max_digits=14, decimal_places=4)
    after_qty = models.DecimalField(max_digits=14, decimal_places=4)
    was_date = models.DateField(null=True)
    now_date = models.DateField(null=True)
    margin_effect = models.DecimalField(max_digits=16, decimal_places=2, null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "demand"], name="one_change_per_run_and_demand")]

    def __str__(self) -> str:
        return f"{self.after_qty - self.before_qty}"
