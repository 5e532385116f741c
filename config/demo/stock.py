"""What lies where: opening stock in the centers with lots and expiry dates, trunks of the reps, consignment at customers.

How much a product sells is known beforehand (its weight), so the opening stock lasts for months and runs low here
and there, as in life.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from config.demo.company import HUB
from config.demo.progress import Stage
from config.demo.world import SEEDER, Item, World
from core.refs import DocumentRef
from inventory.rules.policy import Policy
from inventory.rules.policy_text import SegmentDraft
from inventory.services.receive_stock import receive_stock
from inventory.services.save_policy import PolicyDraft, save_policy
from inventory.states import SiteKind

LINES_PER_ORDER = 3.4
TRUNK_SKUS = ("SCR-100", "SCR-110", "SCR-120", "PLT-100", "PLT-110", "KNE-100")


@dataclass(frozen=True)
class Lot:
    site: str
    qty: int
    code: str
    expiry: date | None


def expected_per_day(world: World) -> dict[str, float]:
    """Base units of each product sold on a working day, from what `orders` is going to draw."""
    lines = world.scale.orders * LINES_PER_ORDER / max(world.scale.live_days * 5 / 7, 1)
    total = sum(i.weight for i in world.items)
    return {i.sku: lines * i.weight / total * i.usual for i in world.items}


def stocked(world: World) -> list[Item]:
    return [i for i in world.items if i.weight]


def opening_days(world: World) -> int:
    """For how many working days the opening stock would last at full."""
    return max(60, world.scale.live_days * 5 // 7)


def home_of(n: int) -> str:
    """Columbus holds most of the range, so that most orders leave in one shipment."""
    return {0: "RNO", 4: "ATL"}.get(n % 8, "CMH")


def second_of(n: int) -> str:
    """Another center that holds a little of the product too; Reno, which is tried first, only of what lives there."""
    return "CMH" if n % 8 in (0, 4) else "ATL"


def make(world: World, stage: Stage) -> None:
    dice = world.dice("stock")
    a_day = expected_per_day(world)
    receipt = 0
    for n, item in enumerate(stocked(world)):
        for lot in _opening(world, n, item, a_day[item.sku], dice):
            receipt += 1
            receive(world, item, lot, f"OPEN-{receipt}", receipt, world.opening)
        stage.step()
    _trunks(world)
    _consignment(world)
    _policy(world)


def _policy(world: World) -> None:
    """What a planner tries in the workbench when something runs short; no product is allocated by it yet."""
    segments = (
        SegmentDraft("strategic, near", "win", "tier 1; due within 7"),
        SegmentDraft("contracts", "gain", "contract"),
        SegmentDraft("the rest shares", "redistribute", "everyone", "tier, date", "demand"),
    )
    settings = Policy(
        code="shortage", name="Shortage: strategic first, the rest shares", lock_days=2, borrow_after_days=14
    )
    save_policy(draft=PolicyDraft(settings, segments), actor=SEEDER, now=world.opening)


def receive(
    world: World, item: Item, lot: Lot, document: str, number: int, now: datetime, inbound_id: int | None = None
) -> None:
    source = DocumentRef("goods_receipt", number, document)
    world.balances[f"{item.sku}@{lot.site}"] = receive_stock(
        product_id=item.id,
        site_id=world.sites[lot.site],
        qty=Decimal(lot.qty),
        lot_code=lot.code,
        expiry_date=lot.expiry,
        inbound_id=inbound_id,
        source=source,
        actor=SEEDER,
        now=now,
    )


def _opening(world: World, n: int, item: Item, a_day: float, dice: random.Random) -> Iterator[Lot]:
    home, born = home_of(n), world.opening.date()
    qty = rounded(a_day * opening_days(world) * dice.uniform(0.35, 0.7) + 2 * item.usual, item.case)
    if item.tracking == "serial":
        for serial in range(max(4, min(qty, 14))):
            site = home if serial % 3 else second_of(n)
            yield Lot(site, 1, f"S{n:03}{4_100 + serial}", _expiry(world, item, 0))
        return
    if item.tracking == "none":
        yield Lot(home, qty, "", None)
    else:
        older = max(item.case, qty // 3 // item.case * item.case)
        yield Lot(home, older, f"L{born:%y%m}{n:03}A", _expiry(world, item, 120))
        yield Lot(home, max(item.case, qty - older), f"L{born:%y%m}{n:03}B", _expiry(world, item, 10))
    if n % 3 == 0:
        lot = "" if item.tracking == "none" else f"L{born:%y%m}{n:03}C"
        yield Lot(second_of(n), rounded(qty / 5, item.case), lot, _expiry(world, item, 30))
    if n % 10 == 0:
        lot = "" if item.tracking == "none" else f"L{born:%y%m}{n:03}H"
        yield Lot(HUB[0], rounded(qty / 6, item.case), lot, _expiry(world, item, 60))


def rounded(qty: float, case: int) -> int:
    return max(case, round(qty / case) * case)


def _expiry(world: World, item: Item, age: int) -> date | None:
    """`age` days old at the receipt. Every lot outlives the demo's days by at least half a year."""
    if item.shelf_days is None:
        return None
    return world.opening.date() + timedelta(days=max(item.shelf_days - age, world.scale.days + 190))


def _trunks(world: World) -> None:
    """Four reps carry implants in the car; only demands that name the trunk may take from it."""
    for n, (territory, rep_id) in enumerate(sorted(world.reps.items()), start=1):
        code = f"TRUNK-{territory}"
        world.sites[code] = world.keep(
            "inventory.Site",
            code=code,
            name=f"Trunk stock, {territory.title()}",
            kind=SiteKind.TRUNK,
            rep_id=rep_id,
            transit_days=0,
            rank=200,
        )
        _small_stock(world, code, TRUNK_SKUS, 4, 10_000 + 100 * n)


def _consignment(world: World) -> None:
    """Two hospitals keep our implants on their shelf; they are ours until used."""
    places = [c for c in world.customers if c.kind in ("hospital", "ortho")][:2]
    for n, customer in enumerate(places, start=1):
        code = f"CONS-{customer.code}"
        world.sites[code] = world.keep(
            "inventory.Site",
            code=code,
            name=f"Consignment at {customer.name}"[:120],
            kind=SiteKind.CONSIGNMENT,
            region=customer.state,
            account_id=customer.id,
            transit_days=0,
            rank=210,
        )
        _small_stock(world, code, TRUNK_SKUS, 6, 20_000 + 100 * n)


def _small_stock(world: World, site: str, skus: tuple[str, ...], qty: int, number: int) -> None:
    known = {i.sku: i for i in world.items}
    for n, item in enumerate(known[sku] for sku in skus if sku in known):
        many = 1 if item.tracking == "serial" else qty
        lot = Lot(site, many, f"T{number + n}", _expiry(world, item, 30))
        receive(world, item, lot, f"FILL-{number + n}", number + n, world.opening)
