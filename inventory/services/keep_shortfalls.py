"""Who was served worse than their contract promises, as allocation reads it: all of it said anew."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from core.uow import door_verb
from inventory.models import ServiceShortfall


@dataclass(frozen=True)
class Shortfall:
    """`points` of percent, above 0, below what the contract promises; `words` are both figures."""

    account_id: int
    points: Decimal
    words: str


@door_verb
def keep_shortfalls(*, found: Sequence[Shortfall], measured_on: date, now: datetime) -> int:
    """How many customers are behind. Who is not named is on target from now on; the next runs deal by it, running ones are
    not disturbed. Two statements, whatever their number."""
    rows = [
        ServiceShortfall(account_id=x.account_id, points=x.points, words=x.words, measured_on=measured_on)
        for x in found
    ]
    ServiceShortfall.objects.exclude(account_id__in=[x.account_id for x in found]).delete()
    ServiceShortfall.objects.bulk_create(
        sorted(rows, key=lambda row: row.account_id),
        update_conflicts=True,
        unique_fields=["account"],
        update_fields=["points", "words", "measured_on"],
    )
    return len(rows)
