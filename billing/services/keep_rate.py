"""A plan version somebody was paid by keeps its rates: a new version changes them, from a day on."""

from billing.models import CommissionEntry, PlanVersion
from core.errors import Refused


class VersionInUse(Refused):
    template = "{version} paid commissions already: its rates explain them."
    remedy_template = "End it on a day and make a new version from that day on, then recompute."


def refuse_used_version(version_id: int) -> None:
    """Raises VersionInUse."""
    if CommissionEntry.objects.filter(version_id=version_id).exists():
        raise VersionInUse(version=str(PlanVersion.objects.select_related("plan").get(pk=version_id)))
