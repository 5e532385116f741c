"""The working days up to yesterday, each lived through the services with its own `now`: orders come in, stock is
allocated, released, picked (sometimes short), shipped and invoiced; customers pay, cases are worked on, goods arrive.
"""

import random
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import count

from billing.queries import statement
from billing.rules.asks import InvoiceView
from billing.services.post_receipt import post_receipt
from config.demo.cases import work_on_cases
from config.demo.clockwork import run_owed_jobs
from config.demo.overridden import bargain
from config.demo.progress import Stage
from config.demo.stock import Lot, expected_per_day, home_of, opening_days, receive, rounded, stocked
from config.demo.world import SEEDER, Customer, Item, World
from core.actors import Actor
from exceptions_app.services.sweep import sweep
from fulfillment.queries import shipment_detail
from fulfillment.services.confirm_delivery import confirm_delivery
from fulfillment.services.confirm_pick import confirm_pick
from fulfillment.services.confirm_shipment import confirm_shipment
from fulfillment.services.release_orders import release_orders
from inventory.services.record_inbound import record_inbound
from orders.queries import progress
from orders.rules.asks import LineDraft, OrderDraft, Submitted
from orders.services.cancel import cancel_order
from orders.services.place import place
from orders.states import Channel

CARRIERS = ("UPS Ground", "UPS 2nd Day Air", "FedEx Ground", "Old Harbor Freight")
BY_HAND = CARRIERS[-1:]
LINE_COUNTS = (1, 1, 2, 2, 3, 3, 4, 5, 6, 8)
# days from the order to the day it is wanted, as often as they stand here
LEADS = (2, 3, 3, 3, 3, 4, 4, 5, 5, 7, 10, 16)
SHORT_PICKS, OVERNIGHT, LATE_SUPPLY, CANCELLED = 0.012, 0.12, 0.1, 0.012
REASONS = ("bin empty", "2 damaged in the bin", "lot label missing", "counted short")
COVER_DAYS, LEAST_DAYS, SUPPLY_DAYS = 90, 14, 9  # working days
FROM_ONE_CENTER = 0.88
LARGEST_ORDER = Decimal(18_000)  # larger ones go through a phone call, not through the demo's chance


@dataclass
class Book:
    """What is on its way: orders not fully shipped, shipments packed or on the road, supply expected."""

    waiting: dict[int, date] = field(default_factory=dict)  # order → the first day it may be released
    packed: list[int] = field(default_factory=list)
    on_the_road: deque[tuple[date, int]] = field(default_factory=deque)
    expected: list[tuple[date, Item, Lot, int | None]] = field(default_factory=list)
    left: dict[str, float] = field(default_factory=dict)  # our guess of what is on hand, by SKU
    doubtful: list[int] = field(default_factory=list)
    po_numbers: Iterator[int] = field(default_factory=lambda: count(48_211, 7))
    receipts: Iterator[int] = field(default_factory=lambda: count(30_001))


def make(world: World, stage: Stage) -> None:
    dice, book = world.dice("orders"), Book()
    a_day = expected_per_day(world)
    book.left = {i.sku: a_day[i.sku] * opening_days(world) * 0.5 for i in world.items}
    days = _working_days(world)
    for day, orders in zip(days, _orders_per_day(world.scale.orders, len(days)), strict=True):
        live_a_day(world, book, day, orders, a_day, dice)
        stage.step(orders, note=f"{day:%d %b %Y}")


def _working_days(world: World) -> list[date]:
    every = [world.live_from + timedelta(days=n) for n in range(world.scale.live_days)]
    return [day for day in every if day.weekday() < 5]


def _orders_per_day(orders: int, days: int) -> list[int]:
    """A growing business: the last day has nearly twice the orders of the first; they sum to `orders`."""
    shares = [1 + 0.8 * n / max(days - 1, 1) for n in range(days)]
    total, placed, found = sum(shares), 0, []
    for n in range(days):
        until = round(orders * sum(shares[: n + 1]) / total)
        found.append(until - placed)
        placed = until
    return found


