"""Every row lock of credit: the credit account, rank 10, the first lock of submit, release, invoice and receipt."""

from collections.abc import Iterable

from django.db.models import QuerySet
from django.db.models.expressions import RawSQL

from core import uow
from core.locks import Rank, take, take_values
from credit.models import CreditAccount


def lock_credit_accounts(account_ids: Iterable[int]) -> list[CreditAccount]:
    """Lock and read, in primary-key order, with their terms: the accounts and every head whose limit covers them too.
    Accounts without a credit account have no row."""
    rows = take(Rank.CREDIT_ACCOUNT, _with_heads(account_ids).select_related("terms"))
    _held().update((row.account_id, row.pk) for row in rows)
    return rows


def hold_credit_accounts(account_ids: Iterable[int]) -> frozenset[int]:
    """Lock what this unit of work does not hold yet, unread; the accounts that have a row."""
    wanted = set(account_ids)
    if missing := wanted - _held().keys():
        rows = take_values(Rank.CREDIT_ACCOUNT, _with_heads(missing), "account_id")
        _held().update((account_id, pk) for pk, account_id in rows)
    return frozenset(wanted & _held().keys())


def _with_heads(account_ids: Iterable[int]) -> QuerySet[CreditAccount]:
    """With every head above them, in one statement, so that keys rise inside the rank."""
    return CreditAccount.objects.filter(pk__in=RawSQL(_LINES, [sorted(set(account_ids))]))


# UNION, not UNION ALL: it ends also if somebody wrote a ring past the services.
_LINES = """
WITH RECURSIVE line(id, head_id) AS (
  SELECT id, head_id FROM credit_creditaccount WHERE account_id = ANY(%s)
   UNION
  SELECT h.id, h.head_id FROM line JOIN credit_creditaccount h ON h.id = line.head_id
) SELECT id FROM line
"""


def _held() -> dict[int, int]:
    """{account: credit account} locked by this unit of work, which only its end lets go. Nothing outside of one."""
    unit = uow.current()
    return {} if unit is None else unit.memo.setdefault("credit accounts held", {})
