"""Today in the field: a sale from a rep's trunk, a fill-up on its way to it, a usage on a hospital's shelf whose purchase
order is to follow, par levels, and an offer from one rep to another that nobody has answered."""

from datetime import datetime, timedelta
from decimal import Decimal

from django.apps import apps

from config.demo.clockwork import run_owed_jobs
from config.demo.world import Customer, World
from core.actors import Actor
from fulfillment.services.record_usage import UsageOutcome, record_usage
from inventory.field_queries import FieldStock, field_stock
from inventory.rules.field import Stated, UsageSpec, UseLine
from inventory.rules.transfers import TransferLineSpec
from inventory.services.acknowledge_transfer import acknowledge_transfer
from inventory.services.ask_fill_up import replenish
from inventory.services.offer_transfer import offer_transfer
from inventory.services.prepare_fill_ups import prepare_fill_ups
from inventory.services.request_transfer import request_transfer
from inventory.services.ship_transfer import ship_transfer

TRUNK = "TRUNK-WEST"
TRUNK_USE, TRUNK_PAR, SHELF_PAR = 2, 4, 6
LOADED = Decimal(6)


def sell_from_trunk(world: World, customer: Customer, now: datetime) -> None:
    """Screws used in the operating room, with the hospital's purchase order at hand; the trunk asks for as many again."""
    screw = next((x for x in _stock(world, TRUNK) if x.on_hand > 1), None)
    if screw is None:
        return
    rep = world.people["rep"]
    actor = Actor(rep.label, rep.user_id, rep.roles, on_behalf_of=customer.id, channel="api")
    _use(world, TRUNK, customer.id, screw, TRUNK_USE, actor, now, case_reference="5512", po_number="OR-CASE-5512")
    run_owed_jobs(now + timedelta(minutes=1))
    _par_levels(world, TRUNK, TRUNK_PAR)
    _fill_up(world, now + timedelta(minutes=5))


def keep_shelves(world: World, now: datetime) -> None:
    """On a hospital's shelf something was used without a purchase order; a rep offers another a spare unit."""
    shelf = next((code for code in world.sites if code.startswith("CONS-")), None)
    if shelf is not None and (used := next((x for x in _stock(world, shelf) if x.on_hand > 1), None)):
        customer = world.customer(shelf.removeprefix("CONS-"))
        rep = world.people["rep"]
        actor = Actor(rep.label, rep.user_id, rep.roles, on_behalf_of=customer.id, channel="api")
        _par_levels(world, shelf, SHELF_PAR)
        _use(world, shelf, customer.id, used, 1, actor, now, case_reference="5520", is_po_to_follow=True)
        run_owed_jobs(now + timedelta(minutes=1))
    trunks = sorted(code for code in world.sites if code.startswith("TRUNK-") and code != TRUNK)
    if trunks:
        _dispute(world, trunks[-1], now + timedelta(minutes=2))
    if TRUNK in world.sites and trunks and (spare := next(iter(_stock(world, trunks[0])), None)):
        offer_transfer(
            from_site_id=world.sites[trunks[0]], to_site_id=world.sites[TRUNK],
            lines=[TransferLineSpec(spare.product_id, Decimal(1), spare.lot)], note="Spare, yours if you need it",
            key="demo offer", actor=world.people.get("rep-east", world.people["rep"]), now=now,
        )  # fmt: skip


def _dispute(world: World, trunk: str, now: datetime) -> None:
    """Six screws were loaded for a trunk, the rep counts five: nobody knows yet who is right."""
    found = sorted(field_stock([world.sites["CMH"], world.sites["RNO"]]), key=lambda x: -x.on_hand)
    implants = {i.id for i in world.items if i.family in ("SCR", "PLT")}
    stock = next((x for x in found if x.product_id in implants and x.on_hand >= LOADED), None)
    if stock is None:
        return
    transfer_id = request_transfer(
        from_site_id=stock.site_id, to_site_id=world.sites[trunk], expected_date=world.today, key="demo short fill-up",
        lines=[TransferLineSpec(stock.product_id, LOADED, stock.lot)], actor=world.people["warehouse"], now=now,
    )  # fmt: skip
    ship_transfer(transfer_id=transfer_id, actor=world.people["warehouse"], now=now + timedelta(minutes=1))
    (line,) = apps.get_model("inventory.TransferLine").objects.filter(transfer_id=transfer_id)
    stated = {line.pk: Stated(LOADED - 1)}
    rep = world.people.get("rep-south", world.people["rep"])
    acknowledge_transfer(
        transfer_id=transfer_id, stated=stated, note="The box was open", actor=rep, now=now + timedelta(minutes=2)
    )
    run_owed_jobs(now + timedelta(minutes=3))


def _use(
    world: World, site: str, account_id: int, stock: FieldStock, qty: int, actor: Actor, now: datetime, *,
    case_reference: str, po_number: str = "", is_po_to_follow: bool = False,
) -> UsageOutcome:  # fmt: skip
    sku = next(i.sku for i in world.items if i.id == stock.product_id)
    line = UseLine(sku, Decimal(qty), lot=stock.lot)
    used_at = now - timedelta(minutes=25)
    spec = UsageSpec(
        world.sites[site], account_id, used_at, (line,), case_reference, po_number, is_po_to_follow, "Used in surgery"
    )
    return record_usage(spec, key=f"demo {case_reference}", actor=actor, now=now)


def _stock(world: World, site: str) -> list[FieldStock]:
    """Screws first: they lie there by the lot."""
    found = field_stock([world.sites[site]]) if site in world.sites else []
    return sorted(found, key=lambda x: -x.on_hand)


def _par_levels(world: World, site: str, par: int) -> None:
    for product_id in dict.fromkeys(x.product_id for x in _stock(world, site) if x.on_hand > 1):
        world.keep("inventory.ParLevel", site_id=world.sites[site], product_id=product_id, par_qty=Decimal(par))


def _fill_up(world: World, now: datetime) -> None:
    """Asked for, allocated by the next run, loaded: it is on its way and waits to be acknowledged."""
    planner, warehouse, trunk = world.people["planner"], world.people["warehouse"], [world.sites[TRUNK]]
    replenish(key="demo fill-up", site_ids=trunk, actor=planner, now=now)
    run_owed_jobs(now + timedelta(minutes=1))
    for transfer_id in prepare_fill_ups(site_ids=trunk, actor=warehouse, now=now + timedelta(minutes=2)):
        ship_transfer(transfer_id=transfer_id, actor=warehouse, now=now + timedelta(minutes=20))
