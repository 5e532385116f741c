"""The older history, laid under the demo by COPY: closed, shipped, invoiced orders, from hundreds to a million of them.

Each batch is one transaction and keeps what check_invariants asserts of the documents: a demand, a claim, a shipment
line, a stock movement, an invoice line and a measure per order line; every batch receives what it ships, so that
balances stay as they are. What is left out, because it nets to zero or tells nothing: the exposure postings of settled
invoices, promises (none is current once all is shipped), journal entries per step (one per order), outbox facts.
Constraints and triggers are in force; every foreign key is checked at the commit.
"""

import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db import connection

from config.demo.bulk_tables import COLUMNS, Ids, draw_ids, lines_of, write
from config.demo.company import DCS
from config.demo.progress import Stage
from config.demo.world import World
from core import demo, numbering, writers
from core.errors import Refused
from core.uow import unit_of_work

LINES_PER_BATCH = 20_000
UNPAID_DAYS, PAID_EARLY = 28, 0.9  # younger invoices are open, but for those paid early
LINE_COUNTS = (1, 1, 2, 2, 3, 3, 4, 5, 6, 8)
CHANNELS = ("portal", "edi", "edi", "console", "api")
CARRIERS = ("UPS Ground", "FedEx Ground", "Old Harbor Freight")
TERMS, TERMS_DAYS = "NET30", 30
ACTOR = "demo company"


class TooFewProducts(Refused):
    template = "A history of {lines} lines per order needs as many products at one center; the most there are {most}."
    remedy_template = "Give the command again with a smaller --lines-per-order: it goes on from here."


@dataclass(frozen=True)
class Stocked:
    """A product on a balance of a center, with its list price in cents."""

    product_id: int
    balance_id: int
    lot_id: int | None
    cents: int
    usual: int


@dataclass(frozen=True)
class Ground:
    """What the history stands on: read once, small enough to keep."""

    accounts: Sequence[tuple[int, int, int]]  # account, ship-to, credit account
    stock: dict[int, list[Stocked]]  # by site
    price_source: int
    first_day: date
    last_day: date


@dataclass
class Batch:
    """Rows of each table as COPY text, and the sums that are written when all rows are known."""

    rows: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    shipped: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    owed: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    invoices: list[tuple[Any, ...]] = field(default_factory=list)
    lines: int = 0

    def add(self, table: str, *values: Any) -> None:
        self.rows[table].append(lines_of(values))