def live_a_day(world: World, book: Book, day: date, orders: int, a_day: dict[str, float], dice: random.Random) -> None:
    morning, evening = at(day, 11), at(day, 21)
    _goods_arrive(world, book, day, morning)
    _ship(world, book, book.packed, at(day, 12), dice)
    for minute in sorted(dice.randrange(120, 540) for _ in range(orders)):
        placed = take_order(world, book, draft_of(world, book, day, dice), at(day, 11, minute), dice)
        bargain(world, placed, at(day, 11, minute + 1))
    run_owed_jobs(at(day, 20, 30))
    _cancel_some(world, book, at(day, 20, 40))
    _release(world, book, day, evening, dice)
    _deliver(world, book, day)
    if day.weekday() == 1:
        _order_supply(world, book, day, a_day, dice)
    if (day.day in (3, 4, 5) and day.weekday() < 5) or day.day in (17, 18, 19):
        _customers_pay(world, day, dice)
    sweep(now=evening)
    work_on_cases(world, at(day, 22), dice)
    run_owed_jobs(at(day, 22, 30))


def at(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(day, time(hour), UTC) + timedelta(minutes=minute)


# --- orders ----------------------------------------------------------------------------------------------------


def draft_of(world: World, book: Book, day: date, dice: random.Random) -> OrderDraft:
    customer = dice.choices(world.customers, [c.weight for c in world.customers])[0]
    lines = _lines(world, customer, dice)
    channel = dice.choice((Channel.PORTAL, Channel.PORTAL, Channel.EDI, Channel.CONSOLE, Channel.API))
    if customer.kind in ("hospital", "system") and dice.random() < 0.5:
        channel = Channel.EDI
    po_number = f"{customer.code[-3:]}-{next(book.po_numbers)}"
    wanted = day + timedelta(days=dice.choice(LEADS))
    return OrderDraft(
        customer.id,
        channel,
        "USD",
        lines,
        po_number=po_number,
        ship_to_id=dice.choice(customer.ship_to_ids),
        requested_date=wanted + timedelta(days=max(0, 7 - wanted.weekday()) if wanted.weekday() > 4 else 0),
        external_id=f"850-{po_number}" if channel == Channel.EDI else "",
    )


def _lines(world: World, customer: Customer, dice: random.Random) -> tuple[LineDraft, ...]:
    """Distinct products the customer may buy; about 3.4 of them, worth less than the largest order. Most orders ask for
    what one center holds: most customers know which goods come together.
    """
    home = dice.choices(("CMH", "RNO", "ATL"), (6, 1, 1))[0] if dice.random() < FROM_ONE_CENTER else ""
    range_ = [i for n, i in enumerate(stocked(world)) if not home or home_of(n) == home]
    fits = [i for i in range_ if may_buy(customer, i)] or [i for i in stocked(world) if may_buy(customer, i)]
    lines: list[LineDraft] = []
    wanted, worth = dice.choice(LINE_COUNTS), Decimal(0)
    chosen: dict[int, Item] = {}
    for item in dice.choices(fits, [i.weight for i in fits], k=wanted):
        chosen.setdefault(item.id, item)
    for item in chosen.values():
        qty = max(
            1, round(item.usual * dice.choice((0.5, 0.75, 1, 1, 1, 1.5, 2)) * (2 if customer.kind == "hospital" else 1))
        )
        by_case = item.case > 1 and qty >= item.case and dice.random() < 0.5
        base = round(qty / item.case) * item.case if by_case else qty
        if lines and worth + base * item.price > LARGEST_ORDER:
            continue
        worth += base * item.price
        unit, asked = ("CA", base // item.case) if by_case else ("", base)
        lines.append(LineDraft(len(lines) + 1, Decimal(asked), unit, item.id))
    return tuple(lines)


def may_buy(customer: Customer, item: Item) -> bool:
    if item.regulated == "C-II":
        return customer.kind in ("hospital", "system")
    if item.regulated == "RX":
        return customer.kind in ("hospital", "system", "surgery", "ortho", "clinic")
    if item.family in ("SCR", "PLT", "KNE"):
        return customer.kind in ("hospital", "ortho", "surgery")
    return True


def take_order(world: World, book: Book, draft: OrderDraft, now: datetime, dice: random.Random) -> Submitted:
    """By whoever uses the channel: the customer's buyer, customer service, a rep for the customer, the EDI desk."""
    actor, draft = _entered_by(world, draft, dice)
    lag = timedelta(minutes=dice.randrange(2, 50 if draft.channel == Channel.CONSOLE else 8))
    outcome = place(replace(draft, received_at=now - lag), actor=actor, now=now)
    wanted = draft.requested_date or now.date()
    book.waiting[outcome.order_id] = max(now.date(), wanted - timedelta(days=5))
    items = {i.id: i for i in world.items}
    for line in outcome.lines:
        book.left[items[line.product_id].sku] = book.left.get(items[line.product_id].sku, 0) - float(line.qty)
    if not outcome.holds and dice.random() < CANCELLED:
        book.doubtful.append(outcome.order_id)
    return outcome


def _entered_by(world: World, draft: OrderDraft, dice: random.Random) -> tuple[Actor, OrderDraft]:
    if draft.channel == Channel.EDI:
        return Actor("Holdfast, EDI receive", roles=frozenset({"system"}), channel="edi"), draft
    if draft.channel == Channel.PORTAL:
        keys = {c.id: k for c, k in zip(world.customers, ("buyer", "two-companies", "two-companies"), strict=False)}
        key = keys.get(draft.account_id)
        return (world.people[key] if key else Actor("Buyer", roles=frozenset({"buyer"}), channel="portal")), draft
    if draft.channel == Channel.CONSOLE and dice.random() > 0.25:
        return world.people["cs"], draft
    customer = next(c for c in world.customers if c.id == draft.account_id)
    rep = {"WEST": "rep", "SOUTH": "rep-south", "MIDWEST": "rep-midwest", "EAST": "rep-east"}[customer.territory]
    actor = replace(world.people[rep], channel=str(draft.channel), on_behalf_of=draft.account_id)
    return actor, replace(draft, on_behalf_of=draft.account_id)


def _cancel_some(world: World, book: Book, now: datetime) -> None:
    for order_id in book.doubtful:
        cancel_order(order_id=order_id, reason="Ordered twice by the customer", actor=world.people["cs"], now=now)
        book.waiting.pop(order_id, None)
    book.doubtful.clear()


# --- warehouse -------------------------------------------------------------------------------------------------


def _release(world: World, book: Book, day: date, now: datetime, dice: random.Random) -> None:
    due = [order_id for order_id, first in book.waiting.items() if first <= day]
    if not due:
        return
    for outcome in release_orders(order_ids=due, actor=world.people["warehouse"], now=now):
        for shipment_id in outcome.shipment_ids:
            if _pick(world, shipment_id, now + timedelta(minutes=20), dice):
                book.packed.append(shipment_id)
    tonight = [s for s in book.packed if dice.random() >= OVERNIGHT]
    book.packed = [s for s in book.packed if s not in tonight]
    _ship(world, book, tonight, now + timedelta(minutes=90), dice)
    book.packed = [s for s in book.packed if s not in tonight]
    run_owed_jobs(now + timedelta(minutes=95))
    _forget_finished(book, due)


def _pick(world: World, shipment_id: int, now: datetime, dice: random.Random) -> bool:
    """Whether something is packed. Now and then one line comes short."""
    picks, reason = {}, ""
    if dice.random() < SHORT_PICKS:
        shipment = shipment_detail(shipment_id)
        line = shipment.lines[0] if shipment else None
        if line is not None and line.qty >= 2:
            picks, reason = {line.id: Decimal(int(line.qty * Decimal("0.7")))}, dice.choice(REASONS)
    status = confirm_pick(
        shipment_id=shipment_id, picks=picks, short_reason=reason, actor=world.people["warehouse"], now=now
    )
    return status == "packed"


def _ship(world: World, book: Book, shipment_ids: Sequence[int], now: datetime, dice: random.Random) -> None:
    for shipment_id in list(shipment_ids):
        tracking, named = f"1Z{dice.randrange(10**9, 10**10)}", dice.choice(CARRIERS)
        confirm_shipment(
            shipment_id=shipment_id,
            carrier=named if named in BY_HAND else "",  # the others leave with what the rules chose
            tracking_number=tracking,
            actor=world.people["warehouse"],
            now=now,
        )
        book.on_the_road.append((now.date() + timedelta(days=dice.choice((2, 2, 3))), shipment_id))
    if shipment_ids is book.packed:
        book.packed.clear()


def _forget_finished(book: Book, order_ids: Sequence[int]) -> None:
    for order_id, how_far in progress(order_ids).items():
        if how_far.backordered + how_far.reserved + how_far.allocated == 0:
            book.waiting.pop(order_id, None)


def _deliver(world: World, book: Book, day: date) -> None:
    while book.on_the_road and book.on_the_road[0][0] <= day:
        _, shipment_id = book.on_the_road.popleft()
        confirm_delivery(shipment_id=shipment_id, delivered_at=at(day, 15), actor=SEEDER, now=at(day, 15))


# --- supply and cash -------------------------------------------------------------------------------------------


def _order_supply(world: World, book: Book, day: date, a_day: dict[str, float], dice: random.Random) -> None:
    """What runs low is ordered for the coming months; one order in ten arrives weeks late."""
    on_order = {item.sku for _, item, _, _ in book.expected}
    for n, item in enumerate(stocked(world)):
        usage = a_day[item.sku]
        if item.tracking == "serial" or item.sku in on_order or book.left[item.sku] > usage * LEAST_DAYS:
            continue
        wait = SUPPLY_DAYS + (dice.randrange(10, 24) if dice.random() < LATE_SUPPLY else dice.randrange(0, 3))
        arrival = day + timedelta(days=wait)
        arrival += timedelta(days=max(0, 7 - arrival.weekday()) if arrival.weekday() > 4 else 0)
        number = next(book.receipts)
        lot = Lot(
            home_of(n),
            rounded(usage * COVER_DAYS + 2 * item.usual, item.case),
            "" if item.tracking == "none" else f"L{arrival:%y%m}{n:03}",
            None if item.shelf_days is None else arrival + timedelta(days=max(item.shelf_days - 20, 300)),
        )
        inbound_id = None
        if day > world.today - timedelta(days=45):  # older supply is received without its purchase order
            inbound_id = record_inbound(
                product_id=item.id,
                site_id=world.sites[lot.site],
                reference=f"PO-{number}",
                qty=Decimal(lot.qty),
                eta_date=arrival,
                actor=world.people["planner"],
                now=at(day, 14),
            )
        book.expected.append((arrival, item, lot, inbound_id))


def _goods_arrive(world: World, book: Book, day: date, now: datetime) -> None:
    due = [e for e in book.expected if e[0] <= day]
    for _, item, lot, inbound_id in due:
        number = next(book.receipts)
        receive(world, item, lot, f"GR-{number}", number, now, inbound_id)
        book.left[item.sku] += lot.qty
    book.expected = [e for e in book.expected if e[0] > day]
    if due:
        run_owed_jobs(now)


def _customers_pay(world: World, day: date, dice: random.Random) -> None:
    """What is due, most of it; care homes pay late. A customer pays one sum for several invoices, twice a month."""
    for n, customer in enumerate(world.customers):
        if (n + day.day) % 3:
            continue
        grace = 14 if customer.kind == "care" else -2
        open_items = [
            i
            for i in statement(customer.id, on=day, currency="USD").open_invoices
            if i.due_date + timedelta(days=grace) <= day
        ]
        paid = [i for i in open_items if dice.random() < 0.93 or i.due_date < day - timedelta(days=18)]
        if paid:
            _pay(world, customer, paid, at(day, 16))


def pay_what_is_due(world: World, customers: Iterable[Customer], now: datetime) -> None:
    """The customers pay everything that is due: what today shows of them must not hang on who paid late last week."""
    for customer in customers:
        items = statement(customer.id, on=world.today, currency="USD").open_invoices
        if due := [i for i in items if i.due_date <= world.today]:
            _pay(world, customer, due, now)


def _pay(world: World, customer: Customer, items: Sequence[InvoiceView], now: datetime) -> None:
    post_receipt(
        account_id=customer.id,
        amount=sum((i.open_amount for i in items), Decimal(0)),
        currency="USD",
        received_date=now.date(),
        reference=f"ACH {customer.code} {now:%y%m%d}",
        method="ach",
        apply_to=[i.id for i in items],
        actor=world.people["finance"],
        now=now,
    )
