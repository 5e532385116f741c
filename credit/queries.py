"""Reads of credit: a constant number of statements whatever the number of accounts. No locks."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.conf import settings
from django.db import connection

from accounts import queries as accounts
from credit.models import CreditAccount, PaymentTerms, Posting
from credit.rules import terms as terms_rules
from credit.rules.ageing import Ageing, age
from credit.rules.asks import CreditAsk, CreditDecision, ExposureParts
from credit.rules.decide import Limits, Overdue, Standing, decide
from credit.rules.terms import Terms
from credit.states import Bucket, CheckPoint

ZERO = Decimal(0)

# The balance of a receivable is the sum of its postings: the invoice, and what was applied or credited to it.
_OPEN_ITEMS = """
SELECT p.credit_account_id, sum(p.amount) AS balance, min(p.due_date) AS due_date
  FROM credit_posting p
 WHERE p.bucket = 'receivable' AND p.credit_account_id = ANY(%(ids)s)
 GROUP BY p.credit_account_id, p.doc_kind, p.doc_id
HAVING sum(p.amount) > 0
"""

_DATED_PARTS = f"""
SELECT c.id, coalesce(d.amount, 0), coalesce(o.amount, 0), coalesce(%(on)s - o.oldest, 0)
  FROM credit_creditaccount c
  LEFT JOIN LATERAL (SELECT sum(amount) AS amount FROM credit_openorderday
                      WHERE credit_account_id = c.id AND ship_date <= %(on)s + c.horizon_days) d ON true
  LEFT JOIN (SELECT credit_account_id, sum(balance) AS amount, min(due_date) AS oldest
               FROM ({_OPEN_ITEMS}) items WHERE due_date < %(on)s GROUP BY 1) o ON o.credit_account_id = c.id
 WHERE c.id = ANY(%(ids)s)
"""


@dataclass(frozen=True)
class DatedParts:
    """What depends on the day: open orders that ship within the horizon, and open items past their due date."""

    open_orders: Decimal
    overdue: Overdue


@dataclass(frozen=True)
class Exposure:
    """How much an account owes or will, part by part, beside what it may. `available` may be negative."""

    parts: ExposureParts
    limit: Decimal
    temporary: Decimal
    insured: Decimal
    available: Decimal
    currency: str
    terms_code: str
    terms_name: str
    overdue: Overdue


def exposure(account_ids: Iterable[int], *, on: date) -> dict[int, Exposure]:
    """By account; accounts without a credit account are absent. Two statements."""
    rows = list(CreditAccount.objects.filter(account_id__in=list(account_ids)).select_related("terms"))
    dated = dated_parts([row.pk for row in rows], on=on)
    return {row.account_id: _exposure(row, dated[row.pk], on) for row in rows}


def outlook(asks: Iterable[CreditAsk], *, point: CheckPoint, now: datetime) -> list[CreditDecision]:
    """What `credit.services.check` would say now, by the same rules, without a lock: for previews and screens."""
    wanted = list(asks)
    rows = CreditAccount.objects.filter(account_id__in={ask.account_id for ask in wanted}).select_related("terms")
    return decided(wanted, list(rows), point=point, now=now)


def decided(
    asks: Sequence[CreditAsk], rows: Sequence[CreditAccount], *, point: CheckPoint, now: datetime
) -> list[CreditDecision]:
    """The asks decided on these rows, as they were read. At most three statements."""
    terms = {row.terms.code: terms_of_row(row.terms) for row in rows}
    terms |= terms_by_code({ask.terms_code for ask in asks} - {""} - set(terms))
    standings = {standing.account_id: standing for standing in _standings(rows, on=now.date())}
    return decide(asks, standings, terms, point=point, today=now.date())


def _standings(rows: Sequence[CreditAccount], *, on: date) -> Iterator[Standing]:
    dated = dated_parts([row.pk for row in rows], on=on)
    snapshots = accounts.account_snapshots([row.account_id for row in rows], on=on) if rows else {}
    for row in rows:
        part = dated[row.pk]
        yield Standing(
            account_id=row.account_id,
            currency=row.currency,
            limits=limits_of(row),
            parts=parts_of(row, part.open_orders),
            terms=terms_of_row(row.terms),
            horizon_end=on + timedelta(days=row.horizon_days),
            overdue=part.overdue,
            overdue_days_allowed=row.overdue_days_allowed,
            overdue_amount_max=row.overdue_amount_max,
            order_value_max=row.order_value_max,
            account_status=str(snapshots[row.account_id].status),
            check_at_release=row.check_at_release,
        )


def ageing(account_ids: Iterable[int], *, on: date) -> dict[int, Ageing]:
    """Open receivables by how late they are; accounts without a credit account are absent. Two statements."""
    ids = dict(CreditAccount.objects.filter(account_id__in=list(account_ids)).values_list("pk", "account_id"))
    items: dict[int, list[tuple[Decimal, date | None]]] = {account_id: [] for account_id in ids.values()}
    with connection.cursor() as cursor:
        cursor.execute(_OPEN_ITEMS, {"ids": list(ids)})
        for pk, balance, due in cursor.fetchall():
            items[ids[pk]].append((balance, due))
    return {account_id: age(open_items, on=on) for account_id, open_items in items.items()}


def due_dates(pairs: Iterable[tuple[str, date]]) -> dict[tuple[str, date], date]:
    """When an invoice of each date is due. No terms, or terms nobody knows: due the same day."""
    wanted = set(pairs)
    known = terms_by_code({code for code, _ in wanted} - {""})
    return {(code, day): terms_rules.due_date(known[code], day) if code in known else day for code, day in wanted}


def counted(doc_kind: str, doc_ids: Iterable[int]) -> set[int]:
    """Which of the documents have open-order postings: those of an account without a credit account have none."""
    rows = Posting.objects.filter(doc_kind=doc_kind, doc_id__in=list(doc_ids), bucket=Bucket.OPEN_ORDER)
    return set(rows.values_list("doc_id", flat=True).distinct())


def currencies_of(account_ids: Iterable[int]) -> dict[int, str]:
    """What each account's exposure is counted in; accounts without a credit account are absent."""
    rows = CreditAccount.objects.filter(account_id__in=list(account_ids))
    return dict(rows.values_list("account_id", "currency"))


