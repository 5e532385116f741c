"""What keepers of trunks and consignments do among all the others: use, fill up, acknowledge with disputes, hand on."""

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db import connection

from core.actors import Actor
from core.reference import save_reference
from fulfillment.services.record_usage import record_usage
from inventory.rules.field import Stated, UsageSpec, UseLine
from inventory.rules.transfers import TransferLineSpec
from inventory.services.acknowledge_transfer import acknowledge_transfer, settle_dispute
from inventory.services.ask_fill_up import replenish
from inventory.services.offer_transfer import accept_offer, decline_offer, offer_transfer
from inventory.services.prepare_fill_ups import prepare_fill_ups
from inventory.services.ship_transfer import ship_transfer
from inventory.states import DisputeOutcome

if TYPE_CHECKING:
    from config.torture.steps import Client

KEEPER = Actor("torture keeper", roles=frozenset({"rep", "warehouse"}))  # either side of a dispute
_THERE = """
    SELECT b.site_id, b.product_id, p.sku, coalesce(l.code, '') FROM inventory_stockbalance b
    JOIN catalog_product p ON p.id = b.product_id LEFT JOIN inventory_lot l ON l.id = b.lot_id
    WHERE b.site_id = ANY(%s) AND b.status = 'available' AND b.on_hand_qty > 0 ORDER BY random() LIMIT 1"""
_TO_LOAD = """
    SELECT id FROM inventory_transfer WHERE status = 'requested' AND to_site_id = ANY(%s) ORDER BY random() LIMIT 1"""
_TO_SAY = """
    SELECT l.transfer_id, l.id, l.shipped_qty FROM inventory_transferline l WHERE l.shipped_qty > 0 AND l.transfer_id IN (
        SELECT id FROM inventory_transfer WHERE status IN ('shipped', 'short') AND to_site_id = ANY(%s)
        ORDER BY random() LIMIT 1)"""
_DISPUTED = "SELECT id FROM inventory_transferdispute WHERE status = 'open' ORDER BY random() LIMIT 1"
_OFFERED = "SELECT id FROM inventory_transferoffer WHERE status = 'offered' ORDER BY random() LIMIT 1"


def use(c: "Client", now: datetime) -> None:
    """A unit or two of what is there; two keepers often reach for the last one."""
    for site_id, _, sku, _ in _rows(_THERE, [list(c.company.field_ids)]):
        account_id = c.company.account_ids[0]  # the consignment's own
        line = UseLine(sku, Decimal(c.chance.randint(1, 2)))
        spec = UsageSpec(site_id, account_id, now, (line,), case_reference=c.key)
        record_usage(spec, key=c.key, actor=KEEPER, now=now)


def fill_up(c: "Client", now: datetime) -> None:
    """What is missing to par is asked for, and what was allocated before is put on a transfer."""
    site_ids = [c.chance.choice(c.company.field_ids)]
    replenish(key=c.key, site_ids=site_ids, actor=KEEPER, now=now)
    prepare_fill_ups(site_ids=site_ids, actor=KEEPER, now=now)


def load(c: "Client", now: datetime) -> None:
    for (transfer_id,) in _rows(_TO_LOAD, [list(c.company.field_ids)]):
        ship_transfer(transfer_id=transfer_id, actor=KEEPER, now=now)


def acknowledge(c: "Client", now: datetime) -> None:
    """Now and then a unit more or fewer than was sent."""
    lines = _rows(_TO_SAY, [list(c.company.field_ids)])
    stated = {i: Stated(max(Decimal(0), qty + c.chance.choice([-1, 0, 0, 0, 1]))) for _, i, qty in lines}
    if stated:
        acknowledge_transfer(transfer_id=lines[0][0], stated=stated, note=c.key, actor=KEEPER, now=now)


def settle(c: "Client", now: datetime) -> None:
    for (dispute_id,) in _rows(_DISPUTED, []):
        outcome = c.chance.choice(list(DisputeOutcome))
        settle_dispute(dispute_id=dispute_id, outcome=outcome, note=c.key, actor=KEEPER, now=now)


def offer(c: "Client", now: datetime) -> None:
    """From keeper to keeper, or back to a center; who uses it meanwhile was first."""
    for site_id, product_id, _, lot in _rows(_THERE, [list(c.company.field_ids)]):
        others: Sequence[int] = [i for i in (*c.company.field_ids, c.company.site_ids[0]) if i != site_id]
        lines = [TransferLineSpec(product_id, Decimal(1), lot)]
        target = c.chance.choice(others)
        offer_transfer(from_site_id=site_id, to_site_id=target, lines=lines, key=c.key, actor=KEEPER, now=now)


def answer_offer(c: "Client", now: datetime) -> None:
    for (offer_id,) in _rows(_OFFERED, []):
        answer: Callable[..., Any] = accept_offer if c.chance.random() < 0.8 else decline_offer
        answer(offer_id=offer_id, actor=KEEPER, now=now)


def change_par(c: "Client", now: datetime) -> None:
    levels: Any = apps.get_model("inventory.ParLevel")
    row = levels.objects.order_by("?").first()
    row.par_qty = Decimal(c.chance.randint(2, 8))
    save_reference(row=row, actor=KEEPER, now=now)


def _rows(text: str, parameters: list[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(text, parameters)
        return cursor.fetchall()
