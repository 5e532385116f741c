"""Replace what is backordered of a line by a substitute: never silently, always on somebody's word."""

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from accounts.services.lower_spend import lower_spend
from core import journal, outbox, overrides
from core.actors import Actor
from core.errors import FieldError, InvalidInput, Refused
from core.money import line_amount
from core.overrides import Reason
from core.quantity import plain
from core.refs import DocumentRef
from core.uow import door_verb, require_uow
from credit.services.check import check
from credit.services.post import post
from credit.states import CheckPoint
from inventory.rules.asks import DemandSpec
from inventory.services.cancel import cancel as cancel_demands
from inventory.services.open_demands import open_demands
from inventory.services.reserve import reserve
from orders.events import LinesCancelled
from orders.gates import credit_ask
from orders.rules.exposure import open_posting, ship_date_of
from orders.rules.holds import is_blocked
from orders.rules.picture import LinePicture, OrderPicture
from orders.rules.ranking import rank_of
from orders.rules.trace import price_columns
from orders.services.cancel import give_back_credit, locked_order, lower_amounts
from orders.services.count_open_orders import ensure_counted
from orders.services.submit import splits_of
from orders.services.write_rows import insert_lines, insert_splits
from orders.states import OrderStatus
from orders.substitutes import Candidate, candidates, price_of, refusal

ZERO = Decimal(0)
SHORTEST_WORD = 10


class NotASubstitute(Refused):
    template = "Nothing of line {line_no} can be replaced by that product."
    remedy_template = "The line is not backordered any more, or the catalog names no such substitute today."


class SubstituteRefused(Refused):
    template = "{sku} cannot stand in: {why}"
    remedy_template = "Choose another substitute, or have the problem cleared first."


class ConsentNeeded(Refused):
    status = 422
    template = "The customer is asked before {sku} is sent instead."
    remedy_template = "Write down who agreed, when and how, in at least ten characters."


@dataclass(frozen=True)
class Taken:
    order_id: int
    number: str
    line_no: int
    sku: str
    qty: Decimal
    amount: Decimal
    reserved: Decimal


@door_verb
def take_substitute(
    *, order_id: int, line_no: int, product_id: int, consent: str, is_customer: bool, actor: Actor, now: datetime
) -> Taken:
    """Cancel what is backordered of the line and put the substitute on a line of its own, at today's price, reserved
    and counted against credit, in one transaction. `is_customer`: who acts buys for the account, so the act is the
    consent; anybody else gives the customer's word in `consent`, unless the account allows substitutions and the catalog
    asks for none. An override is recorded either way.

    Raises NotFound, NotASubstitute, SubstituteRefused (a gate, or credit), ConsentNeeded, InvalidInput.
    """
    order, status = locked_order(order_id)
    if status != OrderStatus.SUBMITTED:
        raise NotASubstitute(line_no=line_no)
    found = candidates(order, now=now, line_nos=[line_no])
    chosen = next((c for c in found if c.substitute.product_id == product_id), None)
    if chosen is None:
        raise NotASubstitute(line_no=line_no)
    if why := refusal(chosen):
        raise SubstituteRefused(sku=chosen.substitute.sku, why=why)
    word = _consent(chosen, consent, is_customer=is_customer, actor=actor)
    return _take(order, chosen, word, actor, now)


def _consent(chosen: Candidate, consent: str, *, is_customer: bool, actor: Actor) -> str:
    if is_customer:
        return f"accepted by {actor.label} for the customer"
    if len(consent.strip()) >= SHORTEST_WORD:
        return consent.strip()
    if chosen.substitute.needs_consent or not chosen.verdicts.account.substitution_allowed:
        raise ConsentNeeded(sku=chosen.substitute.sku)
    raise InvalidInput([FieldError("/consent", "required", "Say in at least ten characters why it is sent instead.")])


