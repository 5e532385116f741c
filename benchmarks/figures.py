"""W11: the KPIs of many orders built anew and for the last days, and the statement of a customer with 10,000 open items."""

import statistics
import sys
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection

from benchmarks.data import NOW

OPEN_ITEMS, BUSY = 10_000, 1  # of that account
BARS = {"all days": 20.0, "last 35 days": 2.0, "statement": 1.0, "statement as PDF": 1.0}  # seconds

_ITEMS = """
INSERT INTO billing_invoice (public_id, number, account_id, order_id, status, currency, net_amount, tax_amount, freight_amount,
    total_amount, paid_amount, terms_code, issued_date, due_date, version, posted_at)
SELECT gen_random_uuid(), 'W11-' || n, %(account)s, (SELECT min(id) FROM orders_order), 'posted', 'XTS', 10, 0, 0, 10, 0, 'NET30',
    %(day)s::date - n %% 300, %(day)s::date - n %% 300 + 30, 1, %(now)s
FROM generate_series(1, %(n)s) n
"""

# Loaded rows bring their keys: the counter has not seen them.
_AFTER_THE_LOADED = "SELECT setval(pg_get_serial_sequence('billing_invoice', 'id'), max(id) + 1) FROM billing_invoice"


def w11(orders: int, lines: int, runs: int, *, is_loaded: bool) -> Iterator[dict[str, Any]]:
    """Seconds of each, the median of the runs; the bar beside it."""
    from benchmarks import lists
    from billing.papers.statement import statement_pdf
    from billing.queries import statement
    from reporting.services.build_kpis import FIRST, build_kpis, build_recent_kpis

    if not is_loaded:
        print(f"Making {orders:,} orders of {lines} lines …", file=sys.stderr)
        lists.load(orders, lines)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE reporting_linemeasure SET unit_price = 10 WHERE unit_price IS NULL")
        cursor.execute(_AFTER_THE_LOADED)
        cursor.execute(_ITEMS, {"account": BUSY, "day": NOW.date(), "now": NOW, "n": OPEN_ITEMS})
        cursor.execute("ANALYZE")
    today: date = NOW.date()
    found = statement(BUSY, on=today, currency="XTS")
    assert found.open_amount == Decimal(10) * OPEN_ITEMS
    ways: dict[str, Callable[[], object]] = {
        "all days": lambda: build_kpis(start=FIRST, end=today + timedelta(days=1)),
        "last 35 days": lambda: build_recent_kpis(now=NOW),
        "statement": lambda: statement(BUSY, on=today, currency="XTS"),
        "statement as PDF": lambda: statement_pdf(found, on=today),
    }
    for name, way in ways.items():
        seconds = statistics.median(_seconds(way) for _ in range(runs))
        verdict = "within" if seconds < BARS[name] else "OVER"
        yield {
            "workload": "w11",
            "what": name,
            "text": f"w11  {name:20} {seconds:6.2f} s, {verdict} {BARS[name]:.0f} s ({orders * lines:,} order lines)",
            "seconds": seconds,
        }


def _seconds(way: Callable[[], object]) -> float:
    began = time.perf_counter()
    way()
    return time.perf_counter() - began
