"""A made-up fortnight, and the first days of a real wholesaler's history, replayed through the live services."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from accounts.models import Account
from billing.models import Invoice, Receipt
from config.replay import masters, money
from config.replay.history import read_history
from config.replay.run import Asked, replay
from core.models import Job, JobState
from exceptions_app.models import Case
from fulfillment.models import Return, ShipmentLine
from inventory.models import InboundSupply, StockMovement
from orders.models import Hold, Order, OrderLine

pytestmark = pytest.mark.django_db(transaction=True)

REAL = Path(__file__).parents[3] / "shared/data/orders/online_retail_2010-12_to_2011-03.csv.xz"
HEADING = ["InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country"]
FIRST = date(2026, 3, 2)
KEYS = {
    "lines", "orders", "days", "lines_per_second", "stages", "fill_rate", "kpis", "short_picks", "holds", "backorders",
    "breaches",
}  # fmt: skip


def written(path: Path, rows) -> Path:
    with path.open("w", newline="") as out:
        csv.writer(out).writerows([HEADING, *rows])
    return path


def row(invoice, sku, qty, day, customer, price="2.50", hour=10):
    moment = datetime(FIRST.year, FIRST.month, FIRST.day, hour) + timedelta(days=day)
    return [invoice, sku, f"ITEM {sku}", qty, moment.isoformat(sep=" "), price, customer, "United Kingdom"]


@pytest.fixture(scope="module")
def fortnight(tmp_path_factory) -> Path:
    """12 customers, 8 products, an order of 5 lines for each customer on every second day; and all that is odd."""
    rows, number = [], 0
    for day in range(14):
        for customer in range(12):
            if (day + customer) % 2:
                continue
            number += 1
            for k in range(5):
                qty = 1 + (day * 7 + customer * 3 + k * 5) % 9
                rows.append(row(f"5{number:05d}", f"P{(customer + k) % 8}", qty, day, f"17{customer:03d}.0"))
    rows += [
        row("600001", "P1", 4, 2, "17000.0", price="1.95"),  # agreed below the list
        row("600002", "P2", 3, 2, ""),  # nobody's
        row("600003", "POST", 1, 2, "17000.0"),  # no goods
        row("600004", "P3", 2, 2, "17000.0", price="0"),  # given away
        row("600005", "P9", 5, 3, "17001.0"),
        row("600005", "P9", 5, 3, "17001.0", price="2.75"),  # the same quantity at two prices
        row("C600006", "P9", -2, 5, "17001.0"),  # taken back
        row("600007", "NEW", 3, 6, "17002.0"),  # sold for the first time
        row("600008", "P0", 4000, 8, "17003.0"),  # far beyond shelf and limit
    ]
    return written(tmp_path_factory.mktemp("replay") / "fortnight.csv", sorted(rows, key=lambda r: r[4]))


def run(path: Path, **asked):
    return replay(read_history(path), Asked(**{"until": FIRST + timedelta(days=13), **asked}))


def told(report) -> dict:
    """Everything but the times."""
    return {k: v for k, v in report.as_json().items() if k not in ("stages", "lines_per_second")}


def emptied() -> None:
    call_command("flush", verbosity=0, interactive=False)


@cache
def figures(path: Path, *, days: int = 14) -> dict:
    """What a replay in one go tells: made once a process, for all the tests that come to the same end another way."""
    found = told(run(path, until=FIRST + timedelta(days=days - 1)))
    emptied()
    return found


def test_a_fortnight_goes_through_every_stage_and_the_invariants_hold(fortnight):
    found = run(fortnight)
    assert set(found.as_json()) == KEYS
    assert (found.orders, found.lines, found.days) == (88, 425, 14)
    assert OrderLine.objects.count() == 425
    assert found.breaches == ()
    assert not Job.objects.exclude(state=JobState.DONE).exists()
    assert found.short_picks == ShipmentLine.objects.exclude(short_reason="").count()
    assert found.holds == Hold.objects.count()
    assert found.backorders == round(found.lines * (1 - found.fill_rate))
    assert found.kpis["right_documents"] == 100.0
    stages = {"capture", "submit", "allocate", "release", "pick", "ship", "invoice", "sla", "receipts"}
    assert set(found.stages) >= stages
    the_odd_rows_went_the_way_the_import_sends_them()
    stock_came_before_the_first_order_then_by_purchase_orders_of_four_days()
    customers_paid_what_they_owe_and_no_more()


def the_odd_rows_went_the_way_the_import_sends_them() -> None:
    assert not Order.objects.filter(external_id__in=["600002", "600003", "600004"]).exists()
    agreed = OrderLine.objects.get(order__external_id="600001")
    assert (agreed.unit_price, agreed.price_basis) == (agreed.stated_price, "account")
    held = Hold.objects.get(order__external_id="600005")
    assert (held.reason, held.rule, held.cleared_by) == ("price", "price_mismatch", "replay: pricing")
    back = Return.objects.get()
    assert (back.account.code, [(x.qty, x.order_line.order.external_id) for x in back.lines.all()]) == (
        "17001",
        [(Decimal(2), "600005")],
    )


def stock_came_before_the_first_order_then_by_purchase_orders_of_four_days() -> None:
    opening = StockMovement.objects.filter(source_kind="opening_stock")
    assert opening.count() == 10  # NEW is asked for within the first weeks
    assert {m.at.date() for m in opening} == {FIRST - timedelta(days=1)}
    first = InboundSupply.objects.order_by("eta_date").first()
    assert first.reference == f"PO-{first.eta_date - timedelta(days=4):%Y%m%d}"
    assert StockMovement.objects.filter(source_kind="inbound_supply").exists()


def customers_paid_what_they_owe_and_no_more() -> None:
    assert Receipt.objects.exists()
    for receipt in Receipt.objects.all():
        assert receipt.applied_amount == receipt.amount
    paid = Invoice.objects.filter(status="paid")
    assert all(i.due_date - timedelta(days=money.EARLIEST) <= FIRST + timedelta(days=13) for i in paid)


def test_a_whale_is_backordered_and_held_for_credit_and_let_go_by_finance_later(fortnight, monkeypatch):
    monkeypatch.setattr(masters, "TIGHT_SHARE", 1.0)
    run(fortnight)
    hold = Hold.objects.get(order__external_id="600008")
    assert (hold.reason, hold.placed_at.date()) == ("credit", FIRST + timedelta(days=8))
    assert hold.cleared_by == "replay: finance"
    assert hold.cleared_at - hold.placed_at > money.REVIEW_AFTER
    assert Case.objects.get(kind="credit_hold", subject_number=hold.order.number).status == "auto_resolved"
    supply = InboundSupply.objects.get(product__sku="P0", ordered_qty__gt=3000)  # nobody saw the whale come
    assert supply.reference == f"PO-{FIRST + timedelta(days=9):%Y%m%d}"  # when its turn came


def test_the_same_seed_gives_the_same_figures_and_another_seed_others(fortnight):
    once = figures(fortnight, days=7)
    assert told(run(fortnight, until=FIRST + timedelta(days=6))) == once
    emptied()
    other = run(fortnight, until=FIRST + timedelta(days=6), seed=2)
    assert told(other) != once
    assert other.breaches == ()


def test_two_processes_share_the_work_and_change_no_figure(fortnight):
    alone = figures(fortnight)
    shared = run(fortnight, lanes=2)
    assert told(shared) == alone
    assert shared.breaches == ()
    assert shared.stages.keys() == run(fortnight).stages.keys()  # asked again, it tells what it has


def test_a_lane_that_fails_ends_the_replay_with_its_error_and_the_next_goes_on(fortnight, monkeypatch):
    whole = figures(fortnight, days=7)
    breaks_off_once(monkeypatch, "_pick", on=2)  # every lane counts for itself
    week = {"until": FIRST + timedelta(days=6), "lanes": 2}
    with pytest.raises(ConnectionAbortedError):
        run(fortnight, **week)
    monkeypatch.undo()
    assert told(run(fortnight, **week)) == whole


def test_a_replay_that_stopped_goes_on_and_ends_as_one_that_did_not(fortnight):
    whole = figures(fortnight)
    run(fortnight, until=FIRST + timedelta(days=5))
    assert Order.objects.filter(received_at__date__gt=FIRST + timedelta(days=5)).count() == 0
    assert told(run(fortnight)) == whole


@pytest.mark.parametrize("stage", ["_submit", "_pick", "_ship", "_replenish"])
def test_a_day_broken_off_in_the_middle_is_done_again_without_doubling_anything(fortnight, monkeypatch, stage):
    whole = figures(fortnight, days=7)
    breaks_off_once(monkeypatch, stage, on=4)
    week = {"until": FIRST + timedelta(days=6)}
    with pytest.raises(ConnectionAbortedError):
        run(fortnight, **week)
    assert told(run(fortnight, **week)) == whole


def breaks_off_once(monkeypatch, stage: str, *, on: int) -> None:
    """The stage works on its day, then the process is gone."""
    from config.replay import day

    live, calls = getattr(day, stage), []

    def once(*args, **kwargs):
        found = live(*args, **kwargs)
        calls.append(1)
        if len(calls) == on:
            raise ConnectionAbortedError
        return found

    monkeypatch.setattr(day, stage, once)


@pytest.mark.slow
def test_a_killed_process_leaves_nothing_half_done(fortnight):
    """kill -9 in the middle, then once more to the end: the same figures as in one go."""
    whole = figures(fortnight)
    until = str(FIRST + timedelta(days=13))
    settings = connection.settings_dict
    host = settings["HOST"]
    url = f"postgresql://{settings['USER']}@/{settings['NAME']}?host={host}"
    environment = {**os.environ, "DATABASE_URL": url, "MIGRATE_DATABASE_URL": url}
    command = [sys.executable, "manage.py", "replay", str(fortnight), "--until", until, "--json"]
    first = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while not 60 < OrderLine.objects.count() < 400 and first.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    assert first.poll() is None, "the replay ended before it could be killed"
    first.send_signal(signal.SIGKILL)
    first.wait(timeout=30)
    seen = OrderLine.objects.count()
    assert 60 < seen < 425
    sessions_ended(of=settings["NAME"], deadline=deadline)
    assert told(run(fortnight)) == whole


def sessions_ended(*, of: str, deadline: float) -> None:
    """A session of a killed process ends when its statement does; until then it holds the lock of the one replay."""
    others = "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()"
    with connection.cursor() as cursor:
        cursor.execute(others, [of])
        while cursor.fetchone() != (0,):
            assert time.monotonic() < deadline, "the killed replay's session goes on"
            time.sleep(0.02)
            cursor.execute(others, [of])


def test_other_data_and_another_replay_are_refused_by_name(fortnight, tmp_path):
    Account.objects.create(code="OTHER", name="Somebody")
    refused("accounts that are no replay's", str(fortnight), "--until", "2026-03-10")
    assert not Order.objects.exists()
    Account.objects.all().delete()
    run(fortnight, until=FIRST)
    refused("a replay with seed 1; asked was 2", str(fortnight), "--until", "2026-03-10", "--seed", "2")
    refused("service level 0.95; asked was 0.9", str(fortnight), "--until", "2026-03-10", "--service-level", "0.9")
    other = written(tmp_path / "other.csv", [row("1", "P1", 1, 0, "17000")])
    refused("a replay with file", str(other), "--until", "2026-03-10")


def test_bad_arguments_and_files_are_refused_by_name(fortnight, tmp_path):
    refused("No such file: nowhere.csv", "nowhere.csv", "--until", "2026-03-10")
    refused("'March' is not a day: write YYYY-MM-DD", str(fortnight), "--until", "March")
    refused("2026-03-01 is before --from 2026-03-05", str(fortnight), "--until", "2026-03-01", "--from", "2026-03-05")
    refused("1 is not between 0 and 1", str(fortnight), "--until", "2026-03-10", "--service-level", "1")
    refused("'high' is not a number", str(fortnight), "--until", "2026-03-10", "--service-level", "high")
    refused("Its order lines are from 2026-03-02 to 2026-03-15", str(fortnight), "--until", "2026-02-01")
    bare = tmp_path / "bare.csv"
    bare.write_text("InvoiceNo,StockCode,Quantity,UnitPrice,CustomerID\n1,P1,1,2.50,17000\n")
    refused("No column recognised for date", str(bare), "--until", "2026-03-10")
    empty = tmp_path / "empty.csv"
    empty.write_text("")
    refused("empty.csv is empty", str(empty), "--until", "2026-03-10")
    assert not Account.objects.exists()


def refused(words: str, *arguments: str) -> None:
    with pytest.raises(CommandError) as error:
        call_command("replay", *arguments, stdout=StringIO(), stderr=StringIO())
    assert words in str(error.value)


def test_the_command_prints_one_json_object(fortnight):
    out = StringIO()
    call_command("replay", str(fortnight), "--until", "2026-03-03", "--json", stdout=out, stderr=StringIO())
    found = json.loads(out.getvalue())
    assert set(found) == KEYS
    assert (found["days"], found["breaches"]) == (2, [])


@pytest.mark.slow
@pytest.mark.skipif(not REAL.is_file(), reason="the shared order history is not there")
def test_the_first_days_of_a_real_wholesaler_give_exact_numbers():
    found = replay(read_history(REAL), Asked(date(2010, 12, 2)))
    assert (found.lines, found.orders, found.days, found.breaches) == (3934, 257, 2, ())
    assert found.short_picks > 0
    assert abs(found.fill_rate - 0.95) < 0.03
