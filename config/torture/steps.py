"""What a client does, step by step: each draws its victims, makes one call into a service and lets a refusal through.

STEPS is the table. A verb that is new (a transfer, a count, a recall, a pool) becomes a function and a row here.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.apps import apps
from django.db import connection

from config.torture import field_steps
from config.torture.company import ACTOR, Company, receipt
from core import clock, outbox
from core.refs import DocumentRef
from core.uow import door_verb
from fulfillment.rules.asks import Departure, PickReport
from fulfillment.services.confirm_pick import confirm_picks
from fulfillment.services.confirm_shipment import confirm_shipments
from fulfillment.services.release_orders import release_orders
from inventory.rules.asks import DemandSpec, InboundSpec, Reservation
from inventory.rules.transfers import Arrived, TransferLineSpec
from inventory.services.adjust_stock import adjust_stock
from inventory.services.allocate import allocate
from inventory.services.cancel import cancel
from inventory.services.change_stock_status import change_stock_status
from inventory.services.expire_claims import expire_claims
from inventory.services.open_count import open_count
from inventory.services.open_demands import open_demands
from inventory.services.post_count import post_count
from inventory.services.recall_lot import lift_recall, recall_lot
from inventory.services.receive_stock import receive_many
from inventory.services.receive_transfer import receive_transfer
from inventory.services.record_counts import record_counts
from inventory.services.record_inbound import record_inbounds
from inventory.services.request_transfer import request_transfer
from inventory.services.reserve import reserve
from inventory.services.retire_pool import retire_pool
from inventory.services.save_pool import save_pool
from inventory.services.ship_transfer import ship_transfer
from inventory.states import PoolState, StockStatus
from orders.rules.asks import LineDraft, OrderDraft
from orders.rules.wishes import LineWish, Wish
from orders.services.amend import amend
from orders.services.cancel import cancel_lines, cancel_order
from orders.services.place import place

CHANNEL = "api"
LONGEST = 200


@dataclass
class Client:
    """One client: its chance, what it made, and the key of what it does now. No two have the same number."""

    company: Company
    number: int
    chance: random.Random
    key: str = ""
    attempts: int = 0
    order_ids: list[int] = field(default_factory=list)
    carts: list[list[int]] = field(default_factory=list)

    def begin(self) -> str:
        self.attempts += 1
        self.key = f"t{self.number}-{self.attempts}"
        return self.key

    @property
    def document(self) -> int:
        """A number nobody else gives to a document."""
        return self.number * 1_000_000 + self.attempts

    def product(self) -> int:
        """The first products are asked for most: that is where the fight is."""
        return self.company.product_ids[int(len(self.company.product_ids) * self.chance.random() ** 2)]

    def rough_product(self) -> int:
        """One whose stock may be lost, moved or blocked."""
        return self.chance.choice([i for i in self.company.product_ids if i not in self.company.calm_ids])

    def lines(self, most: int) -> list[tuple[int, int]]:
        """(product, quantity), the same product on several lines among them."""
        count = most if self.chance.random() < 0.03 else self.chance.randint(1, min(8, most))
        return [(self.product(), self.chance.randint(1, 4)) for _ in range(count)]


def place_order(c: Client, now: datetime) -> None:
    lines = tuple(LineDraft(n, Decimal(q), product_id=p) for n, (p, q) in enumerate(c.lines(LONGEST), 1))
    account = c.chance.choice(c.company.account_ids)
    wanted = now.date() + timedelta(days=c.chance.randint(0, 5))
    draft = OrderDraft(account, CHANNEL, "USD", lines, external_id=c.key, requested_date=wanted)
    c.order_ids.append(place(draft, actor=ACTOR, now=now).order_id)


def hold_cart(c: Client, now: datetime) -> None:
    """A cart keeps its stock for one to three seconds; nobody tells it when they are over."""
    specs = [
        DemandSpec(str(n), DocumentRef("cart", c.document), n, p, Decimal(q), None, now.date())
        for n, (p, q) in enumerate(c.lines(5), 1)
    ]
    c.carts.append(_hold(specs, now=now, expires_at=now + timedelta(seconds=c.chance.uniform(1, 3))))


@door_verb
def _hold(specs: list[DemandSpec], *, now: datetime, expires_at: datetime) -> list[int]:
    ids = sorted(open_demands(specs, now=now).values())
    got: dict[int, Reservation] = reserve(ids, now=now, expires_at=expires_at, is_last=True)
    return sorted(got)


def drop_cart(c: Client, now: datetime) -> None:
    """Given up, mostly after its time: whatever it still holds is freed once."""
    if c.carts:
        _drop(c.carts.pop(0), now=now)


@door_verb
def _drop(demand_ids: list[int], *, now: datetime) -> None:
    cancel(demand_ids, now=now)


def prolong_cart(c: Client, now: datetime) -> None:
    if c.carts:
        _reserve_again(c.chance.choice(c.carts), now=now, expires_at=now + timedelta(seconds=1))


@door_verb
def _reserve_again(demand_ids: list[int], *, now: datetime, expires_at: datetime) -> None:
    reserve(demand_ids, now=now, expires_at=expires_at)


def cancel_an_order(c: Client, now: datetime) -> None:
    if c.order_ids:
        order_id = c.order_ids.pop(c.chance.randrange(len(c.order_ids)))
        cancel_order(order_id=order_id, reason="torture", actor=ACTOR, now=now)


def want_less(c: Client, now: datetime) -> None:
    if c.order_ids:
        order_id = c.chance.choice(c.order_ids)
        cancel_lines(order_id=order_id, quantities={1: Decimal(1)}, reason="torture", actor=ACTOR, now=now)


def amend_an_order(c: Client, now: datetime) -> None:
    """Up, down, a line out, a new one, another day, all at once; by a version that may be another's by now."""
    if not c.order_ids:
        return
    order_id = c.chance.choice(c.order_ids)
    rows = _rows(
        "SELECT o.version, x.line_no FROM orders_order o JOIN orders_orderline x ON x.order_id = o.id"
        f" WHERE o.id = {order_id} ORDER BY x.line_no LIMIT 40"
    )
    touched = c.chance.sample([n for _, n in rows], min(len(rows), c.chance.randint(1, 4)))
    lines = [LineWish(n, Decimal(c.chance.randint(0, 6))) for n in sorted(touched)]
    if c.chance.random() < 0.3:
        lines.append(LineWish(qty=Decimal(c.chance.randint(1, 4)), product_id=c.product()))
    day = now.date() + timedelta(days=c.chance.randint(0, 9)) if c.chance.random() < 0.3 else None
    wish = Wish(tuple(lines), requested_date=day)
    amend(order_id=order_id, wish=wish, expected_version=rows[0][0], reason="torture", actor=ACTOR, now=now)


