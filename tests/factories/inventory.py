"""Sites, stock and demand, made as briefly as a test allows. Stock arrives by movement, as in life."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count

import factory
from factory.django import DjangoModelFactory

from catalog.models import Product
from core import invariants
from core.actors import Actor
from core.refs import DocumentRef
from core.testing import unit
from inventory.checks import CHECKS
from inventory.models import InboundSupply, Site
from inventory.pool_checks import CHECKS as POOL_CHECKS
from inventory.rules.asks import DemandSpec, RankSnapshot, Reservation
from inventory.services.open_demands import open_demands
from inventory.services.receive_stock import receive_stock
from inventory.services.reserve import reserve

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)  # a Monday
TODAY = NOW.date()
PLANNER = Actor(label="Petra Planner", user_id=None, roles=frozenset({"planner"}))
_documents = count(1_000)


class StockedProductFactory(DjangoModelFactory):
    class Meta:
        model = Product

    sku = factory.Sequence(lambda n: f"STOCK-{n}")
    name = factory.LazyAttribute(lambda product: f"Thing {product.sku}")


class SiteFactory(DjangoModelFactory):
    """A distribution centre that is always open: ships today, arrives in 2 days."""

    class Meta:
        model = Site

    code = factory.Sequence(lambda n: f"DC{n}")
    name = factory.LazyAttribute(lambda site: f"Warehouse {site.code}")


class InboundFactory(DjangoModelFactory):
    class Meta:
        model = InboundSupply

    product = factory.SubFactory(StockedProductFactory)
    site = factory.SubFactory(SiteFactory)
    reference = factory.Sequence(lambda n: f"PO-{n}")
    ordered_qty = Decimal(10)
    eta_date = TODAY + timedelta(days=7)


def stock(product: Product, site: Site, qty: int | Decimal, *, lot: str = "", expiry: date | None = None) -> int:
    """Receive `qty`; the balance id."""
    return receive_stock(
        product_id=product.pk,
        site_id=site.pk,
        qty=Decimal(qty),
        lot_code=lot,
        expiry_date=expiry,
        source=DocumentRef("receipt", next(_documents)),
        actor=PLANNER,
        now=NOW,
    )


def spec(product: Product, qty: int | Decimal, **fields: object) -> DemandSpec:
    """A line of its own document, wanted in 3 days, by rank fields in `rank` or as a DemandSpec has them."""
    number = next(_documents)
    defaults: dict[str, object] = {
        "key": str(number),
        "ref": DocumentRef("order", number, f"O{number}"),
        "line_no": 1,
        "product_id": product.pk,
        "qty": Decimal(qty),
        "account_id": None,
        "requested_date": TODAY + timedelta(days=3),
    }
    return DemandSpec(**{**defaults, **fields})


def demand(product: Product, qty: int | Decimal, *, now: datetime = NOW, tier: int = 9999, **fields: object) -> int:
    """Open a demand, reserve nothing; its id."""
    asked = spec(product, qty, **{"rank": RankSnapshot(tier_rank=tier), **fields})
    with unit():
        return open_demands([asked], now=now)[asked.key]


def open_and_reserve(
    specs: Sequence[DemandSpec], *, now: datetime = NOW, expires_at: datetime | None = None
) -> list[Reservation]:
    """What a submit does with inventory: both verbs in one unit of work; answers in the order of the specs."""
    with unit():
        ids = open_demands(specs, now=now)
        got = reserve(list(ids.values()), now=now, expires_at=expires_at)
    return [got[ids[s.key]] for s in specs]


def breaches() -> list[str]:
    """Every breach of the room's invariants; [] is the answer every test wants."""
    return [f"{b.name}: {b.detail}" for b in invariants.run(only=[*CHECKS, *POOL_CHECKS])]
