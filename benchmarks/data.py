"""The company all workloads share: 1,000 SKUs × 10 sites × 200 accounts × 3 group price lists with breaks at 1, 10, 100."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal

from django.db import connection

SEED = 20261122
SKUS, SITES, ACCOUNTS = 1000, 10, 200
START, NOW = date(2026, 1, 1), datetime(2026, 11, 23, 9, tzinfo=UTC)
BREAKS = {1: Decimal(1), 10: Decimal("0.97"), 100: Decimal("0.93")}
DISCOUNTS = (Decimal("0.95"), Decimal("0.90"), Decimal("0.85"))
PLENTY = 1_000_000


def load() -> None:
    """Write the company with COPY. Ids are 1…n in every table, so workloads can name rows without looking them up."""
    rng = random.Random(SEED)
    with connection.cursor() as cursor:
        _statements(cursor)
        _copy(
            cursor,
            "catalog_product (id, public_id, sku, name, gtin, manufacturer_part, base_unit, order_multiple, min_order_qty, tracking, regulated_class, status, standard_cost)",
            [
                (
                    i,
                    _uuid(rng),
                    f"SKU{i:05d}",
                    f"Product {i}",
                    "",
                    "",
                    "EA",
                    1,
                    0,
                    "none",
                    "",
                    "active",
                    list_price(i) / 2,
                )
                for i in range(1, SKUS + 1)
            ],
        )
        _copy(
            cursor,
            "inventory_stockbalance (id, product_id, site_id, status, owner, on_hand_qty, reserved_qty, allocated_qty, released_qty, picked_qty)",
            [
                ((i - 1) * SITES + w, i, w, "available", "", PLENTY, 0, 0, 0, 0)
                for i in range(1, SKUS + 1)
                for w in range(1, SITES + 1)
            ],
        )
        _copy(
            cursor,
            "inventory_stockmovement (balance_id, kind, qty, source_kind, source_id, sequence, at, actor_label, reason)",
            [(b, "receipt", PLENTY, "benchmark", b, 0, NOW, "benchmark", "") for b in range(1, SKUS * SITES + 1)],
        )
        _copy(
            cursor,
            "pricing_pricerow (source_id, product_id, min_qty, unit_price, valid_from)",
            [
                (source, i, qty, round(list_price(i) * share * discount, 4), START)
                for source, discount in ((1, Decimal(1)), *((2 + g, d) for g, d in enumerate(DISCOUNTS)))
                for i in range(1, SKUS + 1)
                for qty, share in BREAKS.items()
            ],
        )
        _copy(
            cursor,
            "inventory_inboundsupply (product_id, site_id, kind, reference, ordered_qty, received_qty, eta_date, confidence_percent, past_due_cutoff_days, is_closed)",
            [
                (
                    rng.randrange(1, SKUS + 1),
                    rng.randrange(1, SITES + 1),
                    "purchase",
                    f"PO{k}",
                    40,
                    0,
                    date(2026, 12, rng.randrange(1, 29)),
                    100,
                    7,
                    False,
                )
                for k in range(3000)
            ],
        )
        _sync_sequences(cursor)
        cursor.execute("ANALYZE")


@contextmanager
def pools() -> Iterator[None]:
    """A floor for one of the three groups on every fifth SKU, a ceiling for account 1's own group on every tenth."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO inventory_pool (code, name, kind, state, who, group_id, region, product_id, site_region, amount_kind, amount, valid_from) "
            "SELECT kind || i, 'Pool ' || i, kind, 'active', 'group', CASE kind WHEN 'quota' THEN 2 ELSE i / 5 %% 3 + 1 END, '', i, '', 'number', 500000, %s "
            "FROM generate_series(1, %s) i CROSS JOIN unnest(ARRAY['protection', 'quota']) AS kind WHERE i %% (CASE kind WHEN 'quota' THEN 10 ELSE 5 END) = 0",
            [START, SKUS],
        )
        cursor.execute("ANALYZE inventory_pool")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM inventory_pool")


def list_price(i: int) -> Decimal:
    return Decimal(5) + Decimal(i % 200) * Decimal("0.37")


def order_of(rng: random.Random, lines: int) -> tuple[int, list[tuple[int, int]]]:
    """(account id, [(product id, quantity 1–5)]) with distinct products."""
    return rng.randrange(1, ACCOUNTS + 1), [(p, rng.randrange(1, 6)) for p in rng.sample(range(1, SKUS + 1), lines)]


