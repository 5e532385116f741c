"""The company the browser tests look at: one of everything a screen can show, made by the verbs everybody calls.

Rows are found again by their names, so that a kept database (`--reuse-db`) is made once.
"""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from io import BytesIO, StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from axes.models import AccessAttempt
from django.core.management import call_command
from django.db import models
from django.test import override_settings

from accounts import approvals
from accounts.models import Account, AccountGroup, Buyer, GroupMembership, Rep, ShipTo, User
from accounts.states import BuyerRole, Role
from billing.models import (
    CommissionPlan,
    CommissionRate,
    Invoice,
    InvoicingChoice,
    PlanMember,
    PlanVersion,
    RecognitionRule,
)
from billing.rules.asks import CreditSpec
from billing.rules.claims import ClaimSpec
from billing.services.claim_chargebacks import claim_chargeback
from billing.services.commission_statements import close_statement
from billing.services.dispute_invoice import open_dispute
from billing.services.issue_credit_memo import issue_credit_memo
from billing.services.pay_online import start_payment
from billing.services.post_receipt import post_receipt
from billing.services.write_off import ask_write_off
from billing.states import CreditKind, DisputeReason, Grouping
from catalog.models import Product
from catalog.states import Tracking
from core import clock, overrides
from core.actors import Actor, system
from core.models import Calendar, CalendarHoliday
from core.overrides import Reason
from core.refs import DocumentRef
from core.testing import drain, unit
from credit.services.attach_evidence import attach_evidence
from credit.services.grant_addition import AdditionSpec, grant_addition
from credit.services.request_limit import request_limit
from credit.states import AdditionKind
from exceptions_app.models import Case, RoutingRule, SlaPolicy
from exceptions_app.services.resolve_case import resolve_case
from fulfillment.models import ReleasePolicy, Shipment
from fulfillment.rules.asks import ReturnLineSpec, ReturnSpec
from fulfillment.services.ask_recall import ask_recall
from fulfillment.services.ask_release import ask_release
from fulfillment.services.confirm_pick import confirm_pick
from fulfillment.services.confirm_shipment import confirm_shipment
from fulfillment.services.record_usage import record_usage
from fulfillment.services.release_orders import release_orders
from fulfillment.services.request_returns import request_returns
from integrations.services.receive_edi import Report, receive_edi
from inventory.models import OrderCap, ParLevel, Pool, SafetyStock, Site, SourcingRule, TransferLine, TransitLane
from inventory.rules.field import Stated, UsageSpec, UseLine
from inventory.rules.policy import Policy
from inventory.rules.policy_text import SegmentDraft
from inventory.rules.transfers import TransferLineSpec
from inventory.services.acknowledge_transfer import acknowledge_transfer
from inventory.services.ask_fill_up import replenish
from inventory.services.offer_transfer import offer_transfer
from inventory.services.open_count import open_count
from inventory.services.receive_stock import receive_stock
from inventory.services.record_inbound import record_inbound
from inventory.services.request_transfer import request_transfer
from inventory.services.save_cap import save_cap
from inventory.services.save_policy import PolicyDraft, save_policy
from inventory.services.save_pool import save_pool
from inventory.services.save_scenario import Tried, save_scenario, try_it
from inventory.services.ship_transfer import ship_transfer
from orders.models import Order, OrderLine, PurchaseRule, StockHoldLimit
from orders.rules.asks import LineDraft, OrderDraft
from orders.rules.wishes import LineWish, Wish
from orders.services.amend import amend
from orders.services.capture import capture
from orders.services.hold_goods import hold_goods
from orders.services.place import place
from orders.services.place_hold import place_hold
from orders.states import Channel
from pricing.models import ChargebackTerms, PriceSource, RebateProgram
from pricing.rules.asks import AgreedPrice
from pricing.services.agree import agree
from reporting.services.build_kpis import build_recent_kpis
from tests.browser import bought, dock
from tests.factories import accounts as people
from tests.factories import catalog as goods
from tests.factories import pricing as prices
from tests.factories.credit import CreditAccountFactory, CreditRuleFactory, TermsWordsFactory
from tests.factories.exceptions import opened
from tests.factories.integrations import PartnerFactory
from tests.factories.pricing import CommitmentFactory, ContractFactory, PriceRowFactory, SourceFactory
from tests.factories.sheets import previewed
from tests.integrations.samples import file, po

