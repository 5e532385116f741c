"""Make a draft binding: price it, check it, count it against credit, reserve it. Held is an outcome, not an error."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from accounts import queries as accounts
from core import journal, outbox
from core.actors import Actor
from core.errors import InvalidInput, NotFound
from core.refs import DocumentRef
from core.uow import door_verb, require_uow
from credit.rules.asks import CreditDecision
from credit.services.lock_accounts import lock_accounts
from inventory import queries as inventory
from inventory.rules.asks import PromiseSlice
from orders.events import OrderSubmitted
from orders.gates import Verdicts, look_at
from orders.locks import lock_orders
from orders.models import Order
from orders.queries import account_of, holds_of, pictures
from orders.rules import gates as rules
from orders.rules.asks import GateResult, LineOutcome, Submitted
from orders.rules.capture import Surroundings
from orders.rules.holds import refresh
from orders.rules.picture import OrderPicture
from orders.rules.trace import price_columns
from orders.services.accept import Accepted, accept, decide_credit
from orders.services.hold_rows import Told, insert_holds
from orders.services.write_rows import insert_splits, lock_prices
from orders.states import AT_SUBMIT, ORDER, OrderStatus, Verdict

ZERO = Decimal(0)


class SubmitRefused(InvalidInput):
    """`errors` are the problems of every gate that rejects, with their places; `gates` names those gates."""

    status = 422
    template = "The order cannot be submitted: {count} problem(s)."


@door_verb
def submit(*, order_id: int, actor: Actor, now: datetime) -> Submitted:
    """Submit a draft. Submitting a submitted order again changes nothing and gives what it has now.

    Raises NotFound, IllegalTransition (closed, cancelled), SubmitRefused with every violation when a gate rejects.
    """
    return submit_order(order_id, actor=actor, now=now)


@require_uow
def submit_order(order_id: int, *, actor: Actor, now: datetime) -> Submitted:
    """The same inside a caller's transaction that holds no lock yet."""
    account_id = account_of(order_id)
    if account_id is None:
        raise NotFound(kind="order", ident=order_id)
    lock_accounts([account_id])
    row = lock_orders([order_id])[order_id]
    if row.status == OrderStatus.SUBMITTED:
        return submitted_now(order_id)
    ORDER.require(OrderStatus(row.status), OrderStatus.SUBMITTED)
    picture = replace(pictures([order_id], with_demands=False)[order_id], version=row.version + 1)
    return _submit(judge_entry(picture, now=now), actor, now)


def _submit(verdicts: Verdicts, actor: Actor, now: datetime) -> Submitted:
    order = verdicts.order
    decision = decide_credit(order, today=verdicts.today, now=now)
    splits = splits_of(order.account_id, on=verdicts.today)  # all reads come before the claim on the hot row
    accepted = accept(order, verdicts.account, verdicts.prices, today=verdicts.today, now=now)
    results = with_credit(verdicts, decision)
    lock_prices(
        [
            {"id": x.line_id, **price_columns(verdicts.prices[x.line_no], x.sku, accepted.demand_ids[x.line_no], now)}
            for x in order.lines
        ]
    )
    Order.objects.filter(pk=order.order_id).update(**order_columns(order, verdicts, results, now))
    insert_splits([{"line_id": line.line_id, **split} for line in order.lines for split in splits])
    return finish(verdicts, accepted, results, actor=actor, now=now)


@require_uow
def judge_entry(order: OrderPicture, *, now: datetime, around: Surroundings | None = None) -> Verdicts:
    """Prices and gates 1 to 4, or SubmitRefused. Reads only."""
    verdicts = look_at(order, now=now, around=around)
    rejected = [r for r in verdicts.results if r.verdict == Verdict.REJECT]
    if rejected:
        raise SubmitRefused([p for r in rejected for p in r.problems], gates=[str(r.gate) for r in rejected])
    return verdicts


def with_credit(verdicts: Verdicts, decision: CreditDecision) -> tuple[GateResult, ...]:
    """The results of gates 1 to 5: everything that is asked at submit."""
    return (*verdicts.results, *rules.credit(verdicts.order, decision))


