"""Random documents to the cent, in Python and in SQL: lines, what is given back of them in any parts, what pays them.

OMS_CASES=1000000 runs a million documents; a few hundred by default.
"""

import os
import random
from decimal import Decimal

import pytest
from django.db import connection

from billing.rules.apply import OpenInvoice, apply_oldest_first
from billing.rules.credits import CreditedLine, worth
from core.money import line_amount, split_amount
from tests.factories.orders import NOW

D = Decimal
CASES = int(os.environ.get("OMS_CASES", "300"))
CHUNK = 10_000

_SQL = """
SELECT d.document, sum(round(d.qty * d.price, 2))
  FROM unnest(%s::int[], %s::numeric[], %s::numeric[]) AS d(document, qty, price)
 GROUP BY 1 ORDER BY 1
"""


def document(rng: random.Random) -> list[tuple[Decimal, Decimal]]:
    """(quantity, price) of 1 to 4 lines: four and six places, as the tables have them."""
    return [
        (D(rng.randint(1, 10**7)).scaleb(-4), D(rng.randint(0, 10**9)).scaleb(-6)) for _ in range(rng.randint(1, 4))
    ]


@pytest.mark.django_db
def test_a_document_is_the_same_cent_in_python_and_in_sql():
    rng = random.Random(1)
    for start in range(0, CASES, CHUNK):
        documents = [document(rng) for _ in range(min(CHUNK, CASES - start))]
        totals = [sum(line_amount(qty, price, "USD") for qty, price in lines) for lines in documents]
        rows = [(n, qty, price) for n, lines in enumerate(documents) for qty, price in lines]
        with connection.cursor() as cursor:
            cursor.execute(_SQL, [list(column) for column in zip(*rows, strict=True)])
            assert [total for _, total in cursor.fetchall()] == totals


def test_a_line_given_back_in_any_parts_is_given_back_to_the_cent_and_never_above():
    rng = random.Random(2)
    for _ in range(CASES):
        qty, price = document(rng)[0]
        amount = line_amount(qty, price, "USD")
        line = CreditedLine(qty, amount)
        while line.open_qty > 0:
            part = min(line.open_qty, D(rng.randint(1, 10**7)).scaleb(-4))
            back = worth(line, part, "USD")
            assert 0 <= back <= line.open_amount
            line = CreditedLine(qty, amount, line.credited_qty + part, line.credited_amount + back)
        assert line.credited_amount == amount


def test_any_sum_is_dealt_out_without_a_cent_over_or_missing():
    rng = random.Random(3)
    for _ in range(CASES):
        total = D(rng.randint(0, 10**8)).scaleb(-2)
        parts = split_amount(total, [D(rng.randint(0, 100)) for _ in range(rng.randint(1, 6))], "USD")
        assert sum(parts) == total
        open_items = [OpenInvoice(n, NOW.date(), part) for n, part in enumerate(parts)]
        received = D(rng.randint(0, 10**8)).scaleb(-2)
        applied = apply_oldest_first(received, open_items)
        assert sum(a.amount for a in applied) == min(received, total)
