"""What is owed in another currency, counted in the credit account's (domain.md §4).

Postings of one document in one bucket and of one rate date stand together: their amounts in the account's currency are
always round(rate × what they come to in their own), never the sum of amounts that were each rounded by itself. So when a
document has left a bucket, nothing of it is left behind, and a total never falls below 0.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from core.money import EXACT, round_amount
from credit.rules.asks import CountedPart, CreditAsk, PostingSpec
from credit.states import Bucket

ZERO = Decimal(0)
RATE_PLACES = Decimal("0.0000000001")  # numeric(20,10)
BY_DOCUMENT = frozenset({Bucket.OPEN_ORDER, Bucket.RECEIVABLE, Bucket.UNAPPLIED})


class RateKey(NamedTuple):
    """One rate for all that an account owes in a currency since the same day."""

    account_id: int
    currency: str
    rate_date: date


class Standing(NamedTuple):
    """Postings that stand together: `doc` is (kind, id), and None where a bucket is left by another document than the
    one that entered it (an order is released, its shipment leaves)."""

    key: RateKey
    bucket: str
    doc: tuple[str, int] | None
    ship_date: date | None


@dataclass(frozen=True, slots=True)
class Sum:
    """What postings come to: in their own currency, and in the account's."""

    own: Decimal = ZERO
    counted: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class Converted:
    """A posting as it is kept: `amount` in the account's currency, the rest where it is in another; `rate` is None until
    there is one, and `amount` 0."""

    spec: PostingSpec
    amount: Decimal
    currency: str = ""
    document_amount: Decimal | None = None
    rate: Decimal | None = None
    rate_date: date | None = None


def standing_of(key: RateKey, bucket: str, doc: tuple[str, int], ship_date: date | None) -> Standing:
    return Standing(key, str(bucket), doc if bucket in BY_DOCUMENT else None, ship_date)


def worth(own: Decimal, rate: Decimal | None, currency: str) -> Decimal:
    """In `currency`, rounded once; nothing as long as there is no rate."""
    return ZERO if rate is None else round_amount(EXACT.multiply(own, rate), currency)


def converted(
    specs: Iterable[tuple[RateKey, PostingSpec]],
    sums: Mapping[Standing, Sum],
    rates: Mapping[RateKey, Decimal | None],
    currency: str,
) -> list[Converted]:
    """The postings of one account in its `currency`, each by what it moves of the postings it stands with."""
    now = dict(sums)
    made = []
    for key, spec in specs:
        place = standing_of(key, spec.bucket, (spec.doc.kind, spec.doc.id), spec.ship_date)
        before = now.get(place, Sum())
        own = before.own + spec.amount
        after = Sum(own, worth(own, rates[key], currency))
        now[place] = after
        made.append(
            Converted(spec, after.counted - before.counted, key.currency, spec.amount, rates[key], key.rate_date)
        )
    return made


def in_currency(
    ask: CreditAsk,
    currency: str,
    rates: Mapping[RateKey, Decimal],
    recorded: Mapping[RateKey, Decimal | None],
    on: date,
) -> CreditAsk:
    """The ask in the account's `currency`, each day of it rounded as it is posted. Unchanged where there is no rate: the
    currencies differ then, and credit says so.

    What is counted already is taken at the rate it was counted by (`recorded`): nothing where it waits for one.
    """
    if ask.currency != currency:
        rate = rates.get(RateKey(ask.account_id, ask.currency, ask.rate_date or on))
        if rate is None:
            return ask
        days = ask.amounts or (ask.amount,)
        amount = sum((worth(part, rate, currency) for part in days), ZERO)
    elif all(part.currency == currency for part in ask.counted):
        return ask
    else:
        rate, amount = None, ask.amount
    if not ask.counted and ask.already_counted and rate is not None:
        mine = worth(ask.already_counted, rate, currency)
    else:
        mine = sum((_counted(ask, part, currency, recorded) for part in ask.counted), ZERO)
    stated = None if rate is None else (ask.amount, ask.currency)
    return replace(ask, amount=amount, currency=currency, already_counted=mine, stated=stated, rate=rate)


def _counted(ask: CreditAsk, part: CountedPart, currency: str, recorded: Mapping[RateKey, Decimal | None]) -> Decimal:
    if part.currency == currency:
        return part.amount
    return worth(part.amount, recorded.get(RateKey(ask.account_id, part.currency, part.rate_date)), currency)
