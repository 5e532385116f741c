"""Every row lock of the room: demands 50, inbound supply 52, lots 57, transfers and counts 59, balances 60.

A claim is guarded by its demand's lock, a transfer's or count's line by its document's.
"""

from collections.abc import Collection
from dataclasses import dataclass, fields
from datetime import date, datetime
from decimal import Decimal

from django.db.models import Q, QuerySet
from django.db.models.expressions import RawSQL

from core.locks import Rank, take, take_values
from inventory.models import Claim, Demand, InboundSupply, Lot, StockBalance, StockCount, Transfer
from inventory.models.demand import UNSHIPPED
from inventory.rules.sourcing import GENERAL_KINDS
from inventory.states import ClaimState


@dataclass(slots=True)
class LockedDemand:
    """A demand's row as it was locked; verbs change its buckets in memory and `record` writes the differences."""

    pk: int
    product_id: int
    account_id: int | None
    site_id: int | None
    ref_kind: str
    ref_id: int
    ref_number: str
    ordered_qty: Decimal
    cancelled_qty: Decimal
    backordered_qty: Decimal
    reserved_qty: Decimal
    allocated_qty: Decimal
    released_qty: Decimal
    picked_qty: Decimal
    shipped_qty: Decimal
    requested_date: date
    min_shelf_life_days: int
    is_blocked: bool
    backorder_allowed: bool
    priority: int
    tier_rank: int
    sla_penalty: Decimal
    is_contract: bool
    margin_band: int
    opened_at: datetime


_COLUMNS = [field.name for field in fields(LockedDemand)][1:]


def lock_demands(ids: Collection[int]) -> dict[int, LockedDemand]:
    return _locked(Demand.objects.filter(pk__in=ids))


def lock_demand_rows(ids: Collection[int]) -> dict[int, Demand]:
    """The rows themselves, for what is written to them one by one."""
    return {d.pk: d for d in take(Rank.DEMAND, Demand.objects.filter(pk__in=ids))}


def lock_demands_unread(ids: Collection[int]) -> None:
    take_values(Rank.DEMAND, Demand.objects.filter(pk__in=ids))


def _locked(wanted: QuerySet[Demand]) -> dict[int, LockedDemand]:
    return {row[0]: LockedDemand(*row) for row in take_values(Rank.DEMAND, wanted, *_COLUMNS)}


_ASKED_AND_EXPIRED = """
    SELECT unnest(%s::bigint[]) UNION
    SELECT c.demand_id FROM inventory_claim c JOIN inventory_stockbalance b ON b.id = c.balance_id
    WHERE c.state = 'open' AND c.expires_at <= %s
      AND b.product_id IN (SELECT product_id FROM inventory_demand WHERE id = ANY(%s))"""


def lock_demands_and_expired(ids: Collection[int], *, now: datetime) -> dict[int, LockedDemand]:
    """The demands, and those whose soft claims on the same products have run out: their stock is free from now on.

    A union of two index look-ups: "this or that" in one condition would read the whole table.
    """
    both = RawSQL(_ASKED_AND_EXPIRED, [list(ids), now, list(ids)])
    return _locked(Demand.objects.filter(pk__in=both))


def lock_demands_with_expired_claims(*, now: datetime, limit: int) -> dict[int, LockedDemand]:
    due = _expired_claims(now).order_by("expires_at").values_list("demand_id", flat=True)[:limit]
    return lock_demands(set(due))


def lock_open_demands(product_ids: Collection[int]) -> dict[int, LockedDemand]:
    """All that an allocation run may deal to or take from."""
    unclaimed = Q(backordered_qty__gt=0) | Q(reserved_qty__gt=0)
    wanted = Demand.objects.filter(UNSHIPPED, unclaimed, product_id__in=product_ids)
    return _locked(wanted)


def lock_inbound(product_ids: Collection[int]) -> list[InboundSupply]:
    """What may be promised from: what travels to a trunk or a consignment is nobody else's."""
    coming = InboundSupply.objects.filter(product_id__in=product_ids, is_closed=False, site__kind__in=GENERAL_KINDS)
    return take(Rank.INBOUND, coming)


def lock_all_inbound(product_ids: Collection[int]) -> list[InboundSupply]:
    """Of every kind of site, with its site; also closed supply of transfers, which the end of a recall opens again."""
    wanted = Q(is_closed=False) | Q(kind="transfer")
    rows = InboundSupply.objects.filter(wanted, product_id__in=product_ids).select_related("site")
    return take(Rank.INBOUND, rows)


def lock_inbound_supply(inbound_id: int) -> InboundSupply | None:
    return next(iter(take(Rank.INBOUND, InboundSupply.objects.filter(pk=inbound_id))), None)


def lock_inbound_supplies(inbound_ids: Collection[int]) -> dict[int, InboundSupply]:
    return {i.pk: i for i in take(Rank.INBOUND, InboundSupply.objects.filter(pk__in=inbound_ids))}


def lock_inbound_of_transfer(number: str) -> list[InboundSupply]:
    return take(Rank.INBOUND, InboundSupply.objects.filter(kind="transfer", reference=number))


def lock_lots(lot_ids: Collection[int]) -> dict[int, Lot]:
    return {x.pk: x for x in take(Rank.LOT, Lot.objects.filter(pk__in=lot_ids))}


def lock_count(count_id: int) -> StockCount | None:
    return next(iter(take(Rank.TRANSFER, StockCount.objects.filter(pk=count_id))), None)


def lock_transfer(transfer_id: int) -> Transfer | None:
    return next(iter(take(Rank.TRANSFER, Transfer.objects.filter(pk=transfer_id))), None)


def lock_transfers(transfer_ids: Collection[int]) -> dict[int, Transfer]:
    return {t.pk: t for t in take(Rank.TRANSFER, Transfer.objects.filter(pk__in=transfer_ids))}


def lock_balances(balances: Collection[int]) -> dict[int, StockBalance]:
    return {b.pk: b for b in take(Rank.BALANCE, StockBalance.objects.filter(pk__in=balances))}


def lock_balances_of(product_ids: Collection[int]) -> dict[int, StockBalance]:
    """The usable stock of the products, ours and of good status."""
    found = StockBalance.objects.filter(product_id__in=product_ids, status="available", owner="")
    return {b.pk: b for b in take(Rank.BALANCE, found)}


def _expired_claims(now: datetime) -> QuerySet[Claim]:
    return Claim.objects.filter(state=ClaimState.OPEN, expires_at__lte=now)
