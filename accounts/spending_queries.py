"""Reads of who buys for an account, and of what counts towards their limits: a constant number of statements."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import reduce
from operator import or_
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Q

from accounts.models import Buyer, SpendingEntry
from accounts.rules.asks import BuyerSnapshot, Headroom
from accounts.rules.spending import period_of
from accounts.states import BuyerRole, SpendingPeriod
from core.clock import local_date
from core.periods import Period
from core.refs import DocumentRef

# For each pair the nearest account upwards that the person buys for; above it only where children are included.
_BUYERS_OF = """
WITH RECURSIVE asked AS (
  SELECT DISTINCT * FROM unnest(%(users)s::bigint[], %(accounts)s::bigint[]) AS a(user_id, asked_id)
), line(user_id, asked_id, account_id, parent_id, distance) AS (
  SELECT asked.user_id, asked.asked_id, account.id, account.parent_id, 0
    FROM asked JOIN accounts_account account ON account.id = asked.asked_id
  UNION ALL
  SELECT line.user_id, line.asked_id, parent.id, parent.parent_id, line.distance + 1
    FROM line JOIN accounts_account parent ON parent.id = line.parent_id WHERE line.distance < 20
)
SELECT DISTINCT ON (line.user_id, line.asked_id) line.user_id, line.asked_id, buyer.id, buyer.role,
       buyer.order_limit, buyer.period_limit, home.currency
  FROM line JOIN accounts_buyer buyer ON buyer.account_id = line.account_id AND buyer.user_id = line.user_id
  JOIN accounts_account home ON home.id = buyer.account_id
  JOIN accounts_user person ON person.id = buyer.user_id
 WHERE buyer.is_active AND person.is_active AND (line.distance = 0 OR buyer.includes_children)
 ORDER BY line.user_id, line.asked_id, line.distance
"""


def buyers_of(pairs: Iterable[tuple[int, int]]) -> dict[tuple[int, int], BuyerSnapshot]:
    """{(user id, account id): the user as a buyer for the account}, directly or through a parent that includes its
    children; who does not buy for it is absent. 1 SQL, none for no pair."""
    wanted = sorted(set(pairs))
    if not wanted:
        return {}
    users, accounts = zip(*wanted, strict=True)
    with connection.cursor() as cursor:
        cursor.execute(_BUYERS_OF, {"users": list(users), "accounts": list(accounts)})
        rows = cursor.fetchall()
    return {
        (user_id, account_id): BuyerSnapshot(pk, user_id, account_id, BuyerRole(role), *limits)
        for user_id, account_id, pk, role, *limits in rows
    }


def buyer_of(user_id: int, account_id: int) -> BuyerSnapshot | None:
    """The same for one. 1 SQL."""
    return buyers_of([(user_id, account_id)]).get((user_id, account_id))


class Counted(NamedTuple):
    """What a document counts for somebody, since which day, and whether because they approved it."""

    amount: Decimal
    day: date
    currency: str
    is_approver: bool


def counted_by_document(refs: Iterable[DocumentRef]) -> dict[tuple[str, int], dict[int, Counted]]:
    """{(kind, id): {buyer_id: what it counts}} of documents that count something towards somebody's limits. Entries from
    before it last counted nothing do not say the day. 1 SQL."""
    ids: dict[str, list[int]] = {}
    for ref in refs:
        ids.setdefault(ref.kind, []).append(ref.id)
    if not ids:
        return {}
    wanted = reduce(or_, (Q(document_kind=kind, document_id__in=pks) for kind, pks in ids.items()))
    found: dict[tuple[str, int], dict[int, Counted]] = {}
    for row in SpendingEntry.objects.filter(wanted).order_by("id"):
        per_buyer = found.setdefault((row.document_kind, row.document_id), {})
        nothing = Counted(Decimal(0), row.spent_date, row.currency, row.is_approver)
        before = per_buyer.get(row.buyer_id, nothing)
        if before.amount + row.amount:
            per_buyer[row.buyer_id] = before._replace(amount=before.amount + row.amount)
        else:
            del per_buyer[row.buyer_id]
    return {key: per_buyer for key, per_buyer in found.items() if per_buyer}


_SPENT = """
SELECT wanted.buyer_id, wanted.starts, SUM(entry.amount)
  FROM unnest(%(buyers)s::bigint[], %(starts)s::date[], %(ends)s::date[]) AS wanted(buyer_id, starts, ends)
  JOIN accounts_spendingentry entry ON entry.buyer_id = wanted.buyer_id
   AND entry.spent_date >= wanted.starts AND entry.spent_date < wanted.ends
 GROUP BY wanted.buyer_id, wanted.starts
"""


def spent_over(wanted: Iterable[tuple[int, Period]]) -> dict[tuple[int, date], Decimal]:
    """{(buyer_id, first day of the period): what was spent over it}; who spent nothing is absent. 1 SQL."""
    periods = {(pk, first_day(period)): period.end for pk, period in wanted}
    parameters: dict[str, list[Any]] = {"starts": [start for _, start in periods], "ends": list(periods.values())}
    with connection.cursor() as cursor:
        cursor.execute(_SPENT, {"buyers": [pk for pk, _ in periods], **parameters})
        return {(pk, start): amount for pk, start, amount in cursor.fetchall()}


def first_day(period: Period) -> date:
    """Limits are for weeks, months, quarters and years: all of them begin."""
    assert period.start is not None
    return period.start


def spent_in(periods: Mapping[int, Period]) -> dict[int, Decimal]:
    """{buyer_id: what was spent over the period}; who spent nothing is absent. 1 SQL."""
    return {pk: amount for (pk, _), amount in spent_over(periods.items()).items()}


def headrooms(buyer_ids: Iterable[int], *, now: datetime) -> dict[int, Headroom]:
    """What each buyer may still spend in the period of their company's today. 2 SQL."""
    buyers = {row.pk: row for row in Buyer.objects.filter(id__in=set(buyer_ids)).select_related("account")}
    periods = {
        pk: period_of(local_date(now, row.account.time_zone), SpendingPeriod(row.period)) for pk, row in buyers.items()
    }
    spent = spent_in(periods)
    return {
        pk: Headroom(row.period_limit, spent.get(pk, Decimal(0)), periods[pk], row.account.currency)
        for pk, row in buyers.items()
    }
