"""Every row lock of pricing."""

from collections.abc import Iterable

from core.locks import Rank, take
from pricing.models import Commitment


def lock_commitments(ids: Iterable[int]) -> list[Commitment]:
    return take(Rank.COMMITMENT, Commitment.objects.filter(pk__in=list(ids)))
