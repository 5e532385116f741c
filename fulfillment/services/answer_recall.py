"""The warehouse answers a recall: it gives the shipment back, or says why it cannot."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from accounts.states import Role
from core import outbox
from core.actors import Actor
from core.errors import FieldError, InvalidInput, NotFound, NotPermitted, Refused
from core.refs import DocumentRef
from core.uow import door_verb, require_uow
from credit.rules.asks import PostingSpec
from credit.services.lock_accounts import lock_accounts
from credit.services.post import post
from credit.states import Bucket
from fulfillment import locks
from fulfillment.events import RecallAnswered
from fulfillment.models import RecallRequest, Shipment, ShipmentLine
from fulfillment.release_queries import open_recall_of
from fulfillment.services.ask_recall import tell
from fulfillment.states import SHIPMENT, RecallState, ShipmentStatus
from inventory.services.site_days import give_back_lines
from inventory.services.take_back_claims import take_back_claims
from orders.queries import line_prices
from orders.services.place_hold import hold_again
from orders.services.return_to_open import return_to_open

MAY = (Role.WAREHOUSE, Role.OPERATOR)
MAY_BY_MESSAGE = (*MAY, Role.SERVICE)  # a warehouse's own system
LEAST_REASON = 10
ZERO = Decimal(0)


class NothingAsked(Refused):
    template = "Nobody asked for shipment {number} back, or the warehouse has answered."
    remedy_template = "Look at the recalls that wait for an answer."


class RecallAnsweredBefore(Refused):
    template = "The recall of shipment {number} was {state} by {by}."
    remedy_template = "Ask again if the shipment is still to come back."


@door_verb
def answer_recall_of(*, shipment_id: int, is_accepted: bool, reason: str, actor: Actor, now: datetime) -> int:
    """The open recall of the shipment answered, as a warehouse's system knows it. The order's id.

    Raises as `accept_recall` and `refuse_recall`, and NothingAsked.
    """
    recall_id = open_recall_of(shipment_id)
    if recall_id is None:
        number = Shipment.objects.filter(pk=shipment_id).values_list("number", flat=True).first()
        raise NothingAsked(number=number or shipment_id)
    if is_accepted:
        return _accept(recall_id, actor, now)
    return _refuse(recall_id, reason, actor, now)


@door_verb
def accept_recall(*, recall_id: int, actor: Actor, now: datetime) -> int:
    """Give the shipment back: it is cancelled, its stock is allocated to the order again, its worth is an open order
    again, and the order is held by hand so that nothing sends it a second time by itself. The order's id.

    Locks credit 10, order 20, shipment 30, demands 50, balances 60. Raises NotPermitted, NotFound, RecallAnsweredBefore,
    IllegalTransition (the pick was confirmed in the meantime).
    """
    return _accept(recall_id, actor, now)


@require_uow
def _accept(recall_id: int, actor: Actor, now: datetime) -> int:
    row, shipment = _asked(recall_id, actor)
    lock_accounts([shipment.account_id])
    note = f"Recalled from the warehouse by {row.asked_by}: {row.note}"
    hold_again(shipment.order_id, note=note[:300], actor=actor, now=now)
    row, shipment = _locked(recall_id, shipment.pk)
    shipment.status = SHIPMENT.require(ShipmentStatus(shipment.status), ShipmentStatus.CANCELLED)
    lines = list(ShipmentLine.objects.filter(shipment=shipment).order_by("pk"))
    take_back_claims([line.claim_id for line in lines], now=now)
    given = len({line.order_line_id for line in lines})
    give_back_lines(shipment.site_id, given, released_at=shipment.released_at)
    _give_back_exposure(shipment, lines, actor, now)
    _answer(row, shipment, RecallState.ACCEPTED, "", actor, now)
    return shipment.order_id


@door_verb
def refuse_recall(*, recall_id: int, reason: str, actor: Actor, now: datetime) -> int:
    """The shipment goes on, and whoever asked reads why. Also for one that was picked in the meantime. The order's id.

    Raises NotPermitted, NotFound, InvalidInput (why, in ten characters), RecallAnsweredBefore.
    """
    return _refuse(recall_id, reason, actor, now)


@require_uow
def _refuse(recall_id: int, reason: str, actor: Actor, now: datetime) -> int:
    _, shipment = _asked(recall_id, actor)
    if len(reason.strip()) < LEAST_REASON:
        raise InvalidInput([FieldError("/reason", "too_short", "Say why in at least ten characters.")])
    row, shipment = _locked(recall_id, shipment.pk)
    _answer(row, shipment, RecallState.REFUSED, reason.strip()[:300], actor, now)
    return shipment.order_id


def _asked(recall_id: int, actor: Actor) -> tuple[RecallRequest, Shipment]:
    if not actor.has_role(*MAY_BY_MESSAGE):
        raise NotPermitted(actor=actor.label, verb="answer a recall", roles=", ".join(MAY))
    row = RecallRequest.objects.filter(pk=recall_id).select_related("shipment").first()
    if row is None:
        raise NotFound(kind="recall", ident=recall_id)
    return row, row.shipment


@require_uow
def _locked(recall_id: int, shipment_id: int) -> tuple[RecallRequest, Shipment]:
    """A recall is locked by its shipment."""
    (shipment,) = locks.lock_shipments([shipment_id])
    row = RecallRequest.objects.get(pk=recall_id)
    if row.state != RecallState.ASKED:
        raise RecallAnsweredBefore(number=shipment.number, state=row.state, by=row.answered_by)
    return row, shipment


@require_uow
def _give_back_exposure(shipment: Shipment, lines: Sequence[ShipmentLine], actor: Actor, now: datetime) -> None:
    prices = line_prices([line.order_line_id for line in lines])
    doc = DocumentRef("shipment", shipment.pk, shipment.number)
    specs: list[PostingSpec] = []
    back: dict[int, Decimal] = {}
    for line in lines:
        price = prices[line.order_line_id]
        worth = price.worth.of(line.qty, price.currency)
        key = f"shipment:{shipment.pk}:line:{line.pk}:recalled"
        spec = PostingSpec(shipment.account_id, doc, Bucket.RELEASED, -worth, key)
        specs.append(replace(spec, currency=price.currency, rate_date=price.submitted_on, terms_code=price.terms_code))
        back[line.order_line_id] = back.get(line.order_line_id, ZERO) + line.qty
    post(specs, now=now)
    return_to_open(back, actor=actor, now=now)


@require_uow
def _answer(
    row: RecallRequest, shipment: Shipment, state: RecallState, answer: str, actor: Actor, now: datetime
) -> None:
    row.state, row.answer, row.answered_at, row.answered_by = state, answer, now, actor.label
    row.save(update_fields=["state", "answer", "answered_at", "answered_by"])
    shipment.version += 1
    Shipment.objects.filter(pk=shipment.pk).update(status=shipment.status, version=shipment.version)
    said = "gives it back" if state == RecallState.ACCEPTED else f"does not give it back: {answer}"
    tell(shipment, f"recall_{state}", f"Shipment {shipment.number}: the warehouse {said}", actor, now)
    fact = RecallAnswered(row.pk, shipment.pk, shipment.number, shipment.order_id, str(state), answer)
    outbox.publish(fact, stream=f"shipment:{shipment.pk}", seq=shipment.version, now=now, actor=actor)