CLERK = Actor("Cora Service", roles=frozenset({Role.CS, Role.CS_LEAD, Role.OPERATOR}), channel="console")
FINANCE = Actor("Fay Lindqvist", roles=frozenset({Role.FINANCE}), channel="console")
PICKER = Actor("Will Warehouse", roles=frozenset({Role.WAREHOUSE}), channel="console")
LAST = "A-1"  # the order that is made last
CUSTOMER, OTHER_CUSTOMER = "HARBOR", "NORTHSIDE"
GOODS = {
    "CATH-16F": "Catheter 16 Fr, sterile, box of 10",
    "GLOVE-NIT-M": "Nitrile examination gloves, medium, powder-free",
    "SUT-3-0": "Absorbable suture 3-0, 70 cm, reverse cutting needle",
    "MESH-10X15": "Hernia mesh, polypropylene, 10 × 15 cm",
}
# the name of a persona: (roles, first name, last name)
STAFF: dict[str, tuple[tuple[Role, ...], str, str]] = {
    "service": ((Role.CS,), "Cleo", "Marsh"),
    "lead": ((Role.CS_LEAD,), "Lena", "Ortiz"),
    "pricing": ((Role.PRICING,), "Priya", "Nair"),
    "finance": ((Role.FINANCE, Role.FINANCE_APPROVER), "Fay", "Lindqvist"),
    "planner": ((Role.PLANNER,), "Petra", "Olsen"),
    "warehouse": ((Role.WAREHOUSE,), "Will", "Tanaka"),
    "auditor": ((Role.AUDITOR,), "Ada", "Brandt"),
    "operator": ((Role.OPERATOR,), "Otto", "Reyes"),
}
BUYING = {
    "buyer": (Role.BUYER, BuyerRole.BUYER, "Bea", "Halloran"),
    "approver": (Role.BUYER_APPROVER, BuyerRole.APPROVER, "Amir", "Said"),
    "viewer": (Role.BUYER, BuyerRole.VIEWER, "Vera", "Ito"),
}
PEOPLE = (*STAFF, *BUYING, "rep")


def person(name: str) -> User:
    return User.objects.get(username=name)


def order(po_number: str) -> Order:
    return Order.objects.get(po_number=po_number)


def shipment(po_number: str) -> Shipment:
    return Shipment.objects.filter(lines__order_line__order__po_number=po_number).latest("pk")


def row_of(model: type[models.Model]) -> models.Model | None:
    """The row whose change page is looked at: the one a person would care for most, else the newest."""
    favourites: dict[type[models.Model], Callable[[], Any]] = {
        Order: lambda: order("PO-SHIPPED"),
        Account: lambda: Account.objects.get(code=CUSTOMER),
        Case: lambda: Case.objects.filter(resolved_at=None).latest("pk"),
        Product: lambda: Product.objects.get(sku="CATH-16F"),
        User: lambda: person("service"),
    }
    if model in favourites:
        return favourites[model]()
    return model._default_manager.order_by("-pk").first()


def ensure() -> None:
    """The company, made unless this database has it."""
    if not Account.objects.filter(code=CUSTOMER).exists():
        _make()
    assert Order.objects.filter(po_number=LAST).exists(), "the company was left half made: run with --create-db"


def place_order(po_number: str, *qtys: int, customer: str = CUSTOMER) -> int:
    """An order of the customer, a line for each of the first goods, its reactions run; its id."""
    account = Account.objects.get(code=customer)
    products = [Product.objects.get(sku=sku) for sku in GOODS]
    lines = tuple(LineDraft(n + 1, Decimal(q), product_id=products[n].pk) for n, q in enumerate(qtys))
    ship_to = ShipTo.objects.get(account=account, is_default=True)
    draft = OrderDraft(account.pk, Channel.CONSOLE, "USD", lines, po_number=po_number, ship_to_id=ship_to.pk)
    order_id = place(draft, actor=CLERK, now=clock.now()).order_id
    drain(clock.now())
    return order_id


