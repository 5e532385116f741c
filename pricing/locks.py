"""Every row lock of pricing."""

from collections.abc import Iterable

from core.locks import Rank, take
from pricing.models import Commitment, Contract


def lock_commitments(ids: Iterable[int]) -> list[Commitment]:
    return take(Rank.COMMITMENT, Commitment.objects.filter(pk__in=list(ids)))


def lock_contracts(ids: Iterable[int]) -> list[Contract]:
    return take(Rank.COMMITMENT, Contract.objects.filter(pk__in=list(ids)))
