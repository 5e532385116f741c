"""Every row lock of the room. Inbox rows are taken first (rank 5): nothing of a later stage is held by then."""

from collections.abc import Iterable
from datetime import datetime

from django.db import connection

from core.locks import Rank, climb, take
from integrations.models import EdiTransaction, ImportedLine, PartnerProfile, Upload


def lock_transactions(ids: Iterable[int]) -> list[EdiTransaction]:
    return take(Rank.JOB, EdiTransaction.objects.filter(pk__in=list(ids)))


def lock_partners(ids: Iterable[int]) -> list[PartnerProfile]:
    return take(Rank.JOB, PartnerProfile.objects.filter(pk__in=list(ids)))


def lock_imported_lines(ids: Iterable[int]) -> list[ImportedLine]:
    return take(Rank.JOB, ImportedLine.objects.filter(pk__in=list(ids)))


def lock_upload(upload_id: int) -> Upload | None:
    return next(iter(take(Rank.JOB, Upload.objects.filter(pk=upload_id))), None)


# Who wants a digest gets all that is due in one mail. A letter another sender has in hand is passed over.
_TAKE_LETTERS = """
WITH head AS (
  SELECT id, user_id, mail FROM integrations_promiseletter WHERE state = 'waiting' AND due_at <= %(now)s
   ORDER BY due_at, id LIMIT 1 FOR UPDATE SKIP LOCKED
), more AS (
  SELECT letter.id FROM integrations_promiseletter letter JOIN head USING (user_id)
   WHERE head.mail = 'daily' AND letter.mail = 'daily' AND letter.state = 'waiting' AND letter.due_at <= %(now)s
   ORDER BY letter.id FOR UPDATE OF letter SKIP LOCKED
)
UPDATE integrations_promiseletter letter SET state = 'sending', began_at = %(now)s
 WHERE letter.id IN (SELECT id FROM head UNION SELECT id FROM more) RETURNING letter.id"""


def take_due_letters(now: datetime) -> list[int]:
    """The letters of the next mail that is due, marked as being sent."""
    with connection.cursor() as cursor:
        cursor.execute(_TAKE_LETTERS, {"now": now})
        ids = sorted(pk for (pk,) in cursor.fetchall())
    climb(Rank.JOB, ids, table="integrations_promiseletter")
    return ids
