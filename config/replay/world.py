"""What every stage of the replay needs: who acts, the chance, the file, and the ids found so far."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time

from accounts.states import Role
from config.replay.chance import Chance
from config.replay.controller import Controller
from config.replay.demand import Demand
from config.replay.history import History
from config.replay.lanes import Lanes
from config.replay.stages import Stages
from core.actors import Actor, system

CLERK = system("replay")
PICKER = Actor("replay: warehouse", roles=frozenset({Role.WAREHOUSE}), channel="console")
FINANCE = Actor("replay: finance", roles=frozenset({Role.FINANCE, Role.FINANCE_APPROVER}), channel="console")
PRICING = Actor("replay: pricing", roles=frozenset({Role.PRICING, Role.FINANCE_APPROVER}), channel="console")

CURRENCY = "GBP"
SITE = "MAIN"
LIST = "LIST"

MORNING, NOON, EVENING, NIGHT = time(7), time(12), time(18), time(22)


def at(day: date, moment: time) -> datetime:
    return datetime.combine(day, moment, UTC)


@dataclass
class World:
    history: History
    chance: Chance
    demand: Demand
    controller: Controller
    lanes: Lanes
    site_id: int = 0
    account_ids: dict[str, int] = field(default_factory=dict)
    product_ids: dict[str, int] = field(default_factory=dict)
    skus: dict[int, str] = field(default_factory=dict)
    prices: dict[str, object] = field(default_factory=dict)
    stages: Stages = field(default_factory=Stages)
    captured: date | None = None  # the day whose file was read the evening before

    def know_products(self, found: dict[str, int]) -> None:
        self.product_ids |= found
        self.skus |= {product_id: sku for sku, product_id in found.items()}
