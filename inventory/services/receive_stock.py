"""Stock arrives: a lot, a balance, a movement, and a product that is worth another allocation."""

from datetime import date, datetime
from decimal import Decimal

from core import journal, outbox
from core.actors import Actor
from core.errors import NotFound, Refused
from core.quantity import is_exact, plain
from core.refs import DocumentRef
from core.uow import door_verb
from inventory import locks
from inventory.events import SupplyIncreased
from inventory.models import InboundSupply, Lot, StockBalance, StockMovement
from inventory.services.claim import shift_balances
from inventory.services.promise import sequence_of
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
    Raises NothingReceived, ReceivedOtherwise, NotFound (the inbound supply).
    """
    if not is_exact(qty) or qty <= 0:
        raise NothingReceived(asked=plain(qty))
    balance_id = balance_for(product_id, site_id, lot_code, expiry_date)
    inbound = _lock_inbound(inbound_id)
    locks.lock_balances([balance_id])
    if _is_known(balance_id, qty, source):
        return balance_id
    shift_balances({balance_id: {"on_hand_qty": qty}})
    StockMovement.objects.create(
        balance_id=balance_id,
        kind=MovementKind.RECEIPT,
        qty=qty,
        source_kind=source.kind,
        source_id=source.id,
        sequence=balance_id,
        at=now,
        actor_label=actor.label,
    )
    if inbound is not None:
        _count_in(inbound, qty)
    entry = journal.Entry(
        DocumentRef("stock_balance", balance_id), "received", f"{plain(qty)} received, {source}", {"qty": qty}
    )
    journal.write([entry], actor=actor, now=now)
    fact = SupplyIncreased((product_id,), "received")
    outbox.publish(fact, stream=f"product:{product_id}", seq=sequence_of(now), now=now, actor=actor)
    return balance_id


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


def _lock_inbound(inbound_id: int | None) -> InboundSupply | None:
    if inbound_id is None:
        return None
    inbound = locks.lock_inbound_supply(inbound_id)
    if inbound is None:
        raise NotFound(kind="inbound supply", ident=inbound_id)
    return inbound


def _is_known(balance_id: int, qty: Decimal, source: DocumentRef) -> bool:
    known = StockMovement.objects.filter(
        source_kind=source.kind, source_id=source.id, kind=MovementKind.RECEIPT, sequence=balance_id
    ).first()
    if known is not None and known.qty != qty:
        raise ReceivedOtherwise(source=str(source), recorded=plain(known.qty), asked=plain(qty))
    return known is not None


def _count_in(inbound: InboundSupply, qty: Decimal) -> None:
    inbound.received_qty += qty
    inbound.is_closed = inbound.received_qty >= inbound.ordered_qty
    inbound.save(update_fields=["received_qty", "is_closed"])
