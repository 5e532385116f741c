"""Every row lock of credit: the credit account, rank 10, the first lock of submit, release, invoice and receipt."""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Model, QuerySet
from django.db.models.expressions import RawSQL

from core import sql, uow
from core.locks import Rank, climb, take_values
from credit.models import CreditAccount, PaymentTerms


def lock_credit_accounts(account_ids: Iterable[int]) -> list[CreditAccount]:
    """Lock and read, in primary-key order, with their terms: the accounts and every head whose limit covers them too.
    Accounts without a credit account have no row.

    A statement of our own, because every order asks: the ORM takes longer to make it than the database to run it.
    """
    table = CreditAccount._meta.db_table
    climb(Rank.CREDIT_ACCOUNT, (), table=table)
    found = sql.rows(_locking(), {"accounts": sorted(set(account_ids))})
    rows = [_row(values) for values in found]
    climb(Rank.CREDIT_ACCOUNT, [row.pk for row in rows], table=table)
    _held().update((row.account_id, Held(row.pk, row.currency)) for row in rows)
    return rows


@cache
def _locking() -> str:
    columns = [f"c.{name}" for name in _names(CreditAccount)] + [f"t.{name}" for name in _names(PaymentTerms)]
    return (
        f"SELECT {', '.join(columns)} FROM credit_creditaccount c JOIN credit_paymentterms t ON t.id = c.terms_id"
        f" WHERE c.id IN ({_LINES.replace('%s', '%(accounts)s::bigint[]')}) ORDER BY c.id FOR NO KEY UPDATE OF c"
    )


@cache
def _names(model: type[Model]) -> list[str]:
    return [field.attname for field in model._meta.concrete_fields]


def _row(values: Sequence[Any]) -> CreditAccount:
    names = _names(CreditAccount)
    row = CreditAccount.from_db(connection.alias, names, values[: len(names)])
    row.terms = PaymentTerms.from_db(connection.alias, _names(PaymentTerms), values[len(names) :])
    return row


class Held(NamedTuple):
    """The key of a locked credit account, and the currency it counts in, which never changes."""

    pk: int
    currency: str


def hold_credit_accounts(account_ids: Iterable[int]) -> dict[int, Held]:
    """Lock what this unit of work does not hold yet, unread; the accounts that have a row."""
    wanted = set(account_ids)
    if missing := wanted - _held().keys():
        rows = take_values(Rank.CREDIT_ACCOUNT, _with_heads(missing), "account_id", "currency")
        _held().update((account_id, Held(pk, currency)) for pk, account_id, currency in rows)
    return {account_id: held for account_id, held in _held().items() if account_id in wanted}


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


def _held() -> dict[int, Held]:
    """By account: what is locked by this unit of work, which only its end lets go. Nothing outside of one."""
    unit = uow.current()
    return {} if unit is None else unit.memo.setdefault("credit accounts held", {})
