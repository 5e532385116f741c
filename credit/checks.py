"""What must always be true of credit: the totals are the sums of the ledger (run by check_invariants)."""

from collections.abc import Iterator

from django.db import connection

from core.money import places_in_sql

PLACES = places_in_sql("p.ours")

TOTALS = "credit totals equal the ledger of postings"
DAYS = "open order days equal the ledger of postings"

RATES = "what is owed in another currency is counted at one rate, rounded once"

_TOTALS = """
SELECT c.account_id, b.bucket, b.total, coalesce(p.total, 0)
  FROM credit_creditaccount c
 CROSS JOIN LATERAL (VALUES ('released', c.released_amount), ('shipped', c.shipped_amount),
                            ('receivable', c.receivable_amount), ('unapplied', c.unapplied_amount)) b(bucket, total)
  LEFT JOIN (SELECT credit_account_id, bucket, sum(amount) AS total FROM credit_posting GROUP BY 1, 2) p
         ON p.credit_account_id = c.id AND p.bucket = b.bucket
 WHERE b.total <> coalesce(p.total, 0)
 ORDER BY c.account_id, b.bucket
"""

_DAYS = """
SELECT c.account_id, ship_date, coalesce(d.amount, 0), coalesce(p.amount, 0)
  FROM credit_openorderday d
  FULL JOIN (SELECT credit_account_id, ship_date, sum(amount) AS amount
               FROM credit_posting WHERE bucket = 'open_order' GROUP BY 1, 2) p USING (credit_account_id, ship_date)
  JOIN credit_creditaccount c ON c.id = credit_account_id
 WHERE coalesce(d.amount, 0) <> coalesce(p.amount, 0)
 ORDER BY c.account_id, ship_date
"""


# As credit.rules.exchange.Standing has it: what one document enters and another leaves stands together for the account.
_RATES = f"""
WITH places AS (
  SELECT c.account_id, c.currency AS ours, p.currency, p.rate_date, p.bucket,
         CASE WHEN p.bucket IN ('open_order', 'receivable', 'unapplied') THEN p.doc_kind || ' ' || p.doc_id END AS doc,
         p.ship_date, sum(p.document_amount) AS own, sum(p.amount) AS counted, max(p.rate) AS rate
    FROM credit_posting p JOIN credit_creditaccount c ON c.id = p.credit_account_id
   WHERE p.currency <> '' GROUP BY 1, 2, 3, 4, 5, 6, 7
), rates AS (
  SELECT account_id, currency, rate_date, min(rate) <> max(rate) AS differ FROM places GROUP BY 1, 2, 3)
SELECT p.account_id, p.bucket || coalesce(' of ' || p.doc, ''), p.own || ' ' || p.currency, p.rate, p.counted
  FROM places p JOIN rates r USING (account_id, currency, rate_date)
 WHERE (r.differ OR p.counted <> coalesce(round(p.own * p.rate, {PLACES}), 0))
 ORDER BY 1, 2
"""


def rate_drift() -> Iterator[str]:
    with connection.cursor() as cursor:
        cursor.execute(_RATES)
        for account_id, what, own, rate, counted in cursor.fetchall():
            yield f"account {account_id}, {what}: {own} at {rate} is counted as {counted}"


def total_drift() -> Iterator[str]:
    with connection.cursor() as cursor:
        cursor.execute(_TOTALS)
        for account_id, bucket, total, ledger in cursor.fetchall():
            yield f"account {account_id}, {bucket}: the total says {total}, the ledger {ledger}"


def open_order_drift() -> Iterator[str]:
    with connection.cursor() as cursor:
        cursor.execute(_DAYS)
        for account_id, day, total, ledger in cursor.fetchall():
            yield f"account {account_id}, open orders of {day}: the day says {total}, the ledger {ledger}"
