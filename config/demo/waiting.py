"""What waits for somebody's word today: goods held for a cart and for a quote, a colleague's yes, shipments asked back from
the warehouse, and a release of many orders with what came of each."""

from datetime import datetime, timedelta
from decimal import Decimal

from django.apps import apps

from config.demo.cast import ago, one_of, order, the
from config.demo.clockwork import run_owed_jobs
from config.demo.world import World
from fulfillment.services.answer_recall import accept_recall, refuse_recall
from fulfillment.services.ask_recall import ask_recall
from fulfillment.services.ask_release import ask_release
from fulfillment.services.release_orders import release_orders
from orders.services.capture import capture
from orders.services.hold_goods import hold_goods
from orders.services.place import place
from orders.states import Channel, PurchaseRuleKind


def make(world: World) -> None:
    _limits(world)
    _recalls(world, ago(world, 70))
    _run(world, ago(world, 50))
    _above_the_limit(world, ago(world, 31))
    _cart(world, ago(world, 12))


def _limits(world: World) -> None:
    """How much drafts may keep from others; the first hospital's people look at large orders and at narcotics themselves."""
    hospital = world.customers[0].id
    world.keep("orders.StockHoldLimit")
    world.keep("orders.StockHoldLimit", account_id=hospital, cart_minutes=45, most_amount=Decimal(80_000))
    world.keep("orders.PurchaseRule", account_id=hospital, kind=PurchaseRuleKind.AMOUNT, amount=Decimal(25_000))
    world.keep("orders.PurchaseRule", account_id=hospital, kind=PurchaseRuleKind.PRODUCT_CLASS, product_class="C-II")


def _recalls(world: World, now: datetime) -> None:
    """Three shipments asked back: one came back, one had left the shelf, of the third the warehouse has not spoken yet."""
    item, cs, dock = one_of(world, "SAL", "IVS", "SPC"), world.people["cs"], world.people["warehouse"]
    notes = (
        ("surgery", "SX-8871", "The customer ordered the wrong size and called at once"),
        ("ortho", "OG-3311", "Ordered twice, the second is to be cancelled"),
        ("clinic", "CL-2231", "The address is wrong: the practice moved last week"),
    )
    for n, (kind, po, note) in enumerate(notes):
        at = now + timedelta(minutes=20 * n)
        placed = place(order(world, the(world, kind), [(item, item.case)], po=po), actor=cs, now=at)
        run_owed_jobs(at + timedelta(minutes=1))
        (outcome,) = release_orders(order_ids=[placed.order_id], actor=dock, now=at + timedelta(minutes=2))
        for shipment_id in outcome.shipment_ids[:1]:
            recall_id = ask_recall(shipment_id=shipment_id, note=note, actor=cs, now=at + timedelta(minutes=6))
            if n == 0:
                accept_recall(recall_id=recall_id, actor=dock, now=at + timedelta(minutes=11))
            elif n == 1:
                why = "Picked already: it stands on the truck"
                refuse_recall(recall_id=recall_id, reason=why, actor=dock, now=at + timedelta(minutes=13))
        run_owed_jobs(at + timedelta(minutes=14))


def _run(world: World, now: datetime) -> None:
    """A few orders chosen by hand; some go, the others say why not."""
    item, cs = one_of(world, "IVS", "SPC"), world.people["cs"]
    chosen = [
        place(order(world, the(world, kind), [(item, item.case)], po=po), actor=cs, now=now).order_id
        for kind, po in (("surgery", "SX-8879"), ("system", "RH-70468"), ("hospital", "MC-61158"), ("ortho", "OG-3316"))
    ]
    run_owed_jobs(now + timedelta(minutes=1))
    held = _waiting_orders()
    what = f"{len(chosen) + len(held)} orders chosen on the release desk"
    ask_release(order_ids=[*chosen, *held], what=what, actor=world.people["warehouse"], now=now + timedelta(minutes=3))
    run_owed_jobs(now + timedelta(minutes=4))


def _waiting_orders() -> list[int]:
    holds = apps.get_model("orders.Hold").objects.filter(cleared_at=None).order_by("order_id")
    return sorted(set(holds.values_list("order_id", flat=True)[:3]))


def _above_the_limit(world: World, now: datetime) -> None:
    """The buyer orders for more than the hospital lets one person spend on an order: a colleague there has to say yes."""
    suture = one_of(world, "SUA", "SUN", "GLS")
    qty = int(Decimal(8_000) / suture.price) // suture.case * suture.case
    draft = order(world, the(world, "hospital"), [(suture, qty)], po="MC-61159", channel=Channel.PORTAL, days=9)
    place(draft, actor=world.people["buyer"], now=now)
    run_owed_jobs(now + timedelta(minutes=1))


def _cart(world: World, now: datetime) -> None:
    """The buyer has begun an order and keeps its goods for half an hour."""
    gloves, tubes = one_of(world, "GLS", "GLN"), one_of(world, "TUB", "SPC")
    lines = [(gloves, gloves.case), (tubes, 2 * tubes.case)]
    draft = order(world, the(world, "hospital"), lines, po="MC-61160", channel=Channel.PORTAL)
    buyer = world.people["buyer"]
    kept = capture(draft, actor=buyer, now=now)
    hold_goods(order_id=kept.order_id, until=world.now + timedelta(minutes=30), actor=buyer, now=now)
