"""How much was released to a site for one of its days."""

from django.db import models
from django.db.models import Q

from inventory.models.balance import Site


class SiteDay(models.Model):
    """Order lines released to a site that handles so many a day, less what the warehouse gave back. A counter beside the
    site's row lock: who looks at it holds that."""

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+", db_index=False)
    day = models.DateField()
    lines = models.IntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["site", "day"], name="one_count_per_site_and_day"),
            models.CheckConstraint(condition=Q(lines__gte=0), name="a_site_day_counts_no_less_than_nothing"),
        ]

    def __str__(self) -> str:
        return f"{self.site_id} on {self.day}: {self.lines}"
