"""The bulk writes of orders: one statement each, whatever the number of rows.

A JSON document in, `json_to_recordset` out: a parameter per statement instead of one per value, which is what makes
the import path and long orders quick. Decimals travel as text, so no digit is lost.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

from django.db import connection

from core import numbering, sql
from core.uow import require_uow

Row = Mapping[str, Any]

PREFIX = "SO-"
NUMBERS = "number_order_seq"  # the sequence behind core.numbering.draw("order")

ORDER_COLUMNS = {
    "id": "bigint",
    "public_id": "uuid",
    "number": "text",
    "account_id": "bigint",
    "ship_to_id": "bigint",
    "status": "text",
    "channel": "text",
    "entered_by_id": "bigint",
    "on_behalf_of_id": "bigint",
    "external_id": "text",
    "po_number": "text",
    "release_number": "text",
    "currency": "text",
    "terms_code": "text",
    "contract_terms_code": "text",
    "requested_date": "date",
    "cancel_after_date": "date",
    "note": "text",
    "total_amount": "numeric",
    "tax_amount": "numeric",
    "freight_amount": "numeric",
    "version": "int",
    "gate_results": "jsonb",
    "received_at": "timestamptz",
    "submitted_at": "timestamptz",
}
LINE_COLUMNS = {
    "order_id": "bigint",
    "line_no": "int",
    "product_id": "bigint",
    "demand_id": "bigint",
    "qty": "numeric",
    "unit": "text",
    "unit_qty": "numeric",
    "stated_code": "text",
    "stated_description": "text",
    "stated_price": "numeric",
    "external_ref": "text",
    "ship_to_id": "bigint",
    "requested_date": "date",
    "unit_price": "numeric",
    "amount": "numeric",
    "unit_tax": "numeric",
    "unit_freight": "numeric",
    "unit_margin": "numeric",
    "price_basis": "text",
    "price_source_id": "bigint",
    "price_trace": "jsonb",
    "price_locked_at": "timestamptz",
}
LOCKED_COLUMNS = {
    "id": "bigint",
    "demand_id": "bigint",
    "unit_price": "numeric",
    "amount": "numeric",
    "unit_tax": "numeric",
    "unit_freight": "numeric",
    "unit_margin": "numeric",
    "price_basis": "text",
    "price_source_id": "bigint",
    "price_trace": "jsonb",
    "price_locked_at": "timestamptz",
}
AMENDED_COLUMNS = {
    "id": "bigint",
    **{
        name: LINE_COLUMNS[name]
        for name in ("qty", "unit", "unit_qty", "stated_price", "ship_to_id", "requested_date", "amount")
    },
}
SUBMITTED_COLUMNS = {
    name: ORDER_COLUMNS[name]
    for name in (
        "id",
        "status",
        "submitted_at",
        "version",
        "ship_to_id",
        "terms_code",
        "contract_terms_code",
        "total_amount",
        "tax_amount",
        "freight_amount",
        "gate_results",
    )
}
SPLIT_COLUMNS = {"rep_id": "bigint", "kind": "text", "percent": "numeric"}
UNLESS_TAKEN = "ON CONFLICT (channel, account_id, external_id) WHERE NOT external_id = '' DO NOTHING"
ORDER_DEFAULTS: Row = {
    "ship_to_id": None,
    "entered_by_id": None,
    "on_behalf_of_id": None,
    "external_id": "",
    "po_number": "",
    "release_number": "",
    "terms_code": "",
    "contract_terms_code": "",
    "requested_date": None,
    "cancel_after_date": None,
    "note": "",
    "total_amount": 0,
    "tax_amount": 0,
    "freight_amount": 0,
    "version": 1,
    "gate_results": [],
    "submitted_at": None,
}
LINE_DEFAULTS: Row = {
    "demand_id": None,
    "unit_price": None,
    "amount": 0,
    "unit_tax": 0,
    "unit_freight": 0,
    "unit_margin": None,
    "price_basis": "",
    "price_source_id": None,
    "price_trace": {},
    "price_locked_at": None,
}


def _typed(columns: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {kind}" for name, kind in columns.items())


_ORDER_NAMES, _LINE_NAMES = ", ".join(ORDER_COLUMNS), ", ".join(LINE_COLUMNS)
_WHOLE = f"""
    WITH placed AS (
        INSERT INTO orders_order ({_ORDER_NAMES}) SELECT {_ORDER_NAMES}
        FROM json_to_recordset(%(order)s::json) AS new({_typed(ORDER_COLUMNS)}) {UNLESS_TAKEN} RETURNING id
    ), lines AS (
        INSERT INTO orders_orderline ({_LINE_NAMES}) SELECT {_LINE_NAMES}
        FROM json_to_recordset(%(lines)s::json) AS new({_typed(LINE_COLUMNS)}) WHERE EXISTS (SELECT FROM placed)
        RETURNING id, line_no
    ), shares AS (
        INSERT INTO orders_linesplit (line_id, rep_id, kind, percent)
        SELECT lines.id, new.rep_id, new.kind, new.percent
        FROM lines CROSS JOIN json_to_recordset(%(splits)s::json) AS new({_typed(SPLIT_COLUMNS)})
    ) SELECT line_no, id FROM lines"""


def new_public_id() -> str:
    return str(uuid4())


@require_uow
def draw_order_ids(count: int) -> list[tuple[int, str]]:
    """`count` fresh (id, number) pairs, so that credit can be asked about an order before its row exists."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence('orders_order', 'id')) FROM generate_series(1, %s)", [count]
        )
        ids = [int(order_id) for (order_id,) in cursor.fetchall()]
    return list(zip(ids, numbering.draw("order", prefix=PREFIX, count=count), strict=True))


