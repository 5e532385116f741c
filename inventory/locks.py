"""Every lock of the room: demands 50, inbound supply 52, pools 55, lots 57, transfers and counts 59, balances 60.

A claim is guarded by its demand's lock, a transfer's or count's line by its document's.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet, Sum

from core import sql
from core.locks import Rank, climb, take, take_values
from inventory.models import (
    AllocationRun,
    Claim,
    Demand,
    InboundSupply,
    Lot,
    Pool,
    Promise,
    Site,
    StockBalance,
    StockCount,
    Transfer,
    TransferOffer,
)
from inventory.rules.pegs import Expected
from inventory.rules.sourcing import GENERAL_KINDS
from inventory.states import STOCK_HOLD, ClaimState

ZERO = Decimal(0)


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
    region: str
    receiving_calendar_id: int | None
    receiving_days: Sequence[int]
    route: Sequence[int]
    ship_complete: str = ""
    is_soft_only: bool = field(default=False, metadata={"is_asked": True})  # inventory.firmness, no column

    @property
    def where_freed(self) -> str:
        """The bucket of units that no claim holds any more: they wait, but for a draft's, which only holds what is there."""
        return "cancelled_qty" if self.ref_kind == STOCK_HOLD else "backordered_qty"


_DEMANDS = "inventory_demand"
_LOCK = "FOR NO KEY UPDATE"
_STORED = [each.name for each in fields(LockedDemand) if each.name != "pk" and not each.metadata]
_READ = f"SELECT {', '.join(['id', *_STORED])} FROM {_DEMANDS}"
_BY_ID = f"{_READ} WHERE id = ANY(%(ids)s::bigint[]) ORDER BY id FOR NO KEY UPDATE"
# The claims that have run out are few and wait for the sweeper: their demands are looked for first, claim by claim,
# because the balances asked for may carry thousands.
_ASKED_AND_EXPIRED = f"""
    {_READ} WHERE id = ANY(%(ids)s::bigint[] || ARRAY(
        SELECT c.demand_id FROM inventory_claim c
        WHERE c.state = 'open' AND c.expires_at <= %(now)s::timestamptz
          AND (SELECT b.product_id FROM inventory_stockbalance b WHERE b.id = c.balance_id)
              IN (SELECT product_id FROM {_DEMANDS} WHERE id = ANY(%(ids)s::bigint[]))))
    ORDER BY id FOR NO KEY UPDATE"""


def lock_demands(ids: Collection[int]) -> dict[int, LockedDemand]:
    return _take_demands(_BY_ID, {"ids": list(ids)})[0]


def lock_demands_and_expired(
    ids: Collection[int], *, now: datetime, reading: Sequence[sql.Statement[Any]] = ()
) -> tuple[dict[int, LockedDemand], list[Any]]:
    """The demands, and those whose soft claims on the same products have run out: their stock is free from now on.
    With them what is `reading` in the same round trip, after the locks.
    """
    return _take_demands(_ASKED_AND_EXPIRED, {"ids": list(ids), "now": now}, reading)


def look_at_demands_and_expired(ids: Collection[int], *, now: datetime) -> dict[int, LockedDemand]:
    """The same rows without a lock, for what is only shown."""
    rows = sql.rows(_ASKED_AND_EXPIRED.removesuffix(_LOCK), {"ids": list(ids), "now": now})
    return {row[0]: LockedDemand(*row) for row in rows}


def _take_demands(
    text: str, parameters: dict[str, Any], reading: Sequence[sql.Statement[Any]] = ()
) -> tuple[dict[int, LockedDemand], list[Any]]:
    """Plain rows by a statement of our own: made by the ORM, it costs more than all else a claim does."""
    climb(Rank.DEMAND, (), table=_DEMANDS)
    rows, *read = sql.answers(sql.Statement(text, parameters, list), *reading)
    climb(Rank.DEMAND, [row[0] for row in rows], table=_DEMANDS)
    return {row[0]: LockedDemand(*row) for row in rows}, read


def lock_demand_rows(ids: Collection[int]) -> dict[int, Demand]:
    """The rows themselves, for what is written to them one by one."""
    return {d.pk: d for d in take(Rank.DEMAND, Demand.objects.filter(pk__in=ids))}


def lock_demands_unread(ids: Collection[int]) -> None:
    take_values(Rank.DEMAND, Demand.objects.filter(pk__in=ids))


def lock_demands_with_expired_claims(*, now: datetime, limit: int) -> dict[int, LockedDemand]:
    due = _expired_claims(now).order_by("expires_at").values_list("demand_id", flat=True)[:limit]
    return lock_demands(set(due))


