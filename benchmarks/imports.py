"""W10: reference data from a file, through the whole job: kept, previewed row by row, confirmed, applied.

Its floor is what stays when all is done, written by hand: COPY into a table of texts, then one INSERT or UPDATE of the
records with their journal (and what an update replaces), into copies of the product's tables. The floor checks nothing,
compares nothing and shows nothing to anybody: the ratio says what that costs.
"""

import io
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection

from benchmarks import data
from benchmarks.measure import Spread

TABLES = ("accounts_account", "accounts_accountevent", "catalog_product", "core_journalentry", "pricing_pricerow")
PRICE_LIST = "W10"
_LIKE = "LIKE public.{0} INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING INDEXES INCLUDING IDENTITY"
_JOURNAL = (
    " INSERT INTO floor.core_journalentry (subject_kind, subject_id, verb, summary, at, actor_label, actor_roles, ip,"
    " request_id, data) SELECT '{0}', id, '{1}', '{0} {1} by an import', now(), 'benchmark', '', '', '', '{{}}' FROM done"
)
_NEW_PRODUCTS = """
WITH done AS (
  INSERT INTO floor.catalog_product (public_id, sku, name, gtin, manufacturer_part, base_unit, order_multiple, min_order_qty,
         tracking, shelf_life_days, standard_cost, weight_kg, regulated_class, status)
  SELECT gen_random_uuid(), c[1], c[2], c[3], c[4], 'EA', 1, 0, 'lot', c[5]::int, c[6]::numeric, c[7]::numeric, c[8], 'active'
    FROM floor.rows RETURNING id)
"""
_NEW_ACCOUNTS = """
WITH done AS (
  INSERT INTO floor.accounts_account (public_id, code, name, status, region, currency, time_zone, is_tax_exempt,
         po_number_required, ship_complete, min_line_percent, min_order_percent, backorders_allowed, substitution_allowed,
         min_shelf_life_days, external_id)
  SELECT gen_random_uuid(), c[1], c[2], 'active', c[3], 'USD', c[4], false, true, 'none', 0, 0, true, false, c[5]::int, c[6]
    FROM floor.rows RETURNING id)
"""
_CHANGED_ACCOUNTS = """
WITH was AS (
  INSERT INTO floor.accounts_accountevent ({columns}, pgh_created_at, pgh_label, pgh_obj_id)
  SELECT {of_columns}, now(), 'changed', a.id FROM floor.accounts_account a JOIN floor.rows r ON upper(a.code) = upper(r.c[1])),
done AS (
  UPDATE floor.accounts_account a SET name = r.c[2] FROM floor.rows r WHERE upper(a.code) = upper(r.c[1]) RETURNING a.id)
"""
_NEW_PRICES = """
WITH done AS (
  INSERT INTO floor.pricing_pricerow (source_id, product_id, min_qty, unit_price, valid_from, tier, unit, break_group)
  SELECT s.id, p.id, c[3]::numeric, c[4]::numeric, c[7]::date, c[5], c[6], ''
    FROM floor.rows JOIN public.pricing_pricesource s ON upper(s.code) = upper(c[1])
    JOIN public.catalog_product p ON upper(p.sku) = upper(c[2]) RETURNING id)
"""
Rows = list[tuple[str, ...]]


@dataclass(frozen=True)
class _Job:
    what: str
    sheet: str
    heading: tuple[str, ...]
    rows: Callable[[int, int], Rows]
    write: Callable[[], str]


def _product_rows(run: int, count: int) -> Rows:
    return [
        (f"W{run}-{n:07}", f"Thing number {n} of {run}", _gtin(run * 10_000_000 + n), f"M{n}", "365", f"{n % 900}.25", "0.5", "II")
        for n in range(count)
    ]  # fmt: skip


def _gtin(number: int) -> str:
    from catalog.rules.gtin import check_digit

    body = f"{number + 1:013}"
    return body + check_digit(body)


def _account_rows(run: int, count: int, word: str = "Company") -> Rows:
    return [
        (f"W{run}-{n:07}", f"{word} number {n} of {run}", "NV", "America/Los_Angeles", "30", f"ERP{n}")
        for n in range(count)
    ]


def _price_rows(run: int, count: int) -> Rows:
    """Of the products that were new in this run."""
    return [
        (PRICE_LIST, f"W{run}-{n:07}", str(n % 4 * 10), f"{n % 900 + 1}.1250", "", "", "2026-01-01")
        for n in range(count)
    ]


def _changed_sql() -> str:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT attname FROM pg_attribute WHERE attrelid = 'accounts_account'::regclass AND attnum > 0 AND NOT attisdropped"
        )
        names = [f'"{name}"' for (name,) in cursor.fetchall()]
    return _CHANGED_ACCOUNTS.format(columns=", ".join(names), of_columns=", ".join(f"a.{n}" for n in names))


