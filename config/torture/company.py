"""What the clients fight for: few products, three sites, lots, and customers with room for everything."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.apps import apps

from accounts.rules.asks import AccountSpec, ShipToSpec
from accounts.services.add_ship_tos import add_ship_tos
from accounts.services.create_accounts import create_accounts
from catalog.rules.asks import ProductSpec
from catalog.services.create_products import create_products
from core.actors import system
from core.errors import Refused
from core.reference import delete_reference, save_reference
from core.refs import DocumentRef
from credit.services.open_credit_account import CreditAccountSpec, open_credit_accounts
from inventory.rules.asks import ReceiptLine
from inventory.services.receive_stock import receive_many
from inventory.services.retire_pool import retire_pool
from inventory.services.save_cap import save_cap
from inventory.services.save_pool import save_pool
from pricing.rules.asks import ListSpec, PriceSpec
from pricing.services.set_prices import set_prices

ACTOR = system("torture")
PRODUCTS, SITES, ACCOUNTS, OPENING_QTY = 12, 3, 8, 60
FIRST_IN_THE_FIELD = 8  # of the products
OF_A_COMPANY = ("accounts.Account", "catalog.Product", "inventory.StockBalance", "orders.Order")


class OtherDataThere(Refused):
    template = "There is other data in this database: {found} rows in {table}."
    remedy_template = "Take an empty one: OMS_DATA_DIR=.torture OMS_DEMO=0 ./run manage torture stock …"


@dataclass(frozen=True)
class Company:
    account_ids: tuple[int, ...]
    product_ids: tuple[int, ...]
    site_ids: tuple[int, ...]
    field_ids: tuple[int, ...] = ()  # two trunks, and a consignment of the first account
    calm_ids: tuple[int, ...] = ()  # nothing of these is lost, so that nothing excuses a pool that is broken
    changing_pools: tuple[str, ...] = ("Q1", "F6")
    lots: int = 2  # every second product has so many, by code "A", "B"; none of them expires while this runs

    def lot_of(self, product_id: int, chance: float) -> str:
        return "AB"[int(chance * self.lots)] if self.product_ids.index(product_id) % 2 else ""


def require_empty() -> None:
    """Raises OtherDataThere: nobody's stock is tortured by mistake."""
    for name in OF_A_COMPANY:
        table: Any = apps.get_model(name)
        if found := table.objects.count():
            raise OtherDataThere(found=found, table=name)


def open_company(*, now: datetime) -> Company:
    sites = [_keep("inventory.Site", f"T{n}", now, name=f"Site {n}", rank=n) for n in range(1, SITES + 1)]
    _keep("credit.PaymentTerms", "NET30", now, name="Net 30 days", net_days=30)
    accounts = create_accounts(
        [AccountSpec(f"T{n}", f"Customer {n}", "USD", po_number_required=False) for n in range(ACCOUNTS)],
        actor=ACTOR,
        now=now,
    )
    places = {i: ShipToSpec("MAIN", "Main entrance", country="US", is_default=True) for i in accounts.values()}
    add_ship_tos(places, actor=ACTOR, now=now)
    credit = [CreditAccountSpec(i, Decimal(999_999_999), "NET30") for i in accounts.values()]
    open_credit_accounts(credit, actor=ACTOR, now=now)
    products = create_products([ProductSpec(f"T{n}", f"Thing {n}") for n in range(PRODUCTS)], actor=ACTOR, now=now)
    prices = [PriceSpec("LIST", i, Decimal("9.50"), now.date()) for i in products.values()]
    set_prices([ListSpec("LIST", "Price list", "USD", now.date())], prices, actor=ACTOR, now=now)
    ids = tuple(products.values())
    field = _open_field(next(iter(accounts.values())), ids[FIRST_IN_THE_FIELD:], now)
    company = Company(tuple(accounts.values()), ids, tuple(sites), field, calm_ids=(ids[0], ids[4]))
    _open_pools(company, now)
    receive_many([_opening(company, p, s, now) for p in products.values() for s in sites], actor=ACTOR, now=now)
    return company


def receipt(
    company: Company, product_id: int, site_id: int, qty: int, number: int, chance: float, day: Any
) -> ReceiptLine:
    lot = company.lot_of(product_id, chance)
    expiry = day + timedelta(days=900) if lot else None
    return ReceiptLine(product_id, site_id, Decimal(qty), DocumentRef("torture", number), lot, expiry)


