"""Every row lock of the room. Inbox rows are taken first (rank 5): nothing of a later stage is held by then."""

from collections.abc import Iterable

from core.locks import Rank, take
from integrations.models import EdiTransaction, ImportedLine, PartnerProfile, Upload


def lock_transactions(ids: Iterable[int]) -> list[EdiTransaction]:
    return take(Rank.JOB, EdiTransaction.objects.filter(pk__in=list(ids)))


def lock_partners(ids: Iterable[int]) -> list[PartnerProfile]:
    return take(Rank.JOB, PartnerProfile.objects.filter(pk__in=list(ids)))


def lock_imported_lines(ids: Iterable[int]) -> list[ImportedLine]:
    return take(Rank.JOB, ImportedLine.objects.filter(pk__in=list(ids)))


def lock_upload(upload_id: int) -> Upload | None:
    return next(iter(take(Rank.JOB, Upload.objects.filter(pk=upload_id))), None)
