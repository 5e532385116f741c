from django.db import models
from django.db.models import Q


class RepricedLine(models.Model):
    """A line was credited or rebilled after it shipped: `qty` base units that the customer kept then now cost `amount`
    more than at the locked price (below 0: less). `credited_qty` had come back and was credited by then. The newest row of
    a line is what stands; rows are only added."""

    line = models.ForeignKey("orders.OrderLine", on_delete=models.PROTECT, related_name="+")
    approval_id = models.BigIntegerField()
    qty = models.DecimalField(max_digits=14, decimal_places=4)
    credited_qty = models.DecimalField(max_digits=14, decimal_places=4)
    amount = models.DecimalField(max_digits=14, decimal_places=2)
    settled_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["line", "approval_id"], name="a_line_is_repriced_once_by_an_approval"),
            models.CheckConstraint(condition=Q(qty__gt=0, credited_qty__gte=0), name="something_kept_is_repriced"),
        ]

    def __str__(self) -> str:
        return f"{self.line_id}: {self.amount}"
