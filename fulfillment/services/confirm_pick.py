"""What the picker found. What is missing goes back to open with a reason, opens a case and is allocated again."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from core import journal, outbox
from core.actors import Actor
from core.errors import FieldError, InvalidInput
from core.money import line_amount
from core.quantity import is_exact, plain
from core.refs import DocumentRef
from core.uow import door_verb
from credit.rules.asks import PostingSpec
from credit.services.post import post
from credit.states import Bucket
from fulfillment.events import PickShort
from fulfillment.models import Shipment, ShipmentLine
from fulfillment.services.find_shipment import lock_with_credit, require_no_hold
from fulfillment.states import SHIPMENT, ShipmentStatus
from inventory.services.confirm_picked import confirm_picked
from orders.queries import line_prices
from orders.services.return_to_open import return_to_open
from orders.states import Blocks

ZERO = Decimal(0)


@door_verb
def confirm_pick(
    *, shipment_id: int, picks: Mapping[int, Decimal], short_reason: str = "", actor: Actor, now: datetime
) -> str:
    """Record picked quantities (base units) by shipment line; lines not named were picked in full.

    The shipment is packed afterwards, or cancelled when nothing was found. Returns its new status. Raises
    InvalidInput for an unknown line, a quantity above what was released, or a short pick without a reason.
    """
    shipment = lock_with_credit(shipment_id)
    require_no_hold(shipment, Blocks.PICK)
    lines = list(ShipmentLine.objects.filter(shipment=shipment).order_by("pk"))
    picked = _checked(lines, picks, short_reason)
    target = ShipmentStatus.PACKED if any(picked.values()) else ShipmentStatus.CANCELLED
    shipment.status = SHIPMENT.require(ShipmentStatus(shipment.status), target)
    confirm_picked({line.claim_id: picked[line.pk] for line in lines}, actor=actor, now=now)
    _store(shipment, lines, picked, short_reason, now)
    shorts = [line for line in lines if picked[line.pk] < line.qty]
    if shorts:
        _give_back_exposure(shipment, shorts, picked, actor, now)
    _tell(shipment, shorts, picked, short_reason, actor, now)
    return str(shipment.status)


def _checked(lines: list[ShipmentLine], picks: Mapping[int, Decimal], reason: str) -> dict[int, Decimal]:
    released = {line.pk: line.qty for line in lines}
    wrong = [
        FieldError(f"/picks/{line_id}", *_fault(released.get(line_id), qty))
        for line_id, qty in picks.items()
        if line_id not in released or not is_exact(qty) or not ZERO <= qty <= released[line_id]
    ]
    picked = {line_id: picks.get(line_id, qty) for line_id, qty in released.items()}
    if not reason.strip() and any(picked[i] < released[i] for i in released if is_exact(picked[i])):
        wrong.append(
            FieldError("/short_reason", "required", "A short pick needs a reason.", "Say what was found instead.")
        )
    if wrong:
        raise InvalidInput(wrong)
    return picked


def _fault(released: Decimal | None, qty: Decimal) -> tuple[str, str, str]:
    if released is None:
        return "unknown_line", "This line is not part of the shipment.", "Reload the shipment."
    words = f"{plain(qty)} is not between 0 and {plain(released)}, with at most four decimal places."
    return "bad_quantity", words, "Count again."


def _store(
    shipment: Shipment, lines: list[ShipmentLine], picked: dict[int, Decimal], reason: str, now: datetime
) -> None:
    for line in lines:
        line.picked_qty = picked[line.pk]
        line.short_reason = reason[:120] if picked[line.pk] < line.qty else ""
    ShipmentLine.objects.bulk_update(lines, ["picked_qty", "short_reason"])
    shipment.packed_at = now if shipment.status == ShipmentStatus.PACKED else None
    shipment.version += 1
    shipment.save(update_fields=["status", "packed_at", "version"])


def _give_back_exposure(
    shipment: Shipment, shorts: list[ShipmentLine], picked: dict[int, Decimal], actor: Actor, now: datetime
) -> None:
    prices = line_prices([line.order_line_id for line in shorts])
    specs: list[PostingSpec] = []
    back: dict[int, Decimal] = {}
    for line in shorts:
        price = prices[line.order_line_id]
        was = line_amount(line.qty, price.unit_price, price.currency)
        still = line_amount(picked[line.pk], price.unit_price, price.currency)
        specs.append(
            PostingSpec(
                account_id=shipment.account_id,
                doc=DocumentRef("shipment", shipment.pk, shipment.number),
                bucket=Bucket.RELEASED,
                amount=still - was,
                key=f"shipment:{shipment.pk}:line:{line.pk}:short",
            )
        )
        back[line.order_line_id] = back.get(line.order_line_id, ZERO) + line.qty - picked[line.pk]
    post(specs, now=now)
    return_to_open(back, actor=actor, now=now)


def _tell(
    shipment: Shipment,
    shorts: list[ShipmentLine],
    picked: dict[int, Decimal],
    reason: str,
    actor: Actor,
    now: datetime,
) -> None:
    verb, words = ("picked short", f"{len(shorts)} line(s) short") if shorts else ("picked", "all lines in full")
    ref = DocumentRef("shipment", shipment.pk, shipment.number)
    entry = journal.Entry(ref, verb, f"Shipment {shipment.number} picked: {words}", {"reason": reason})
    journal.write([entry], actor=actor, now=now)
    facts = [
        PickShort(
            shipment_id=shipment.pk,
            shipment_number=shipment.number,
            order_id=shipment.order_id,
            account_id=shipment.account_id,
            product_id=line.product_id,
            site_id=shipment.site_id,
            short_qty=line.qty - picked[line.pk],
            reason=reason,
        )
        for line in shorts
    ]
    stream = f"shipment:{shipment.pk}"
    outbox.publish_many([outbox.Note(f, stream, shipment.version) for f in facts], now=now, actor=actor)
