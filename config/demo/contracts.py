"""What it costs and who may owe how much: the list with breaks, buying-group and account contracts, terms and limits."""

from datetime import timedelta
from decimal import Decimal

from config.demo import rates
from config.demo.company import KINDS
from config.demo.progress import Stage
from config.demo.world import SEEDER, Customer, Item, World
from core.refs import DocumentRef
from core.uow import unit_of_work
from credit.services.open_credit_account import CreditAccountSpec, open_credit_accounts
from pricing.services.consume_commitment import consume_commitment
from pricing.states import Measure, PriceLevel

CENT = Decimal("0.01")
TERMS = (
    ("NET30", "Net 30 days", 30, False, 0, 0, False),
    ("NET45", "Net 45 days", 45, False, 0, 0, False),
    ("EOM30", "30 days from the end of the month", 30, True, 0, 0, False),
    ("2/10N30", "2 % in 10 days, net 30", 30, False, 10, 2, False),
    ("PREPAY", "Payment in advance", 0, False, 0, 0, True),
)
TERMS_OF = {"hospital": "NET45", "system": "EOM30", "ortho": "2/10N30"}


def make(world: World, stage: Stage) -> None:
    for code, name, days, is_eom, discount_days, percent, is_prepayment in TERMS:
        world.keep(
            "credit.PaymentTerms",
            code=code,
            name=name,
            net_days=days,
            is_end_of_month=is_eom,
            discount_days=discount_days,
            discount_percent=percent,
            is_prepayment=is_prepayment,
        )
    rates.make(world)
    _list(world, stage)
    _groups(world)
    _accounts(world)
    _credit(world)


def _list(world: World, stage: Stage) -> None:
    """Everybody's price, 4 % less by the case, in other currencies at the day's rate; the West gets gloves cheaper."""
    name = f"List prices {world.today.year}"
    source = _source(world, "LIST", name, PriceLevel.LIST, floor=Decimal(12), converts=True)
    has_breaks = world.scale.products <= 600  # a large demo is for its orders
    for item in world.items:
        _row(world, source, item, item.price)
        if item.case > 1 and has_breaks:
            _row(world, source, item, cut(item.price, 4), from_qty=item.case * 5)
        stage.step()
    west = _source(
        world,
        "WEST-GLOVES",
        "Gloves, West",
        PriceLevel.SEGMENT,
        territory_id=world.territories["WEST"],
        floor=Decimal(10),
    )
    for item in [i for i in world.items if i.family in ("GLN", "GLS")][:8]:
        _row(world, source=west, item=item, price=cut(item.price, 6))


def _groups(world: World) -> None:
    for n, (code, group_id) in enumerate(sorted(world.groups.items())):
        source = _source(
            world,
            f"GPO-{code}",
            f"{code.title()} contract",
            PriceLevel.GROUP,
            group_id=group_id,
            floor=Decimal(8),
        )
        for item in world.items[n::3][:50]:
            _row(world, source, item, cut(item.price, 13 + n * 3))
        if code == "NORVALE":
            rates.activate_tier(world, source, world.items[n::3][:2])
            tolerance = Decimal("0.01")
            since = world.start - timedelta(days=30)
            world.keep(
                "pricing.ChargebackTerms", group_id=group_id, claim_days=60, price_tolerance=tolerance, valid_from=since
            )


def _accounts(world: World) -> None:
    """The first hospital, the surgery center and the orthopedic group have contracts of their own, with floors."""
    chosen = [c for c in world.customers if c.kind in ("hospital", "surgery", "ortho")][:3]
    for n, customer in enumerate(chosen):
        party = {"account_id": customer.id} | ({"contract_id": _contract(world, customer)} if n == 0 else {})
        name = f"Contract {customer.name}"[:120]
        source = _source(world, f"C-{customer.code}", name, PriceLevel.ACCOUNT, floor=Decimal(9), **party)
        wanted = ("SCR", "PLT", "KNE") if customer.kind == "ortho" else ("GLN", "GLS", "IVC", "DRP", "SUA")
        items = [i for i in world.items if i.family in wanted][:20]
        for item in items:
            _row(world, source, item, cut(item.price, 18 + n))
        if n == 0:
            _commitment(world, source, items[0])


