"""Orders as a test wants them: a small world of one account, products, stock, prices, credit, and drafts for it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from accounts.models import Account, ShipTo
from catalog.models import Product
from core import writers
from core.actors import Actor
from core.testing import unit
from credit.services.lock_accounts import lock_accounts
from inventory.models import Site, StockBalance
from inventory.services.allocate import allocate
from orders.models import Order
from orders.rules.asks import LineDraft, OrderDraft, ReleaseGrant, Submitted
from orders.services.place import place
from orders.services.release_lines import release_lines
from orders.states import Channel
from pricing.models import PriceRow, PriceSource
from tests.factories.accounts import AccountFactory, ShipToFactory
from tests.factories.catalog import ProductFactory
from tests.factories.credit import CreditAccountFactory
from tests.factories.pricing import PriceRowFactory, SourceFactory

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
TODAY = NOW.date()
CLERK = Actor("Cora Service", roles=frozenset({"cs", "cs_lead"}), channel="console")
FINANCE = Actor("Fin Ance", roles=frozenset({"finance"}), channel="console")


@dataclass
class World:
    """One account in good standing that may buy `products` at 10.00 USD; `stock` of each at the site RENO."""

    account: Account
    ship_to: ShipTo
    products: list[Product]
    source: PriceSource
    site: Site
    rows: list[PriceRow] = field(default_factory=list)

    def draft(self, *qtys: int | str, **more: Any) -> OrderDraft:
        """A draft with a line per quantity, each for the next product."""
        lines = [LineDraft(i + 1, Decimal(q), product_id=self.products[i].pk) for i, q in enumerate(qtys)]
        return self.draft_of(lines, **more)

    def draft_of(self, lines: Sequence[LineDraft], **more: Any) -> OrderDraft:
        values: dict[str, Any] = {"po_number": f"PO-{next(_numbers)}", "ship_to_id": self.ship_to.pk}
        return OrderDraft(self.account.pk, Channel.CONSOLE, "USD", tuple(lines), **(values | more))


def _count() -> Any:
    n = 0
    while True:
        n += 1
        yield n


_numbers = _count()


def make_world(
    *, products: int = 1, stock: int | str | None = 100, limit: int | str | None = 10_000, **account: Any
) -> World:
    """`stock` None: no balance at all. `limit` None: no credit account."""
    customer = AccountFactory(**account)
    ship_to = ShipToFactory(account=customer, is_default=True)
    source = SourceFactory()
    goods = ProductFactory.create_batch(products, standard_cost=Decimal(6))
    rows = [PriceRowFactory(source=source, product=p) for p in goods]
    site, _ = Site.objects.get_or_create(code="RENO", defaults={"name": "Reno DC", "transit_days": 2})
    if stock is not None:
        put_on_hand(goods, site, Decimal(stock))
    if limit is not None:
        CreditAccountFactory(account=customer, limit_amount=Decimal(limit))
    return World(customer, ship_to, goods, source, site, rows)


def put_on_hand(products: Sequence[Product], site: Site, qty: Decimal) -> None:
    """Stock that is simply there, without its movements: for tests that do not ask where it came from."""
    balances = [StockBalance(product=p, site=site, on_hand_qty=qty) for p in products]
    with writers.by_hand("stock"):
        StockBalance.objects.bulk_create(balances)


def later(days: int) -> date:
    return TODAY + timedelta(days=days)


def release(order_ids: Sequence[int], *, now: datetime = NOW) -> dict[int, ReleaseGrant]:
    """What fulfillment does around release_lines: credit first, one unit of work."""
    accounts = set(Order.objects.filter(pk__in=order_ids).values_list("account_id", flat=True))
    with unit("release"):
        lock_accounts(accounts)
        return release_lines(order_ids, actor=CLERK, now=now)


def allocated(world: World, *qtys: int | str, **more: Any) -> Submitted:
    """An order placed, with all its stock allocated hard."""
    outcome = place(world.draft(*qtys, **more), actor=CLERK, now=NOW)
    products = [line.product_id for line in outcome.lines]
    allocate(trigger_key=f"test {outcome.order_id}", product_ids=products, actor=CLERK, now=NOW)
    return outcome
