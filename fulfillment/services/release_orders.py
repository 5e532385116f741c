"""Release: nine gates, claims, exposure, shipment and warehouse order in one transaction. After it the warehouse acts."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from django.db import connection

from core import journal, numbering, outbox
from core.actors import Actor
from core.refs import DocumentRef
from core.uow import door_verb, require_uow
from credit.services.lock_accounts import lock_accounts
from fulfillment.events import ShipmentReleased
from fulfillment.models import Shipment
from fulfillment.rules.asks import RefusedGate, ReleaseOutcome
from fulfillment.rules.packing import PackLine, Parcel, split_into_parcels
from fulfillment.services.open_vendor_orders import open_vendor_orders
from orders.queries import accounts_of
from orders.rules.asks import Part, ReleaseGrant
from orders.services.release_lines import release_lines


@door_verb
def release_orders(*, order_ids: Sequence[int], actor: Actor, now: datetime) -> list[ReleaseOutcome]:
    """Release what the gates let through. One outcome per order, in the order asked; a refusal is an outcome.

    Locks: credit 10, orders 20, demands 50, sites with a limit 58, balances 60 (in orders.release_lines); shipments are
    new rows.
    """
    return release(order_ids, actor=actor, now=now)


@require_uow
def release(
    order_ids: Sequence[int], *, actor: Actor, now: datetime, parts: Mapping[int, Part] | None = None
) -> list[ReleaseOutcome]:
    """The same inside a caller's transaction that holds no lock yet; `parts` names orders of which only a part goes."""
    accounts = accounts_of(order_ids)
    lock_accounts(accounts.values())
    grants = release_lines(sorted(accounts), actor=actor, now=now, parts=parts or {})
    parcels = split_into_parcels(line for grant in grants.values() for line in _pack_lines(grant))
    shipments = _insert(parcels, accounts, now)
    _tell(shipments, actor, now)
    if shipments:
        balances = {line.balance_id for parcel in parcels for line in parcel.lines}
        open_vendor_orders(shipments, balances, actor=actor, now=now)
    return [_outcome(order_id, grants.get(order_id), shipments) for order_id in dict.fromkeys(order_ids)]


def _pack_lines(grant: ReleaseGrant) -> Iterable[PackLine]:
    for line in grant.claims:
        stock = line.stock
        yield PackLine(
            order_id=grant.order_id,
            order_line_id=line.order_line_id,
            site_id=stock.site_id,
            ship_to_id=grant.line_ship_tos.get(line.order_line_id) or grant.ship_to_id,
            demand_id=stock.demand_id,
            claim_id=stock.claim_id,
            balance_id=stock.balance_id,
            lot_id=stock.lot_id,
            product_id=stock.product_id,
            qty=stock.qty,
        )


def _insert(parcels: list[Parcel], accounts: dict[int, int], now: datetime) -> list[Shipment]:
    numbers = numbering.draw("shipment", prefix="SH-", count=len(parcels)) if parcels else []
    shipments = Shipment.objects.bulk_create(
        Shipment(
            number=number,
            order_id=parcel.order_id,
            account_id=accounts[parcel.order_id],
            site_id=parcel.site_id,
            ship_to_id=parcel.ship_to_id,
            released_at=now,
        )
        for number, parcel in zip(numbers, parcels, strict=True)
    )
    _insert_lines([(shipment.pk, line) for shipment, p in zip(shipments, parcels, strict=True) for line in p.lines])
    return shipments


_LINES = """
INSERT INTO fulfillment_shipmentline (shipment_id, order_line_id, demand_id, claim_id, balance_id, lot_id, product_id,
                                      qty, short_reason, shipped_qty, invoiced_qty, returned_qty)
SELECT s.*, '', 0, 0, 0 FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[],
                                    %s::bigint[], %s::numeric[]) AS s
"""


def _insert_lines(rows: Sequence[tuple[int, PackLine]]) -> None:
    if not rows:
        return
    values = [
        (shipment_id, x.order_line_id, x.demand_id, x.claim_id, x.balance_id, x.lot_id, x.product_id, x.qty)
        for shipment_id, x in rows
    ]
    with connection.cursor() as cursor:
        cursor.execute(_LINES, [list(column) for column in zip(*values, strict=True)])


def _tell(shipments: list[Shipment], actor: Actor, now: datetime) -> None:
    if not shipments:
        return
    journal.write(
        [
            journal.Entry(
                DocumentRef("shipment", s.pk, s.number),
                "released",
                f"Shipment {s.number} released to the warehouse",
                {"order_id": s.order_id, "site_id": s.site_id},
            )
            for s in shipments
        ],
        actor=actor,
        now=now,
    )
    facts = [ShipmentReleased(s.pk, s.number, s.order_id, s.site_id) for s in shipments]
    outbox.publish_many([outbox.Note(fact, f"shipment:{fact.shipment_id}", 1) for fact in facts], now=now, actor=actor)


def _outcome(order_id: int, grant: ReleaseGrant | None, shipments: list[Shipment]) -> ReleaseOutcome:
    if grant is None:
        return ReleaseOutcome(order_id, (), (RefusedGate("data", "order_exists", "There is no such submitted order."),))
    refused = tuple(RefusedGate(r.gate, r.rule, r.message) for r in grant.refused)
    return ReleaseOutcome(order_id, tuple(s.pk for s in shipments if s.order_id == order_id), refused)
