"""Count what was posted in another currency when there was no rate, as soon as there is one."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from core.refs import DocumentRef
from core.uow import require_uow
from credit import exchange
from credit.rules.asks import PostingSpec
from credit.rules.exchange import Standing
from credit.services.post import post

ZERO = Decimal(0)


@require_uow
def count_at_rates(account_ids: Iterable[int], *, now: datetime) -> int:
    """The postings made: each adds to its document's amount nothing, and to what it is counted as all that was missing.

    Locks rank 10, which the caller holds. 1 statement where nothing waits. Safe to run twice.
    """
    keys = exchange.waiting_for_a_rate(account_ids)
    if not keys:
        return 0
    waiting = {place for place, each in exchange.counted_by_rate(keys).items() if each.own and not each.counted}
    recorded = exchange.recorded_rates({place.key for place in waiting})
    currencies = exchange.currencies_of({place.key.account_id for place in waiting})
    rates = exchange.rates_for({place.key for place in waiting}, recorded, currencies, on=now.date())
    return post([_spec(place) for place in sorted(waiting, key=str) if place.key in rates], now=now)


def _spec(place: Standing) -> PostingSpec:
    key, (kind, doc_id) = place.key, place.doc or ("exchange_rate", 0)
    name = f"rate:{key.account_id}:{key.currency}:{key.rate_date}:{place.bucket}:{kind}:{doc_id}:{place.ship_date}"
    return PostingSpec(
        key.account_id, DocumentRef(kind, doc_id), place.bucket, ZERO, name, ship_date=place.ship_date,
        currency=key.currency, rate_date=key.rate_date,
    )  # fmt: skip