def lay(world: World, stage: Stage, *, done: int = 0) -> None:
    """Goes on behind the `done` orders an interrupted run has committed."""
    wanted = world.scale.history_orders
    stage.resume_at(done)
    if done >= wanted:
        return
    ground = _ground(world)
    size = max(1, LINES_PER_BATCH // (world.scale.history_lines or max(LINE_COUNTS)))
    while done < wanted:
        count = min(size, wanted - done)
        _lay_batch(world, ground, done, count)
        done += count
        stage.step(count)


def _lay_batch(world: World, ground: Ground, first: int, count: int) -> None:
    """The rows are made before the transaction begins, so that it waits for nothing but the database."""
    dice = world.dice(f"bulk {first}")
    lengths = [world.scale.history_lines or dice.choice(LINE_COUNTS) for _ in range(count)]
    ids = draw_ids(orders=count, lines=sum(lengths))
    batch = Batch()
    for n, lines in enumerate(lengths):
        _order(world, ground, batch, ids, dice, first + n, n, lines)
    _receipts_of_goods(batch, first, ground)
    with unit_of_work("demo: lay history"), connection.cursor() as cursor:
        for table in COLUMNS:
            write(cursor, table, batch.rows[table])
        _owe(cursor, batch)
        demo.note_history(first + count)
        numbers = numbering.draw_gapless("invoice", prefix="INV-", count=count)
        invoices = [lines_of((*row[:2], number, *row[2:])) for row, number in zip(batch.invoices, numbers, strict=True)]
        write(cursor, "billing_invoice", invoices)


@dataclass(frozen=True)
class Deal:
    """One order of the history with the ids of its documents and its moments. Amounts in cents."""

    order: int
    number: str
    shipment: int
    invoice: int
    receipt: int
    measure: int
    account: int
    ship_to: int
    credit: int
    received: datetime
    submitted: datetime
    released: datetime
    shipped: datetime

    @property
    def due(self) -> date:
        return self.shipped.date() + timedelta(days=TERMS_DAYS)


def _order(
    world: World, ground: Ground, batch: Batch, ids: Ids, dice: random.Random, place: int, n: int, lines: int
) -> None:
    """`place` is the order's among all of the history, `n` among those of the batch."""
    party = ground.accounts[int(len(ground.accounts) * dice.random() ** 1.7)]
    own = (
        ids.order + n,
        f"SO-{ids.order_number + n}",
        ids.shipment + n,
        ids.invoice + n,
        ids.receipt + n,
        ids.measure + n,
    )
    deal = Deal(*own, *party, *_moments(world, ground, dice, place))
    site, goods = dice.choice(list(ground.stock.items()))
    total = 0
    for line_no, stocked in enumerate(dice.sample(goods, lines), start=1):
        qty = max(1, int(stocked.usual * (0.5 + dice.random())))
        total += qty * stocked.cents
        _line(ground, batch, ids, deal, line_no, stocked, qty)
    _documents(batch, ids.shipment_number + n, deal, dice, place, site, lines, total)
    age = (world.today - deal.shipped.date()).days
    _money(batch, ids.receipt_number + n, deal, total, _days_to_payment(age, dice), dice)


def _days_to_payment(age: int, dice: random.Random) -> int | None:
    """Days from the shipment, `age` days ago, to the payment; None: not paid yet."""
    if age > UNPAID_DAYS:
        return UNPAID_DAYS
    return 1 if age > 1 and dice.random() < PAID_EARLY else None


def _line(ground: Ground, batch: Batch, ids: Ids, deal: Deal, line_no: int, stocked: Stocked, qty: int) -> None:
    """One order line with all that became of it."""
    at, batch.lines = batch.lines, batch.lines + 1
    line, demand, claim, sent = ids.line + at, ids.demand + at, ids.claim + at, ids.shipment_line + at
    product, balance, lot = stocked.product_id, stocked.balance_id, stocked.lot_id
    price, amount, day = money(stocked.cents), money(qty * stocked.cents), deal.shipped.date()
    batch.shipped[balance] += qty
    # fmt: off
    batch.add("inventory_demand", demand, product, deal.account, "order", deal.order, deal.number, line_no, qty, qty, day,
              deal.submitted)
    batch.add("orders_orderline", line, deal.order, line_no, product, demand, qty, qty, price, amount, ground.price_source,
              deal.submitted)
    batch.add("inventory_claim", claim, demand, balance, qty, deal.submitted, deal.shipped)
    batch.add("fulfillment_shipmentline", sent, deal.shipment, line, demand, claim, balance, lot, product, qty, qty, qty,
              qty)
    batch.add("inventory_stockmovement", balance, "ship", -qty, "shipment", deal.shipment, claim, deal.shipped, ACTOR)
    batch.add("billing_invoiceline", deal.invoice, sent, line, product, qty, price, amount)
    batch.add("reporting_linemeasure", line, deal.measure, product, qty, qty, qty, day, day)
    # fmt: on


def _documents(
    batch: Batch, shipment_number: int, deal: Deal, dice: random.Random, place: int, site: int, lines: int, total: int
) -> None:
    """The order, its shipment, what the journal and the KPIs say of it."""
    channel, wanted = dice.choice(CHANNELS), deal.received.date() + timedelta(days=3)
    delivered = deal.shipped + timedelta(days=2)
    story = f"{lines} lines shipped and invoiced: history of the demo"
    # fmt: off
    batch.add("orders_order", deal.order, _uuid(dice), deal.number, deal.account, deal.ship_to, "closed", channel,
              f"PO{4_000_000 + place}", "USD", TERMS, wanted, money(total), 3, deal.received, deal.submitted, deal.shipped)
    batch.add("fulfillment_shipment", deal.shipment, _uuid(dice), f"SH-{shipment_number}", deal.order, deal.account, site,
              deal.ship_to, "delivered", dice.choice(CARRIERS), f"1Z{dice.getrandbits(48):015d}", 4, deal.released,
              deal.released, deal.shipped, delivered)
    batch.add("core_journalentry", "order", deal.order, "closed", story, deal.shipped, ACTOR)
    batch.add("reporting_ordermeasure", deal.measure, deal.order, deal.number, deal.account, channel, deal.received,
              deal.submitted, deal.released, lines, 0, deal.shipped, f"{{{deal.invoice}}}", f"{{{deal.shipment}}}")
    # fmt: on


def _money(batch: Batch, receipt_number: int, deal: Deal, total: int, days: int | None, dice: random.Random) -> None:
    """A settled invoice has its receipt; an open one is exposure, posted as `issue_invoice` would."""
    amount, status = money(total), "posted" if days is None else "paid"
    paid = "0.00" if days is None else amount
    # fmt: off
    batch.invoices.append((deal.invoice, _uuid(dice), deal.account, deal.order, deal.shipment, status, "USD", amount, amount,
                           paid, TERMS, deal.shipped.date(), deal.due, 2, deal.shipped))
    if days is not None:
        at = deal.shipped + timedelta(days=days)
        batch.add("billing_receipt", deal.receipt, f"RC-{receipt_number}", deal.account, "USD", amount, amount, "ach",
                  f"H{deal.receipt}", at.date(), at)
        batch.add("billing_receiptapplication", deal.receipt, deal.invoice, amount, at)
        return
    batch.owed[deal.credit] += total
    batch.add("credit_posting", deal.credit, "invoice", deal.invoice, "receivable", amount, deal.due,
              f"invoice:{deal.invoice}:receivable", deal.shipped)
    # fmt: on


def _moments(world: World, ground: Ground, dice: random.Random, place: int) -> tuple[datetime, ...]:
    """Received, submitted, released, shipped. Orders come evenly over the days, ids in their order."""
    span = (ground.last_day - ground.first_day).days
    day = ground.first_day + timedelta(days=span * place // max(world.scale.history_orders, 1))
    day -= timedelta(days=max(0, day.weekday() - 4))  # what came at the weekend is Friday's
    received = datetime.combine(day, time(12), UTC) + timedelta(seconds=dice.randrange(8 * 3600))
    submitted = received + timedelta(seconds=dice.randrange(30, 900))
    released = submitted + timedelta(seconds=dice.randrange(1_800, 10_000))
    shipped = released + timedelta(hours=dice.choice((2, 3, 4, 20, 26, 48)))
    return received, submitted, released, shipped


def _receipts_of_goods(batch: Batch, first: int, ground: Ground) -> None:
    """What the batch ships came in before: one receipt per balance, so on hand stays what it was."""
    came = datetime.combine(ground.first_day, time(6), UTC)
    for balance, qty in sorted(batch.shipped.items()):
        batch.add(
            "inventory_stockmovement", balance, "receipt", qty, "opening_stock", first, balance, came, "demo company"
        )


def _owe(cursor: Any, batch: Batch) -> None:
    """The credit accounts' totals follow their postings, in id order like every other lock."""
    with writers.by_hand("credit"):
        for credit, cents in sorted(batch.owed.items()):
            cursor.execute(
                "UPDATE credit_creditaccount SET receivable_amount = receivable_amount + %s, version = version + 1"
                " WHERE id = %s",
                [money(cents), credit],
            )


def money(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02}"


def _uuid(dice: random.Random) -> str:
    text = f"{dice.getrandbits(128):032x}"
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}"


def _ground(world: World) -> Ground:
    stock: dict[int, list[Stocked]] = defaultdict(list)
    plain = {i.id: i for i in world.items if not i.regulated and i.tracking != "serial" and i.usual > 3}
    sites = [world.sites[code] for code in DCS]
    balances = _rows(
        "SELECT DISTINCT ON (site_id, product_id) site_id, product_id, id, lot_id FROM inventory_stockbalance"
        " WHERE status = 'available' AND owner = '' AND site_id = ANY(%s) ORDER BY site_id, product_id, id",
        [sites],
    )
    for site, product, balance, lot in balances:
        if product in plain:
            stock[site].append(Stocked(product, balance, lot, int(plain[product].price * 100), plain[product].usual))
    longest = world.scale.history_lines or max(LINE_COUNTS)
    wide = {site: goods for site, goods in stock.items() if len(goods) >= longest}
    if not wide:
        raise TooFewProducts(lines=longest, most=max((len(goods) for goods in stock.values()), default=0))
    accounts = _rows(
        "SELECT c.account_id, s.id, c.id FROM credit_creditaccount c JOIN accounts_shipto s ON s.account_id = c.account_id"
        " AND s.is_default ORDER BY c.account_id"
    )
    ((source,),) = _rows("SELECT id FROM pricing_pricesource WHERE code = 'LIST'")
    return Ground(accounts, wide, source, world.start, world.live_from - timedelta(days=4))


def _rows(sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return list(cursor.fetchall())
