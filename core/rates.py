"""Dated exchange rates: a rate of the day, or a refusal. Nobody guesses one."""

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal

from django.db import connection

from core.errors import Refused
from core.money import EXACT


class RateMissing(Refused):
    template = (
        "There is no exchange rate from {base} to {quote} for {day}: what {actor} may decide is counted in {home}."
    )
    remedy_template = "Enter the rate under Exchange rates, then try again."


GOOD_FOR = timedelta(days=31)  # an older rate is no rate
ONE = Decimal(1)

_RATES = """
SELECT DISTINCT ON (base, quote) base, quote, rate FROM core_exchangerate
 WHERE base = ANY(%(named)s) AND quote = ANY(%(named)s) AND valid_from <= %(on)s AND valid_from > %(since)s
 ORDER BY base, quote, valid_from DESC
"""


def rates(pairs: Iterable[tuple[str, str]], *, on: date) -> dict[tuple[str, str], Decimal]:
    """{(from, to): rate} of that day: the latest that is not older than GOOD_FOR, else 1 by the other way round. A pair
    without a rate is absent. 1 SQL."""
    wanted = set(pairs)
    named = sorted({currency for pair in wanted for currency in pair})
    with connection.cursor() as cursor:
        cursor.execute(_RATES, {"named": named, "on": on, "since": on - GOOD_FOR})
        known = {(base, quote): rate for base, quote, rate in cursor.fetchall()}
    found = {}
    for base, quote in wanted:
        if base == quote:
            found[base, quote] = ONE
        elif (base, quote) in known:
            found[base, quote] = known[base, quote]
        elif (quote, base) in known:
            found[base, quote] = EXACT.divide(ONE, known[quote, base])
    return found


_DATED = """
SELECT w.base, w.quote, w.day, r.rate, i.rate
  FROM unnest(%(bases)s::text[], %(quotes)s::text[], %(days)s::date[]) AS w(base, quote, day)
  LEFT JOIN LATERAL (SELECT rate FROM core_exchangerate x WHERE (x.base, x.quote) = (w.base, w.quote)
                        AND x.valid_from BETWEEN w.day - %(good_for)s::int + 1 AND w.day
                      ORDER BY x.valid_from DESC LIMIT 1) r ON true
  LEFT JOIN LATERAL (SELECT rate FROM core_exchangerate x WHERE (x.base, x.quote) = (w.quote, w.base)
                        AND x.valid_from BETWEEN w.day - %(good_for)s::int + 1 AND w.day
                      ORDER BY x.valid_from DESC LIMIT 1) i ON true
"""


def rates_by_day(asked: Iterable[tuple[str, str, date]]) -> dict[tuple[str, str, date], Decimal]:
    """The same for many days: {(from, to, day): rate}, what has none is absent. 1 SQL."""
    wanted = sorted(set(asked))
    bases, quotes, days = ([w[i] for w in wanted] for i in range(3))
    with connection.cursor() as cursor:
        cursor.execute(_DATED, {"bases": bases, "quotes": quotes, "days": days, "good_for": GOOD_FOR.days})
        rows = cursor.fetchall()
    found = {}
    for base, quote, day, rate, inverse in rows:
        if base == quote:
            found[base, quote, day] = ONE
        elif rate is not None:
            found[base, quote, day] = rate
        elif inverse is not None:
            found[base, quote, day] = EXACT.divide(ONE, inverse)
    return found
