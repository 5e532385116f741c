"""Drapes run short today, and the planner does what can be done: a line is split, a policy tried and applied with a second
person's yes, stock moved from one order to another, a day promised by hand, another size sent instead, an order that
ships complete left waiting, and a lot called back."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.apps import apps

from accounts import approvals
from config.demo.cast import one_of, order, the
from config.demo.clockwork import run_owed_jobs
from config.demo.world import Item, World
from core.overrides import Reason
from inventory.queries import availability, demand_states
from inventory.rules.asks import AvailabilityQuery
from inventory.services.apply_policy import apply_policy
from inventory.services.reallocate import reallocate
from inventory.services.recall_lot import recall_lot
from inventory.services.record_inbound import record_inbound
from inventory.services.save_scenario import Tried, save_scenario, try_it
from orders.queries import demand_ids_of, pictures
from orders.rules.wishes import Wish
from orders.services.amend import amend
from orders.services.change_promise import change_promise
from orders.services.place import place
from orders.services.split_line import split_line
from orders.services.take_substitute import take_substitute

MOVED = Decimal(6)


def make(world: World) -> None:
    now, drape = world.now - timedelta(minutes=82), one_of(world, "DRP")
    record_inbound(
        product_id=drape.id, site_id=world.sites["CMH"], reference="PO-7741", qty=Decimal(30 * drape.case),
        eta_date=world.today + timedelta(days=9), actor=world.people["planner"], now=now,
    )  # fmt: skip
    asked = (
        ("ortho", max(_free(world, drape) - 8, 1), "OG-3305", 21),
        ("lab", 30, "LAB-3404", 5),
        ("clinic", 12, "CL-2224", 12),
        ("hospital", 20, "MC-61151", 6),
    )
    first, split, clinic, hospital = (
        _placed(world, kind, [(drape, qty)], po, days, now) for kind, qty, po, days in asked
    )
    _split(world, split, now + timedelta(minutes=4))
    _move(world, first, clinic, now + timedelta(minutes=8))
    _apply_policy(world, drape, now + timedelta(minutes=12))
    _promise(world, hospital, now + timedelta(minutes=20))
    _ship_complete(world, drape, now + timedelta(minutes=24))
    _substitute(world, now + timedelta(minutes=30))
    _call_back(world, now + timedelta(minutes=40))


def _free(world: World, item: Item) -> int:
    return int(availability(AvailabilityQuery((item.id,), None, world.today))[item.id].available)


def _placed(world: World, kind: str, lines: list[tuple[Item, int]], po: str, days: int, now: datetime) -> int:
    """The order's id, its reactions run."""
    draft = order(world, the(world, kind), lines, po=po, days=days)
    outcome = place(draft, actor=world.people["cs"], now=now)
    run_owed_jobs(now)
    return outcome.order_id


def _split(world: World, order_id: int, now: datetime) -> None:
    """What is there goes now, where there is a part of it."""
    (state,) = demand_states(demand_ids_of([order_id])).values()
    if 0 < state.backordered < state.open:
        why = "The laboratory takes what is there now and the rest when it comes"
        split_line(order_id=order_id, line_no=1, reason=why, actor=world.people["cs"], now=now)
        run_owed_jobs(now + timedelta(minutes=1))


def _apply_policy(world: World, item: Item, now: datetime) -> None:
    """Kept under a name, then applied; a plan that takes promises asks the lead of customer service first."""
    planner, tried = world.people["planner"], Tried(item.id, "shortage")
    versions = try_it(tried, now=now)[0].versions
    note = "Hospitals first, the rest shares what is left"
    save_scenario(name="Drapes: hospitals first", tried=tried, versions=versions, note=note, actor=planner, now=now)
    asked: dict[str, Any] = {
        "policy_code": "shortage",
        "versions": versions,
        "reason": Reason("what_if", "Agreed in the morning's round: theatres are served before stock rooms"),
        "actor": planner,
    }
    applied = apply_policy(**asked, now=now + timedelta(minutes=1))
    if applied.approval_id is not None:
        lead = world.people["cs-lead"]
        approvals.decide(
            approval_id=applied.approval_id, approve=True, note="As agreed", actor=lead, now=now + timedelta(minutes=2)
        )
        apply_policy(**asked, approval_id=applied.approval_id, now=now + timedelta(minutes=3))
    run_owed_jobs(now + timedelta(minutes=4))


def _move(world: World, from_id: int, to_id: int, now: datetime) -> None:
    """A few of an order that is wanted in three weeks go to one that needs them before."""
    (giver,), (taker,) = (list(demand_states(demand_ids_of([i])).values()) for i in (from_id, to_id))
    qty = min(giver.allocated + giver.reserved, taker.backordered, MOVED)
    if qty > 0:
        why = Reason("reallocation", "Theatre on Monday; the other order is wanted in three weeks")
        planner = world.people["planner"]
        reallocate(from_id=giver.demand_id, to_id=taker.demand_id, qty=qty, reason=why, actor=planner, now=now)
        run_owed_jobs(now + timedelta(minutes=1))


def _promise(world: World, order_id: int, now: datetime) -> None:
    """The planner knows more than the calendar of the carrier."""
    why = Reason("customer_request", "The driver told his route: we are the first stop, a day before the rest")
    day = world.today + timedelta(days=8)
    change_promise(order_id=order_id, line_no=1, day=day, reason=why, actor=world.people["planner"], now=now)
    run_owed_jobs(now + timedelta(minutes=1))


def _ship_complete(world: World, drape: Item, now: datetime) -> None:
    """Gloves are there, the drapes are not: this customer wants both in one delivery."""
    glove = one_of(world, "GLS", "GLN")
    order_id = _placed(world, "surgery", [(glove, glove.case), (drape, 2 * drape.case)], "SX-8866", 6, now)
    version = pictures([order_id])[order_id].version
    why = "The customer unpacks once a week: everything together, or nothing"
    amend(
        order_id=order_id, wish=Wish(ship_complete="order"), expected_version=version, reason=why,
        actor=world.people["cs"], now=now + timedelta(minutes=2),
    )  # fmt: skip
    run_owed_jobs(now + timedelta(minutes=3))


def _substitute(world: World, now: datetime) -> None:
    """More masks than there are: the next level is taken for the rest, on the customer's word."""
    pair = apps.get_model("catalog.Substitution").objects.filter(product__sku="MSK-110").order_by("pk").first()
    if pair is None:
        return
    item = world.item("MSK-110")
    order_id = _placed(world, "vet", [(item, _free(world, item) + 20)], "VET-127", 4, now)
    (state,) = demand_states(demand_ids_of([order_id])).values()
    if state.backordered > 0:
        word = "Dr. Ammerley by telephone: level 3 is as good, at its price"
        take_substitute(
            order_id=order_id, line_no=1, product_id=pair.substitute_id, consent=word, is_customer=False,
            actor=world.people["cs"], now=now + timedelta(minutes=3),
        )  # fmt: skip
    run_owed_jobs(now + timedelta(minutes=4))


def _call_back(world: World, now: datetime) -> None:
    """The maker calls a lot of oxygen masks back: what is there is set aside, whoever was to get it is dealt again."""
    item = one_of(world, "OXM", "FOL")
    lot = apps.get_model("inventory.Lot").objects.filter(product_id=item.id).order_by("pk").first()
    if lot is not None:
        reason = "Field safety notice of the maker: tubing may come loose"
        recall_lot(lot_id=lot.pk, reason=reason, actor=world.people["planner"], now=now)
    run_owed_jobs(now + timedelta(minutes=1))
