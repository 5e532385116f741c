"""Today, on stage: what the first look at the product should find, each made the way it happens in life.

A shortage with somebody ahead in the queue · a promise that moved because its supply is late · credit holds, one of them
set aside by finance and not reviewed yet · a short pick whose clock runs out in minutes · a sale from a rep's trunk ·
a purchase order at another price · a draft with a part nobody knows · a draft offer · an order refused for a licence that
ran out · an order that was amended · a limit that waits for a second signature.
"""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from config.demo import edi, field, files, overridden, rates, scarce, vendor, waiting
from config.demo.cast import ago, one_of, order, the
from config.demo.clockwork import run_owed_jobs
from config.demo.orders import Book, draft_of, pay_what_is_due, take_order
from config.demo.stock import Lot, receive
from config.demo.world import World
from core import overrides
from core.actors import Actor
from core.overrides import Reason
from core.refs import DocumentRef
from credit.services.attach_evidence import attach_evidence
from credit.services.change_limit import change_limit
from credit.services.request_limit import request_limit
from exceptions_app.queries import cases_for
from exceptions_app.services.take_case import take_case
from fulfillment.queries import shipment_detail
from fulfillment.services.confirm_pick import confirm_pick
from fulfillment.services.confirm_shipment import confirm_shipment
from fulfillment.services.release_orders import release_orders
from inventory.queries import availability
from inventory.rules.asks import AvailabilityQuery
from inventory.services.record_inbound import record_inbound
from inventory.services.save_scenario import Tried, save_scenario, try_it
from orders.queries import pictures
from orders.rules.asks import LineDraft, OrderDraft, Submitted
from orders.rules.wishes import LineWish, Wish
from orders.services.amend import amend
from orders.services.capture import capture
from orders.services.clear_hold import clear_hold
from orders.services.hold_goods import hold_goods
from orders.services.place import place
from orders.services.place_hold import place_hold
from orders.states import Channel

EDI = Actor("Holdfast, EDI receive", roles=frozenset({"system"}), channel="edi")
AIR_RECEIPT = 900_001


def make(world: World) -> None:
    """In the order of the day; every step ends with its reactions."""
    kinds = ("hospital", "clinic", "surgery", "lab", "vet", "care", "system")
    cast = {the(world, kind).id: the(world, kind) for kind in kinds}
    pay_what_is_due(world, cast.values(), ago(world, 310))
    _ordinary_business(world, ago(world, 300))
    rates.sell_in_another_currency(world, one_of(world, "BLD", "SPC"), ago(world, 240))
    _shortage_and_moved_promise(world)
    _credit(world)
    _price_difference(world, ago(world, 130))
    _trunk_sale(world, ago(world, 120))
    field.keep_shelves(world, ago(world, 118))
    vendor.sell_to_order(world, [the(world, "surgery"), the(world, "clinic")], ago(world, 100))
    _short_pick(world)
    overridden.make(world)
    scarce.make(world)
    waiting.make(world)
    files.import_prices(world, ago(world, 62))
    _drafts(world, ago(world, 60))
    edi.receive_orders(world, ago(world, 20))
    run_owed_jobs(ago(world, 1))


def _ordinary_business(world: World, now: datetime) -> None:
    """A few orders of the morning: two on their way through the warehouse, the others waiting for the release."""
    dice, book = world.dice("today"), Book()
    book.po_numbers = iter(range(90_301, 99_999, 7))
    placed = []
    for n in range(6):
        moment = now + timedelta(minutes=9 * n)
        placed.append(take_order(world, book, draft_of(world, book, world.today, dice), moment, dice))
    _amended(world, placed[-1], now + timedelta(minutes=58))
    run_owed_jobs(now + timedelta(minutes=60))
    first = [outcome.order_id for outcome in placed[:3]]
    released = release_orders(order_ids=first, actor=world.people["warehouse"], now=now + timedelta(minutes=70))
    shipments = [s for outcome in released for s in outcome.shipment_ids]
    for shipment_id in shipments[:2]:
        confirm_pick(
            shipment_id=shipment_id, picks={}, actor=world.people["warehouse"], now=now + timedelta(minutes=95)
        )
    for shipment_id in shipments[:1]:
        moment = now + timedelta(minutes=110)
        confirm_shipment(
            shipment_id=shipment_id,
            carrier="UPS Ground",
            tracking_number="1Z4410027731",
            actor=world.people["warehouse"],
            now=moment,
        )
    run_owed_jobs(now + timedelta(minutes=115))


def _amended(world: World, placed: Submitted, now: datetime) -> None:
    """The customer calls: twice as many of the first line, and two days later."""
    (order,) = pictures([placed.order_id]).values()
    day = (order.requested_date or world.today) + timedelta(days=2)
    wish = Wish((LineWish(1, 2 * order.lines[0].qty),), requested_date=day)
    reason = "Two more theatres open next week"
    amend(
        order_id=order.order_id, wish=wish, expected_version=order.version, reason=reason, actor=world.people["cs"],
        now=now,
    )  # fmt: skip