def run_allocation(c: Client, now: datetime) -> None:
    allocate(trigger_key=c.key, product_ids={c.product() for _ in range(4)}, actor=ACTOR, now=now)


def release(c: Client, now: datetime) -> None:
    """Orders of anybody: two clients often want to release the same."""
    order_ids = _some("SELECT id FROM orders_order WHERE status = 'submitted' ORDER BY random() LIMIT 3")
    release_orders(order_ids=order_ids, actor=ACTOR, now=now)


def pick(c: Client, now: datetime) -> None:
    """One line in ten is short by a unit or more."""
    lines = _rows(
        "SELECT l.shipment_id, l.id, l.qty, l.product_id FROM fulfillment_shipmentline l WHERE l.shipment_id IN "
        "(SELECT id FROM fulfillment_shipment WHERE status = 'released' ORDER BY random() LIMIT 3)"
    )
    short: dict[int, dict[int, Decimal]] = {shipment_id: {} for shipment_id, *_ in lines}
    for shipment_id, line_id, qty, product_id in lines:
        if c.chance.random() < 0.1 and product_id not in c.company.calm_ids:
            short[shipment_id][line_id] = qty - 1
    confirm_picks([PickReport(i, picks, "not found") for i, picks in sorted(short.items())], actor=ACTOR, now=now)


