"""Stock arrives: a lot, a balance, a movement, and a product that is worth another allocation."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal

from django.db import connection

from core import journal, outbox
from core.actors import Actor
from core.clock import local_date
from core.errors import NotFound, Refused
from core.quantity import is_exact, plain
from core.refs import DocumentRef
from core.uow import door_verb, require_uow
from inventory import locks
from inventory.events import SupplyIncreased
from inventory.models import Lot, StockBalance, StockMovement
from inventory.rules.asks import ReceiptLine
from inventory.services.claim import shift_balances
from inventory.services.places import refuse_unfit, refuse_vendors
from inventory.services.promise import sequence_of
from inventory.services.serials import mark_serials, refuse_known, require_serials, serial_products
from inventory.states import MovementKind, StockStatus


class ReceivedOtherwise(Refused):
    template = "{source} has already received {recorded} there; now {asked} are reported."
    remedy_template = "Adjust the stock with a reason, or receive the rest under another document."


class NothingReceived(Refused):
    template = "A receipt of {asked} is not a receipt."
    remedy_template = (
        "Receive a quantity above zero, of at most four decimal places; use an adjustment to take stock away."
    )


@door_verb
def receive_stock(
    *,
    product_id: int,
    site_id: int,
    qty: Decimal,
    lot_code: str = "",
    expiry_date: date | None = None,
    inbound_id: int | None = None,
    source: DocumentRef,
    actor: Actor,
    now: datetime,
) -> int:
    """The balance id. Once per source document and balance: the same report again changes nothing.

    With `inbound_id` the open quantity of that supply falls, and it is closed when all came.
    Raises NothingReceived, ReceivedOtherwise, LotIsRecalled, LotIsExpired, SerialsMissing, SerialIsElsewhere, NotFound
    (the inbound supply).
    """
    line = ReceiptLine(product_id, site_id, qty, source, lot_code, expiry_date, inbound_id)
    return receive_lines([line], actor=actor, now=now)[0]


@door_verb
def receive_many(lines: Sequence[ReceiptLine], *, actor: Actor, now: datetime) -> list[int]:
    """The same for a whole delivery in one transaction, all or none: the balance of each line, in the order given.

    A constant number of statements and one fact for all products. Lots are taken one by one, where there are any.
    """
    return receive_lines(lines, actor=actor, now=now)


@require_uow
def receive_lines(lines: Sequence[ReceiptLine], *, actor: Actor, now: datetime) -> list[int]:
    """The same inside the caller's transaction: ranks 52, 57 and 60."""
    for line in lines:
        if not is_exact(line.qty) or line.qty <= 0:
            raise NothingReceived(asked=plain(line.qty))
    numbered = serial_products({x.product_id for x in lines})
    require_serials(lines, numbered)
    refuse_vendors({x.site_id for x in lines}, verb="nothing is received there")
    places = _balances_for(lines)
    _lock_inbound({x.inbound_id for x in lines if x.inbound_id is not None})
    _refuse_unfit(lines, now)
    locks.lock_balances(set(places))
    known = _known(lines, places)
    fresh = [
        (x, balance_id) for x, balance_id in zip(lines, places, strict=True) if (x.source, balance_id) not in known
    ]
    if not fresh:
        return places
    refuse_known([x for x, _ in fresh], numbered)
    mark_serials([x for x, _ in fresh], numbered)
    arrived: dict[int, Decimal] = defaultdict(Decimal)
    for line, balance_id in fresh:
        arrived[balance_id] += line.qty
    shift_balances({balance_id: {"on_hand_qty": qty} for balance_id, qty in arrived.items()})
    StockMovement.objects.bulk_create([_movement(x, balance_id, actor, now) for x, balance_id in fresh])
    _count_in(x for x, _ in fresh)
    journal.write([_entry(x, balance_id) for x, balance_id in fresh], actor=actor, now=now)
    products = tuple(sorted({x.product_id for x, _ in fresh}))
    fact = SupplyIncreased(products, "received")
    outbox.publish(fact, stream=f"product:{products[0]}", seq=sequence_of(now), now=now, actor=actor)
    return places


def _refuse_unfit(lines: Sequence[ReceiptLine], now: datetime) -> None:
    """Lots are locked (rank 57), so that a recall at this moment waits or is seen."""
    named = {(x.product_id, x.lot_code) for x in lines if x.lot_code}
    if named:
        rows = Lot.objects.filter(product_id__in={p for p, _ in named}, code__in={code for _, code in named})
        lots = locks.lock_lots(set(rows.values_list("pk", flat=True)))
        refuse_unfit(lots.values(), verb="it is not received as good stock", on=local_date(now, "UTC"))


