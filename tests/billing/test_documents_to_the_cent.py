"""Random documents to the cent, in Python and in SQL: lines, what is given back of them in any parts, what pays them.

OMS_CASES=1000000 runs a million documents; a few hundred by default.
"""

import os
import random
from decimal import Decimal

import pytest
from django.db import connection

from billing.rules.apply import OpenInvoice, apply_oldest_first
from billing.rules.asks import CreditSpec
from billing.rules.charges import BilledSoFar, Charges, Left, charges_back, dealt, is_to_the_cent, shares_of
from billing.rules.credits import CreditedLine, worth
from core.money import line_amount, split_amount
from orders.rules.worth import UnitWorth, per_unit
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


_SHARES_SQL = """
SELECT d.document, sum(round(d.qty * d.price, 2)), sum(round(d.qty * d.tax, 2)), sum(round(d.qty * d.freight, 2))
  FROM unnest(%s::int[], %s::numeric[], %s::numeric[], %s::numeric[], %s::numeric[]) AS d(document, qty, price, tax, freight)
 GROUP BY 1 ORDER BY 1
"""


def charged(rng: random.Random) -> list[tuple[Decimal, UnitWorth, Charges]]:
    """Lines with their tax and freight, some of nothing."""
    found = []
    for qty, price in document(rng):
        amount = line_amount(qty, price, "USD")
        whole = Charges(
            *(line_amount(amount, D(rng.choice((0, rng.randint(1, 9000)))).scaleb(-5), "USD") for _ in "tf")
        )
        found.append((qty, UnitWorth(price, per_unit(whole.tax, qty), per_unit(whole.freight, qty)), whole))
    return found


def parts_of(rng: random.Random, qty: Decimal) -> list[Decimal]:
    parts = []
    while qty > 0:
        parts.append(min(qty, D(rng.randint(1, 10**7)).scaleb(-4)))
        qty -= parts[-1]
    return parts


def added(so_far: dict[int, BilledSoFar], line_id: int, qty: Decimal, goods: Decimal, charges: Charges) -> None:
    x = so_far.get(line_id, BilledSoFar())
    so_far[line_id] = BilledSoFar(
        x.qty + qty, x.tax + charges.tax, x.freight + charges.freight, x.priced + qty, x.goods + goods
    )


@pytest.mark.django_db
def test_an_order_shipped_in_any_parts_is_billed_what_it_said_in_python_and_in_sql():
    """Each document's lines leave in parts, over invoices: together round(quantity x per unit) of goods, tax and freight,
    which of the whole line is what the order said; after every invoice never above what so many units are worth."""
    rng = random.Random(4)
    for start in range(0, CASES, CHUNK):
        totals, rows = [], []
        for n in range(min(CHUNK, CASES - start)):
            lines = charged(rng)
            worths = dict(enumerate(unit for _, unit, _ in lines))
            shipped = [(i, part, "USD") for i, (qty, _, _) in enumerate(lines) for part in parts_of(rng, qty)]
            rng.shuffle(shipped)
            cut = rng.randint(0, len(shipped))
            first, so_far = shares_of(shipped[:cut], worths, {}), {}
            for (i, qty, _), (goods, c) in zip(shipped[:cut], first, strict=True):
                added(so_far, i, qty, goods, c)
                assert so_far[i].goods == line_amount(so_far[i].qty, worths[i].price, "USD")
            billed = first + shares_of(shipped[cut:], worths, so_far)
            assert all(goods >= 0 and c.tax >= 0 and c.freight >= 0 for goods, c in billed)
            of_line: dict[int, BilledSoFar] = {}
            for (i, qty, _), (goods, c) in zip(shipped, billed, strict=True):
                added(of_line, i, qty, goods, c)
            assert [Charges(of_line[i].tax, of_line[i].freight) for i in worths] == [whole for _, _, whole in lines]
            assert [of_line[i].goods for i in worths] == [line_amount(qty, unit.price, "USD") for qty, unit, _ in lines]
            whole = of_line.values()
            totals.append((sum(x.goods for x in whole), sum(x.tax for x in whole), sum(x.freight for x in whole)))
            rows += [(n, qty, unit.price, unit.tax, unit.freight) for qty, unit, _ in lines]
        with connection.cursor() as cursor:
            cursor.execute(_SHARES_SQL, [list(column) for column in zip(*rows, strict=True)])
            assert [tuple(sums) for _, *sums in cursor.fetchall()] == totals


def test_a_part_that_comes_to_a_whole_cent_is_billed_the_same_whatever_was_billed_before():
    """Why an invoice asks what was billed before only where something is rounded."""
    rng = random.Random(7)
    for _ in range(CASES):
        price, before, qty = (
            D(rng.randint(1, 10**6)).scaleb(-3),
            D(rng.randint(0, 9999)).scaleb(-1),
            D(rng.randint(1, 500)),
        )
        if is_to_the_cent(qty, price, "USD"):
            so_far = BilledSoFar(before, priced=before, goods=line_amount(before, price, "USD"))
            (share,) = shares_of([(1, qty, "USD")], {1: UnitWorth(price)}, {1: so_far})
            assert share.goods == line_amount(qty, price, "USD") == qty * price


def test_charges_given_back_in_any_parts_are_given_back_to_the_cent():
    rng = random.Random(5)
    for _ in range(CASES):
        qty, unit, left = charged(rng)[0]
        line = CreditedLine(qty, line_amount(qty, unit.price, "USD"))
        for part in parts_of(rng, qty):
            spec = CreditSpec(1, qty=part, with_freight=True)
            amount = worth(line, part, "USD")
            back = charges_back(spec, line, left, amount, "USD")
            assert 0 <= back.tax <= left.tax and 0 <= back.freight <= left.freight
            left = Charges(left.tax - back.tax, left.freight - back.freight)
            line = CreditedLine(qty, line.amount, line.credited_qty + part, line.credited_amount + amount)
        assert left == Charges()


def test_a_sum_off_a_whole_document_is_dealt_to_the_cent_and_never_above_what_is_left():
    rng = random.Random(6)
    for _ in range(CASES):
        lines = [Left(*(D(rng.choice((0, rng.randint(0, 10**6)))).scaleb(-2) for _ in "gtf")) for _ in "abc"]
        total = D(rng.randint(0, int(sum(v for x in lines for v in x) * 100))).scaleb(-2)
        parts = dealt(total, lines, "USD")
        if total:
            assert sum(v for x in parts for v in x) == total
            assert all(
                0 <= v <= left for x, of in zip(parts, lines, strict=True) for v, left in zip(x, of, strict=True)
            )