def ship(c: Client, now: datetime) -> None:
    ready = _some("SELECT id FROM fulfillment_shipment WHERE status = 'packed' ORDER BY random() LIMIT 3")
    confirm_shipments([Departure(i, "Torture Freight") for i in ready], actor=ACTOR, now=now)


def receive(c: Client, now: datetime) -> None:
    lines = [
        receipt(c.company, p, c.chance.choice(c.company.site_ids), q * 5, c.document, c.chance.random(), now.date())
        for p, q in dict(c.lines(3)).items()
    ]
    receive_many(lines, actor=ACTOR, now=now)


def correct(c: Client, now: datetime) -> None:
    """Up or down; down is refused where the units are promised."""
    product = c.rough_product()
    (balance_id,) = _some(
        f"SELECT id FROM inventory_stockbalance WHERE status = 'available' AND product_id = {product}"
        " ORDER BY random() LIMIT 1"
    )
    qty = Decimal(c.chance.choice([-6, -3, -1, 1, 2, 4]))
    adjust_stock(balance_id=balance_id, qty=qty, reason="torture: counted", actor=ACTOR, now=now)


def send(c: Client, now: datetime) -> None:
    """A transfer, shipped at once: what is free by then goes."""
    source, target = c.chance.sample(c.company.site_ids, 2)
    product = c.rough_product()
    lot = c.company.lot_of(product, c.chance.random())
    lines = [TransferLineSpec(product, Decimal(c.chance.randint(1, 6)), lot)]
    transfer_id = request_transfer(
        from_site_id=source, to_site_id=target, expected_date=now.date() + timedelta(days=2), lines=lines, key=c.key,
        actor=ACTOR, now=now,
    )  # fmt: skip
    ship_transfer(transfer_id=transfer_id, actor=ACTOR, now=now)


def unload(c: Client, now: datetime) -> None:
    """A truck of anybody arrives; now and then a unit is damaged."""
    lines = _rows(
        "SELECT l.transfer_id, l.id, l.shipped_qty FROM inventory_transferline l WHERE l.transfer_id IN (SELECT id FROM"
        " inventory_transfer WHERE status = 'shipped' ORDER BY random() LIMIT 1)"
    )
    damaged = Decimal(c.chance.random() < 0.2)
    came = {line_id: Arrived(qty - damaged, damaged) for _, line_id, qty in lines if qty}
    if came:
        receive_transfer(transfer_id=lines[0][0], arrived=came, actor=ACTOR, now=now)


def count(c: Client, now: datetime) -> None:
    """Counted while all others go on: a unit more or less than the books say, or just that."""
    site = c.chance.choice(c.company.site_ids)
    count_id = open_count(site_id=site, product_ids=[c.rough_product()], key=c.key, actor=ACTOR, now=now)
    lines = _rows(
        "SELECT l.id, b.on_hand_qty FROM inventory_countline l JOIN inventory_stockbalance b ON b.id = l.balance_id"
        f" WHERE l.count_id = {count_id}"
    )
    found = {i: max(Decimal(0), qty + c.chance.choice([-2, -1, 0, 0, 1])) for i, qty in lines}
    record_counts(count_id=count_id, counted=found, actor=ACTOR, now=now)
    post_count(count_id=count_id, actor=ACTOR, now=now)