def _movement(line: ReceiptLine, balance_id: int, actor: Actor, now: datetime) -> StockMovement:
    return StockMovement(
        balance_id=balance_id,
        kind=MovementKind.RECEIPT,
        qty=line.qty,
        source_kind=line.source.kind,
        source_id=line.source.id,
        sequence=balance_id,
        at=now,
        actor_label=actor.label,
        reason=line.source.number[:200],
    )


def _entry(line: ReceiptLine, balance_id: int) -> journal.Entry:
    words = f"{plain(line.qty)} received, {line.source}"
    return journal.Entry(DocumentRef("stock_balance", balance_id), "received", words, {"qty": line.qty})


def _balances_for(lines: Sequence[ReceiptLine]) -> list[int]:
    """The balance of each line: those without a lot together, in two statements."""
    places = sorted({(x.product_id, x.site_id) for x in lines if not x.lot_code})
    found: dict[tuple[int, int], int] = {}
    if places:
        StockBalance.objects.bulk_create(
            [StockBalance(product_id=p, site_id=s) for p, s in places], ignore_conflicts=True
        )
        rows = StockBalance.objects.filter(
            product_id__in={p for p, _ in places}, lot=None, status=StockStatus.AVAILABLE, owner=""
        )
        found = {(p, s): pk for pk, p, s in rows.values_list("id", "product_id", "site_id")}
    return [
        balance_for(x.product_id, x.site_id, x.lot_code, x.expiry_date)
        if x.lot_code
        else found[x.product_id, x.site_id]
        for x in lines
    ]


def balance_for(product_id: int, site_id: int, lot_code: str = "", expiry_date: date | None = None) -> int:
    """The id of our good-stock balance at that place, made where there is none. A known lot keeps its expiry date."""
    lot_id = None
    if lot_code:
        Lot.objects.bulk_create(
            [Lot(product_id=product_id, code=lot_code, expiry_date=expiry_date)], ignore_conflicts=True
        )
        lot_id = Lot.objects.values_list("id", flat=True).get(product_id=product_id, code=lot_code)
    place = {"product_id": product_id, "site_id": site_id, "lot_id": lot_id, "status": StockStatus.AVAILABLE}
    StockBalance.objects.bulk_create([StockBalance(**place)], ignore_conflicts=True)
    return StockBalance.objects.values_list("id", flat=True).get(owner="", **place)


def _lock_inbound(inbound_ids: Collection[int]) -> None:
    found = locks.lock_inbound_supplies(inbound_ids) if inbound_ids else {}
    if missing := set(inbound_ids) - found.keys():
        raise NotFound(kind="inbound supply", ident=min(missing))


def _known(lines: Sequence[ReceiptLine], places: Sequence[int]) -> set[tuple[DocumentRef, int]]:
    """The (document, balance) pairs that were received before. Raises ReceivedOtherwise."""
    rows = StockMovement.objects.filter(
        kind=MovementKind.RECEIPT,
        source_kind__in={x.source.kind for x in lines},
        source_id__in={x.source.id for x in lines},
        sequence__in=set(places),
    ).values_list("source_kind", "source_id", "sequence", "qty")
    recorded = {(kind, ident, sequence): qty for kind, ident, sequence, qty in rows}
    known = set()
    for line, balance_id in zip(lines, places, strict=True):
        qty = recorded.get((line.source.kind, line.source.id, balance_id))
        if qty is None:
            continue
        if qty != line.qty:
            raise ReceivedOtherwise(source=str(line.source), recorded=plain(qty), asked=plain(line.qty))
        known.add((line.source, balance_id))
    return known


_COUNT_IN = """
UPDATE inventory_inboundsupply i
   SET received_qty = i.received_qty + c.qty, is_closed = i.received_qty + c.qty >= i.ordered_qty
  FROM unnest(%s::bigint[], %s::numeric[]) AS c(id, qty) WHERE i.id = c.id
"""


def _count_in(lines: Iterable[ReceiptLine]) -> None:
    """Their inbound supplies are locked."""
    came: dict[int, Decimal] = defaultdict(Decimal)
    for line in lines:
        if line.inbound_id is not None:
            came[line.inbound_id] += line.qty
    if came:
        with connection.cursor() as cursor:
            cursor.execute(_COUNT_IN, [list(came), list(came.values())])
