"""What happens to stock. Streams: "product:<id>", "demand:<id>" and "site:<id>"."""

from dataclasses import dataclass
from decimal import Decimal

from core.outbox import Fact


@dataclass(frozen=True)
class SupplyIncreased(Fact):
    """Stock was received, returned or freed, or inbound was confirmed: the product is worth another allocation."""

    product_ids: tuple[int, ...]
    cause: str


@dataclass(frozen=True)
class DemandsAllocated(Fact):
    run_id: int
    demand_ids: tuple[int, ...]
    product_ids: tuple[int, ...]


@dataclass(frozen=True)
class WinsFailed(Fact):
    """A run could not serve these demands in full on their day, which their policy says they must be."""

    run_id: int
    demand_ids: tuple[int, ...]


@dataclass(frozen=True)
class DemandsKeptSoft(Fact):
    """A run (0: a person) dealt to these demands only softly: a look registered with `inventory.firmness` found them so."""

    run_id: int
    demand_ids: tuple[int, ...]


@dataclass(frozen=True)
class ShardPlanned(Fact):
    """A run was cut into shards, numbered from 1: this one waits for a worker. Stream: "allocation_run:<id>"."""

    run_id: int
    shard: int


@dataclass(frozen=True)
class SiteLimited(Fact):
    """From now on the site handles so many lines a day and no more: what went there today counts already."""

    site_id: int


@dataclass(frozen=True)
class PromiseMoved(Fact):
    demand_id: int
    ref_kind: str
    ref_id: int
    ref_number: str
    account_id: int | None
    qty: Decimal
    was: str
    now: str
    cause: str
