"""One simulated day, stage by stage, by the verbs everybody calls. Done again after a break, it does what is missing."""

from collections.abc import Mapping, Sequence
from datetime import datetime, time
from decimal import Decimal
from functools import partial

from catalog.queries import product_snapshots
from catalog.rules.asks import ProductSnapshot
from config.replay import masters, money, stock
from config.replay.chance import Chance
from config.replay.controller import totals
from config.replay.history import Cells, History, HistoryDay
from config.replay.stages import Stages
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
from orders.queries import accounts_of, drafts_from, external_ids, orders_with_stock
from orders.services.submit import submit_many
from orders.states import Channel
from reporting.queries import line_fill

ORDERS, SHIPMENTS = 100, 100  # per transaction
ALL = 1_000_000
SHORT_RATE = 0.004  # of the lines picked
SHORT_REASON = "not in its bin"


def live(world: World, day: HistoryDay, day_no: int, period: Period, following: HistoryDay | None) -> None:
    """Morning: receipts, money, holds. Noon: what customers send. Evening: to the warehouse and out, while the file of
    the `following` day is read. Night: orders for more stock, and the clocks.
    """
    stage, stages, beside = world.stages.stage, world.stages, world.lanes.beside
    morning, noon, evening, night = (at(day.day, moment) for moment in (MORNING, NOON, EVENING, NIGHT))
    with beside(stages, partial(_payments, world.chance, day, morning)), stage("receipts"):
        stock.receive_due(day.day, now=morning)
    with stage("payments"):
        money.review_holds(now=morning)
    _react(world, morning)
    with stage("masters"):
        _welcome(world, day, noon)
    if world.captured != day.day:
        _list(world, day)
        stages.add(_capture(_options(world.history), day.rows, noon))
    with stage("submit"):
        _submit(noon)
    _react(world, noon)
    _deliver(world, evening, following)
    _react(world, evening)
    with beside(stages, partial(_sweep, night)), stage("replenish"):
        _replenish(world, day, day_no, period, night)
    _react(world, night)


def _payments(chance: Chance, day: HistoryDay, now: datetime) -> Stages:
    stages = Stages()
    with stages.stage("payments"):
        money.take_payments(chance, day.day, now=now)
    return stages


def _react(world: World, now: datetime) -> None:
    """What the facts so far call for: holds looked at again and allocation, in this order; beside each other invoices and
    cases, and measures, which touch nothing of each other.
    """
    while due := outbox.due_by_reaction(now):
        for reaction in IN_ORDER:
            world.stages.add(_work_off({reaction: due.pop(reaction, [])}, now))
        measures = {reaction: due.pop(reaction) for reaction in list(due) if STAGE_OF.get(reaction) == "measure"}
        owed = [some for some in (due, measures) if some]
        world.lanes.run(world.stages, *(partial(_work_off, some, now) for some in owed))


def _work_off(due: Mapping[str, list[int]], now: datetime) -> Stages:
    stages = Stages()
    for reaction, job_ids in due.items():
        with stages.stage(STAGE_OF.get(reaction, "cases")):
            for start in range(0, len(job_ids), outbox.BACKLOG):
                outbox.run_jobs(job_ids[start : start + outbox.BACKLOG], reaction, now=now)
    return stages


IN_ORDER = (
    "count what was ordered before",
    "look again at credit holds",
    "allocate what was freed",
    "allocate the short product again",
    "allocate what came in",
    "allocate what was ordered",
)
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
    """What is sold for the first time today is stocked as a typical product."""
    unknown = dict.fromkeys(sku for sku, _ in day.lines if sku not in world.demand.by_sku)
    first = {sku: world.demand.launch(sku, world.controller.cover) for sku in unknown}
    _list(world, day)
    stock.put_on_shelf(world, first, why="launch_stock", now=now)


def _list(world: World, day: HistoryDay) -> None:
    """Before the file of a day is read, its products are in the catalog and its prices agreed."""
    now = at(day.day, NOON)
    masters.list_products(world, [day], now=now)
    masters.agree_prices(world, day, now=now)


def _options(history: History) -> Options:
    own = own_columns(history.header)
    return Options(columns=history.columns, own=own, width=len(history.header), currency=CURRENCY)


def _capture(options: Options, rows: Sequence[Cells], now: datetime) -> Stages:
    stages = Stages()
    with stages.stage("capture"):
        import_orders(rows=rows, options=options, reject=None, actor=CLERK, now=now)
    return stages