def _contract(world: World, customer: Customer) -> int:
    """The version behind the prices: terms as the account's, and how much has to be on time and filled."""
    return world.keep(
        "pricing.Contract",
        code=f"K-{customer.code}",
        name=f"Supply contract {customer.name}"[:120],
        account_id=customer.id,
        valid_from=world.start - timedelta(days=30),
        valid_to=world.today + timedelta(days=200),
        payment_terms=TERMS_OF.get(customer.kind, "NET30"),
        on_time_percent=Decimal(97),
        fill_percent=Decimal(98),
        penalty_per_late_line=Decimal(25),
        penalty_per_late_day=Decimal(5),
    )


def _commitment(world: World, source: int, item: Item) -> None:
    """A volume promised for the year, called off by half, and a sum over everything on the contract."""
    world.keep(
        "pricing.Commitment",
        source_id=source,
        product_id=item.id,
        valid_from=world.start,
        valid_to=world.start + timedelta(days=730),
        committed_qty=Decimal(6_000),
    )
    world.keep(
        "pricing.Commitment",
        source_id=source,
        measure=Measure.MONEY,
        valid_from=world.start,
        valid_to=world.start + timedelta(days=730),
        committed_amount=Decimal(250_000),
    )
    with unit_of_work("demo: call off"):
        ref = DocumentRef("blanket_order", 1, "BLANKET-1")
        consume_commitment(ref, Decimal(3_150), source_id=source, product_id=item.id, on=world.today)


def _credit(world: World) -> None:
    specs = [_credit_of(customer) for customer in world.customers]
    open_credit_accounts(specs, actor=SEEDER, now=world.opening)
    rules = (
        ("overdue_percent", "blocking", Decimal(25), "", "A quarter overdue is a pattern"),
        ("order_value_max", "blocking", Decimal(40_000), "B", "Small accounts order in steps"),
        ("oldest_open_item", "blocking", Decimal(45), "A", "Hospitals pay by their own calendar"),
    )
    for kind, effect, value, risk_group, note in rules:
        world.keep("credit.CreditRule", kind=kind, effect=effect, value=value, risk_group=risk_group, note=note)
    _release_policies(world)


def _release_policies(world: World) -> None:
    """What goes to the warehouse by itself once it is switched on: people release by hand on the tour."""
    small = {"rank": 20, "currency": "USD", "max_value": Decimal(2_500), "weekdays": list(range(5))}
    world.keep(
        "fulfillment.ReleasePolicy",
        name="Small orders, on weekdays",
        is_active=False,
        note="To be switched on when the warehouse has its second shift",
        **small,
    )
    large = {"rank": 10, "currency": "USD", "min_value": Decimal(25_000), "effect": "wait"}
    world.keep("fulfillment.ReleasePolicy", name="Large orders wait", note="Somebody looks at them first", **large)


def _credit_of(customer: Customer) -> CreditAccountSpec:
    return CreditAccountSpec(
        customer.id,
        Decimal(KINDS[customer.kind][3]),
        TERMS_OF.get(customer.kind, "NET30"),
        risk_group="A" if customer.kind in ("hospital", "system") else "B",
    )


def _source(world: World, code: str, name: str, level: PriceLevel, *, floor: Decimal, **party: int) -> int:
    since = world.start - timedelta(days=30)
    return world.keep(
        "pricing.PriceSource", code=code, name=name, level=level, margin_floor_percent=floor, valid_from=since, **party
    )


def _row(world: World, source: int, item: Item, price: Decimal, from_qty: int = 0) -> None:
    world.keep(
        "pricing.PriceRow",
        source_id=source,
        product_id=item.id,
        min_qty=Decimal(from_qty),
        unit_price=price,
        valid_from=world.start - timedelta(days=30),
    )


def cut(price: Decimal, percent: int) -> Decimal:
    return (price * (100 - percent) / 100).quantize(CENT)