def _make() -> None:
    account, other = _customers()
    _persons(account, other)
    _products(account)
    _papers(account)
    _stories(account)
    _field(account, Product.objects.get(sku="GLOVE-NIT-M"))
    _files(account)
    drain(clock.now())


def _customers() -> tuple[Any, Any]:
    tier = people.TierFactory(code="GOLD", name="Gold", rank=1)
    west = people.TerritoryFactory(code="WEST", name="West")
    account = people.AccountFactory(code=CUSTOMER, name="Harbor View Surgical Center", tier=tier, territory=west)
    other = people.AccountFactory(code=OTHER_CUSTOMER, name="Northside Veterinary Clinic", territory=west)
    for code, name, is_default in (("0001", "Main stockroom", True), ("0002", "Day surgery", False)):
        people.ShipToFactory(account=account, code=code, name=name, is_default=is_default)
    people.ShipToFactory(account=other, is_default=True)
    people.MembershipFactory(account=account, group=people.GroupFactory(code="VITAL", name="Vital Purchasing Group"))
    harbor = CreditAccountFactory(account=account, limit_amount=Decimal(25_000))
    member: Any = CreditAccountFactory(account=other, head=harbor)
    CreditRuleFactory(value=Decimal(20_000), risk_group="B", note="Small accounts order in steps")
    season = AdditionSpec(AdditionKind.TEMPORARY, Decimal(500), clock.now().date(), clock.now().date() + timedelta(90))
    TermsWordsFactory(words="30 days net")
    why = Reason("season", "Flu season, as in every year")
    grant_addition(account_id=member.account_id, addition=season, reason=why, actor=FINANCE, now=clock.now())
    return account, other


def _persons(account: Account, other: Account) -> None:
    for name, (roles, first, last) in STAFF.items():
        people.StaffFactory(username=name, first_name=first, last_name=last, roles=list(roles))
    for name, (role, buys, first, last) in BUYING.items():
        user = people.UserFactory(username=name, first_name=first, last_name=last, roles=[role])
        people.BuyerFactory(user=user, account=account, role=buys)
    user = people.UserFactory(username="rep", first_name="Ray", last_name="Coleman", roles=[Role.REP])
    rep = people.RepFactory(user=user, code="R1")
    for customer in (account, other):
        people.AssignmentFactory(account=customer, rep=rep)


def _products(account: Account) -> None:
    site = Site.objects.create(code="RENO", name="Reno DC", transit_days=2)
    Site.objects.create(code="MEM", name="Memphis DC", transit_days=3)
    TransitLane.objects.create(site=site, transit_days=2, cost_per_shipment=12, cost_per_kg="0.4", distance_km=350)
    SourcingRule.objects.create(name="West from Reno", region="West", sites=["RENO", "MEM"], cutoff="soft")
    strategic = PolicyDraft(
        Policy(code="strategic", name="Strategic first", may_take_promises=True),
        (
            SegmentDraft("strategic", "win", "tier 1"),
            SegmentDraft("all", "redistribute", sort="tier, date", fair="demand"),
        ),
    )
    save_policy(draft=strategic, actor=PICKER, now=clock.now())
    source = SourceFactory(code="LIST", name="List prices")
    category = goods.CategoryFactory(code="OR", name="Operating room")
    contract = ContractFactory(code="HARBOR-26", name="Harbor contract", account=account)
    now, made = clock.now(), []
    for n, (sku, name) in enumerate(GOODS.items()):
        product: Any = goods.ProductFactory(sku=sku, name=name, category=category, standard_cost=Decimal(6))
        PriceRowFactory(source=source, product=product, unit_price=Decimal("10.50") + n)
        goods.UnitFactory(product=product)
        source_ref = DocumentRef("receipt", 500 + n)
        qty = Decimal(6 if sku == "MESH-10X15" else 900)
        receive_stock(
            product_id=product.pk,
            site_id=site.pk,
            qty=qty,
            lot_code=f"L{n}24",
            expiry_date=(now + timedelta(days=400)).date(),
            source=source_ref,
            actor=PICKER,
            now=now,
        )
        made.append(product)
    record_inbound(
        product_id=made[3].pk,
        site_id=site.pk,
        reference="PO-9001",
        qty=Decimal(50),
        eta_date=(now + timedelta(days=6)).date(),
        actor=PICKER,
        now=now,
    )
    _movements(site, made[1])
    _pools(site, made[0])
    CommitmentFactory(source=contract, product=made[0], valid_from=now.date() - timedelta(days=30))
    PriceRowFactory(source=contract, product=made[0], unit_price=Decimal("9.80"))
    goods.CustomerPartFactory(account=account, part_number="HV-100", product=made[0])
    goods.SubstitutionFactory(product=made[2], substitute=made[1])
    goods.SubstitutionFactory(product=made[3], substitute=made[1])
    tray = goods.ProductFactory(sku="TRAY-HERNIA", name="Hernia tray: mesh, suture, gloves", category=category)
    for part in made[1:]:
        goods.KitComponentFactory(kit=tray, component=part)