@require_uow
def _take(order: OrderPicture, c: Candidate, word: str, actor: Actor, now: datetime) -> Taken:
    """Money before goods: credit 10 and the order 20 are held; both demands are locked together."""
    assert c.line.demand is not None
    waiting, price = c.line.demand.backordered, price_of(c)
    assert price is not None
    assert price.unit_price is not None
    ensure_counted([order], now=now)
    give_back_credit(order, {c.line.line_no: waiting}, now)
    number = max(x.line_no for x in order.lines) + 1
    new = replace(
        c.verdicts.order.lines[0],
        index=len(order.lines),
        line_no=number,
        unit_price=price.unit_price,
        amount=price.amount,
    )
    _owe(order, new, c, now)
    demand_id = open_demands([_spec(order, new, c)], now=now)[str(number)]
    line_id = insert_lines([_row(order, new, c, demand_id, now)])[order.order_id, number]
    splits = splits_of(order.account_id, on=c.verdicts.today)
    insert_splits([{"line_id": line_id, **split} for split in splits])
    got = reserve([c.line.demand.demand_id, demand_id], now=now)[demand_id]
    cancel_demands([c.line.demand.demand_id], {c.line.demand.demand_id: waiting}, now=now)
    standing = lower_amounts(replace(order, lines=(*order.lines, new)), {c.line.line_no: waiting})
    lower_spend(DocumentRef("order", order.order_id, order.number), standing, actor=actor, now=now)
    _tell(order, c, new, word, actor, now)
    return Taken(order.order_id, order.number, number, new.sku, new.qty, new.amount, got.reserved)


def _owe(order: OrderPicture, new: LinePicture, c: Candidate, now: datetime) -> None:
    """Credit is asked for the substitute once what it replaces is given back; refused, nothing happens."""
    ask = replace(credit_ask(replace(order, lines=(new,)), today=c.verdicts.today), rate_date=order.submitted_on)
    decision = check([ask], point=CheckPoint.ENTRY, now=now)[0]
    if not decision.is_approved:
        why = " ".join(r.message for r in decision.reasons if r.is_blocking) or "credit holds it"
        raise SubstituteRefused(sku=new.sku, why=why)
    assert order.submitted_on is not None
    day = ship_date_of(new.requested_date or order.requested_date, order.submitted_on)
    key = f"order:{order.order_id}:v{order.version}:substitute:{new.line_no}"
    post([open_posting(order, new.unit_worth.of(new.qty, order.currency), key, day)], now=now)


def _spec(order: OrderPicture, new: LinePicture, c: Candidate) -> DemandSpec:
    account = c.verdicts.account
    assert new.product_id is not None
    return DemandSpec(
        str(new.line_no),
        DocumentRef("order", order.order_id, order.number),
        new.line_no,
        new.product_id,
        new.qty,
        order.account_id,
        new.requested_date or order.requested_date or c.verdicts.today,
        rank=rank_of(order, account, price_of(c)),
        is_blocked=is_blocked(order.open_holds),
        min_shelf_life_days=account.min_shelf_life_days,
        backorder_allowed=account.backorders_allowed,
        ship_to_id=new.ship_to_id or order.ship_to_id,
    )


def _row(order: OrderPicture, new: LinePicture, c: Candidate, demand_id: int, now: datetime) -> dict[str, Any]:
    price = price_of(c)
    assert price is not None
    return {
        "order_id": order.order_id,
        "line_no": new.line_no,
        "product_id": new.product_id,
        "qty": new.qty,
        "unit": "",
        "unit_qty": new.qty,
        "stated_code": "",
        "stated_description": f"instead of {c.line.sku}, line {c.line.line_no}",
        "stated_price": None,
        "external_ref": "",
        "ship_to_id": new.ship_to_id,
        "requested_date": new.requested_date,
        **price_columns(price, new, demand_id, now),
    }


def _tell(order: OrderPicture, c: Candidate, new: LinePicture, word: str, actor: Actor, now: datetime) -> None:
    assert c.line.demand is not None
    ref, old = DocumentRef("order", order.order_id, order.number), c.line
    waited = c.line.demand.backordered
    was = line_amount(waited, old.unit_price or ZERO, order.currency)
    overrides.record(
        kind="substitution",
        subject=ref,
        actor=actor,
        reason=Reason("substitution", word),
        before={"line_no": old.line_no, "sku": old.sku, "qty": plain(waited), "amount": f"{was:f}"},
        after={"line_no": new.line_no, "sku": new.sku, "qty": plain(new.qty), "amount": f"{new.amount:f}"},
        now=now,
        money_effect=new.amount - was,
        currency=order.currency,
        account_id=order.account_id,
    )
    ours = f"{plain(new.qty)} of {new.sku} (line {new.line_no})"
    words = f"Line {old.line_no}: {plain(waited)} of {old.sku} replaced by {ours}"
    entry = journal.Entry(ref, "substituted", words, {"consent": word})
    journal.write([entry], actor=actor, now=now)
    products = tuple(sorted(i for i in (old.product_id, new.product_id) if i))
    fact = LinesCancelled(order.order_id, order.account_id, products)
    outbox.publish(fact, stream=f"order:{order.order_id}", seq=order.version, now=now, actor=actor)
