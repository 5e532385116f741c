"""`./run bench [w1 w2 w3 w4 w5 w6 w7 w8 w9 w10 w11] …`: make a database, load the company (or replay a history), run, print one table."""

import argparse
import dataclasses
import json
import os
import sys
from collections.abc import Callable, Collection, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import django
from django.db.backends.signals import connection_created

from benchmarks.measure import BATCH
from benchmarks.replay import HISTORY, text
from core import collection, writers


def main() -> None:
    asked = _arguments()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    os.environ["OMS_STATEMENT_TIMEOUT_MS"] = "0"  # laying out a million lines, or the floor over them, is one statement
    django.setup()
    collection.pass_over_what_is_loaded()  # as every web and worker process does
    connection_created.connect(_writes_by_hand)
    rows: list[dict[str, Any]] = []
    for workload in asked.workloads:
        if workload == "w8":
            rows += [_in_a_database(lambda: [_replay(asked)])[0] for _ in range(asked.runs)]
        if workload == "w5":
            rows += _in_a_database(lambda: _prices(asked))
        if workload == "w10":
            rows += _in_a_database(lambda: _imports(asked))
    alone = {"w5", "w8", "w10"}
    many = [w for w in asked.workloads if w in ("w9", "w11")]  # their rows have ids from 1: in a database of their own
    for names in ([w for w in asked.workloads if w not in {*alone, *many}], many):
        if names:
            rows += _in_a_database(lambda names=names: _with_company(asked, names))
    _print(_facts, rows, asked.as_json)


