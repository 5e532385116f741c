"""How long a sweep of all detectors takes over many open lines, with the cases it opens: `OMS_CASES=1000000`, under 30 s.
Rows are made by SQL."""

import os
import time

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.clock import db_now
from exceptions_app.detection import detectors
from exceptions_app.models import Case
from exceptions_app.services import detect
from exceptions_app.services.detect import detect_all
from tests.factories.accounts import AccountFactory
from tests.factories.catalog import ProductFactory

LINES = int(os.environ.get("OMS_CASES", "0"))

pytestmark = [pytest.mark.django_db, pytest.mark.skipif(LINES < 1000, reason="a measurement: OMS_CASES=1000000")]

PER_ORDER = 5
MOST_ASKED = 4  # statements of one detector, whatever the number of lines
MAKE = """
INSERT INTO orders_order (id, public_id, number, account_id, status, channel, external_id, po_number, release_number,
    currency, terms_code, requested_date, cancel_after_date, note, total_amount, tax_amount, freight_amount, version,
    gate_results, received_at, submitted_at)
SELECT n, gen_random_uuid(), 'SO-' || n, %(account)s, 'submitted', 'api', '', '', '', 'USD', '',
    CURRENT_DATE - (n %% 30)::int + 15, CASE WHEN n %% 50 = 0 THEN CURRENT_DATE + 3 END, '', 500, 0, 0, 1, '[]',
    now() - interval '5 days', now() - interval '5 days'
  FROM generate_series(1, %(orders)s) n;
INSERT INTO inventory_demand (id, product_id, account_id, ref_kind, ref_id, ref_number, line_no, ordered_qty, cancelled_qty,
    backordered_qty, reserved_qty, allocated_qty, released_qty, picked_qty, shipped_qty, requested_date, min_shelf_life_days,
    is_blocked, backorder_allowed, priority, tier_rank, sla_penalty, is_contract, margin_band, ship_complete_group,
    opened_at)
SELECT n, %(product)s + n %% 1000, %(account)s, 'order', 1 + n / %(per)s, '', n, 10, 0,
    CASE WHEN n %% 10 < 3 THEN 10 ELSE 0 END, 0, CASE WHEN n %% 10 < 3 THEN 0 ELSE 10 END,
    0, 0, 0, CURRENT_DATE - (n / %(per)s %% 30)::int + 15, 0, false, true, 0,
    1 + n %% 3, 0, false, 0, '', now()
  FROM generate_series(1, %(lines)s) n;
INSERT INTO orders_orderline (order_id, line_no, product_id, demand_id, qty, unit, unit_qty, stated_code, stated_description,
    external_ref, unit_price, amount, price_basis, price_trace, price_locked_at)
SELECT 1 + (n - 1) / %(per)s, n, %(product)s + n %% 1000, n, 10, '', 10, '', '', '', 10, 100, '', '{}', now()
  FROM generate_series(1, %(lines)s) n;
INSERT INTO inventory_promise (demand_id, qty, kind, delivery_date, first_delivery_date, slip_cause, is_current, made_at)
SELECT n, 10, 'stock', CURRENT_DATE + (n %% 9)::int, CURRENT_DATE, '', true, now() FROM generate_series(1, %(lines)s) n;
ANALYZE orders_order, orders_orderline, inventory_demand, inventory_promise;
"""


def test_all_detectors_over_many_open_lines(capsys, monkeypatch):
    monkeypatch.setattr(detect, "MOST_NEW", 6000)  # with the 4,000 of another kind: 10,000 in one sweep
    products = sorted(p.pk for p in ProductFactory.create_batch(1000))
    values = {
        "account": AccountFactory().pk,
        "product": products[0],
        "orders": LINES // PER_ORDER,
        "lines": LINES - LINES % PER_ORDER,
        "per": PER_ORDER,
    }
    with connection.cursor() as cursor:
        for statement in MAKE.split(";\n"):
            if statement.strip():
                cursor.execute(statement, values)
    now, whole = db_now(), 0.0
    for detector in detectors():
        with CaptureQueriesContext(connection) as asked:
            began = time.monotonic()
            found = len(detector.find(now))
            took = time.monotonic() - began
        whole += took
        tell(capsys, f"{detector.kind}: {found:,} found in {took:.2f} s, {len(asked)} SQL")
        assert len(asked) <= MOST_ASKED
    tell(capsys, f"all detectors over {LINES:,} open lines: {whole:.2f} s")
    began = time.monotonic()
    opened = sum(ran.opened for ran in detect_all(now=now))
    first = time.monotonic() - began
    began = time.monotonic()
    more = sum(ran.opened for ran in detect_all(now=now))
    second = time.monotonic() - began
    tell(capsys, f"the sweep with {opened:,} cases opened: {first:.2f} s; the next, with {more:,} more: {second:.2f} s")
    assert opened == Case.objects.count() - more
    assert opened + more >= min(LINES // 200, 10_000)
    assert first < 30


def tell(capsys, words: str) -> None:
    with capsys.disabled():
        print(f"\n{words}", end="")