_OPEN = f"""
    {_READ} WHERE product_id = ANY(%(products)s::bigint[]) AND ordered_qty > cancelled_qty + shipped_qty
      AND (backordered_qty > 0 OR reserved_qty > 0 OR allocated_qty > 0 AND product_id = ANY(%(again)s::bigint[]))
    ORDER BY id FOR NO KEY UPDATE"""


def lock_open_demands(product_ids: Collection[int], *, dealt_again: Collection[int] = ()) -> dict[int, LockedDemand]:
    """All that an allocation run may deal to or take from; of the products `dealt_again` also who is served in full."""
    return _take_demands(_OPEN, {"products": list(product_ids), "again": list(dealt_again)})[0]


def look_at_demands(ids: Collection[int]) -> dict[int, LockedDemand]:
    """The rows without a lock, for what is only shown."""
    rows = sql.rows(_BY_ID.removesuffix(_LOCK), {"ids": list(ids)})
    return {row[0]: LockedDemand(*row) for row in rows}


def look_at_open_demands(product_ids: Collection[int], *, dealt_again: Collection[int]) -> dict[int, LockedDemand]:
    """The same rows without a lock, for a plan that is only shown, or compared under the lock."""
    rows = sql.rows(_OPEN.removesuffix(_LOCK), {"products": list(product_ids), "again": list(dealt_again)})
    return {row[0]: LockedDemand(*row) for row in rows}


_INBOUND = "inventory_inboundsupply"
_COMING = f"""
    SELECT i.id, i.product_id, i.site_id, i.eta_date, i.past_due_cutoff_days, i.ordered_qty - i.received_qty
    FROM {_INBOUND} i JOIN inventory_site s ON s.id = i.site_id
    WHERE i.product_id = ANY(%(products)s::bigint[]) AND NOT i.is_closed AND s.kind = ANY(%(kinds)s::text[])
      AND i.confidence_percent >= %(confidence)s::int"""
_IN_ORDER = " ORDER BY i.id"
_LOCKED = f"{_IN_ORDER} {_LOCK} OF i"
# What others have been promised to the last unit need not be waited for.
_SOME_LEFT = """
      AND i.ordered_qty - i.received_qty > coalesce((
          SELECT sum(p.qty) FROM inventory_promise p
          WHERE p.inbound_id = i.id AND p.is_current AND NOT p.demand_id = ANY(%(own)s::bigint[])), 0)"""
_PEGGED = f"""
    SELECT p.inbound_id, sum(p.qty) FROM inventory_promise p JOIN {_INBOUND} i ON i.id = p.inbound_id
    WHERE i.product_id = ANY(%(products)s::bigint[]) AND NOT i.is_closed AND p.is_current GROUP BY p.inbound_id"""


def lock_inbound(product_ids: Collection[int], *, left_for: Collection[int] | None = None) -> list[Expected]:
    """What may be promised from: what travels to a trunk or a consignment is nobody else's, what is not sure enough
    (OMS_LEAST_CONFIDENCE_PERCENT) is no promise. With `left_for`, only supply that is not promised in full to other
    demands than these: who comes when all is gone locks nothing, and waits for nobody.

    One round trip; the promises are read when the locks are had, so that they are the last there are.
    """
    climb(Rank.INBOUND, (), table=_INBOUND)
    some_left = "" if left_for is None else _SOME_LEFT
    found = _expected(f"{_COMING}{some_left}{_LOCKED}", product_ids, own=left_for)
    climb(Rank.INBOUND, [e.pk for e in found], table=_INBOUND)
    return found


# The products of demands of which nothing is free and nothing that comes is left for them: `lock_inbound` would find
# nothing to lock. Asked per product in turn, and the second only where the first finds nothing: nearly always it does.
SOLD_OUT = f"""
    SELECT d.product_id FROM {_DEMANDS} d WHERE d.id = ANY(%(own)s::bigint[]) AND NOT CASE
        WHEN (SELECT true FROM inventory_stockbalance b WHERE b.product_id = d.product_id
              AND b.on_hand_qty > b.reserved_qty + b.allocated_qty + b.released_qty + b.picked_qty LIMIT 1) THEN true
        ELSE coalesce((SELECT true FROM {_INBOUND} i
              WHERE i.product_id = d.product_id AND NOT i.is_closed{_SOME_LEFT} LIMIT 1), false) END"""


def look_at_inbound(product_ids: Collection[int]) -> list[Expected]:
    """All of it as it stands now without a lock, for previews and for a plan that is only shown."""
    return _expected(f"{_COMING}{_IN_ORDER}", product_ids)