def _writes_by_hand(connection: Any, **_: object) -> None:
    """The floors write the product's tables too, and stock is laid out between the runs. The triggers ask all the same."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config(%s, %s, false)", [writers.BY_HAND, writers.ALL])


_facts: dict[str, Any] = {}  # of the machine and the server: read while a database is open


def _in_a_database(work: Callable[[], list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """Run `work` in a database that is made for it and removed afterwards."""
    from django.db import connection
    from django.test.runner import DiscoverRunner

    from benchmarks.measure import machine

    runner = DiscoverRunner(verbosity=0, interactive=False)
    databases = runner.setup_databases()
    try:
        _facts.update(machine())
        return work()
    finally:
        connection.close()
        runner.teardown_databases(databases)


def _with_company(asked: argparse.Namespace, names: Collection[str]) -> list[dict[str, Any]]:
    from benchmarks import data, floor

    print("Loading 1,000 SKUs × 10 sites × 200 accounts …", file=sys.stderr)
    data.load()
    floor.make_tables()
    rows = []
    for row in _workloads(asked, names):
        rows.append(row)
        print(_line(row), file=sys.stderr, flush=True)
    return rows


def _replay(asked: argparse.Namespace) -> dict[str, Any]:
    from benchmarks.replay import w8

    print(f"Replaying {asked.history.name} to {asked.until} …", file=sys.stderr)
    row = w8(asked.history, asked.until)
    print(_line(row), file=sys.stderr, flush=True)
    return row


def _imports(asked: argparse.Namespace) -> list[dict[str, Any]]:
    from benchmarks.imports import w10

    print(f"Importing {asked.rows:,} products and accounts …", file=sys.stderr)
    return list(w10(asked.rows, asked.runs))


def _prices(asked: argparse.Namespace) -> list[dict[str, Any]]:
    from benchmarks.prices import w5

    print("Writing a million prices …", file=sys.stderr)
    rows = []
    for row in w5(asked.runs):
        rows.append(row)
        print(_line(row), file=sys.stderr, flush=True)
    return rows


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./run bench", description=__doc__)
    parser.add_argument(
        "workloads",
        nargs="*",
        default=["w1", "w2", "w4"],
        help="w1 w2 w4 (all when none is named); w2-claim, w2-order: those parts of w2; w5: prices; w8: replay a history; w9: list pages, makes its own orders; w10: imports; w6: gates, release and credit; w7: ship and invoice; w11: KPIs",
    )
    parser.add_argument("--lines", type=_numbers, default=[1, 10, 100, 500])
    parser.add_argument("--clients", type=_numbers, help="w1: 1,8   w2: 16,64")
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--stock", type=int, default=500)
    parser.add_argument("--attempts", type=int, default=1000)
    parser.add_argument("--orders", type=int, default=1_000_000, help="w9, w11: how many orders")
    parser.add_argument("--order-lines", type=int, default=20, help="w9, w11: lines of each")
    parser.add_argument("--shipments", type=int, default=1_000, help="w6, w7: how many on each side")
    parser.add_argument("--rows", type=int, default=10_000, help="w10: rows of each file")
    parser.add_argument("--open-lines", type=_numbers, default=[10_000, 100_000], help="w3: how many open lines")
    parser.add_argument("--json", action="store_true", dest="as_json")
    parser.add_argument("--history", type=Path, default=HISTORY, help="w8: the file of order lines")
    parser.add_argument("--until", type=date.fromisoformat, default=date(2011, 3, 31), help="w8: its last day")
    asked = parser.parse_args()
    unknown = set(asked.workloads) - {
        "w1",
        "w2",
        "w2-claim",
        "w2-order",
        "w3",
        "w4",
        "w5",
        "w8",
        "w9",
        "w10",
        "w6",
        "w7",
        "w11",
    }
    if unknown:
        parser.error(f"no such workload: {', '.join(sorted(unknown))}")
    if {"w6", "w7"} & set(asked.workloads) and (asked.shipments < BATCH or asked.shipments % BATCH):
        parser.error(
            f"w6 and w7 take turns batch by batch: --shipments is a multiple of {BATCH}, and {asked.shipments} is not."
        )
    if "w8" in asked.workloads and not asked.history.is_file():
        parser.error(f"w8 needs a history: there is no {asked.history}. Name one with --history.")
    return asked


def _numbers(text: str) -> list[int]:
    return [int(n) for n in text.split(",")]


def _workloads(asked: argparse.Namespace, names: Collection[str]) -> Iterator[dict[str, Any]]:
    from benchmarks import workloads

    if "w1" in names:
        yield from workloads.w1(asked.lines, asked.clients or [1, 8], asked.seconds, asked.runs)
    if "w4" in names:
        yield from workloads.w4(500, asked.runs)
    if "w2" in names:
        yield workloads.w2_order(500, asked.runs)
        yield from workloads.w2(asked.clients or [16, 64], asked.attempts, asked.stock, asked.runs)
    if "w2" in names or "w2-claim" in names:
        yield from workloads.w2_claims(asked.clients or [16, 64], asked.attempts, asked.stock, asked.runs)
    if "w2-order" in names:
        yield workloads.w2_order(500, asked.runs)
    if "w3" in names:
        from benchmarks import allocation

        yield from allocation.w3(asked.open_lines, asked.runs)
        yield from allocation.w3_workers(min(asked.open_lines[-1], 100_000))
    if "w6" in names:
        from benchmarks import releasing

        yield from releasing.w6(asked.shipments, 20, asked.runs)
    if "w7" in names:
        from benchmarks import shipping

        yield from shipping.w7(asked.shipments, 20, asked.runs)
    if "w9" in names:
        from benchmarks import lists

        print(f"Making {asked.orders:,} orders of {asked.order_lines} lines …", file=sys.stderr)
        lists.load(asked.orders, asked.order_lines)
        yield from lists.w9(asked.runs)
    if "w11" in names:
        from benchmarks import figures

        yield from figures.w11(asked.orders, asked.order_lines, asked.runs, is_loaded="w9" in names)


def _line(row: dict[str, Any]) -> str:
    if row["workload"] == "w8":
        return text(row)
    if "text" in row:
        return str(row["text"])
    hot = "oversold {oversold}, sold {sold}, p95 ms {p95_ms}"
    extra = f"{row['statements']} SQL" if "statements" in row else hot.format_map(row)
    share = f"{row['share_of_floor']:.0%} of the floor"
    return f"{row['workload']:8}  {row['what']:24} floor {row['floor'].text():28} product {row['product'].text():28} {row['unit']:12} {share:18} {extra}"


def _print(facts: dict[str, Any], rows: list[dict[str, Any]], as_json: bool) -> None:
    from benchmarks.measure import Spread

    if as_json:
        plain = [{k: dataclasses.asdict(v) if isinstance(v, Spread) else v for k, v in r.items()} for r in rows]
        print(json.dumps({"machine": facts, "rows": plain}))
        return
    print(", ".join(f"{k} {v}" for k, v in facts.items()))
    print("medians (minimum–maximum); floor = one round trip of hand-written SQL writing the same rows")
    print("\n".join(_line(row) for row in rows))


if __name__ == "__main__":
    main()