def _pools(site: Site, catheter: Product) -> None:
    """A group's part of the catheters with a part for one of its members, safety stock, and the most one order takes."""
    today, group = clock.now().date(), people.GroupFactory(code="NORTH", name="GPO North")
    whole = Pool(code="NORTH-CATH", name="GPO North", kind="protection", who="group", group=group, product=catheter,
                 amount=Decimal(300), valid_from=today, valid_to=today + timedelta(days=90))  # fmt: skip
    save_pool(row=whole, actor=CLERK, now=clock.now())
    part = Pool(code="NORTHSIDE-CATH", name="Northside's part", kind="protection", who="account", parent=whole,
                account=Account.objects.get(code=OTHER_CUSTOMER), amount=Decimal(80), valid_from=today)  # fmt: skip
    save_pool(row=part, actor=CLERK, now=clock.now())
    SafetyStock.objects.create(product=catheter, site=site, qty=Decimal(40))
    save_cap(
        row=OrderCap(who="everybody", product=catheter, max_qty=Decimal(200), valid_from=today),
        actor=CLERK,
        now=clock.now(),
    )


def _movements(site: Site, gloves: Product) -> None:
    """A truck on its way to Memphis, a count that was begun, and a unit with its own number."""
    now, memphis = clock.now(), Site.objects.get(code="MEM")
    transfer_id = request_transfer(
        from_site_id=site.pk,
        to_site_id=memphis.pk,
        expected_date=(now + timedelta(days=3)).date(),
        lines=[TransferLineSpec(gloves.pk, Decimal(40), "L124")],
        key="truck",
        actor=PICKER,
        now=now,
    )
    ship_transfer(transfer_id=transfer_id, actor=PICKER, now=now)
    open_count(site_id=site.pk, product_ids=[gloves.pk], key="gloves", actor=PICKER, now=now)
    pump: Any = goods.ProductFactory(sku="PUMP-INF", name="Infusion pump", tracking=Tracking.SERIAL)
    receive_stock(
        product_id=pump.pk,
        site_id=site.pk,
        qty=Decimal(1),
        lot_code="IP-20451",
        source=DocumentRef("receipt", 590),
        actor=PICKER,
        now=now,
    )


