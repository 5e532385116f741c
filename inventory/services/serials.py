"""Units with serial numbers: each is a lot of one, in one place at a time. Internal to the room."""

from collections.abc import Collection, Sequence
from decimal import Decimal

from django.db import connection

from catalog.queries import product_snapshots
from catalog.states import Tracking
from core.errors import Refused
from core.quantity import plain
from inventory.models import Lot
from inventory.rules.asks import ReceiptLine


class SerialsMissing(Refused):
    template = "{product} is tracked by serial number: {qty} came without one each."
    remedy_template = "Scan every unit: one line a serial number, of quantity 1."


class SerialIsOneUnit(Refused):
    template = "Serial number {serial} of {product} is one unit: a part of it is nowhere."
    remedy_template = "Name the whole unit, of quantity 1, or leave it out."


class SerialIsElsewhere(Refused):
    template = "Serial number {serial} of {product} is on the books already: {where}."
    remedy_template = (
        "Scan it again; move it by a transfer, take it back by a return, or correct the place that is wrong."
    )


def serial_products(product_ids: Collection[int]) -> frozenset[int]:
    """Those of the products whose units have numbers. One statement."""
    found = product_snapshots(list(product_ids))
    return frozenset(i for i, p in found.items() if p.tracking == Tracking.SERIAL)


def require_serials(lines: Sequence[ReceiptLine], serial: Collection[int]) -> None:
    """Raises SerialsMissing for a line of a serial-tracked product that is not one numbered unit."""
    for line in lines:
        if line.product_id in serial and (not line.lot_code.strip() or line.qty != 1):
            product = product_snapshots([line.product_id])[line.product_id].sku
            raise SerialsMissing(product=product, qty=plain(line.qty))


def mark_serials(lines: Sequence[ReceiptLine], serial: Collection[int]) -> None:
    """The lots of numbered units are known as such."""
    named = [(x.product_id, x.lot_code) for x in lines if x.product_id in serial]
    if named:
        rows = Lot.objects.filter(product_id__in={p for p, _ in named}, code__in={code for _, code in named})
        rows.filter(is_serial=False).update(is_serial=True)


_IMPOSSIBLE = """
    SELECT l.code, p.sku, string_agg(format('%%s %%s', s.code, b.status), ', ' ORDER BY b.id),
           bool_or(b.on_hand_qty %% 1 <> 0)
      FROM inventory_stockbalance b JOIN inventory_lot l ON l.id = b.lot_id AND l.is_serial
      JOIN inventory_site s ON s.id = b.site_id JOIN catalog_product p ON p.id = l.product_id
     WHERE b.on_hand_qty > 0 AND b.lot_id IN (SELECT lot_id FROM inventory_stockbalance WHERE id = ANY(%(changed)s))
     GROUP BY l.id, p.sku
    HAVING bool_or(b.on_hand_qty %% 1 <> 0)
        OR sum(b.on_hand_qty) <> 1 AND l.id IN (SELECT lot_id FROM inventory_stockbalance WHERE id = ANY(%(gained)s))
    UNION ALL
    SELECT '', p.sku, trim_scale(b.on_hand_qty)::text, false
      FROM inventory_stockbalance b JOIN catalog_product p ON p.id = b.product_id AND p.tracking = 'serial'
     WHERE b.id = ANY(%(gained)s) AND b.lot_id IS NULL AND b.on_hand_qty > 0
     ORDER BY 1 LIMIT 1"""


def refuse_impossible(changed: Collection[int], gained: Collection[int]) -> None:
    """After goods left or came to the balances `changed`, `gained` those they came to: a numbered unit is whole, in one
    place and once there; what has numbers came with one. One statement.

    Raises SerialIsOneUnit, SerialIsElsewhere, SerialsMissing, and the caller's transaction rolls back.
    """
    with connection.cursor() as cursor:
        cursor.execute(_IMPOSSIBLE, {"changed": list(changed), "gained": list(gained)})
        for code, sku, where, is_part in cursor.fetchall():
            if not code:
                raise SerialsMissing(product=sku, qty=where)
            if is_part:
                raise SerialIsOneUnit(serial=code, product=sku)
            raise SerialIsElsewhere(serial=code, product=sku, where=where)


def one_unit_or_none(sku: str, code: str, qty: Decimal) -> tuple[str, str, str] | None:
    """(code, message, remedy) of a quantity that what has serial numbers cannot have at one place; `code` is the number."""
    if not code.strip() and qty:
        words = f"{sku} has serial numbers: {plain(qty)} came without one each."
        return "serial_missing", words, "Name every unit by its number, each on a line of its own."
    if qty not in (0, 1):
        words = f"Serial number {code} of {sku} is one unit, not {plain(qty)}."
        return "not_one_unit", words, "It is there (1), or it is not (0)."
    return None


_GONE = """
    SELECT l.code, p.sku, CASE m.kind WHEN 'ship' THEN 'it was shipped' WHEN 'transfer_out' THEN 'it is on its way'
                                      WHEN 'scrap' THEN 'it was scrapped' ELSE 'it is in stock' END
      FROM inventory_lot l JOIN catalog_product p ON p.id = l.product_id
      CROSS JOIN LATERAL (SELECT m.kind FROM inventory_stockmovement m JOIN inventory_stockbalance b ON b.id = m.balance_id
                           WHERE b.lot_id = l.id ORDER BY m.id DESC LIMIT 1) m
     WHERE l.is_serial AND (l.product_id, l.code) IN (SELECT * FROM unnest(%s::bigint[], %s::text[]))
     ORDER BY l.id LIMIT 1"""


def refuse_known(lines: Sequence[ReceiptLine], serial: Collection[int]) -> None:
    """A number is received once in its life. Raises SerialIsElsewhere."""
    named = [(x.product_id, x.lot_code) for x in lines if x.product_id in serial]
    if named:
        with connection.cursor() as cursor:
            cursor.execute(_GONE, [[p for p, _ in named], [code for _, code in named]])
            for code, sku, where in cursor.fetchall():
                raise SerialIsElsewhere(serial=code, product=sku, where=where)