_PRODUCT = (
    "sku",
    "name",
    "gtin",
    "manufacturer_part",
    "shelf_life_days",
    "standard_cost",
    "weight_kg",
    "regulated_class",
)
_PRICE = ("source", "product", "min_qty", "unit_price", "tier", "unit", "valid_from")
_ACCOUNT = ("code", "name", "region", "time_zone", "min_shelf_life_days", "external_id")
JOBS = (
    _Job("new products", "products", _PRODUCT, _product_rows, lambda: _NEW_PRODUCTS + _JOURNAL.format("product", "created")),
    _Job("new prices", "prices", _PRICE, _price_rows, lambda: _NEW_PRICES + _JOURNAL.format("price_row", "created")),
    _Job("new accounts", "accounts", _ACCOUNT, _account_rows, lambda: _NEW_ACCOUNTS + _JOURNAL.format("account", "created")),
    _Job("every account changed", "accounts", _ACCOUNT, lambda run, count: _account_rows(run, count, "Firm"),
         lambda: _changed_sql() + _JOURNAL.format("account", "changed")),
)  # fmt: skip


def w10(count: int, runs: int) -> Iterator[dict[str, Any]]:
    """`count` rows a job; the floor and the product alternate, on rows of their own in each run."""
    _make_tables()
    seconds: dict[str, dict[str, list[float]]] = {
        job.what: {"floor": [], "product": [], "processor": []} for job in JOBS
    }
    for run in range(1, runs + 1):
        for job in JOBS:
            rows = job.rows(run, count)
            began = time.perf_counter()
            _floor(job, rows)
            seconds[job.what]["floor"].append(time.perf_counter() - began)
            began, spent = time.perf_counter(), time.process_time()
            _product(job, rows)
            seconds[job.what]["product"].append(time.perf_counter() - began)
            seconds[job.what]["processor"].append(time.process_time() - spent)
    yield from (_row(job, count, seconds[job.what]) for job in JOBS)


def _row(job: _Job, count: int, seconds: dict[str, list[float]]) -> dict[str, Any]:
    floor, product, processor = (Spread.of(seconds[side]) for side in ("floor", "product", "processor"))
    share = floor.median / product.median
    text = (
        f"{'w10':8}  {count:,} {job.what:22} floor {floor.text():20} s  product {product.text():20} s, "
        f"{processor.median:,.1f} s of them Python;  {share:.0%} of the floor, {count / product.median:,.0f} rows/s"
    )
    return {"workload": "w10", "what": job.what, "rows": count, "unit": "seconds", "floor": floor, "product": product,
            "processor": processor, "share_of_floor": share, "text": text}  # fmt: skip


def _make_tables() -> None:
    from pricing.models import PriceSource

    PriceSource.objects.get_or_create(
        code=PRICE_LIST, defaults={"name": "Imported prices", "level": "list", "valid_from": "2020-01-01"}
    )
    with connection.cursor() as cursor:
        cursor.execute("CREATE SCHEMA IF NOT EXISTS floor")
        for table in TABLES:
            cursor.execute(f"DROP TABLE IF EXISTS floor.{table}")
            cursor.execute(f"CREATE TABLE floor.{table} ({_LIKE.format(table)})")
        cursor.execute("CREATE TABLE IF NOT EXISTS floor.rows (c text[])")


def _floor(job: _Job, rows: Rows) -> None:
    from django.db import transaction

    sql = job.write()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("TRUNCATE floor.rows")
        with cursor.copy("COPY floor.rows (c) FROM STDIN") as copy:
            copy.write("".join("{" + ",".join(f'"{v}"' for v in row) + "}\n" for row in rows))
        cursor.execute("ANALYZE floor.rows")
        cursor.execute(sql)


def _product(job: _Job, rows: Rows) -> None:
    from core.actors import system
    from integrations.services.apply_upload import apply_upload
    from integrations.services.confirm_upload import confirm_upload
    from integrations.services.keep_upload import keep_upload
    from integrations.services.name_columns import name_columns
    from integrations.services.preview_upload import preview_upload
    from integrations.states import ApplyMode

    actor, now = system("benchmark"), data.NOW
    file = io.BytesIO("".join(",".join(row) + "\n" for row in [job.heading, *rows]).encode())
    kept = keep_upload(sheet_code=job.sheet, name=f"{job.sheet}.csv", source=file, actor=actor, now=now)
    which = {"upload_id": kept.upload_id}
    version = name_columns(**which, columns=kept.columns, actor=actor, now=now, queued=False)
    preview_upload(**which, version=version, now=now)
    confirm_upload(**which, version=version, mode=ApplyMode.ALL_OR_NONE, actor=actor, now=now, queued=False)
    done = apply_upload(**which, version=version, actor=actor, now=now)
    if sum(done.counts.get(outcome, 0) for outcome in ("created", "updated")) != len(rows):
        raise RuntimeError(f"{job.what}: {done.state}, {done.counts}. {done.problem}")