def _field(account: Account, gloves: Product) -> None:
    """A trunk and a shelf: below par and asked for, a fill-up that came short and one on its way, a usage without its
    order, an offer."""
    now, reno = clock.now(), Site.objects.get(code="RENO")
    rep = Rep.objects.get(code="R1")
    trunk = Site.objects.create(code="TRUNK-1", name="Ray's trunk", kind="trunk", rep=rep, transit_days=0)
    shelf = Site.objects.create(code="SHELF-1", name="Shelf at Harbor View", kind="consignment", account=account)
    driver = Actor(str(rep.user), rep.user_id, frozenset({"rep"}), account.pk, "api")
    for site, qty in ((trunk, 12), (shelf, 20)):
        transfer_id = request_transfer(
            from_site_id=reno.pk, to_site_id=site.pk, expected_date=now.date(), key=f"fill {site.code}",
            lines=[TransferLineSpec(gloves.pk, Decimal(qty), "L124")], actor=PICKER, now=now,
        )  # fmt: skip
        ship_transfer(transfer_id=transfer_id, actor=PICKER, now=now)
        line = TransferLine.objects.get(transfer_id=transfer_id)
        stated = {line.pk: Stated(Decimal(qty - (site == trunk)))}
        acknowledge_transfer(transfer_id=transfer_id, stated=stated, note="One box short", actor=driver, now=now)
        ParLevel.objects.create(site=site, product=gloves, par_qty=24)
    on_its_way = request_transfer(
        from_site_id=reno.pk, to_site_id=trunk.pk, expected_date=now.date(), key="fill again",
        lines=[TransferLineSpec(gloves.pk, Decimal(4), "L124")], actor=PICKER, now=now,
    )  # fmt: skip
    ship_transfer(transfer_id=on_its_way, actor=PICKER, now=now)
    used = UseLine(gloves.sku, Decimal(2), lot="L124")
    spec = UsageSpec(shelf.pk, account.pk, now, (used,), "CASE-301", is_po_to_follow=True)
    record_usage(spec, key="case 301", actor=driver, now=now)
    replenish(key="night", actor=PICKER, now=now)
    offered = [TransferLineSpec(gloves.pk, Decimal(1), "L124")]
    offer_transfer(from_site_id=trunk.pk, to_site_id=reno.pk, lines=offered, key="spare", actor=driver, now=now)
    drain(now)


def _papers(account: Account) -> None:
    """What no order leaves behind: licences, rules, calendars, approvals, overrides, agreements, locked names."""
    goods.LicenseFactory(account=account, number="DEA-4471")
    other = Account.objects.get(code=OTHER_CUSTOMER)
    mesh = Product.objects.get(sku="MESH-10X15")
    goods.AuthorizationFactory(name="No mesh for veterinary clinics", account=other, product=mesh)
    calendar = Calendar.objects.create(code="US", name="Office hours, US", week={"0": [["09:00", "17:00"]]})
    CalendarHoliday.objects.create(
        calendar=calendar, date=clock.now().date() + timedelta(days=30), name="Inventory day"
    )
    now, subject = clock.now(), DocumentRef("order", 1, "SO-1")
    agreed = [AgreedPrice(Product.objects.get(sku="SUT-3-0").pk, Decimal("8.40"))]
    terms = {"account_id": account.pk, "currency": "USD", "valid_until": now + timedelta(days=20), "now": now}
    with unit():
        approvals.request(
            kind="price",
            subject=subject,
            content_hash="a" * 64,
            amount=Decimal(1_200),
            currency="USD",
            actor=CLERK,
            now=now,
            expires_at=now + timedelta(days=2),
            reason="Match what the competitor offers",
        )
        overrides.record(
            kind="price",
            subject=subject,
            actor=CLERK,
            reason=Reason("match", "Matched the offer of a competitor"),
            before={"price": Decimal("12.50")},
            after={"price": Decimal("11.90")},
            money_effect=Decimal("-60.00"),
            currency="USD",
            now=now,
        )
        agree(DocumentRef("quote", 1, "QT-1"), agreed, **terms)
    overrides.seal_pending(now=now)
    people.SpendingFactory(buyer=Buyer.objects.get(user__username="buyer"), spent_date=now.date())
    away = {"away_from": now.date() + timedelta(days=9), "back_on": now.date() + timedelta(days=16)}
    _prices(account)
    people.AuthorityFactory(kind="price", role=Role.PRICING, max_amount=Decimal(25_000), max_margin_points=Decimal(15))
    people.AbsenceFactory(user=person("service"), delegate=person("lead"), note="Holidays", **away)
    AccessAttempt.objects.create(username="guess@example.com", ip_address="203.0.113.9", failures_since_start=5)