def _submit(now: datetime) -> None:
    """The file of the next day may be read already, if this evening was lived before and broken off."""
    while drafts := drafts_from(Channel.IMPORT, until=at(now.date(), time.max), limit=ORDERS):
        for outcome in submit_many(drafts, actor=CLERK, now=now).values():
            _require(outcome)


def _deliver(world: World, now: datetime, following: HistoryDay | None) -> None:
    """Release, pick and ship, an account's orders in one lane: its credit decides about them in their order."""
    tasks = [partial(_to_the_door, world.chance, some, now) for some in _shares(orders_with_stock(), world.lanes.count)]
    if following is not None:
        with world.stages.stage("masters"):
            _list(world, following)
        tasks.append(partial(_capture, _options(world.history), following.rows, at(following.day, NOON)))
        world.captured = following.day
    world.lanes.run(world.stages, *tasks)
    world.stages.add(_out(world.chance, awaiting(ShipmentStatus.RELEASED, limit=ALL), now))  # of a run broken off
    with world.stages.stage("ship"):
        _ship(awaiting(ShipmentStatus.PACKED, limit=ALL), now)


def _shares(order_ids: Sequence[int], lanes: int) -> list[list[int]]:
    """About as many for each lane, at most ORDERS at a time."""
    size = min(ORDERS, -(-len(order_ids) // lanes))
    by_account: dict[int, list[int]] = {}
    for order_id, account_id in sorted(accounts_of(order_ids).items()):
        by_account.setdefault(account_id, []).append(order_id)
    shares: list[list[int]] = []
    for orders in by_account.values():
        if not shares or len(shares[-1]) >= size:
            shares.append([])
        shares[-1] += orders
    return shares


def _to_the_door(chance: Chance, order_ids: list[int], now: datetime) -> Stages:
    stages = Stages()
    with stages.stage("release"):
        outcomes = release_orders(order_ids=order_ids, actor=CLERK, now=now)
    stages.add(_out(chance, [i for outcome in outcomes for i in outcome.shipment_ids], now))
    return stages


def _out(chance: Chance, shipment_ids: Sequence[int], now: datetime) -> Stages:
    stages = Stages()
    for start in range(0, len(shipment_ids), SHIPMENTS):
        with stages.stage("pick"):
            packed = _pick(chance, shipment_ids[start : start + SHIPMENTS], now)
        with stages.stage("ship"):
            _ship(packed, now)
    return stages


def _pick(chance: Chance, shipment_ids: Sequence[int], now: datetime) -> list[int]:
    """The shipments of which something was found."""
    shipments = list(shipment_details(shipment_ids).values())
    names = external_ids({s.order_id for s in shipments})
    products = product_snapshots({line.product_id for s in shipments for line in s.lines})
    reports = [_report(chance, s, names[s.order_id], products, now) for s in shipments]
    outcomes = confirm_picks(reports, actor=PICKER, now=now)
    for outcome in outcomes.values():
        _require(outcome)
    return [shipment_id for shipment_id, status in outcomes.items() if status == ShipmentStatus.PACKED]


def _report(
    chance: Chance, shipment: ShipmentView, name: str, products: Mapping[int, ProductSnapshot], now: datetime
) -> PickReport:
    """A few lines are not found in full: the same ones for the same seed."""
    short = {}
    for line in shipment.lines:
        about = (name, products[line.product_id].sku, line.qty.normalize(), now.date())
        if chance.share("short", *about) < SHORT_RATE:
            found = int(line.qty * Decimal(chance.between(0, 80, "found", *about)) / 100)
            short[line.id] = Decimal(found)
    return PickReport(shipment.id, short, SHORT_REASON if short else "")


def _ship(packed: Sequence[int], now: datetime) -> None:
    for start in range(0, len(packed), SHIPMENTS):
        departures = [Departure(shipment_id, "Parcel service") for shipment_id in packed[start : start + SHIPMENTS]]
        for outcome in confirm_shipments(departures, actor=PICKER, now=now).values():
            _require(outcome)


def _replenish(world: World, day: HistoryDay, day_no: int, period: Period, now: datetime) -> None:
    fill = line_fill(period)
    world.controller.observe(fill.lines, fill.in_full)
    world.demand.learn(day_no, totals(day.lines))
    stock.order_more(world, day.day, day_no, now=now)


def _sweep(now: datetime) -> Stages:
    stages = Stages()
    with stages.stage("sla"):
        while sweep(now=now).cases:
            continue
    return stages


def _require(outcome: object) -> None:
    """Nothing of a history is refused: its masters, prices and addresses were set up."""
    if isinstance(outcome, DomainError):
        raise outcome