def _shortage_and_moved_promise(world: World) -> None:
    """The hospital takes what is left of the gowns. Two customers behind it are promised the next delivery, which slips;
    one case of it came by air, and the higher tier is served from it first.
    """
    gown, planner = one_of(world, "GWN", "DRP"), world.people["planner"]
    early, late = ago(world, 200), ago(world, 90)
    free = availability(AvailabilityQuery((gown.id,), None, world.today))[gown.id].available
    supply: dict[str, Any] = {
        "product_id": gown.id,
        "site_id": world.sites["CMH"],
        "reference": f"PO-77{world.seed % 100:02}",
    }
    qty, eta = Decimal(20 * gown.case), world.today + timedelta(days=6)
    record_inbound(**supply, qty=qty, eta_date=eta, actor=planner, now=early)
    run_owed_jobs(early)
    ahead = order(world, the(world, "hospital"), [(gown, max(int(free), 1))], po="MC-61120", channel=Channel.EDI)
    place(ahead, actor=EDI, now=early + timedelta(minutes=2))
    behind = order(world, the(world, "clinic"), [(gown, 2 * gown.case)], po="CL-2207")
    place(behind, actor=world.people["cs"], now=early + timedelta(minutes=9))
    third = order(world, the(world, "surgery"), [(gown, 3 * gown.case)], po="SX-8841")
    place(third, actor=world.people["cs"], now=early + timedelta(minutes=15))
    run_owed_jobs(early + timedelta(minutes=16))
    inbound = record_inbound(**supply, qty=qty, eta_date=eta + timedelta(days=8), actor=planner, now=late)
    run_owed_jobs(late)
    by_air = Lot("CMH", gown.case, f"L{world.today:%y%m}AIR", world.today + timedelta(days=gown.shelf_days or 900))
    receive(world, gown, by_air, "GR-AIR-1", AIR_RECEIPT, late + timedelta(minutes=20), inbound)
    run_owed_jobs(late + timedelta(minutes=21))
    _keep_scenario(gown.id, planner, late + timedelta(minutes=30))


def _keep_scenario(product_id: int, planner: Actor, now: datetime) -> None:
    """What the planner tried for the gowns before they went home."""
    tried = Tried(product_id, "shortage")
    versions = try_it(tried, now=now)[0].versions
    note = "Who would give way if the strategic customers came first?"
    save_scenario(name="Gowns: strategic first", tried=tried, versions=versions, note=note, actor=planner, now=now)


def _credit(world: World) -> None:
    """One order over its limit waits for finance; another was let go this morning and nobody has reviewed that."""
    now, pump = ago(world, 170), one_of(world, "PMP", "KNE", "PLT")
    care, lab, vet = the(world, "care"), the(world, "lab"), the(world, "vet")
    too_much = int(Decimal(34_000) / pump.price) + 1
    place(order(world, care, [(pump, too_much)], po="CH-1404", days=14), actor=world.people["cs"], now=now)
    let_go = place(
        order(world, lab, [(pump, int(Decimal(80_000) / pump.price) + 1)], po="LAB-3391", days=21),
        actor=world.people["cs"],
        now=now + timedelta(minutes=5),
    )
    run_owed_jobs(now + timedelta(minutes=6))
    _clear_credit(world, let_go, now + timedelta(minutes=30))
    limit = Reason("review", "Second clinic opened in spring, pays on time for a year.")
    changed = change_limit(
        account_id=vet.id,
        limit_amount=Decimal(24_000),
        reason=limit,
        actor=world.people["finance"],
        now=ago(world, 140),
    )
    overrides.review(
        entry_id=changed.override_id,
        verdict="ok",
        note="Statement seen.",
        actor=world.people["finance-approver"],
        now=ago(world, 100),
    )
    attach_evidence(
        account_id=care.id,
        note="Bank reference, by telephone: good for 60,000, a customer for eleven years.",
        actor=world.people["finance"],
        now=ago(world, 85),
    )
    request_limit(
        account_id=care.id,
        limit_amount=Decimal(60_000),
        reason="Refits its ward; bank reference is in the file.",
        actor=world.people["finance"],
        now=ago(world, 80),
    )
    run_owed_jobs(ago(world, 79))


def _clear_credit(world: World, outcome: Submitted, now: datetime) -> None:
    reason = Reason("customer_paid", "Transfer of the deposit seen on the bank's screen, booked tomorrow.")
    for hold in outcome.holds:
        clear_hold(
            hold_id=hold.hold_id,
            reason=reason,
            actor=world.people["finance-approver"],
            now=now,
            valid_until=world.now + timedelta(days=5),
        )
    run_owed_jobs(now)


