"""Dated exchange rates: a rate of the day, or a refusal. Nobody guesses one."""

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal

from django.db import connection

from core.money import EXACT

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
