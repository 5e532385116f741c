"""W1, W2 and W4 of the performance plan, each run for the floor and for the product, alternating."""

import random
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

from benchmarks import data, floor, product
from benchmarks.measure import Sample, Spread, rate, repeat_for, run_clients

Row = dict[str, Any]
SIDES: dict[str, Any] = {"floor": floor, "product": product}
HOT = 1


def w1(lines: Sequence[int], clients: Sequence[int], seconds: float, runs: int) -> Iterator[Row]:
    """Place orders: orders/s and SQL statements an order."""
    for count in lines:
        statements = _statements(partial(_place_one, count))
        for parallel in clients:
            rates = {side: _rates(SIDES[side].place, count, parallel, seconds, runs) for side in SIDES}
            yield _row("w1", f"{count} lines, {parallel} clients", "orders/s", rates, statements=statements)


def _place_one(lines: int) -> int:
    return product.place(*data.order_of(random.Random(lines), lines))


def w2(clients: Sequence[int], attempts: int, stock: int, runs: int) -> Iterator[Row]:
    """A hot SKU: successes/s; oversold must be 0 on both sides."""
    for parallel in clients:
        rates: dict[str, list[float]] = {side: [] for side in SIDES}
        oversold = dict.fromkeys(SIDES, 0)
        for _ in range(runs):
            for side in SIDES:
                success, sold = _hot_run(side, parallel, attempts, stock)
                rates[side].append(success)
                oversold[side] += max(0, sold - stock)
        yield _row("w2", f"{stock} units, {parallel} clients", "successes/s", rates, oversold=oversold)


def w4(skus: int, runs: int, repeats: int = 20) -> Iterator[Row]:
    """Availability: milliseconds for all SKUs × sites (shown as reads/s so that more is better everywhere)."""
    wanted = list(range(1, skus + 1))
    statements = _statements(lambda: product.availability(wanted))
    rates: dict[str, list[float]] = {side: [] for side in SIDES}
    for _ in range(runs):
        for side, module in SIDES.items():
            module.availability(wanted)
            began = time.perf_counter()
            for _ in range(repeats):
                module.availability(wanted)
            rates[side].append(repeats / (time.perf_counter() - began))
    yield _row("w4", f"{skus} SKUs × {data.SITES} sites", "reads/s", rates, statements=statements)


def _rates(place: Callable[..., int], lines: int, clients: int, seconds: float, runs: int) -> list[float]:
    def work(number: int) -> Sample:
        rng = random.Random(data.SEED + number)
        for _ in range(3):
            place(*data.order_of(rng, lines))
        return repeat_for(seconds, lambda: place(*data.order_of(rng, lines)))

    return [rate(run_clients(clients, work)) for _ in range(runs)]


def _hot_run(side: str, clients: int, attempts: int, stock: int) -> tuple[float, int]:
    _set_hot_stock(side, stock)

    def work(number: int) -> Sample:
        mine = attempts // clients + (1 if number < attempts % clients else 0)
        won, began = 0, time.perf_counter()
        for k in range(mine):
            account = (number * 37 + k) % data.ACCOUNTS + 1
            won += SIDES[side].place((account // data.SITES) * data.SITES % data.ACCOUNTS + data.SITES, [(HOT, 1)])
        return Sample(won, time.perf_counter() - began)

    samples = run_clients(clients, work)
    return rate(samples), sum(s.done for s in samples)


def _set_hot_stock(side: str, stock: int) -> None:
    """`stock` units of the hot SKU at site 1, none elsewhere; older claims on it are taken as consumed."""
    schema = "floor" if side == "floor" else "public"
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {schema}.inventory_stockbalance SET on_hand_qty = reserved_qty + allocated_qty + released_qty + picked_qty "
            "+ CASE WHEN site_id = 1 THEN %s ELSE 0 END WHERE product_id = %s",
            [stock, HOT],
        )


def _statements(once: Callable[[], Any]) -> int:
    once()
    with CaptureQueriesContext(connection) as captured:
        once()
    noise = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")
    return sum(1 for q in captured.captured_queries if not q["sql"].startswith(noise))


def _row(workload: str, what: str, unit: str, rates: dict[str, list[float]], **extra: Any) -> Row:
    spreads = {side: Spread.of(values) for side, values in rates.items()}
    return {
        "workload": workload,
        "what": what,
        "unit": unit,
        "floor": spreads["floor"],
        "product": spreads["product"],
        "share_of_floor": spreads["product"].median / spreads["floor"].median,
        **extra,
    }