_DRAW = f"""
    SELECT nextval(pg_get_serial_sequence('orders_order', 'id')), nextval('{NUMBERS}'), twin.id, twin.number
    FROM (SELECT 1) one LEFT JOIN orders_order twin ON twin.account_id = %(account)s::bigint
         AND twin.po_number = %(po_number)s::text AND twin.release_number = %(release_number)s::text
         AND NOT twin.po_number = '' AND NOT twin.status = 'cancelled'"""


@require_uow
def draw_identity(account_id: int, po_number: str, release_number: str) -> tuple[int, str, tuple[int, str] | None]:
    """A fresh order id and number, and the order (id, number) that has this PO number already: one statement.

    An empty PO number is nobody's.
    """
    asked = {"account": account_id, "po_number": po_number, "release_number": release_number}
    ((order_id, value, twin_id, twin_number),) = sql.rows(_DRAW, asked)
    return int(order_id), f"{PREFIX}{value}", None if twin_id is None else (int(twin_id), str(twin_number))


@require_uow
def insert_orders(rows: Sequence[Row]) -> set[int]:
    """Insert the orders; the ids that went in. One whose (channel, account, external id) is taken stays out."""
    full = [{**ORDER_DEFAULTS, **row} for row in rows]
    returned = _insert(
        "orders_order",
        ORDER_COLUMNS,
        full,
        f"{UNLESS_TAKEN} RETURNING id",
    )
    return {int(order_id) for (order_id,) in returned}


@require_uow
def insert_lines(rows: Sequence[Row]) -> dict[tuple[int, int], int]:
    """Insert the lines; {(order id, line number): line id}."""
    full = [{**LINE_DEFAULTS, **row} for row in rows]
    returned = _insert("orders_orderline", LINE_COLUMNS, full, "RETURNING order_id, line_no, id")
    return {(int(order_id), int(line_no)): int(line_id) for order_id, line_no, line_id in returned}


@require_uow
def insert_whole(order: Row, lines: Sequence[Row], splits: Sequence[Row]) -> dict[int, int]:
    """An order with its lines, each with the same splits, in one statement; {line number: line id}.

    Empty when the order's (channel, account, external id) is taken: then nothing went in.
    """
    asked = {
        "order": _json([{**ORDER_DEFAULTS, **order}]),
        "lines": _json([{**LINE_DEFAULTS, **x} for x in lines]),
        "splits": _json(splits),
    }
    return {int(line_no): int(line_id) for line_no, line_id in sql.rows(_WHOLE, asked)}


@require_uow
def lock_prices(rows: Sequence[Row]) -> None:
    """Write price, trace and demand on lines that exist already."""
    if not rows:
        return
    names = [name for name in LOCKED_COLUMNS if name != "id"]
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE orders_orderline line SET {', '.join(f'{n} = new.{n}' for n in names)} "
            f"FROM json_to_recordset(%s) AS new({_typed(LOCKED_COLUMNS)}) WHERE line.id = new.id",
            [_json(rows)],
        )


@require_uow
def amend_lines(rows: Sequence[Row]) -> None:
    """Write on lines what an amendment changes of them."""
    if not rows:
        return
    names = [name for name in AMENDED_COLUMNS if name != "id"]
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE orders_orderline line SET {', '.join(f'{n} = new.{n}' for n in names)} "
            f"FROM json_to_recordset(%s) AS new({_typed(AMENDED_COLUMNS)}) WHERE line.id = new.id",
            [_json(rows)],
        )


@require_uow
def write_freight(freight: Mapping[int, Decimal]) -> None:
    """{line id: freight per base unit}, of lines whose price stays."""
    if freight:
        text = """UPDATE orders_orderline line SET unit_freight = new.freight
            FROM unnest(%(ids)s::bigint[], %(freight)s::numeric[]) AS new(id, freight) WHERE line.id = new.id
            RETURNING line.id"""
        sql.rows(text, {"ids": list(freight), "freight": list(freight.values())})


@require_uow
def set_submitted(rows: Sequence[Row]) -> None:
    """Write on orders what submitting changes."""
    names = [name for name in SUBMITTED_COLUMNS if name != "id"]
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE orders_order o SET {', '.join(f'{n} = new.{n}' for n in names)} "
            f"FROM json_to_recordset(%s) AS new({_typed(SUBMITTED_COLUMNS)}) WHERE o.id = new.id",
            [_json(rows)],
        )


@require_uow
def insert_splits(rows: Sequence[Row]) -> None:
    if rows:
        _insert("orders_linesplit", {"line_id": "bigint", **SPLIT_COLUMNS}, rows, "")


@require_uow
def set_amounts(amounts: Mapping[int, Decimal]) -> None:
    """The amounts of lines by id, after a part was cancelled."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE orders_orderline line SET amount = new.amount "
            "FROM json_to_recordset(%s) AS new(id bigint, amount numeric) WHERE line.id = new.id",
            [_json([{"id": line_id, "amount": amount} for line_id, amount in amounts.items()])],
        )


def _insert(table: str, columns: Mapping[str, str], rows: Sequence[Row], tail: str) -> list[Any]:
    if not rows:
        return []
    names = ", ".join(columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({names}) SELECT {names} FROM json_to_recordset(%s) AS new({_typed(columns)}) {tail}",
            [_json(rows)],
        )
        return cursor.fetchall() if tail else []


def _json(rows: Sequence[Row]) -> str:
    return json.dumps(rows, default=_plain, separators=(",", ":"))


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, datetime | date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no JSON form here")