def _prices(account: Account) -> None:
    """What prices are made of beside lists and contracts."""
    prices.AdjustmentFactory(code="SPRING", name="Spring promotion", value=Decimal(2), min_qty=Decimal(5_000))
    source = PriceSource.objects.order_by("pk")[0]
    prices.ActivationFactory(source=source, account=account, tier="GOLD")
    prices.TermsFactory(code="HARBOR", name="Supply agreement", account=account)
    prices.TaxFactory(region="NV", percent=Decimal("8.265"))
    prices.FreightFactory(percent=Decimal(2), free_from_amount=Decimal(2_500))
    prices.RateFactory(valid_from=clock.now().date())


def _stories(account: Account) -> None:
    """An order in every state a person meets: open, on hold, unresolved, short, on its way, invoiced and paid in part."""
    place_order("PO-OPEN", 12, 5)
    held = place_order("PO-HELD", 20)
    note = "The customer asked us to wait for their store room"
    place_hold(order_id=held, note=note, actor=CLERK, now=clock.now())
    place_order("PO-CREDIT", 390, customer=OTHER_CUSTOMER)  # above its limit
    _amend(place_order("PO-BACK", 1, 1, 1, 30))
    unknown = (LineDraft(1, Decimal(3), stated_code="CATH-99", stated_description="Catheter 99"),)
    capture(OrderDraft(account.pk, Channel.CONSOLE, "USD", unknown, po_number="PO-DRAFT"), actor=CLERK, now=clock.now())
    _held_carts(account)
    dock.carriers(account)
    released = place_order("PO-RELEASED", 2, 2)
    release_orders(order_ids=[released], actor=PICKER, now=clock.now())
    _pick(place_order("PO-PICKED", 3), short=0)
    _ship(place_order("PO-SHIPPED", 24, 10, 4), short=1)
    dock.packed_and_delivered(shipment("PO-PICKED"), shipment("PO-SHIPPED"), PICKER)
    _return(account)
    invoice = Invoice.objects.latest("pk")
    post_receipt(
        account_id=account.pk,
        amount=(invoice.total_amount / 2).quantize(Decimal("0.01")),
        currency="USD",
        received_date=clock.now().date(),
        reference="BANK-4401",
        actor=CLERK,
        now=clock.now(),
    )
    _money_in_question(account, invoice)
    drain(clock.now())
    _late_supply()
    _decisions(account)
    _money_earned(account)
    bought.of_a_vendor(account, shipment, CLERK)


def _amend(order_id: int) -> None:
    """One more of the first line."""
    wish, version = Wish((LineWish(1, Decimal(2)),)), Order.objects.get(pk=order_id).version
    amend(
        order_id=order_id, wish=wish, expected_version=version, reason="A second theatre opens", actor=CLERK,
        now=clock.now(),
    )  # fmt: skip
    drain(clock.now())


def _late_supply() -> None:
    """What PO-BACK waits for comes six days later than it was promised for; a what-if of it is kept."""
    mesh, site, now = Product.objects.get(sku="MESH-10X15"), Site.objects.get(code="RENO"), clock.now()
    late = (now + timedelta(days=12)).date()
    record_inbound(
        product_id=mesh.pk, site_id=site.pk, reference="PO-9001", qty=Decimal(50), eta_date=late, actor=PICKER, now=now
    )
    drain(now)
    tried = Tried(mesh.pk, "strategic")
    versions = try_it(tried, now=now)[0].versions
    save_scenario(name="Mesh before the holidays", tried=tried, versions=versions, actor=PICKER, now=now)


def _held_carts(account: Account) -> None:
    """A cart whose goods are held, and one whose time is over: it was held a moment for the sake of the page."""
    gloves = Product.objects.get(sku="GLOVE-NIT-M")
    lines, now = (LineDraft(1, Decimal(2), product_id=gloves.pk, stated_code=gloves.sku),), clock.now()
    for po_number, at in (("PO-CART", now), ("PO-CART-OVER", now - timedelta(hours=1))):
        draft = OrderDraft(account.pk, Channel.PORTAL, "USD", lines, po_number=po_number)
        order_id = capture(draft, actor=CLERK, now=now).order_id
        hold_goods(order_id=order_id, until=at + timedelta(minutes=30), actor=CLERK, now=at)


