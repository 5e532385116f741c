"""The rates that count what is owed in another currency, and what is counted by them. Reads only."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from core.money import EXACT
from core.rates import rates_by_day
from core.sql import rows
from credit.models import CreditAccount
from credit.rules.exchange import RATE_PLACES, RateKey, Standing, Sum, standing_of

_SUMS = """
SELECT c.account_id, p.currency, p.rate_date, p.bucket::text,
       CASE WHEN p.bucket IN ('open_order', 'receivable', 'unapplied') THEN p.doc_kind ELSE '' END,
       CASE WHEN p.bucket IN ('open_order', 'receivable', 'unapplied') THEN p.doc_id ELSE 0 END,
       p.ship_date, sum(p.document_amount), sum(p.amount)
  FROM unnest(%(accounts)s::bigint[], %(currencies)s::text[], %(days)s::date[]) AS k(account_id, currency, rate_date)
  JOIN credit_creditaccount c ON c.account_id = k.account_id
  JOIN credit_posting p ON p.credit_account_id = c.id AND p.currency = k.currency AND p.rate_date = k.rate_date
   AND p.currency <> ''
 GROUP BY 1, 2, 3, 4, 5, 6, 7
"""
_RECORDED = """
SELECT c.account_id, p.currency, p.rate_date, max(p.rate)
  FROM unnest(%(accounts)s::bigint[], %(currencies)s::text[], %(days)s::date[]) AS k(account_id, currency, rate_date)
  JOIN credit_creditaccount c ON c.account_id = k.account_id
  JOIN credit_posting p ON p.credit_account_id = c.id AND p.currency = k.currency AND p.rate_date = k.rate_date
   AND p.currency <> ''
 GROUP BY 1, 2, 3
"""
_DATES = """
SELECT DISTINCT ON (c.account_id, p.doc_kind, p.doc_id) c.account_id, p.doc_kind, p.doc_id, p.rate_date
  FROM unnest(%(accounts)s::bigint[], %(kinds)s::text[], %(ids)s::bigint[]) AS d(account_id, doc_kind, doc_id)
  JOIN credit_creditaccount c ON c.account_id = d.account_id
  JOIN credit_posting p ON p.doc_kind = d.doc_kind AND p.doc_id = d.doc_id AND p.credit_account_id = c.id
 WHERE p.currency <> ''
 ORDER BY c.account_id, p.doc_kind, p.doc_id, p.id
"""
_ABROAD = """
SELECT currency, sum(sign * own), sum(sign * counted), sum(sign * own) FILTER (WHERE rate IS NULL)
  FROM (SELECT p.currency, CASE WHEN p.bucket = 'unapplied' THEN -1 ELSE 1 END AS sign, sum(p.document_amount) AS own,
               sum(p.amount) AS counted, max(p.rate) AS rate
          FROM credit_posting p JOIN credit_creditaccount c ON c.id = p.credit_account_id
         WHERE c.account_id = %(account)s::bigint AND p.currency <> ''
         GROUP BY p.currency, p.rate_date, p.bucket,
                  CASE WHEN p.bucket IN ('open_order', 'receivable', 'unapplied') THEN (p.doc_kind, p.doc_id) END) places
 GROUP BY currency HAVING sum(sign * own) <> 0 OR sum(sign * counted) <> 0 ORDER BY currency
"""
_WAITING = """
SELECT DISTINCT c.account_id, p.currency, p.rate_date FROM credit_posting p
  JOIN credit_creditaccount c ON c.id = p.credit_account_id
 WHERE c.account_id = ANY(%(accounts)s::bigint[]) AND p.currency <> '' AND p.rate IS NULL
"""


def counted_by_rate(keys: Collection[RateKey]) -> dict[Standing, Sum]:
    """What stands together under these rates, and what it is counted as. 1 SQL."""
    found: dict[Standing, Sum] = {}
    for account_id, currency, day, bucket, kind, doc_id, ship_date, own, amount in rows(_SUMS, _asked(keys)):
        place = standing_of(RateKey(account_id, currency, day), bucket, (kind, doc_id), ship_date)
        found[place] = Sum(own, amount)
    return found


def recorded_rates(keys: Collection[RateKey]) -> dict[RateKey, Decimal | None]:
    """By what rate the ledger counts these; None: it waits for one. What it has nothing of is absent. 1 SQL."""
    if not keys:
        return {}
    return {RateKey(i, currency, day): rate for i, currency, day, rate in rows(_RECORDED, _asked(keys))}


def rates_for(
    keys: Collection[RateKey],
    recorded: Mapping[RateKey, Decimal | None],
    currencies: Mapping[int, str],
    *,
    on: date,
) -> dict[RateKey, Decimal]:
    """The rate by which each was counted before, else that of its day, else of `on`: it is counted from there.

    A key without any is absent. No SQL where all were counted before, else 1.
    """
    found = {key: rate for key in keys if (rate := recorded.get(key)) is not None}
    if missing := [key for key in keys if key not in found]:
        ours = {key: currencies[key.account_id] for key in missing}
        dated = rates_by_day((k.currency, ours[k], day) for k in missing for day in (k.rate_date, on))
        for key in missing:
            rate = dated.get((key.currency, ours[key], key.rate_date)) or dated.get((key.currency, ours[key], on))
            if rate is not None:
                found[key] = rate.quantize(RATE_PLACES, context=EXACT)
    return found


def rate_dates(docs: Collection[tuple[int, str, int]]) -> dict[tuple[int, str, int], date]:
    """By whose rate each (account, document kind, document id) was counted first. 1 SQL."""
    many = sorted(docs)
    accounts, kinds, ids = ([doc[i] for doc in many] for i in range(3))
    found = rows(_DATES, {"accounts": accounts, "kinds": kinds, "ids": ids})
    return {(account_id, kind, doc_id): day for account_id, kind, doc_id, day in found}


def currencies_of(account_ids: Iterable[int]) -> dict[int, str]:
    """What each account's exposure is counted in; accounts without a credit account are absent."""
    found = CreditAccount.objects.filter(account_id__in=list(account_ids))
    return dict(found.values_list("account_id", "currency"))


@dataclass(frozen=True)
class OwedAbroad:
    """What is owed in a currency, what it counts as in the account's, and how much of it waits for a rate."""

    currency: str
    own: Decimal
    counted: Decimal
    waiting: Decimal


def owed_abroad(account_id: int) -> list[OwedAbroad]:
    """In currencies other than the account's; nothing where all is paid. 1 SQL."""
    return [
        OwedAbroad(c, own, counted, w or Decimal(0)) for c, own, counted, w in rows(_ABROAD, {"account": account_id})
    ]


def waiting_for_a_rate(account_ids: Iterable[int]) -> list[RateKey]:
    """What these accounts had posted without a rate, though there may be one by now. 1 SQL."""
    return [RateKey(*row) for row in rows(_WAITING, {"accounts": sorted(set(account_ids))})]


def _asked(keys: Collection[RateKey]) -> dict[str, list]:
    many = sorted(keys)
    return {
        "accounts": [k.account_id for k in many],
        "currencies": [k.currency for k in many],
        "days": [k.rate_date for k in many],
    }