def _opening(company: Company, product_id: int, site_id: int, now: datetime) -> ReceiptLine:
    number = company.site_ids.index(site_id) + 1
    return receipt(company, product_id, site_id, OPENING_QTY, number, 0.0, now.date())


def _open_field(account_id: int, product_ids: tuple[int, ...], now: datetime) -> tuple[int, ...]:
    """Trunks and a consignment that are to hold some of the products nobody has to keep calm."""
    trunks = [_keep("inventory.Site", f"K{n}", now, name=f"Trunk {n}", kind="trunk", transit_days=0) for n in (1, 2)]
    shelf = _keep("inventory.Site", "K3", now, name="Shelf", kind="consignment", account_id=account_id, transit_days=0)
    level: Any = apps.get_model("inventory.ParLevel")
    for site_id in (*trunks, shelf):
        for product_id in product_ids:
            save_reference(row=level(site_id=site_id, product_id=product_id, par_qty=Decimal(4)), actor=ACTOR, now=now)
    return (*trunks, shelf)


def _open_pools(company: Company, now: datetime) -> None:
    """Of every kind: a floor on what is asked for most, ceilings, a tree, safety stock, and the most an order may take."""
    products, accounts, site = company.product_ids, company.account_ids, company.site_ids[0]
    group = _keep("accounts.AccountGroup", "TG", now, name="Group")
    for account_id in accounts[2:4]:
        membership: Any = apps.get_model("accounts.GroupMembership")
        row = membership(account_id=account_id, group_id=group, valid_from=now.date())
        save_reference(row=row, actor=ACTOR, now=now)
    _pool("F0", "protection", 20, now, who="account", account_id=accounts[0], product_id=products[0])
    _pool("Q1", "quota", 15, now, who="group", group_id=group, product_id=products[1])
    top = _pool("F4", "protection", 60, now, who="below", product_id=products[4])
    _pool("F4A", "protection", 40, now, who="account", account_id=accounts[0], parent_id=top)
    _pool("F4B", "protection", 1, now, who="group", group_id=group, parent_id=top, amount_kind="ratio")
    _pool("Q4", "quota", 30, now, who="account", account_id=accounts[1], product_id=products[4])
    _pool("N5", "quota", 5, now, who="everybody", state="neutral", product_id=products[5])
    _pool("F6", "protection", 50, now, who="group", group_id=group, product_id=products[6], amount_kind="percent")
    safety: Any = apps.get_model("inventory.SafetyStock")
    for product_id in (products[0], products[3]):
        row = safety(product_id=product_id, site_id=site, qty=Decimal(10))
        save_reference(row=row, actor=ACTOR, now=now)
    cap: Any = apps.get_model("inventory.OrderCap")
    save_cap(row=cap(who="everybody", product_id=products[2], max_qty=5, valid_from=now.date()), actor=ACTOR, now=now)


def _pool(code: str, kind: str, amount: int, now: datetime, **values: Any) -> int:
    pool: Any = apps.get_model("inventory.Pool")
    row = pool(code=code, name=f"Pool {code}", kind=kind, amount=Decimal(amount), valid_from=now.date(), **values)
    return save_pool(row=row, actor=ACTOR, now=now)


def lift_pools(*, now: datetime) -> None:
    """All that kept stock from somebody ends, so that nothing may be left lying any more."""
    pools: Any = apps.get_model("inventory.Pool")
    for pool_id in pools.objects.values_list("pk", flat=True):
        retire_pool(pool_id=pool_id, reason="the torture is over", actor=ACTOR, now=now)
    for name in ("inventory.SafetyStock", "inventory.OrderCap"):
        table: Any = apps.get_model(name)
        for row in table.objects.all():
            delete_reference(row=row, actor=ACTOR, now=now)


def _keep(model: str, code: str, now: datetime, **values: Any) -> int:
    """A row of reference data, made by the console's verb where there is none."""
    kind: Any = apps.get_model(model)
    row = kind.objects.filter(code=code).first()
    return int((row or save_reference(row=kind(code=code, **values), actor=ACTOR, now=now)).pk)
