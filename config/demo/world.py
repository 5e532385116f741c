"""What the steps of the demo hand on: who and what was made, by the names the later steps use."""

import random
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.apps import apps

from config.demo.scale import Scale
from core.actors import Actor, system
from core.reference import save_reference

SEEDER = system("demo company")


@dataclass(frozen=True)
class Customer:
    """An account with what ordering for it needs. `weight` is its share of all orders, in parts."""

    id: int
    code: str
    name: str
    kind: str
    state: str
    zone: str
    territory: str
    weight: int
    ship_to_ids: tuple[int, ...]


@dataclass(frozen=True)
class Item:
    """A product. `price` and `cost` per base unit; `usual` is what one order line asks for, in base units; a
    `weight` of 0 is never stocked and never drawn."""

    id: int
    sku: str
    name: str
    family: str
    price: Decimal
    cost: Decimal
    usual: int
    case: int
    tracking: str
    shelf_days: int | None
    regulated: str
    weight: int


@dataclass
class World:
    """`now` is the moment the demo ends at. Ids are by code, SKU, persona, or "SKU@SITE"."""

    scale: Scale
    seed: int
    now: datetime
    calendars: dict[str, int] = field(default_factory=dict)
    sites: dict[str, int] = field(default_factory=dict)
    tiers: dict[str, int] = field(default_factory=dict)
    territories: dict[str, int] = field(default_factory=dict)
    groups: dict[str, int] = field(default_factory=dict)
    customers: list[Customer] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)
    people: dict[str, Actor] = field(default_factory=dict)
    reps: dict[str, int] = field(default_factory=dict)
    balances: dict[str, int] = field(default_factory=dict)

    @property
    def today(self) -> date:
        return self.now.date()

    @property
    def start(self) -> date:
        """The day of the first order, of the history or not."""
        return self.today - timedelta(days=self.scale.days)

    @property
    def live_from(self) -> date:
        """From this day on every order goes through the services."""
        return self.today - timedelta(days=self.scale.live_days)

    @property
    def opening(self) -> datetime:
        """Before the first order: when the company was set up."""
        return datetime.combine(self.start - timedelta(days=1), time(9), UTC)

    def dice(self, step: str) -> random.Random:
        """Chance for one step, so that a change in one does not shift what the others draw."""
        return random.Random(f"{self.seed}/{step}")

    def keep(self, model: str, **values: Any) -> int:
        """Store a row of reference data ("accounts.ServiceTier") by the verb the console uses; its id."""
        row = apps.get_model(model)(**values)
        return int(save_reference(row=row, actor=SEEDER, now=self.opening).pk)

    def customer(self, code: str) -> Customer:
        return next(c for c in self.customers if c.code == code)

    def item(self, sku: str) -> Item:
        return next(i for i in self.items if i.sku == sku)
