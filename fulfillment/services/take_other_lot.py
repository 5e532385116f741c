"""The picker found another lot or numbered unit than the one released: it goes instead, if it may."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import F

from catalog.queries import product_snapshots, scan
from core import journal
from core.actors import Actor
from core.errors import FieldError, InvalidInput
from core.quantity import is_exact, plain
from core.refs import DocumentRef
from core.uow import door_verb
from credit.rules.asks import PostingSpec
from credit.services.post import post
from credit.states import Bucket
from fulfillment.models import Shipment, ShipmentLine
from fulfillment.services.find_shipment import lock_with_credit, only, refusals
from fulfillment.states import ShipmentStatus
from inventory.services.move_claim import MovedClaim, move_claim
from orders.queries import line_prices
from orders.states import Blocks


@dataclass(frozen=True)
class TakenLot:
    """The line that holds the units now (another one, where only a part came from the other lot), in words."""

    line_id: int
    words: str


@door_verb
def take_other_lot(
    *, shipment_id: int, line_id: int, code: str, qty: Decimal | None = None, actor: Actor, now: datetime
) -> TakenLot:
    """Send `qty` base units (None: all) of a released line from the lot or serial number in `code`: its barcode, or the
    bare number. The line is still to be picked; where only a part is taken elsewhere, that part is a line of its own.

    Raises NotFound, OnHold, IllegalTransition (picked already), InvalidInput (no such line, quantity or code, another
    product), LotIsNotThere, LotIsTheClaimedOne, LotMayNotGo, LotIsClaimed.
    """
    shipments = lock_with_credit([shipment_id])
    wrong = refusals([shipment_id], shipments, ShipmentStatus.PACKED, Blocks.PICK)
    only({shipment_id: shipment_id, **wrong}, shipment_id)
    shipment = shipments[shipment_id]
    line = ShipmentLine.objects.filter(pk=line_id, shipment=shipment).first()
    lot_code = _lot_in(code, line, qty)
    assert line is not None  # else the code was refused
    moved = move_claim(claim_id=line.claim_id, lot_code=lot_code, qty=qty, now=now)
    kept = _kept(line, moved)
    _round_again(shipment, line, kept, now)
    Shipment.objects.filter(pk=shipment_id).update(version=F("version") + 1)
    words = _words(line, moved)
    journal.write([_entry(shipment, words, moved)], actor=actor, now=now)
    return TakenLot(kept.pk, words)


def _lot_in(code: str, line: ShipmentLine | None, qty: Decimal | None) -> str:
    """The lot or serial number that was scanned or typed. Raises InvalidInput."""
    if line is None:
        raise InvalidInput([FieldError("/line", "unknown_line", "This line is not in the shipment.", "Reload it.")])
    if qty is not None and not (is_exact(qty) and 0 < qty <= line.qty):
        words = f"{plain(qty)} is not between 0 and the {plain(line.qty)} released, with at most four decimal places."
        raise InvalidInput([FieldError("/quantity", "bad_quantity", words, "Count again.")])
    if not code.strip():
        raise InvalidInput([FieldError("/code", "required", "Scan the lot that you hold.", "Or type its number.")])
    read = scan([code.strip()])[0]
    number = read.serial or read.lot
    if read.product is None or (not number and read.how != "gtin"):
        return code.strip()[:40]  # no barcode of ours: the number as it stands on the label
    if read.product.id != line.product_id:
        wanted = product_snapshots([line.product_id])[line.product_id].sku
        words = f"{read.product.sku} is another product; {wanted} was released."
        raise InvalidInput([FieldError("/code", "another_product", words, "Put it back where it came from.")])
    if not number:
        words = f"The code says {read.product.sku}, but no lot."
        raise InvalidInput([FieldError("/code", "no_lot", words, "Scan the code with the lot, or type its number.")])
    return number


def _kept(line: ShipmentLine, moved: MovedClaim) -> ShipmentLine:
    """The line, or the new one beside it, as it holds the other lot."""
    where = {"claim_id": moved.claim_id, "balance_id": moved.balance_id, "lot_id": moved.lot_id}
    if moved.qty == line.qty:
        ShipmentLine.objects.filter(pk=line.pk).update(**where)
        return line
    ShipmentLine.objects.filter(pk=line.pk).update(qty=F("qty") - moved.qty)
    return ShipmentLine.objects.create(
        shipment_id=line.shipment_id, order_line_id=line.order_line_id, demand_id=line.demand_id,
        product_id=line.product_id, qty=moved.qty, **where,
    )  # fmt: skip


def _round_again(shipment: Shipment, line: ShipmentLine, kept: ShipmentLine, now: datetime) -> None:
    """Two lines are rounded by themselves where one was: released exposure follows, by a cent at most."""
    if kept.pk == line.pk:
        return
    price = line_prices([line.order_line_id])[line.order_line_id]
    parts = (line.qty - kept.qty, kept.qty)
    apart = sum((price.worth.of(part, price.currency) for part in parts), Decimal(0))
    if change := apart - price.worth.of(line.qty, price.currency):
        ref, key = DocumentRef("shipment", shipment.pk, shipment.number), f"shipment:{shipment.pk}:line:{kept.pk}:lot"
        spec = PostingSpec(
            shipment.account_id, ref, Bucket.RELEASED, change, key, currency=price.currency,
            rate_date=price.submitted_on, terms_code=price.terms_code,
        )  # fmt: skip
        post([spec], now=now)


def _words(line: ShipmentLine, moved: MovedClaim) -> str:
    sku = product_snapshots([line.product_id])[line.product_id].sku
    instead = f" instead of {moved.was_lot_code}" if moved.was_lot_code else ""
    others = f"; {plain(moved.exchanged)} of it were exchanged with other orders" if moved.exchanged else ""
    return f"{plain(moved.qty)} × {sku} go from {moved.lot_code}{instead}{others}"


def _entry(shipment: Shipment, words: str, moved: MovedClaim) -> journal.Entry:
    ref = DocumentRef("shipment", shipment.pk, shipment.number)
    details = {"lot": moved.lot_code, "instead_of": moved.was_lot_code, "quantity": plain(moved.qty)}
    return journal.Entry(ref, "took another lot", words, details)
