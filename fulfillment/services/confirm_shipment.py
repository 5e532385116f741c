"""The truck left: stock falls, released exposure becomes shipped, billing hears of it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from django.db import connection
from django.db.models import F

from core import journal, outbox
from core.actors import Actor
from core.errors import DomainError, Refused
from core.quantity import plain
from core.refs import DocumentRef
from core.uow import door_verb, require_uow
from credit import queries as credit
from credit.rules.asks import CreditDecision, PostingSpec
from credit.services.post import post
from credit.states import Bucket, CheckPoint
from fulfillment.events import ShipmentShipped, ShippedOverCredit
from fulfillment.models import Shipment, ShipmentLine
from fulfillment.package_queries import unpacked
from fulfillment.queries import carriers
from fulfillment.rules.asks import Departure
from fulfillment.rules.credit_at_ship import as_kept, in_words
from fulfillment.services.find_shipment import lock_with_credit, only, refusals
from fulfillment.states import SHIPMENT, ShipmentStatus
from inventory.services.confirm_shipped import ship_claims
from orders.queries import line_prices
from orders.rules.asks import LockedPrice
from orders.states import Blocks


@door_verb
def confirm_shipment(
    *, shipment_id: int, carrier: str = "", tracking_number: str = "", actor: Actor, now: datetime
) -> str:
    """Ship everything picked. Returns the shipment's number. Without a carrier it leaves with the one that was chosen.

    Raises NotFound, OnHold, IllegalTransition unless it is packed, NotAllPacked where packing was begun and not ended.
    """
    return only(leave([Departure(shipment_id, carrier, tracking_number)], actor=actor, now=now), shipment_id)


@door_verb
def confirm_shipments(departures: Sequence[Departure], *, actor: Actor, now: datetime) -> dict[int, str | DomainError]:
    """The same for about 200 shipments in one transaction: the number of each, or why it stays.

    A refused shipment takes no other down; the number of statements does not grow with the shipments.
    """
    return leave(departures, actor=actor, now=now)


class NotAllPacked(Refused):
    template = "Shipment {number} is not packed to the end: {left} lie in no package, {open} packages are open."
    remedy_template = "Pack the rest and seal every package, or confirm the pick short."


@dataclass(frozen=True)
class _Leaving:
    shipment: Shipment
    lines: list[ShipmentLine]
    how: Departure

    @property
    def ref(self) -> DocumentRef:
        return DocumentRef("shipment", self.shipment.pk, self.shipment.number)


@require_uow
def leave(departures: Sequence[Departure], *, actor: Actor, now: datetime) -> dict[int, str | DomainError]:
    """The same inside the transaction of a verb that holds no lock yet."""
    ids = [departure.shipment_id for departure in departures]
    shipments = lock_with_credit(ids)
    outcomes: dict[int, str | DomainError] = dict(refusals(ids, shipments, ShipmentStatus.SHIPPED, Blocks.SHIP))
    outcomes |= _not_all_packed([i for i in ids if i not in outcomes], shipments)
    departures = _with_carrier(departures, shipments)
    lines_of: dict[int, list[ShipmentLine]] = {i: [] for i in ids}
    for line in ShipmentLine.objects.filter(shipment__in=ids, picked_qty__gt=0).order_by("pk"):
        lines_of[line.shipment_id].append(line)
    leaving = [
        _Leaving(shipments[d.shipment_id], lines_of[d.shipment_id], d)
        for d in departures
        if d.shipment_id not in outcomes
    ]
    if leaving:
        ship_claims({x.claim_id: one.ref for one in leaving for x in one.lines}, actor=actor, now=now)
        _store(leaving, now)
        prices = line_prices([x.order_line_id for one in leaving for x in one.lines])
        post([spec for one in leaving for spec in _exposure(one, prices)], now=now)
        looks = credit.looks({one.shipment.account_id for one in leaving}, point=CheckPoint.SHIP, now=now)
        _tell(leaving, looks, actor, now)
    return outcomes | {one.shipment.pk: one.shipment.number for one in leaving}


def _not_all_packed(ids: Sequence[int], shipments: Mapping[int, Shipment]) -> dict[int, DomainError]:
    """Who packs at the station packs all of it; a warehouse that reports no packages is believed."""
    return {
        i: NotAllPacked(number=shipments[i].number, left=plain(rest.left), open=rest.open_packages)
        for i, rest in unpacked(ids).items()
    }


def _with_carrier(departures: Sequence[Departure], shipments: Mapping[int, Shipment]) -> list[Departure]:
    """Nobody said with whom: with the carrier whose service was chosen."""
    silent = {d.shipment_id for d in departures if not d.carrier}
    chosen = {i: s.service_id for i, s in shipments.items() if i in silent and s.service_id}
    names = carriers(chosen.values()) if chosen else {}
    return [replace(d, carrier=names[chosen[d.shipment_id]]) if d.shipment_id in chosen else d for d in departures]


_STORE = """
UPDATE fulfillment_shipment s SET carrier = d.carrier, tracking_number = d.tracking
  FROM unnest(%s::bigint[], %s::text[], %s::text[]) AS d(id, carrier, tracking) WHERE s.id = d.id