def order_columns(
    order: OrderPicture, verdicts: Verdicts, results: Sequence[GateResult], now: datetime
) -> dict[str, Any]:
    """What submitting changes on the order row."""
    prices = verdicts.prices.values()
    return {
        "status": OrderStatus.SUBMITTED,
        "submitted_at": now,
        "version": order.version,
        "ship_to_id": order.ship_to_id,
        "total_amount": order.total,
        "tax_amount": sum((p.tax for p in prices), ZERO),
        "freight_amount": sum((p.freight for p in prices), ZERO),
        "gate_results": [gate_json(r) for r in results],
    }


def gate_json(result: GateResult) -> dict[str, Any]:
    return {
        "gate": str(result.gate),
        "verdict": str(result.verdict),
        "rule": result.rule,
        "message": result.message,
        "explanation": result.explanation.as_json(),
    }


@require_uow
def finish(
    verdicts: Verdicts,
    accepted: Accepted,
    results: Sequence[GateResult],
    *,
    actor: Actor,
    now: datetime,
    before: Sequence[journal.Entry] = (),
    facts: Sequence[outbox.Note] = (),
) -> Submitted:
    """Holds, journal and facts of an order whose rows are written. `before` and `facts` are told first."""
    order = verdicts.order
    specs = [(order, spec) for spec in refresh(order.open_holds, results, AT_SUBMIT).place]
    told = insert_holds(specs, actor=actor, now=now).get(order.order_id, Told())
    fact = OrderSubmitted(
        order.order_id,
        order.account_id,
        tuple(order.product_ids),
        len(order.lines),
        order.total,
        order.currency,
        bool(told.views),
    )
    summary = f"Submitted: {len(order.lines)} lines, {order.total:,} {order.currency}"
    entry = journal.Entry(DocumentRef("order", order.order_id, order.number), "submitted", summary)
    journal.write([*before, entry, *told.entries], actor=actor, now=now)
    notes = [*facts, outbox.Note(fact, f"order:{order.order_id}", order.version), *told.notes]
    outbox.publish_many(notes, now=now, actor=actor)
    return Submitted(
        order.order_id, order.number, order.total, order.currency, told.views, line_outcomes(order, accepted)
    )


def splits_of(account_id: int, *, on: date) -> list[dict[str, Any]]:
    """Who earns the commission on the account's lines, as it is today: a later change does not touch them."""
    found = accounts.rep_splits([account_id], on=on).get(account_id, ())
    return [{"rep_id": s.rep_id, "kind": s.kind, "percent": s.percent} for s in found]


def line_outcomes(order: OrderPicture, accepted: Accepted) -> tuple[LineOutcome, ...]:
    return tuple(_outcome(order, index, accepted) for index in range(len(order.lines)))


def _outcome(order: OrderPicture, index: int, accepted: Accepted) -> LineOutcome:
    line = order.lines[index]
    got = accepted.reservations.get(line.line_no)
    assert line.product_id is not None
    assert line.unit_price is not None
    return LineOutcome(
        line.line_no,
        line.product_id,
        line.qty,
        line.unit_price,
        line.amount,
        got.reserved if got else ZERO,
        got.backordered if got else line.qty,
        got.promises if got else (),
    )


def submitted_now(order_id: int) -> Submitted:
    """A submitted order's outcome as it stands: 6 statements."""
    order = pictures([order_id])[order_id]
    demand_ids = [x.demand.demand_id for x in order.lines if x.demand]
    promises = inventory.promises(demand_ids) if demand_ids else {}
    lines = tuple(_standing(order, i, promises) for i, x in enumerate(order.lines) if x.demand)
    return Submitted(order_id, order.number, order.total, order.currency, holds_of([order_id]).get(order_id, ()), lines)


def _standing(order: OrderPicture, index: int, promises: dict[int, tuple[PromiseSlice, ...]]) -> LineOutcome:
    line = order.lines[index]
    state = line.demand
    assert state is not None
    assert line.product_id is not None
    assert line.unit_price is not None
    return LineOutcome(
        line.line_no,
        line.product_id,
        line.qty,
        line.unit_price,
        line.amount,
        state.open - state.backordered,
        state.backordered,
        promises.get(state.demand_id, ()),
    )
