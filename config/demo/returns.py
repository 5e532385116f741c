"""What came back: a return that was credited, one that stands at the dock, one the customer asked for; and a count."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal

from config.demo.clockwork import run_owed_jobs
from config.demo.world import World
from core.actors import Actor
from fulfillment.queries import ShipmentFilter, find_shipments
from fulfillment.return_queries import awaiting, return_lines, sent_parts
from fulfillment.rules.asks import ReturnLineSpec, ReturnSpec, ShipmentLineView, ShipmentView
from fulfillment.rules.returns import Finding
from fulfillment.services.authorize_return import authorize_return
from fulfillment.services.inspect_return import inspect_return
from fulfillment.services.receive_return import receive_return
from fulfillment.services.request_returns import request_returns
from fulfillment.states import Disposition, ShipmentStatus
from inventory.services.open_count import open_count

LOOKED_AT = 60
ONE, TWO = Decimal(1), Decimal(2)


def make(world: World) -> None:
    """Of the newest deliveries, one each. A fee is kept of the first: the boxes were opened."""
    cs, dock = world.people["cs"], world.people["warehouse"]
    begun = world.now - timedelta(minutes=50)
    whys = ("Ordered the wrong size", "Arrived twice", "Not needed after all")
    for n, ((shipment, line), why) in enumerate(zip(_delivered(), whys, strict=False)):
        back_id = _asked(shipment, line, why, f"DEMO-RETURN-{n + 1}", cs, begun)
        if n == 2:  # customer service has not answered yet
            continue
        fee = Decimal(15) if n == 0 else Decimal(0)
        authorize_return(return_id=back_id, fee_percent=fee, actor=cs, now=begun + timedelta(minutes=5))
        (waiting,) = return_lines(back_id)
        came = begun + timedelta(minutes=25)
        receive_return(return_id=back_id, quantities={waiting: TWO}, actor=dock, now=came)
        if n == 0:
            _inspect(back_id, line, dock, begun + timedelta(minutes=35))
        run_owed_jobs(begun + timedelta(minutes=40))
    site_id = next(iter(world.sites.values()))
    few = [i.id for i in world.items if i.weight][:4]
    open_count(site_id=site_id, product_ids=few, key="demo", actor=dock, now=world.now - timedelta(minutes=9))


def _delivered() -> Iterator[tuple[ShipmentView, ShipmentLineView]]:
    """Shipments of different orders of which two whole units of a line can come back."""
    seen: set[int] = set()
    for shipment in find_shipments(ShipmentFilter(None, status=ShipmentStatus.DELIVERED), limit=LOOKED_AT):
        line = next((x for x in shipment.lines if x.shipped_qty >= TWO and x.invoiced_qty == x.shipped_qty), None)
        if line is not None and shipment.order_id not in seen and sent_parts([line.order_line_id]):
            seen.add(shipment.order_id)
            yield shipment, line


def _asked(shipment: ShipmentView, line: ShipmentLineView, why: str, key: str, actor: Actor, now: datetime) -> int:
    spec = ReturnSpec(shipment.account_id, key, why, (ReturnLineSpec(line.order_line_id, TWO),))
    return request_returns([spec], actor=actor, now=now)[0].return_id


def _inspect(return_id: int, line: ShipmentLineView, actor: Actor, now: datetime) -> None:
    """One is as good as new, one box is open."""
    (x,) = awaiting(return_id)
    findings = [
        Finding(x.line_id, ONE, Disposition.RESTOCK, line.lot_code),
        Finding(x.line_id, ONE, Disposition.SCRAP, line.lot_code, "seal broken"),
    ]
    inspect_return(return_id=return_id, findings=findings, actor=actor, now=now)