def _price_difference(world: World, now: datetime) -> None:
    """The purchase order says last year's price: held for pricing. Another order waits for a call from the customer."""
    glove, hospital = one_of(world, "GLS", "GLN"), the(world, "system")
    draft = order(world, hospital, [(glove, 2 * glove.case)], po="RH-70431", channel=Channel.EDI)
    (line,) = draft.lines
    stated = LineDraft(
        1, line.qty, product_id=glove.id, stated_price=(glove.price * Decimal("0.71")).quantize(Decimal("0.01"))
    )
    place(OrderDraft(**{**vars(draft), "lines": (stated,)}), actor=EDI, now=now)
    strips = one_of(world, "STR", "RPD", "TUB")
    called = place(
        order(world, the(world, "vet"), [(strips, strips.case)], po="VET-121"), actor=world.people["cs"], now=now
    )
    place_hold(
        order_id=called.order_id,
        note="Customer checks the delivery address and calls back.",
        actor=world.people["cs"],
        now=now + timedelta(minutes=3),
    )
    run_owed_jobs(now + timedelta(minutes=4))


def _trunk_sale(world: World, now: datetime) -> None:
    """The rep used screws from the trunk in the operating room, for the customer."""
    west = [c for c in world.customers if c.territory == "WEST" and c.kind in ("hospital", "ortho", "surgery")]
    field.sell_from_trunk(world, (west or world.customers)[0], now)


def _short_pick(world: World) -> None:
    """Found short 100 minutes ago, taken by the warehouse, 20 minutes left to mend it."""
    now, actor = ago(world, 104), world.people["warehouse"]
    mask = one_of(world, "MSK", "NEB", "BND")
    placed = place(
        order(world, the(world, "surgery"), [(mask, 40)], po="SX-8852", channel=Channel.PORTAL),
        actor=Actor("Buyer", roles=frozenset({"buyer"}), channel="portal"),
        now=now,
    )
    run_owed_jobs(now + timedelta(minutes=1))
    (outcome,) = release_orders(order_ids=[placed.order_id], actor=actor, now=now + timedelta(minutes=2))
    for shipment_id in outcome.shipment_ids[:1]:
        shipment = shipment_detail(shipment_id)
        if shipment is None:
            continue
        line = shipment.lines[0]
        found = Decimal(int(line.qty * Decimal("0.6")))
        moment = now + timedelta(minutes=4)
        confirm_pick(
            shipment_id=shipment_id, picks={line.id: found}, short_reason="bin empty, 24 found", actor=actor, now=moment
        )
        run_owed_jobs(moment)
        for case_id in _cases_of(shipment_id):
            take_case(case_id=case_id, actor=actor, now=now + timedelta(minutes=20))


def _cases_of(shipment_id: int) -> list[int]:
    found = cases_for([DocumentRef("shipment", shipment_id)], live_only=True)
    return [case.id for cases in found.values() for case in cases]


def _drafts(world: World, now: datetime) -> None:
    """Three drafts: a part nobody knows, an offer a rep prepares, goods the customer may not buy any more."""
    glove, hospital = one_of(world, "GLN", "GLS"), the(world, "hospital")
    lines = (
        LineDraft(1, Decimal(2 * glove.case), product_id=glove.id, stated_code=glove.sku),
        LineDraft(2, Decimal(6), stated_code="GLN-12O", stated_description="EXAM GLOVE NITRILE MED 200/BX"),
    )
    unknown = OrderDraft(
        hospital.id, Channel.EDI, "USD", lines, po_number="MC-61144", ship_to_id=hospital.ship_to_ids[0]
    )
    capture(unknown, actor=EDI, now=now)
    plate = one_of(world, "PLT", "SCR")
    offer = order(
        world,
        the(world, "ortho"),
        [(plate, 12), (one_of(world, "SCR", "PLT"), 80)],
        po="",
        channel=Channel.CRM,
        days=30,
    )
    quote = capture(
        OrderDraft(
            **{**vars(offer), "note": "Offer for the new trauma room: prices to be confirmed before it is placed."}
        ),
        actor=world.people["rep"],
        now=now + timedelta(minutes=10),
    )
    until = world.now + timedelta(hours=46)
    hold_goods(order_id=quote.order_id, until=until, actor=world.people["rep"], now=now + timedelta(minutes=12))
    lidocaine = next((i for i in world.items if i.regulated == "RX"), None)
    if lidocaine:
        vet = the(world, "vet")
        capture(
            order(world, vet, [(lidocaine, 4)], po="VET-118"), actor=world.people["cs"], now=now + timedelta(minutes=20)
        )
    run_owed_jobs(now + timedelta(minutes=21))
