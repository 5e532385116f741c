"""One simulated day, stage by stage, by the verbs everybody calls. Done again after a break, it does what is missing."""

from datetime import datetime
from decimal import Decimal

from config.replay import masters, money, stock
from config.replay.controller import totals
from config.replay.history import HistoryDay
from config.replay.world import CLERK, CURRENCY, EVENING, MORNING, NIGHT, NOON, PICKER, World, at
from core import outbox
from core.errors import DomainError
from core.periods import Period
from exceptions_app.services.sweep import sweep
from fulfillment.queries import awaiting, shipment_details
from fulfillment.rules.asks import Departure, PickReport, ShipmentView
from fulfillment.services.confirm_pick import confirm_picks
from fulfillment.services.confirm_shipment import confirm_shipments
from fulfillment.services.release_orders import release_orders
from fulfillment.states import ShipmentStatus
from integrations.rules.import_columns import own_columns
from integrations.services.import_orders import Options, import_orders
from orders.queries import drafts_from, external_ids, orders_with_stock
from orders.services.submit import submit_many
from orders.states import Channel
from reporting.queries import line_fill

ORDERS, SHIPMENTS = 100, 100  # per transaction
SHORT_RATE = 0.004  # of the lines picked
SHORT_REASON = "not in its bin"


def live(world: World, day: HistoryDay, day_no: int, period: Period) -> None:
    """Morning: receipts, money, holds. Noon: what customers send. Evening: to the warehouse and out. Night: orders for
    more stock, and the clocks.
    """
    stage = world.stages.stage
    morning, noon, evening, night = (at(day.day, moment) for moment in (MORNING, NOON, EVENING, NIGHT))
    with stage("receipts"):
        stock.receive_due(world, day.day, now=morning)
    with stage("payments"):
        money.take_payments(world, day.day, now=morning)
        money.review_holds(world, now=morning)
    _react(world, morning)
    with stage("masters"):
        _welcome(world, day, noon)
    with stage("capture"):
        _capture(world, day, noon)
    with stage("submit"):
        _submit(noon)
    _react(world, noon)
    with stage("release"):
        _release(evening)
    with stage("pick"):
        _pick(world, evening)
    with stage("ship"):
        _ship(evening)
    _react(world, evening)
    with stage("replenish"):
        _replenish(world, day, day_no, period, night)
    with stage("sla"):
        _sweep(night)
    _react(world, night)


def _react(world: World, now: datetime) -> None:
    """What the facts so far call for: allocation, invoices, cases, measures, holds looked at again."""
    while due := outbox.due_by_reaction(now):
        for reaction, job_ids in due.items():
            with world.stages.stage(STAGE_OF.get(reaction, "cases")):
                for start in range(0, len(job_ids), outbox.BACKLOG):
                    outbox.run_jobs(job_ids[start : start + outbox.BACKLOG], reaction, now=now)


STAGE_OF = {
    "allocate what was ordered": "allocate",
    "allocate what came in": "allocate",
    "allocate what was freed": "allocate",
    "allocate the short product again": "allocate",
    "invoice the shipment": "invoice",
    "close the order when it is done": "close",
    "measure the submitted order": "measure",
    "measure the release": "measure",
    "measure the shipment": "measure",
    "measure the invoice": "measure",
    "look again at credit holds": "holds",
    "count what was ordered before": "holds",
}


def _welcome(world: World, day: HistoryDay, now: datetime) -> None:
    """Products that are sold for the first time today are in the catalog, priced, and stocked as a typical product."""
    masters.list_products(world, [day], now=now)
    unknown = dict.fromkeys(sku for sku, _ in day.lines if sku not in world.demand.by_sku)
    first = {sku: world.demand.launch(sku, world.controller.cover) for sku in unknown}
    stock.put_on_shelf(world, first, why="launch_stock", now=now)
    masters.agree_prices(world, day, now=now)


def _capture(world: World, day: HistoryDay, now: datetime) -> None:
    history = world.history
    options = Options(
        columns=history.columns, own=own_columns(history.header), width=len(history.header), currency=CURRENCY
    )
    import_orders(rows=day.rows, options=options, reject=None, actor=CLERK, now=now)


def _submit(now: datetime) -> None:
    while drafts := drafts_from(Channel.IMPORT, limit=ORDERS):
        for outcome in submit_many(drafts, actor=CLERK, now=now).values():
            _require(outcome)


def _release(now: datetime) -> None:
    ready = orders_with_stock()
    for start in range(0, len(ready), ORDERS):
        release_orders(order_ids=ready[start : start + ORDERS], actor=CLERK, now=now)


def _pick(world: World, now: datetime) -> None:
    while waiting := awaiting(ShipmentStatus.RELEASED, limit=SHIPMENTS):
        shipments = list(shipment_details(waiting).values())
        names = external_ids({s.order_id for s in shipments})
        reports = [_report(world, s, names[s.order_id], now) for s in shipments]
        for outcome in confirm_picks(reports, actor=PICKER, now=now).values():
            _require(outcome)


def _report(world: World, shipment: ShipmentView, name: str, now: datetime) -> PickReport:
    """A few lines are not found in full: the same ones for the same seed."""
    short = {}
    for line in shipment.lines:
        about = (name, world.skus[line.product_id], line.qty.normalize(), now.date())
        if world.chance.share("short", *about) < SHORT_RATE:
            found = int(line.qty * Decimal(world.chance.between(0, 80, "found", *about)) / 100)
            short[line.id] = Decimal(found)
    return PickReport(shipment.id, short, SHORT_REASON if short else "")


def _ship(now: datetime) -> None:
    while packed := awaiting(ShipmentStatus.PACKED, limit=SHIPMENTS):
        departures = [Departure(shipment_id, "Parcel service") for shipment_id in packed]
        for outcome in confirm_shipments(departures, actor=PICKER, now=now).values():
            _require(outcome)


def _replenish(world: World, day: HistoryDay, day_no: int, period: Period, now: datetime) -> None:
    fill = line_fill(period)
    world.controller.observe(fill.lines, fill.in_full)
    world.demand.learn(day_no, totals(day.lines))
    stock.order_more(world, day.day, day_no, now=now)


def _sweep(now: datetime) -> None:
    while sweep(now=now).cases:
        pass


def _require(outcome: object) -> None:
    """Nothing of a history is refused: its masters, prices and addresses were set up."""
    if isinstance(outcome, DomainError):
        raise outcome