"""


def _store(leaving: Sequence[_Leaving], now: datetime) -> None:
    ids = [one.shipment.pk for one in leaving]
    for one in leaving:
        one.shipment.status = SHIPMENT.require(ShipmentStatus(one.shipment.status), ShipmentStatus.SHIPPED)
        one.shipment.version += 1
        for line in one.lines:
            line.shipped_qty = line.picked_qty or Decimal(0)
    going = [x.pk for one in leaving for x in one.lines]
    ShipmentLine.objects.filter(pk__in=going).update(shipped_qty=F("picked_qty"))
    rows = Shipment.objects.filter(pk__in=ids)
    rows.update(status=ShipmentStatus.SHIPPED, shipped_at=now, version=F("version") + 1)
    with connection.cursor() as cursor:
        cursor.execute(_STORE, [ids, [x.how.carrier for x in leaving], [x.how.tracking_number for x in leaving]])


def _exposure(leaving: _Leaving, prices: dict[int, LockedPrice]) -> Iterator[PostingSpec]:
    """What left, each line rounded by itself: off released, onto shipped."""
    amount = Decimal(0)
    for line in leaving.lines:
        price = prices[line.order_line_id]
        amount += price.worth.of(line.shipped_qty, price.currency)
    account_id, key = leaving.shipment.account_id, f"shipment:{leaving.shipment.pk}"
    sold = prices[leaving.lines[0].order_line_id]  # all of one order
    off = PostingSpec(account_id, leaving.ref, Bucket.RELEASED, -amount, f"{key}:left")
    onto = PostingSpec(account_id, leaving.ref, Bucket.SHIPPED, amount, f"{key}:shipped")
    for spec in (off, onto):
        yield replace(spec, currency=sold.currency, rate_date=sold.submitted_on, terms_code=sold.terms_code)


def _tell(leaving: Sequence[_Leaving], looks: Mapping[int, CreditDecision], actor: Actor, now: datetime) -> None:
    journal.write([_entry(one, looks.get(one.shipment.account_id)) for one in leaving], actor=actor, now=now)
    notes = [
        outbox.Note(
            ShipmentShipped(s.pk, s.number, s.order_id, s.account_id, now),
            f"shipment:{s.pk}",
            s.version,
        )
        for s in (one.shipment for one in leaving)
    ]
    outbox.publish_many([*notes, *_over_credit(leaving, looks)], now=now, actor=actor)


def _entry(leaving: _Leaving, look: CreditDecision | None) -> journal.Entry:
    words = " ".join(filter(None, [leaving.how.carrier, leaving.how.tracking_number]))
    summary = f"Shipment {leaving.shipment.number} shipped" + (f" with {words}" if words else "")
    return journal.Entry(leaving.ref, "shipped", summary, {"credit": as_kept(look)} if look else {})


def _over_credit(leaving: Sequence[_Leaving], looks: Mapping[int, CreditDecision]) -> Iterator[outbox.Note]:
    """One for each account that credit does not pass as it stands. Nothing stays because of it: it is picked."""
    last = {one.shipment.account_id: one.shipment for one in leaving}
    for account_id, shipment in last.items():
        look = looks.get(account_id)
        if look is not None and look.reasons:
            fact = ShippedOverCredit(
                account_id, shipment.pk, shipment.number, shipment.order_id, in_words(look), look.over, look.currency
            )
            yield outbox.Note(fact, f"shipment:{shipment.pk}", shipment.version)
