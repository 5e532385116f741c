from django.db import models


class DemoInstallation(models.Model):
    """This database holds the made-up company of `seed_demo`. At most one row; nothing else ever writes it.

    `as_of` is the moment the demo calls now; `history_orders` counts what COPY has committed of the history of a large
    one, so that an interrupted run goes on where it stopped, with
    the `company` it had made by then; `finished_at` is empty until all of it is there.
    """

    scale = models.CharField(max_length=10)
    seed = models.BigIntegerField()
    as_of = models.DateTimeField()
    started_at = models.DateTimeField()
    company = models.JSONField(default=dict)
    history_orders = models.PositiveBigIntegerField(default=0)
    finished_at = models.DateTimeField(null=True)
    only_one = models.BooleanField(default=True, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["only_one"], name="at_most_one_demo_per_database"),
            models.CheckConstraint(condition=models.Q(only_one=True), name="a_demo_is_the_only_one"),
        ]

    def __str__(self) -> str:
        return f"demo company, {self.scale}"