def recall(c: Client, now: datetime) -> None:
    """A lot is recalled, or one that was is not any more and its goods are good again."""
    for lot_id, is_recalled in _rows(
        "SELECT id, is_recalled FROM inventory_lot WHERE NOT product_id = ANY"
        f" ('{{{','.join(map(str, c.company.calm_ids))}}}') ORDER BY random() LIMIT 1"
    ):
        if not is_recalled and c.chance.random() < 0.3:
            recall_lot(lot_id=lot_id, reason="torture", actor=ACTOR, now=now)
        elif is_recalled:
            lift_recall(lot_id=lot_id, reason="torture", actor=ACTOR, now=now)
    for balance_id, qty in _rows(
        "SELECT id, on_hand_qty FROM inventory_stockbalance WHERE status = 'quality' AND on_hand_qty > 0"
        " AND lot_id IS NOT NULL ORDER BY random() LIMIT 1"
    ):
        change_stock_status(
            balance_id=balance_id, to=StockStatus.AVAILABLE, qty=qty, reason="torture", key=c.document, actor=ACTOR,
            now=now,
        )  # fmt: skip


def change_a_pool(c: Client, now: datetime) -> None:
    """More or less of it, ended or begun again: never one whose product the judge wants undisturbed."""
    pools: Any = apps.get_model("inventory.Pool")
    pool = pools.objects.filter(code__in=c.company.changing_pools).order_by("?").first()
    if pool is None:
        return
    if c.chance.random() < 0.3:
        retire_pool(pool_id=pool.pk, reason="torture", actor=ACTOR, now=now)
        return
    pool.amount, pool.state = Decimal(c.chance.randint(5, 40)), PoolState.ACTIVE
    save_pool(row=pool, actor=ACTOR, now=now)


def expect(c: Client, now: datetime) -> None:
    days, site = c.chance.randint(-3, 9), c.chance.choice(c.company.site_ids)
    spec = InboundSpec(c.product(), site, "PO-T", Decimal(c.chance.randint(1, 30)), now.date() + timedelta(days=days))
    record_inbounds([spec], actor=ACTOR, now=now)


def sweep(c: Client, now: datetime) -> None:
    expire_claims(now=now)


def work_off(c: Client, now: datetime) -> None:
    """A worker: reactions to what all did, each in a transaction of its own."""
    for job_id in outbox.lease_due(now=now, limit=5):
        outbox.run_job(job_id, now=now)


@dataclass(frozen=True)
class Step:
    name: str
    weight: int
    act: Callable[[Client, datetime], None]


STEPS = (
    Step("place order", 30, place_order),
    Step("hold cart", 14, hold_cart),
    Step("drop cart", 5, drop_cart),
    Step("prolong cart", 4, prolong_cart),
    Step("cancel order", 5, cancel_an_order),
    Step("want less", 6, want_less),
    Step("amend order", 8, amend_an_order),
    Step("allocate", 6, run_allocation),
    Step("release", 7, release),
    Step("pick", 5, pick),
    Step("ship", 5, ship),
    Step("receive", 5, receive),
    Step("correct", 6, correct),
    Step("expect", 3, expect),
    Step("send", 3, send),
    Step("unload", 3, unload),
    Step("count", 3, count),
    Step("recall", 2, recall),
    Step("change a pool", 2, change_a_pool),
    Step("use in the field", 4, field_steps.use),
    Step("fill up", 3, field_steps.fill_up),
    Step("load", 3, field_steps.load),
    Step("acknowledge", 4, field_steps.acknowledge),
    Step("settle", 2, field_steps.settle),
    Step("offer", 2, field_steps.offer),
    Step("answer offer", 2, field_steps.answer_offer),
    Step("change par", 1, field_steps.change_par),
    Step("sweep", 2, sweep),
    Step("work off", 8, work_off),
)


def draw(c: Client) -> Step:
    return c.chance.choices(STEPS, weights=[s.weight for s in STEPS])[0]


def do(step: Step, c: Client) -> None:
    step.act(c, clock.db_now())


def _rows(text: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(text)
        return cursor.fetchall()


def _some(text: str) -> list[int]:
    return [row[0] for row in _rows(text)]