def _statements(cursor) -> None:
    cursor.execute(
        "INSERT INTO accounts_servicetier (id, code, name, rank, fair_share_weight, order_lock_days, promise_slip_days) SELECT t, 'T' || t, 'Tier ' || t, t, 1, 0, 0 FROM generate_series(1, 3) t"
    )
    cursor.execute(
        "INSERT INTO accounts_accountgroup (id, code, name, kind) SELECT g, 'G' || g, 'Group ' || g, 'buying_group' FROM generate_series(1, 3) g"
    )
    cursor.execute(
        "INSERT INTO accounts_account (id, public_id, code, name, status, tier_id, region, currency, time_zone, is_tax_exempt, po_number_required, ship_complete, min_line_percent, min_order_percent, backorders_allowed, substitution_allowed, min_shelf_life_days, external_id) "
        "SELECT a, gen_random_uuid(), 'A' || a, 'Account ' || a, 'active', a %% 3 + 1, '', 'USD', 'UTC', false, false, 'none', 0, 0, true, false, 0, '' FROM generate_series(1, %s) a",
        [ACCOUNTS],
    )
    cursor.execute(
        "INSERT INTO accounts_shipto (id, account_id, code, name, line1, line2, city, region, postal_code, country, time_zone, gln, edi_code, is_default, is_active, delivery_days) "
        "SELECT a, a, 'MAIN', 'Main', '1 Dock Road', '', 'Reno', 'NV', '89501', 'US', 'UTC', '', '', true, true, '{}' FROM generate_series(1, %s) a",
        [ACCOUNTS],
    )
    cursor.execute(
        "INSERT INTO accounts_groupmembership (account_id, group_id, valid_from, identifier_kind, identifier) SELECT a, a %% 3 + 1, %s, '', '' FROM generate_series(1, %s) a",
        [START, ACCOUNTS],
    )
    cursor.execute(
        "INSERT INTO credit_paymentterms (id, code, name, net_days, is_end_of_month, discount_days, discount_percent, deposit_percent, is_prepayment, month_cutoff_day) VALUES (1, 'NET30', 'Net 30', 30, false, 0, 0, 0, false, 0)"
    )
    cursor.execute(
        "INSERT INTO credit_creditaccount (id, account_id, currency, limit_amount, terms_id, risk_group, horizon_days, check_points, receivable_amount, shipped_amount, released_amount, unapplied_amount, version) "
        "SELECT a, a, 'USD', 999999999, 1, '', 30, '{entry,allocation,release,pick,ship}', 0, 0, 0, 0, 0 FROM generate_series(1, %s) a",
        [ACCOUNTS],
    )
    cursor.execute(
        "INSERT INTO inventory_site (id, code, name, kind, region, time_zone, lead_days, transit_days, rank, is_active) SELECT w, 'W' || w, 'Site ' || w, 'dc', '', 'UTC', 0, 2, w, true FROM generate_series(1, %s) w",
        [SITES],
    )
    cursor.execute(
        "INSERT INTO pricing_pricesource (id, code, name, level, currency, priority, valid_from, is_active) VALUES (1, 'LIST', 'List', 'list', 'USD', 100, %s, true)",
        [START],
    )
    cursor.execute(
        "INSERT INTO pricing_pricesource (id, code, name, level, group_id, currency, priority, valid_from, is_active) SELECT g + 1, 'C' || g, 'Contract ' || g, 'group', g, 'USD', 100, %s, true FROM generate_series(1, 3) g",
        [START],
    )


def _copy(cursor, target: str, rows: list[tuple]) -> None:
    with cursor.copy(f"COPY {target} FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def _uuid(rng: random.Random) -> str:
    from uuid import UUID

    return str(UUID(int=rng.getrandbits(128)))


def _sync_sequences(cursor) -> None:
    cursor.execute(
        "SELECT pg_get_serial_sequence(quote_ident(table_name), 'id'), table_name FROM information_schema.columns WHERE table_schema = 'public' AND column_name = 'id' AND is_identity = 'YES'"
    )
    for sequence, table in cursor.fetchall():
        cursor.execute(f"SELECT setval('{sequence}', greatest((SELECT max(id) FROM {table}), 1))")
