"""A rep with a trunk, a customer with a consignment, and what was used there."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from itertools import count
from typing import Any

from core.actors import Actor
from fulfillment.services.record_usage import UsageOutcome, record_usage
from inventory.models import Site
from inventory.rules.field import UsageSpec, UseLine
from inventory.states import SiteKind
from tests.factories.accounts import AssignmentFactory, RepFactory
from tests.factories.inventory import NOW, SiteFactory, stock
from tests.factories.orders import World, make_world

_keys = count(1)


@dataclass
class Field:
    """`world` is the customer and the goods (10.00 USD each), `trunk` the rep's, `shelf` consigned at the customer."""

    world: World
    trunk: Site
    shelf: Site
    rep: Any
    actor: Actor = field(default_factory=lambda: Actor("Ray Rep", roles=frozenset({"rep"}), channel="api"))

    @property
    def product(self) -> Any:
        return self.world.products[0]


def make_field(*, trunk: int = 5, shelf: int = 6, limit: int | None = 10_000, **account: Any) -> Field:
    world = make_world(stock=None, limit=limit, **{"po_number_required": False, **account})
    rep: Any = RepFactory()
    AssignmentFactory(rep=rep, account=world.account)
    made = Field(
        world,
        SiteFactory(code="TRUNK-1", kind=SiteKind.TRUNK, rep=rep, transit_days=0),
        SiteFactory(code="CONS-1", kind=SiteKind.CONSIGNMENT, account=world.account, transit_days=0),
        rep,
    )
    made.actor = Actor(
        str(rep.user), user_id=rep.user_id, roles=frozenset({"rep"}), on_behalf_of=world.account.pk, channel="api"
    )
    for site, qty in ((made.trunk, trunk), (made.shelf, shelf)):
        if qty:
            stock(made.product, site, qty)
    return made


def use(
    made: Field, qty: int | str = 1, *, site: Site | None = None, lines: tuple[UseLine, ...] | None = None,
    used_at: datetime = NOW, now: datetime = NOW, key: str = "", **spec: Any,
) -> UsageOutcome:  # fmt: skip
    """Used from the trunk, for the customer, with a case reference."""
    used = lines or (UseLine(made.product.sku, Decimal(qty)),)
    values = {"case_reference": "CASE-7", **spec}
    asked = UsageSpec((site or made.trunk).pk, made.world.account.pk, used_at, used, **values)
    return record_usage(asked, key=key or f"device {next(_keys)}", actor=made.actor, now=now)