def _expected(text: str, product_ids: Collection[int], own: Collection[int] | None = None) -> list[Expected]:
    parameters = {
        "products": list(product_ids),
        "kinds": [str(kind) for kind in GENERAL_KINDS],
        "confidence": settings.OMS_LEAST_CONFIDENCE_PERCENT,
    }
    asked = parameters if own is None else {**parameters, "own": list(own)}
    rows, pegged = sql.answers(sql.Statement(text, asked, list), sql.Statement(_PEGGED, parameters, dict))
    return [Expected._make((*row, pegged.get(row[0], ZERO))) for row in rows]


def expected(supplies: Sequence[InboundSupply]) -> list[Expected]:
    """Supply that is locked already, with what current promises rest on now. One statement."""
    rests_on = Promise.objects.filter(inbound__in=[i.pk for i in supplies], is_current=True)
    pegged = dict(rests_on.values_list("inbound_id").annotate(total=Sum("qty")))
    return [
        Expected(
            i.pk, i.product_id, i.site_id, i.eta_date, i.past_due_cutoff_days, i.ordered_qty - i.received_qty,
            pegged.get(i.pk, ZERO),
        )
        for i in supplies
    ]  # fmt: skip


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


_POOLED = "inventory_pool"
_ONE_AT_A_TIME = """
    SELECT count(*) FROM (SELECT pg_advisory_xact_lock(%(space)s::bigint + id)
                          FROM unnest(%(products)s::bigint[]) WITH ORDINALITY AS p(id, n) ORDER BY n) locked"""
_SPACE = Rank.POOL << 48  # of the advisory locks: no product's number reaches so far


def lock_pools(product_ids: Collection[int]) -> None:
    """Whoever claims stock of a product that has pools, safety stock or quotas does so alone: what its members hold
    and what is free are read after this. Take it only for such products (`pool_queries.ruled_products`).

    By product, because one pool may be over thousands, which need not wait for each other.
    """
    products = sorted(set(product_ids))
    climb(Rank.POOL, products, table=_POOLED)
    sql.rows(_ONE_AT_A_TIME, {"space": int(_SPACE), "products": products})


def lock_pool(pool_id: int) -> Pool | None:
    return next(iter(take(Rank.POOL, Pool.objects.filter(pk=pool_id))), None)


def lock_lots(lot_ids: Collection[int]) -> dict[int, Lot]:
    return {x.pk: x for x in take(Rank.LOT, Lot.objects.filter(pk__in=lot_ids))}


def lock_limited_sites(site_ids: Collection[int]) -> list[int]:
    """Those of the sites that handle so many lines a day and no more: whoever releases to them does so alone."""
    limited = Site.objects.filter(pk__in=site_ids, lines_per_day__isnull=False)
    return [pk for (pk,) in take_values(Rank.CAPACITY, limited)]


def lock_count(count_id: int) -> StockCount | None:
    return next(iter(take(Rank.TRANSFER, StockCount.objects.filter(pk=count_id))), None)


def lock_transfer(transfer_id: int) -> Transfer | None:
    return next(iter(take(Rank.TRANSFER, Transfer.objects.filter(pk=transfer_id))), None)


def lock_transfers(transfer_ids: Collection[int]) -> dict[int, Transfer]:
    return {t.pk: t for t in take(Rank.TRANSFER, Transfer.objects.filter(pk__in=transfer_ids))}


def lock_offer(offer_id: int) -> TransferOffer | None:
    return next(iter(take(Rank.TRANSFER, TransferOffer.objects.filter(pk=offer_id))), None)


def lock_replenishment() -> None:
    """One run at a time: two would ask for the same missing units. Held until the commit; nothing is locked before it."""
    sql.rows("SELECT 1 FROM (SELECT pg_advisory_xact_lock(hashtext('inventory.replenish'))) one", {})


def lock_run(run_id: int) -> AllocationRun:
    """Last of all: what a shard did is written."""
    (run,) = take(Rank.RUN, AllocationRun.objects.filter(pk=run_id))
    return run


def lock_balances(balances: Collection[int]) -> dict[int, StockBalance]:
    return {b.pk: b for b in take(Rank.BALANCE, StockBalance.objects.filter(pk__in=balances))}


def lock_balances_of(product_ids: Collection[int]) -> None:
    """The usable stock of the products, ours and of good status."""
    found = StockBalance.objects.filter(product_id__in=product_ids, status="available", owner="")
    take_values(Rank.BALANCE, found)


def _expired_claims(now: datetime) -> QuerySet[Claim]:
    return Claim.objects.filter(state=ClaimState.OPEN, expires_at__lte=now)
