"""What lies on the shelf: opening stock, purchase orders by the replenishment rule, and their receipts."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal

from config.replay.demand import LEAD_DAYS
from config.replay.world import CLERK, World
from core.refs import DocumentRef
from inventory.queries import net_stock, open_inbound
from inventory.rules.asks import InboundSpec, ReceiptLine
from inventory.services.receive_stock import receive_many
from inventory.services.record_inbound import record_inbounds

BATCH = 1_000


def put_on_shelf(world: World, quantities: Mapping[str, int], *, why: str, now: datetime) -> None:
    """Stock that is there before the first order for it: `why` "opening_stock" or "launch_stock", once per product."""
    lines = [
        ReceiptLine(
            world.product_ids[sku],
            world.site_id,
            Decimal(qty),
            DocumentRef(why, world.product_ids[sku], f"{why} {sku}"),
        )
        for sku, qty in quantities.items()
        if qty > 0
    ]
    for start in range(0, len(lines), BATCH):
        receive_many(lines[start : start + BATCH], actor=CLERK, now=now)


def receive_due(day: date, *, now: datetime) -> None:
    """Everything that is expected by today comes today."""
    due = open_inbound(due_until=day)
    lines = [
        ReceiptLine(
            supply.product_id,
            supply.site_id,
            supply.open_qty,
            DocumentRef("inbound_supply", supply.inbound_id, supply.reference),
            inbound_id=supply.inbound_id,
        )
        for supply in due
    ]
    for start in range(0, len(lines), BATCH):
        receive_many(lines[start : start + BATCH], actor=CLERK, now=now)


def order_more(world: World, day: date, day_no: int, *, now: datetime) -> None:
    """Bring stock in hand and on order up to the level that demand so far and the service level call for."""
    position = dict.fromkeys(world.demand.by_sku, 0.0)
    for product_id, qty in net_stock().items():
        position[world.skus[product_id]] = float(qty)
    for supply in open_inbound():
        position[world.skus[supply.product_id]] += float(supply.open_qty)
    wanted = world.demand.to_order(day_no, world.controller.cover, position)
    eta = day + timedelta(days=LEAD_DAYS)
    specs = [
        InboundSpec(world.product_ids[sku], world.site_id, f"PO-{day:%Y%m%d}", Decimal(qty), eta)
        for sku, qty in wanted.items()
    ]
    for start in range(0, len(specs), BATCH):
        record_inbounds(specs[start : start + BATCH], actor=CLERK, now=now)