def _decisions(account: Account) -> None:
    """How fast the customer's cases go, who gets the expensive ones, and which orders their own people look at."""
    PurchaseRule.objects.create(account=account, kind="amount", amount=Decimal(50_000))
    StockHoldLimit.objects.create(account=account, most_amount=Decimal(80_000))
    SlaPolicy.objects.create(account=account, respond_minutes=60, resolve_minutes=180)
    RoutingRule.objects.create(kind="short_pick", min_amount=Decimal(5000), currency="USD", spreads=True)
    note = "Their statements of last year, read by our insurer"
    attach_evidence(
        account_id=account.pk,
        note=note,
        name="statements.pdf",
        content=b"%PDF-1.7 statements",
        actor=FINANCE,
        now=clock.now(),
    )
    words = "The insurer covers 60,000 from December on"
    request_limit(account_id=account.pk, limit_amount=Decimal(60_000), reason=words, actor=FINANCE, now=clock.now())
    waits, now = order("PO-OPEN"), clock.now()
    with unit():
        approvals.request(
            kind="purchase order", subject=DocumentRef("order", waits.pk, waits.number), content_hash="b" * 64,
            amount=waits.total_amount, currency="USD", actor=Actor("Bea Halloran", person("buyer").pk), now=now,
            expires_at=now + timedelta(days=14), reason="Above what Bea may spend on one order", account_id=account.pk,
            content={"what": "2 lines, PO PO-OPEN"},
        )  # fmt: skip
    ReleasePolicy.objects.create(name="Small orders on weekdays", rank=10, currency="USD", max_value=Decimal(500))
    chosen = [place_order("PO-RUN", 2), order("PO-CREDIT").pk]
    ask_release(order_ids=chosen, what="2 orders chosen by hand", actor=PICKER, now=clock.now())
    drain(clock.now())
    note = "The customer called: wrong address"
    ask_recall(shipment_id=shipment("PO-RELEASED").pk, note=note, actor=CLERK, now=clock.now())


def _money_earned(account: Account) -> None:
    """A paid order with its commission on a statement, deferred revenue, a rebate, a denied chargeback, a payment."""
    now, since = clock.now(), clock.now().date() - timedelta(days=30)
    plan = CommissionPlan.objects.create(code="FIELD", name="Field sales")
    version = PlanVersion.objects.create(plan=plan, number=1, valid_from=since)
    CommissionRate.objects.create(version=version, percent=Decimal(5))
    rep = Rep.objects.get(code="R1")
    PlanMember.objects.create(rep=rep, plan=plan, valid_from=since)
    gloves = Product.objects.get(sku="GLOVE-NIT-M")
    RecognitionRule.objects.create(product=gloves, event="deliver")
    group = AccountGroup.objects.create(code="NORTH-BUYS", name="North buying group")
    GroupMembership.objects.create(account=account, group=group, valid_from=since)
    ChargebackTerms.objects.create(group=group, claim_days=60, price_tolerance=Decimal("0.01"), valid_from=since)
    RebateProgram.objects.create(code="NORTH-2", name="North, 2 %", group=group, percent=Decimal(2), valid_from=since)
    _ship(place_order("PO-PAID", 2, 1), short=0)
    invoice = Invoice.objects.latest("pk")
    with override_settings(PAYMENT_PROVIDER="sandbox"):
        start_payment(
            account_id=account.pk, amounts={invoice.pk: invoice.open_amount}, method="card", key="company", actor=CLERK,
            now=clock.now(),
        )  # fmt: skip
        drain(clock.now())
    close_statement(rep_id=rep.pk, currency="USD", period_end=now.date(), actor=CLERK, now=clock.now())
    claim = ClaimSpec(
        account.pk, "D-77", "NOBODY-1", "GHOST", "SUT-3-0", Decimal(4), now.date(), Decimal(10), Decimal(8), "USD"
    )
    claim_chargeback(claim, actor=CLERK, now=clock.now())
    _ship(place_order("PO-DUE", 6, 2), short=0)  # its invoice is open: to be paid, or disputed
    _cases_behind()
    build_recent_kpis(now=clock.now())


