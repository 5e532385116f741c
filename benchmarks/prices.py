"""W5: price an order of 1,000 lines against a million prices, beside fetching the rows that could apply.

The floor is the fetch alone: the candidate rows of the order in one hand-written statement, read into plain tuples and
nothing decided. Ours decides, and says why each other price lost.
"""

import time
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

from benchmarks.measure import Spread

SKUS, CONTRACTS, GROUPS = 1_000, 5_000, 200
ON = date(2026, 11, 23)
ACCOUNT, MEMBER_OF = 1, 4
BAR_MS = 150

_COMPANY = """
INSERT INTO catalog_product (id, public_id, sku, name, gtin, manufacturer_part, base_unit, order_multiple, min_order_qty, tracking, regulated_class, status, standard_cost)
  SELECT i, gen_random_uuid(), 'P' || i, 'Product ' || i, '', '', 'EA', 1, 0, 'none', '', 'active', 2 FROM generate_series(1, %(skus)s) i;
INSERT INTO accounts_accountgroup (id, code, name, kind) SELECT g, 'G' || g, 'Group ' || g, 'buying_group' FROM generate_series(1, %(groups)s) g;
INSERT INTO accounts_groupmembership (account_id, group_id, valid_from, identifier_kind, identifier)
  SELECT 1, g, '2020-01-01', '', '' FROM generate_series(1, %(member)s) g;
INSERT INTO pricing_pricesource (id, code, name, level, account_id, group_id, currency, priority, margin_floor_percent, valid_from, is_active)
  SELECT 1, 'LIST', 'List', 'list', NULL::bigint, NULL::bigint, 'USD', 100, 10, date '2020-01-01', TRUE
  UNION ALL SELECT 1 + c, 'C' || c, 'Contract ' || c, 'account', c, NULL, 'USD', 100, 10, '2020-01-01', TRUE FROM generate_series(1, %(contracts)s) c
  UNION ALL SELECT 1 + %(contracts)s + g, 'GPO' || g, 'Group contract ' || g, 'group', NULL, g, 'USD', 100, 10, '2020-01-01', TRUE FROM generate_series(1, %(groups)s) g;
INSERT INTO pricing_pricerow (source_id, product_id, min_qty, unit_price, valid_from)
  SELECT 1, i, b, 10 - b / 100.0, date '2020-01-01' FROM generate_series(1, %(skus)s) i, unnest(ARRAY[0, 10, 100]) b
  UNION ALL SELECT 1 + c, (c * 7 + k * 13) %% %(skus)s + 1, b, 8 - b / 100.0, '2020-01-01'
    FROM generate_series(1, %(contracts)s) c, generate_series(0, 84) k, unnest(ARRAY[0, 50]) b
  UNION ALL SELECT 1 + %(contracts)s + g, (g * 3 + k) %% %(skus)s + 1, b, 9 - b / 100.0, '2020-01-01'
    FROM generate_series(1, %(groups)s) g, generate_series(0, 367) k, unnest(ARRAY[0, 100]) b;
"""
_CANDIDATES = """
SELECT r.product_id, s.id, s.level, s.priority, r.min_qty, r.unit_price
  FROM pricing_pricesource s JOIN pricing_pricerow r ON r.source_id = s.id
 WHERE r.product_id = ANY(%(products)s) AND s.currency = 'USD' AND s.is_active
   AND (s.level = 'list' OR s.account_id = 1 OR s.group_id = ANY(%(groups)s))
   AND s.valid_from <= %(on)s AND (s.valid_to IS NULL OR s.valid_to > %(on)s)
   AND r.valid_from <= %(on)s AND (r.valid_to IS NULL OR r.valid_to > %(on)s)
"""


def load() -> int:
    """The price book; how many prices it has."""
    from tests.factories.accounts import AccountFactory

    with connection.cursor() as cursor:
        AccountFactory(id=ACCOUNT, code="BUYER")
        cursor.execute(
            "INSERT INTO accounts_account SELECT (json_populate_record(a, json_build_object('id', n, 'code', 'A' || n,"
            " 'public_id', gen_random_uuid()))).* FROM accounts_account a, generate_series(2, %s) n WHERE a.id = 1",
            [CONTRACTS],
        )
        numbers = {"skus": SKUS, "contracts": CONTRACTS, "groups": GROUPS, "member": MEMBER_OF}
        cursor.execute(_COMPANY, numbers)
        cursor.execute("ANALYZE")
        cursor.execute("SELECT count(*) FROM pricing_pricerow")
        return int(cursor.fetchone()[0])


def w5(runs: int) -> Iterator[dict[str, Any]]:
    """Milliseconds for orders of 1, 100 and 1,000 lines, floor and product by turns."""
    total = load()
    for lines in (1, 100, SKUS):
        took: dict[str, list[float]] = {"floor": [], "product": []}
        with CaptureQueriesContext(connection) as captured:
            winners = _ours(lines)
        for _ in range(max(runs, 3)):
            took["floor"].append(_timed(lambda n=lines: _floor(n)))
            took["product"].append(_timed(lambda n=lines: _ours(n)))
        floor, product = Spread.of(took["floor"]), Spread.of(took["product"])
        text = (
            f"w5        {lines:>5} lines of {total:,} prices   floor {floor.text()} ms   product {product.text()} ms   "
            f"{product.median / floor.median:.1f}x the fetch   {len(captured)} SQL   won: {winners}"
        )
        yield {
            "workload": "w5",
            "what": f"{lines} lines",
            "floor": floor,
            "product": product,
            "unit": "ms",
            "statements": len(captured),
            "bar_ms": BAR_MS,
            "text": text,
        }


def _timed(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


def _floor(lines: int) -> int:
    asked = {"products": list(range(1, lines + 1)), "groups": list(range(1, MEMBER_OF + 1)), "on": ON}
    with connection.cursor() as cursor:
        cursor.execute(_CANDIDATES, asked)
        return len(cursor.fetchall())


def _ours(lines: int) -> dict[str, int]:
    """How many lines each level won."""
    from pricing.queries import price
    from pricing.rules.asks import PriceAsk

    asks = [PriceAsk(str(n), n, Decimal(n % 120 + 1)) for n in range(1, lines + 1)]
    found = price(asks, account_id=ACCOUNT, currency="USD", on=ON)
    won: dict[str, int] = {}
    for result in found:
        won[str(result.basis)] = won.get(str(result.basis), 0) + 1
    return won
