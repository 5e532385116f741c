"""Move exposure: into the ledger, the account's totals and its open-order days, in one statement."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from core import sql, writers
from core.outbox import Note, publish_many
from core.uow import require_uow
from credit import exchange
from credit.events import CreditImproved
from credit.locks import hold_credit_accounts
from credit.models import Posting
from credit.rules.asks import PostingSpec
from credit.rules.exchange import Converted, RateKey, converted
from credit.rules.improvement import Movement, improvement

_COLUMNS = (
    "account_id, doc_kind, doc_id, doc_number, bucket, amount, due_date, ship_date, key, currency, document_amount, rate,"
    " rate_date, terms_code"
)
_TYPES = (
    "bigint",
    "text",
    "bigint",
    "text",
    "text",
    "numeric",
    "date",
    "date",
    "text",
    "text",
    "numeric",
    "numeric",
    "date",
    "text",
)
_NAMES = _COLUMNS.split(", ")
_ARRAYS = ", ".join(f"%({name})s::{kind}[]" for name, kind in zip(_NAMES, _TYPES, strict=True))

# Only postings that are new move a total: `fresh` is what this statement inserted, and nothing else. Days are
# updated or inserted, not upserted: a CHECK judges the row proposed for insertion, and a reversal is negative. The
# account's row lock keeps a second writer of its days away.
_POST = f"""
WITH spec AS (
  SELECT s.*, c.id AS credit_account_id
    FROM unnest({_ARRAYS}) WITH ORDINALITY AS s({_COLUMNS}, place)
    JOIN credit_creditaccount c ON c.account_id = s.account_id
   WHERE {writers.MARKED}
), fresh AS (
  INSERT INTO credit_posting
         (credit_account_id, doc_kind, doc_id, doc_number, bucket, amount, due_date, ship_date, key, currency,
          document_amount, rate, rate_date, terms_code, at)
  SELECT credit_account_id, doc_kind, doc_id, doc_number, bucket, amount, due_date, ship_date, key, currency,
         document_amount, rate, rate_date, terms_code, %(now)s::timestamptz
    FROM spec ORDER BY place
      ON CONFLICT (key) DO NOTHING
  RETURNING credit_account_id, bucket, amount, ship_date
), by_day AS (
  SELECT credit_account_id, ship_date, sum(amount) AS amount
    FROM fresh WHERE bucket = 'open_order' GROUP BY credit_account_id, ship_date
), known_day AS (
  UPDATE credit_openorderday d SET amount = d.amount + b.amount
    FROM by_day b WHERE d.credit_account_id = b.credit_account_id AND d.ship_date = b.ship_date
), new_day AS (
  INSERT INTO credit_openorderday (credit_account_id, ship_date, amount)
  SELECT credit_account_id, ship_date, amount FROM by_day b
   WHERE NOT EXISTS (SELECT FROM credit_openorderday d
                      WHERE d.credit_account_id = b.credit_account_id AND d.ship_date = b.ship_date)
), moved AS (
  SELECT credit_account_id, count(*) AS postings,
         coalesce(sum(amount) FILTER (WHERE bucket = 'open_order'), 0) AS open_order,
         coalesce(sum(amount) FILTER (WHERE bucket = 'released'), 0) AS released,
         coalesce(sum(amount) FILTER (WHERE bucket = 'shipped'), 0) AS shipped,
         coalesce(sum(amount) FILTER (WHERE bucket = 'receivable'), 0) AS receivable,
         coalesce(sum(amount) FILTER (WHERE bucket = 'unapplied'), 0) AS unapplied
    FROM fresh GROUP BY credit_account_id
)
UPDATE credit_creditaccount c
   SET released_amount = c.released_amount + m.released, shipped_amount = c.shipped_amount + m.shipped,
       receivable_amount = c.receivable_amount + m.receivable,
       unapplied_amount = c.unapplied_amount + m.unapplied, version = c.version + 1
  FROM moved m WHERE c.id = m.credit_account_id
