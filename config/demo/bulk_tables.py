"""How rows of the history reach their tables: columns, ids drawn in ranges, COPY text."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

# table → (columns each row gives, columns that are the same in every row with their values), in the order they are
# written: the measure of an order before those of its lines, whose trigger adds them up on it.
COLUMNS: dict[str, tuple[str, dict[str, str]]] = {
    "inventory_demand": (
        "id product_id account_id ref_kind ref_id ref_number line_no ordered_qty shipped_qty requested_date opened_at",
        {
            **dict.fromkeys(
                [
                    "cancelled_qty",
                    "backordered_qty",
                    "reserved_qty",
                    "allocated_qty",
                    "released_qty",
                    "picked_qty",
                    "sla_penalty",
                ],
                "0",
            ),
            "min_shelf_life_days": "0",
            "is_blocked": "f",
            "backorder_allowed": "t",
            "priority": "0",
            "tier_rank": "4",
            "is_contract": "f",
            "margin_band": "0",
            "ship_complete_group": "",
        },
    ),
    "orders_order": (
        "id public_id number account_id ship_to_id status channel po_number currency terms_code "
        "requested_date total_amount version received_at submitted_at closed_at",
        {
            "external_id": "",
            "release_number": "",
            "note": "",
            "tax_amount": "0",
            "freight_amount": "0",
            "gate_results": "[]",
        },
    ),
    "orders_orderline": (
        "id order_id line_no product_id demand_id qty unit_qty unit_price amount price_source_id price_locked_at",
        {
            "unit": "EA",
            "stated_code": "",
            "stated_description": "",
            "external_ref": "",
            "price_basis": "list",
            "price_trace": "{}",
        },
    ),
    "inventory_claim": (
        "id demand_id balance_id qty opened_at ended_at",
        {"kind": "picked", "state": "closed", "ended": "shipped"},
    ),
    "fulfillment_shipment": (
        "id public_id number order_id account_id site_id ship_to_id status carrier tracking_number "
        "version released_at packed_at shipped_at delivered_at",
        {},
    ),
    "fulfillment_shipmentline": (
        "id shipment_id order_line_id demand_id claim_id balance_id lot_id product_id qty picked_qty "
        "shipped_qty invoiced_qty",
        {"short_reason": "", "returned_qty": "0"},
    ),
    "inventory_stockmovement": ("balance_id kind qty source_kind source_id sequence at actor_label", {"reason": ""}),
    "billing_invoice": (
        "id public_id number account_id order_id shipment_id status currency net_amount total_amount "
        "paid_amount terms_code issued_date due_date version posted_at",
        {"tax_amount": "0", "freight_amount": "0"},
    ),
    "billing_invoiceline": ("invoice_id shipment_line_id order_line_id product_id qty unit_price amount", {}),
    "billing_receipt": (
        "id number account_id currency amount applied_amount method reference received_date posted_at",
        {},
    ),
    "billing_receiptapplication": ("receipt_id invoice_id amount applied_at", {}),
    "credit_posting": ("credit_account_id doc_kind doc_id bucket amount due_date key at", {"doc_number": ""}),
    "core_journalentry": (
        "subject_kind subject_id verb summary at actor_label",
        {"actor_roles": "", "ip": "", "request_id": "", "data": "{}"},
    ),
    "reporting_ordermeasure": (
        "id order_id order_number account_id channel received_at submitted_at first_released_at "
        "release_lines short_lines last_shipped_at invoice_ids shipment_ids",
        {"is_rep_order": "f", "is_damaged": "f"},
    ),
    "reporting_linemeasure": (
        "order_line_id measure_id product_id ordered_qty first_shipped_qty shipped_qty promised_date last_shipped_date",
        {"cancelled_qty": "0"},
    ),
}


@dataclass(frozen=True)
class Ids:
    """The first id (or document number) of a range that belongs to this batch alone."""

    order: int
    line: int
    demand: int
    claim: int
    shipment: int
    shipment_line: int
    invoice: int
    receipt: int
    measure: int
    order_number: int
    shipment_number: int
    receipt_number: int


def draw_ids(*, orders: int, lines: int) -> Ids:
    """From the sequences everybody draws from, so that what comes later goes on behind."""
    by_order = {
        "order": "orders_order",
        "shipment": "fulfillment_shipment",
        "invoice": "billing_invoice",
        "receipt": "billing_receipt",
        "measure": "reporting_ordermeasure",
    }
    by_line = {
        "line": "orders_orderline",
        "demand": "inventory_demand",
        "claim": "inventory_claim",
        "shipment_line": "fulfillment_shipmentline",
    }
    found = {name: _range(f"pg_get_serial_sequence('{table}', 'id')", orders) for name, table in by_order.items()}
    found |= {name: _range(f"pg_get_serial_sequence('{table}', 'id')", lines) for name, table in by_line.items()}
    found |= {f"{name}_number": _range(f"'number_{name}_seq'", orders) for name in ("order", "shipment", "receipt")}
    return Ids(**found)


def _range(sequence: str, count: int) -> int:
    """The first of `count` values in a row. Somebody else who draws meanwhile would tear the range: then nothing is
    written and the values are lost, which sequences allow."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT min(v), max(v) FROM (SELECT nextval({sequence}::regclass) AS v FROM generate_series(1, %s)) drawn",
            [count],
        )
        first, last = cursor.fetchone()
    if last - first + 1 != count:
        raise RuntimeError(f"{sequence} is drawn from by somebody else: stop the site and run the command again")
    return int(first)


def lines_of(values: Iterable[Any]) -> str:
    """A row as COPY's text format wants it. Values are ours: no tabs, newlines or backslashes in them."""
    return "\t".join(["\\N" if v is None else v.isoformat(" ") if isinstance(v, datetime) else str(v) for v in values])


def write(cursor: Any, table: str, rows: Sequence[str]) -> None:
    if not rows:
        return
    names, same = COLUMNS[table]
    target = f"{table} ({', '.join([*names.split(), *same])})"
    tail = "".join(f"\t{value}" for value in same.values()) + "\n"
    with cursor.copy(f"COPY {target} FROM STDIN") as copy:
        copy.write(tail.join(rows) + tail)