def _cases_behind() -> None:
    """Cases settled in the last two weeks, every third of them too late: what the breach rate is drawn of."""
    for n in range(24):
        at = clock.now() - timedelta(days=1 + n % 7 * 2)
        case = opened(now=at, kind="order_stuck", subject_id=900_000 + n)
        resolve_case(case_id=case.pk, note="Sent what was there", actor=CLERK, now=at + timedelta(hours=3))
        if n % 3 == 0:
            Case.objects.filter(pk=case.pk).update(breached_at=at + timedelta(hours=2))


def _money_in_question(account: Account, invoice: Invoice) -> None:
    """A credit memo, a disputed invoice, a write-off that waits, and a customer who wants one invoice a month."""
    line = invoice.lines.order_by("pk")[0]
    issue_credit_memo(
        account_id=account.pk, kind=CreditKind.RETURN, lines=[CreditSpec(line.pk, qty=Decimal(1))], reason="Damaged",
        key="company", actor=CLERK, now=clock.now(),
    )  # fmt: skip
    reason, note = DisputeReason.PRICE, "We agreed on 9.80"
    ask = {"invoice_id": invoice.pk, "actor": CLERK, "now": clock.now()}
    open_dispute(amount=Decimal("2.10"), reason=reason, note=note, **ask)
    ask_write_off(amount=Decimal("0.05"), reason="Bank fee", **ask)
    other = Account.objects.get(code=OTHER_CUSTOMER)
    InvoicingChoice.objects.create(account=other, grouping=Grouping.MONTH)


def _pick(order_id: int, *, short: int) -> Shipment:
    """Released and picked, the first line `short` units short: that opens a case."""
    (outcome,) = release_orders(order_ids=[order_id], actor=PICKER, now=clock.now())
    shipment = Shipment.objects.get(pk__in=outcome.shipment_ids)
    line = shipment.lines.order_by("pk")[0]
    picks = {line.pk: line.qty - short}
    confirm_pick(shipment_id=shipment.pk, picks=picks, short_reason="box damaged", actor=PICKER, now=clock.now())
    drain(clock.now())
    return shipment


def _ship(order_id: int, *, short: int) -> None:
    """On the truck and invoiced."""
    shipment, number = _pick(order_id, short=short), "1Z999AA10123456784"
    confirm_shipment(shipment_id=shipment.pk, carrier="UPS", tracking_number=number, actor=PICKER, now=clock.now())
    drain(clock.now())


def _return(account: Account) -> None:
    line = OrderLine.objects.filter(order__po_number="PO-SHIPPED").order_by("pk")[0]
    spec = ReturnSpec(account.pk, "RMA-1", "Ordered the wrong size", (ReturnLineSpec(line.pk, Decimal(2)),))
    request_returns([spec], actor=CLERK, now=clock.now())


def _files(account: Account) -> None:
    """An X12 order with an unknown part, a file of order lines, and a sheet of products, previewed with its errors."""
    PartnerFactory(code="HARBOR-EDI", name="Harbor EDI", account=account)
    sent = file(po("PO-EDI", lines="PO1*1*5*EA*10.5**VN*CATH-16F~PO1*2*1*EA*1**VN*GHOST"))
    receive_edi(
        name="harbor.edi",
        stream=BytesIO(sent.encode()),
        report=Report(),
        actor=system("EDI receive"),
        now=clock.now(),
    )
    previewed(
        "products", "sku,name\nGLOVE-NIT-M,Nitrile gloves M\nGLOVE-NIT-L,Nitrile gloves L\nBAD,\n", name="gloves.csv"
    )
    head = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"
    rows = f"{head}\n{LAST},CATH-16F,Catheter,5,2026-01-04 08:26:00,10.50,{CUSTOMER},US\n"
    with TemporaryDirectory() as folder:
        path = Path(folder) / "orders.csv"
        path.write_text(rows, encoding="utf-8")
        call_command("import_orders", str(path), "--json", stdout=StringIO())
