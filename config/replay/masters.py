"""Who and what the history is about: set up through the services, and only what is not there yet."""

import math
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar

from django.apps import apps

from accounts.queries import accounts_by_code
from accounts.rules.asks import AccountSpec, ShipToSpec
from accounts.services.add_ship_tos import add_ship_tos
from accounts.services.create_accounts import create_accounts
from catalog.queries import products_by_sku
from catalog.rules.asks import ProductSpec
from catalog.services.create_products import create_products
from config.replay.history import HistoryDay, Turnover, list_prices
from config.replay.world import CLERK, CURRENCY, LIST, SITE, World
from core.reference import save_reference
from credit.services.open_credit_account import CreditAccountSpec, open_credit_accounts
from pricing.rules.asks import ListSpec, PriceSpec
from pricing.services.set_prices import set_prices

T = TypeVar("T")

BATCH = 500
# Who counts for how much: tier, its rank, the share of customers up to which it goes, by turnover, and its terms.
TIERS = (("A", 1, 0.10, "NET30"), ("B", 2, 0.40, "NET30"), ("C", 3, 1.00, "NET14"))
TERMS = {"NET14": 14, "NET30": 30}
LIMIT_DAYS = 30  # a limit covers the busiest so many days …
TIGHT_SHARE = 0.08  # … with room to spare, but for this share of the customers
LEAST_LIMIT = Decimal(500)


def open_company(world: World, *, now: datetime) -> None:
    """Site, tiers, payment terms and the price list."""
    world.site_id = _keep("inventory.Site", {"code": SITE}, {"name": "Main warehouse"}, now)
    for code, rank, _, _ in TIERS:
        _keep("accounts.ServiceTier", {"code": code}, {"name": f"Tier {code}", "rank": rank}, now)
    for code, days in TERMS.items():
        _keep("credit.PaymentTerms", {"code": code}, {"name": f"Net {days} days", "net_days": days}, now)


def _keep(model: str, key: dict[str, Any], values: dict[str, Any], now: datetime) -> int:
    """The id of the row of reference data with this key, made by the console's verb where there is none."""
    kind: Any = apps.get_model(model)
    row = kind.objects.filter(**key).first()
    return int((row or save_reference(row=kind(**key, **values), actor=CLERK, now=now)).pk)


def open_accounts(world: World, *, now: datetime) -> None:
    """Everybody who buys in the file: tier by turnover, an address, and credit by what they buy in a busy month."""
    turnover = world.history.turnover()
    ranked = sorted(turnover, key=lambda code: (-turnover[code].total, code))
    tiers = {row.code: row.pk for row in _all("accounts.ServiceTier")}
    specs, tier_of = [], {}
    for place, code in enumerate(ranked, start=1):
        tier_of[code] = next(tier for tier in TIERS if place <= math.ceil(tier[2] * len(ranked)))
        specs.append(
            AccountSpec(code, f"Customer {code}", CURRENCY, tier_id=tiers[tier_of[code][0]], po_number_required=False)
        )
    for made in _batches(specs):
        world.account_ids |= create_accounts(made, actor=CLERK, now=now)
    for some in _batches(ranked):
        places = {
            world.account_ids[c]: ShipToSpec("MAIN", "Main entrance", country="GB", is_default=True) for c in some
        }
        add_ship_tos(places, actor=CLERK, now=now)
        credit = [_credit(world, code, turnover[code], tier_of[code][3]) for code in some]
        open_credit_accounts(credit, actor=CLERK, now=now)


def _all(model: str) -> Iterable[Any]:
    kind: Any = apps.get_model(model)
    return kind.objects.all()


def _credit(world: World, code: str, turnover: Turnover, terms: str) -> CreditAccountSpec:
    """Most limits have room; a tight one is passed in a busy month, as it happens where limits follow the business."""
    is_tight = world.chance.share("tight", code) < TIGHT_SHARE
    low, high = (60, 95) if is_tight else (140, 220)
    percent = Decimal(world.chance.between(low, high, "limit", code))
    limit = (turnover.busiest(LIMIT_DAYS) * percent / 100).quantize(Decimal(10))
    return CreditAccountSpec(world.account_ids[code], max(limit, LEAST_LIMIT), terms, CURRENCY)


def find_masters(world: World) -> None:
    """The ids again, when a replay goes on."""
    site: Any = apps.get_model("inventory.Site")
    world.site_id = site.objects.get(code=SITE).pk
    world.account_ids = accounts_by_code({row.customer for d in world.history.days.values() for row in d.sales})
    world.know_products(products_by_sku({row.sku for d in world.history.days.values() for row in d.sales}))
    rows: Any = apps.get_model("pricing.PriceRow")
    listed = rows.objects.filter(source__code=LIST).values_list("product_id", "unit_price")
    world.prices = {world.skus[product_id]: price for product_id, price in listed if product_id in world.skus}


def list_products(world: World, days: Sequence[HistoryDay], *, now: datetime) -> list[str]:
    """Products of these days that are not in the catalog yet: created and priced at what most lines state. Their SKUs."""
    described: dict[str, str] = {}
    for day in days:
        for row in day.sales:
            described.setdefault(row.sku, row.description or row.sku)
    fresh = [sku for sku in described if sku not in world.product_ids]
    for some in _batches(fresh):
        specs = [ProductSpec(sku=sku, name=described[sku]) for sku in some]
        world.know_products(create_products(specs, actor=CLERK, now=now))
    said = list_prices(days)
    prices = {sku: said[sku] for sku in fresh if sku in said}
    listed = ListSpec(LIST, "Price list", CURRENCY, now.date())
    rows = [PriceSpec(LIST, world.product_ids[sku], price, now.date()) for sku, price in prices.items()]
    if rows:
        set_prices([listed], rows, actor=CLERK, now=now)
        world.prices |= prices
    return fresh


def agree_prices(world: World, day: HistoryDay, *, now: datetime) -> None:
    """Where a customer's lines state another price than the list, that was agreed with them for the day.

    Every quantity they state becomes a break. Two prices for the same quantity cannot both be agreed: the second line
    will be held for its price, as it would be with any customer.
    """
    stated: dict[tuple[str, str], dict[Decimal, Decimal]] = {}
    for row in day.sales:
        stated.setdefault((row.customer.upper(), row.sku), {}).setdefault(row.quantity, row.price)
    lists, prices = {}, []
    for (customer, sku), breaks in stated.items():
        if all(price == world.prices.get(sku) for price in breaks.values()):
            continue
        code = f"AGREED-{customer}"[:40]
        lists[code] = ListSpec(code, f"Agreed with {customer}", CURRENCY, now.date(), world.account_ids[customer])
        prices += [
            PriceSpec(code, world.product_ids[sku], price, day.day, _next(day.day), min_qty=qty)
            for qty, price in breaks.items()
        ]
    if prices:
        set_prices(list(lists.values()), prices, actor=CLERK, now=now)


def _next(day: date) -> date:
    return day + timedelta(days=1)


def _batches(many: Sequence[T]) -> Iterable[Sequence[T]]:
    return (many[i : i + BATCH] for i in range(0, len(many), BATCH))
