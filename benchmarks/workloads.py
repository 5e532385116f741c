"""W1, W2 and W4 of the performance plan, each run for the floor and for the product, alternating."""

import itertools
import random
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

from benchmarks import data, deciding, floor, product
from benchmarks.measure import Sample, Spread, p95, rate, repeat_for, run_clients

Row = dict[str, Any]
SIDES: dict[str, Any] = {"floor": floor, "product": product}
CLAIM_SIDES: dict[str, Any] = {"floor": floor, "floor that decides": deciding, "product": product}
HOT, COLD, HOT_SITE = 1, 2, 1


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
    """A hot SKU, all clients at one balance row, by whole orders."""
    for parallel in clients:
        yield from _hot_rows("w2", {"floor": _hot_orders, "product": _hot_orders}, parallel, attempts, stock, runs)


def w2_claims(clients: Sequence[int], attempts: int, stock: int, runs: int) -> Iterator[Row]:
    """The same by reservations alone, beside both floors: the one that is told what to write, and the one that decides."""
    for parallel in clients:
        yield from _hot_rows("w2-claim", dict.fromkeys(CLAIM_SIDES, _hot_claims), parallel, attempts, stock, runs)


def _hot_rows(
    name: str,
    hot_runs: dict[str, Callable[[str, int, int], list[Sample]]],
    parallel: int,
    attempts: int,
    stock: int,
    runs: int,
) -> Iterator[Row]:
    """A row for each floor, of the same runs. Oversold is units promised to clients beyond the stock, over all runs; `sold`
    the units of each run."""
    rates: dict[str, list[float]] = {side: [] for side in hot_runs}
    slow: dict[str, list[float]] = {side: [] for side in hot_runs}
    sold: dict[str, list[int]] = {side: [] for side in hot_runs}
    for _ in range(runs):
        for side, hot_run in hot_runs.items():
            _set_hot_stock(side, stock)
            samples = hot_run(side, parallel, attempts)
            rates[side].append(rate(samples))
            slow[side].append(p95(samples))
            sold[side].append(sum(s.done for s in samples))
    oversold = {side: sum(max(0, units - stock) for units in counts) for side, counts in sold.items()}
    p95_ms = {side: round(statistics.median(times)) for side, times in slow.items()}
    for floor_side in [side for side in hot_runs if side != "product"]:
        what = f"{stock} units, {parallel} clients" + ("" if floor_side == "floor" else f", {floor_side}")
        yield _row(
            name,
            what,
            "successes/s",
            {"floor": rates[floor_side], "product": rates["product"]},
            oversold=oversold,
            sold=sold,
            p95_ms=p95_ms,
        )


def w4(skus: int, runs: int, repeats: int = 20) -> Iterator[Row]:
    """Availability: milliseconds for all SKUs × sites (shown as reads/s so that more is better everywhere), without
    pools and with them."""
    yield _availability(f"{skus} SKUs × {data.SITES} sites", skus, runs, repeats)
    with data.pools():
        yield _availability(f"{skus} SKUs × {data.SITES} sites, a fifth with pools", skus, runs, repeats)


def _availability(case: str, skus: int, runs: int, repeats: int) -> Row:
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
    return _row("w4", case, "reads/s", rates, statements=statements)


def w2_order(lines: int, runs: int, orders: int = 12) -> Row:
    """The claims of one order of many lines, each of a product of its own: orders/s of one client."""
    products = list(range(1, lines + 1))
    rates: dict[str, list[float]] = {side: [] for side in SIDES}
    for _ in range(runs):
        for side, module in SIDES.items():
            _fill_hot_site(side)
            waiting = [module.open_demands(products) for _ in range(orders + 2)]
            for demand_ids in waiting[:2]:
                module.reserve(demand_ids)
            began = time.perf_counter()
            served = [module.reserve(demand_ids) for demand_ids in waiting[2:]]
            rates[side].append(orders / (time.perf_counter() - began))
            if set(served) != {lines}:
                raise RuntimeError(f"{side}: {served} of {lines} lines were served")
    demand_ids = product.open_demands(products)
    statements = _statements(lambda: product.reserve(demand_ids), again=False)
    return _row("w2-order", f"claims of {lines} lines", "orders/s", rates, statements=statements)


def _rates(place: Callable[..., int], lines: int, clients: int, seconds: float, runs: int) -> list[float]:
    def warm_up(number: int) -> random.Random:
        rng = random.Random(data.SEED + number)
        for _ in range(3):
            place(*data.order_of(rng, lines))
        return rng

    def work(number: int, rng: random.Random) -> Sample:
        return repeat_for(seconds, lambda: place(*data.order_of(rng, lines)))

    return [rate(run_clients(clients, work, warm_up)) for _ in range(runs)]


def _hot_orders(side: str, clients: int, attempts: int) -> list[Sample]:
    """Each client orders for accounts of its own, so that the balance row is what they fight for, not a credit row."""
    place = SIDES[side].place
    site: dict[str, int] = {"site": HOT_SITE} if side == "floor" else {}  # the product finds the stock by itself

    def work(number: int, _: Any) -> Sample:
        accounts = itertools.cycle(range(number + 1, data.ACCOUNTS + 1, clients))
        return _attempts(_share(attempts, clients, number), lambda: place(next(accounts), [(HOT, 1)], **site))

    return run_clients(clients, work, lambda number: place(number + 1, [(COLD, 1)]))


def _hot_claims(side: str, clients: int, attempts: int) -> list[Sample]:
    """Reservations of demands opened beforehand, one transaction each."""
    module = CLAIM_SIDES[side]

    def work(_: int, demand_ids: list[int]) -> Sample:
        left = iter(demand_ids[1:])
        return _attempts(len(demand_ids) - 1, lambda: module.reserve([next(left)]))

    def warm_up(number: int) -> list[int]:
        cold, *hot = module.open_demands([COLD, *[HOT] * _share(attempts, clients, number)])
        module.reserve([cold])
        return [cold, *hot]

    return run_clients(clients, work, warm_up)


def _share(attempts: int, clients: int, number: int) -> int:
    return attempts // clients + (1 if number < attempts % clients else 0)


def _attempts(count: int, once: Callable[[], int]) -> Sample:
    won, times, began = 0, [], time.perf_counter()
    for _ in range(count):
        started = time.perf_counter()
        won += once()
        times.append(time.perf_counter() - started)
    return Sample(won, time.perf_counter() - began, tuple(times))


def _set_hot_stock(side: str, stock: int) -> None:
    """`stock` units of the hot SKU at the hot site, none elsewhere; older claims on it are taken as consumed."""
    schema = "public" if side == "product" else "floor"
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {schema}.inventory_stockbalance SET on_hand_qty = reserved_qty + allocated_qty + released_qty + picked_qty "
            "+ CASE WHEN site_id = %s THEN %s ELSE 0 END WHERE product_id = %s",
            [HOT_SITE, stock, HOT],
        )


def _fill_hot_site(side: str) -> None:
    """Plenty of everything at the hot site: what an earlier workload sold out is back."""
    schema = "floor" if side == "floor" else "public"
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {schema}.inventory_stockbalance SET on_hand_qty = on_hand_qty + %s WHERE site_id = %s",
            [data.PLENTY, HOT_SITE],
        )


def _statements(once: Callable[[], Any], *, again: bool = True) -> int:
    if again:  # what is read once per process is not counted
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