def terms_of(account_ids: Iterable[int]) -> dict[int, str]:
    """The code of each account's payment terms; accounts without a credit account are absent."""
    rows = CreditAccount.objects.filter(account_id__in=list(account_ids))
    return dict(rows.values_list("account_id", "terms__code"))


def terms_by_code(codes: Collection[str]) -> dict[str, Terms]:
    if not codes:
        return {}
    return {row.code: terms_of_row(row) for row in PaymentTerms.objects.filter(code__in=codes)}


def dated_parts(credit_account_ids: Collection[int], *, on: date) -> Mapping[int, DatedParts]:
    """By credit account, one statement."""
    if not credit_account_ids:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_DATED_PARTS, {"ids": list(credit_account_ids), "on": on})
        return {
            pk: DatedParts(open_orders, Overdue(amount, int(days)))
            for pk, open_orders, amount, days in cursor.fetchall()
        }


def terms_of_row(row: PaymentTerms) -> Terms:
    return Terms(row.code, row.name, row.net_days, row.is_end_of_month, row.is_prepayment, row.deposit_percent)


def limits_of(row: CreditAccount) -> Limits:
    return Limits(
        row.limit_amount,
        row.limit_valid_to,
        row.temporary_amount,
        row.temporary_valid_to,
        row.insured_amount,
        int(getattr(settings, "CREDIT_LIMIT_GRACE_DAYS", 0)),
    )


def parts_of(row: CreditAccount, open_orders: Decimal) -> ExposureParts:
    return ExposureParts(
        receivable=row.receivable_amount,
        shipped=row.shipped_amount,
        released=row.released_amount,
        open_orders=open_orders,
        unapplied=row.unapplied_amount,
    )


def _exposure(row: CreditAccount, dated: DatedParts, on: date) -> Exposure:
    limits, parts = limits_of(row), parts_of(row, dated.open_orders)
    return Exposure(
        parts=parts,
        limit=limits.limit,
        temporary=limits.temporary_on(on),
        insured=limits.insured,
        available=limits.total(on) - parts.total,
        currency=row.currency,
        terms_code=row.terms.code,
        terms_name=row.terms.name,
        overdue=dated.overdue,
    )