RETURNING c.account_id, c.version, m.postings, m.open_order, m.released, m.shipped, m.receivable, m.unapplied
"""


class PostingKeyReused(RuntimeError):
    """A key came back with another amount, bucket or document: a mistake in the caller, not a repetition."""


@dataclass(frozen=True)
class _Moved:
    account_id: int
    version: int
    postings: int
    movement: Movement


@require_uow
def post(specs: Iterable[PostingSpec], *, now: datetime) -> int:
    """Post what is new by key and return how many were; one statement, one more when some were known, one more to
    lock accounts that this unit of work does not hold yet.

    Accounts without a credit account take no postings. Locks rank 10: lock the accounts first where anything higher
    is locked before. Publishes CreditImproved for accounts that may owe more than before.

    A posting in another currency than the account's is counted at the rate of its day, or at the one its document was
    counted by before; without any it waits, counted as nothing (credit.services.count_at_rates). Up to five statements more.
    """
    batch = list(specs)
    if not batch:
        return 0
    known = hold_credit_accounts(spec.account_id for spec in batch)
    batch = [spec for spec in batch if spec.account_id in known]
    if not batch:
        return 0
    currencies = {account_id: held.currency for account_id, held in known.items()}
    moved = _insert(_converted(batch, currencies, now), now)
    new = sum(account.postings for account in moved)
    if new < len(batch):
        _refuse_other_contents(batch)
    _tell(moved, now)
    return new


def _converted(batch: Sequence[PostingSpec], currencies: Mapping[int, str], now: datetime) -> list[Converted]:
    """In the order asked. What was posted before under its key moves nothing, whatever it is counted as now."""
    abroad = [spec for spec in batch if spec.currency and spec.currency != currencies[spec.account_id]]
    if not abroad:
        return [Converted(spec, spec.amount) for spec in batch]
    posted = set(Posting.objects.filter(key__in=[s.key for s in abroad]).values_list("key", flat=True))
    dateless = {(s.account_id, s.doc.kind, s.doc.id) for s in abroad if s.rate_date is None}
    days = exchange.rate_dates(dateless) if dateless else {}
    fresh: dict[int, list[tuple[RateKey, PostingSpec]]] = {}
    for spec in abroad:
        if spec.key not in posted:
            posted.add(spec.key)  # said twice in one call it moves once
            day = spec.rate_date or days.get((spec.account_id, spec.doc.kind, spec.doc.id)) or now.date()
            key = RateKey(spec.account_id, spec.currency, day)
            fresh.setdefault(spec.account_id, []).append((key, spec))
    keys = {key for pairs in fresh.values() for key, _ in pairs}
    sums = exchange.counted_by_rate(keys) if keys else {}
    rates = exchange.rates_for(keys, exchange.recorded_rates(keys), currencies, on=now.date()) if keys else {}
    found = {
        made.spec.key: made
        for account_id, pairs in fresh.items()
        for made in converted(pairs, sums, {key: rates.get(key) for key, _ in pairs}, currencies[account_id])
    }
    return [found.get(spec.key) or Converted(spec, spec.amount) for spec in batch]


def _insert(batch: Sequence[Converted], now: datetime) -> list[_Moved]:
    columns = zip(*(_values(each) for each in batch), strict=True)
    asked = {name: list(column) for name, column in zip(_NAMES, columns, strict=True)}
    return [
        _Moved(account_id, version, postings, Movement(*amounts))
        for account_id, version, postings, *amounts in sql.rows(_POST, {**asked, "now": now})
    ]


def _values(each: Converted) -> tuple[object, ...]:
    spec, doc = each.spec, each.spec.doc
    dates = spec.due_date, spec.ship_date
    abroad = each.currency, each.document_amount, each.rate, each.rate_date
    place = spec.account_id, doc.kind, doc.id, doc.number, str(spec.bucket)
    return *place, each.amount, *dates, spec.key, *abroad, spec.terms_code


def _refuse_other_contents(batch: Sequence[PostingSpec]) -> None:
    stored = Posting.objects.filter(key__in=[spec.key for spec in batch])
    by_key = {
        p.key: (p.bucket, p.amount if p.document_amount is None else p.document_amount, p.doc_kind, p.doc_id)
        for p in stored
    }
    for spec in batch:
        if by_key[spec.key] != (str(spec.bucket), spec.amount, spec.doc.kind, spec.doc.id):
            raise PostingKeyReused(f"{spec.key}: {by_key[spec.key]} is posted, {spec} was asked")


def _tell(moved: Iterable[_Moved], now: datetime) -> None:
    notes = [
        Note(CreditImproved(account.account_id, cause), f"credit:{account.account_id}", account.version)
        for account in moved
        if (cause := improvement(account.movement))
    ]
    if notes:
        publish_many(notes, now=now)
