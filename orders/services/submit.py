"""Make a draft binding: price it, check it, count it against credit, reserve it. Held is an outcome, not an error."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from accounts import queries as accounts
from accounts.rules.asks import RepSplit
from accounts.services.lock_spenders import lock_spenders
from core import journal, outbox
from core.actors import Actor
from core.choices import counted
from core.errors import DomainError, InvalidInput, NotFound
from core.refs import DocumentRef
from core.uow import door_verb, require_uow
from credit.rules.asks import CreditDecision
from credit.services.lock_accounts import lock_accounts
from inventory import queries as inventory
from inventory.rules.asks import PromiseSlice, Reservation
from orders.events import OrderSubmitted
from orders.gates import Verdicts, look_at, look_at_many
from orders.locks import lock_orders
from orders.models import Order
from orders.purchase_queries import Head, heads
from orders.queries import holds_of, pictures
from orders.rules import gates as rules
from orders.rules.asks import GateResult, HoldView, LineOutcome, Submitted
from orders.rules.capture import Surroundings
from orders.rules.holds import refresh
from orders.rules.picture import LinePicture, OrderPicture
from orders.rules.purchase import BY_PEOPLE
from orders.rules.trace import price_columns
from orders.services.accept import Entering, decide_credit_of_many, open_lines, reserve_lines
from orders.services.ask_company import Asking, ask_company, spenders_of
from orders.services.hold_goods import pass_on
from orders.services.hold_rows import Told, insert_holds
from orders.services.write_rows import insert_splits, lock_prices, set_submitted
from orders.states import AT_SUBMIT, ORDER, Blocks, OrderStatus, Verdict

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


@door_verb
def submit_many(order_ids: Sequence[int], *, actor: Actor, now: datetime) -> dict[int, Submitted | DomainError]:
    """About 200 drafts in one transaction, by id: each order's outcome, or why it stays a draft. A refused order takes
    no other down, and the number of statements does not grow with the orders. Credit is decided in the order asked.
    """
    return _submit_all(list(dict.fromkeys(order_ids)), actor, now)


@require_uow
def submit_order(order_id: int, *, actor: Actor, now: datetime) -> Submitted:
    """The same for one inside a caller's transaction that holds no lock yet."""
    outcome = _submit_all([order_id], actor, now)[order_id]
    if isinstance(outcome, DomainError):
        raise outcome
    return outcome


@require_uow
def _submit_all(order_ids: Sequence[int], actor: Actor, now: datetime) -> dict[int, Submitted | DomainError]:
    """Rank by rank for all, decided order by order, written set-based."""
    owners = heads(order_ids)
    lock_accounts(head.account_id for head in owners.values())
    spenders = _spenders(owners.values(), actor)
    lock_spenders((user_id, owners[i].account_id) for i, user_id in spenders.items() if user_id is not None)
    rows = lock_orders(owners)
    outcomes: dict[int, Submitted | DomainError] = {}
    drafts = []
    holds = {i: row.stock_hold_id for i, row in rows.items() if row.stock_hold_id is not None}
    for order_id in order_ids:
        if order_id not in rows:
            outcomes[order_id] = NotFound(kind="order", ident=order_id)
        elif rows[order_id].status == OrderStatus.SUBMITTED:
            outcomes[order_id] = submitted_now(order_id)
        elif refusal := _not_a_draft(rows[order_id]):
            outcomes[order_id] = refusal
        else:
            drafts.append(order_id)
    if drafts:
        known = pictures(drafts, with_demands=False)
        entering, refused = _judge_all([replace(known[i], version=rows[i].version + 1) for i in drafts], now)
        outcomes |= refused
        outcomes |= _submit_judged(entering, spenders, holds, actor, now) if entering else {}
    return outcomes


def _spenders(owners: Iterable[Head], actor: Actor) -> dict[int, int | None]:
    """{order id: whose limits it counts towards} of the orders that a customer's people, or their rep, entered."""
    by_people = [head for head in owners if head.channel in BY_PEOPLE]
    by_rep = {head.order_id: None for head in by_people if head.on_behalf_of_id is not None}
    wanted = {h.order_id: (h.account_id, h.entered_by_id) for h in by_people if h.order_id not in by_rep}
    return by_rep | (spenders_of(wanted, actor=actor) if wanted else {})


def _not_a_draft(row: Order) -> DomainError | None:
    try:
        ORDER.require(OrderStatus(row.status), OrderStatus.SUBMITTED)
    except DomainError as refusal:
        return refusal
    return None


def _judge_all(orders: Sequence[OrderPicture], now: datetime) -> tuple[list[Verdicts], dict[int, DomainError]]:
    """Those that may go on, and the refusals by order id."""
    found = look_at_many(orders, now=now)
    refused: dict[int, DomainError] = {v.order.order_id: r for v in found if (r := rejection(v))}
    return [v for v in found if v.order.order_id not in refused], refused


def _submit_judged(
    entering: Sequence[Verdicts],
    spenders: Mapping[int, int | None],
    holds: Mapping[int, int],
    actor: Actor,
    now: datetime,
) -> dict[int, Submitted | DomainError]:
    """`holds`: {draft: what it holds of the goods}."""
    entering, decisions = _decided(entering, now)
    asking = [Asking(v.order, spenders[v.order.order_id]) for v in entering if v.order.order_id in spenders]
    asked = ask_company(asking, actor=actor, now=now) if asking else {}
    refused = {i: said for i, said in asked.items() if isinstance(said, DomainError)}
    awaited = {i: said for i, said in asked.items() if not isinstance(said, DomainError)}
    if refused:  # what a refused order took of the credit is there for the others
        entering, decisions = _decided([v for v in entering if v.order.order_id not in refused], now)
    if not entering:
        return dict(refused)
    splits = splits_of_many({v.order.account_id: v.today for v in entering})
    demands = open_lines([Entering(v.order, v.account, v.prices, v.today) for v in entering], now=now)
    judged = [
        Judged(v, with_credit(v, decision, awaited.get(v.order.order_id)))
        for v, decision in zip(entering, decisions, strict=True)
    ]
    lock_prices([row for j in judged for row in _price_rows(j, demands[j.order.order_id], now)])
    set_submitted([{"id": j.order.order_id, **order_columns(j.order, j.verdicts, j.results, now)} for j in judged])
    insert_splits(
        [{"line_id": x.line_id, **s} for j in judged for x in j.order.lines for s in splits[j.order.account_id]]
    )
    told = tell_many(judged, actor=actor, now=now)
    heirs = [i for i in demands if i in holds]
    giving_way = pass_on([holds[i] for i in heirs], now=now)
    reserved = reserve_lines(demands, now=now, in_place_of=giving_way, heirs=heirs)
    done = {j.order.order_id: j.order for j in judged}
    return {**refused, **{i: outcome_of(order, told[i], reserved[i]) for i, order in done.items()}}


def _decided(entering: Sequence[Verdicts], now: datetime) -> tuple[list[Verdicts], list[CreditDecision]]:
    """Credit of each after the other, and the terms it was decided on."""
    decisions = decide_credit_of_many([(v.order, v.today) for v in entering], now=now)
    return [with_terms(v, decision) for v, decision in zip(entering, decisions, strict=True)], decisions


def _price_rows(judged: "Judged", demands: Mapping[int, int], now: datetime) -> Iterator[dict[str, Any]]:
    prices = judged.verdicts.prices
    for x in judged.order.lines:
        yield {"id": x.line_id, **price_columns(prices[x.line_no], x, demands[x.line_no], now)}


@require_uow
def judge_entry(order: OrderPicture, *, now: datetime, around: Surroundings | None = None) -> Verdicts:
    """Prices and gates 1 to 4, or SubmitRefused. Reads only."""
    verdicts = look_at(order, now=now, around=around)
    if refusal := rejection(verdicts):
        raise refusal
    return verdicts


def rejection(verdicts: Verdicts) -> SubmitRefused | None:
    """Everything that the gates which reject found, or nothing."""
    rejected = [r for r in verdicts.results if r.verdict == Verdict.REJECT]
    if not rejected:
        return None
    return SubmitRefused([p for r in rejected for p in r.problems], gates=[str(r.gate) for r in rejected])


def with_credit(
    verdicts: Verdicts, decision: CreditDecision, awaited: GateResult | None = None
) -> tuple[GateResult, ...]:
    """The results of gates 1 to 5: everything that is asked at submit. `awaited`: what the customer's company has to say."""
    asked = () if awaited is None else (awaited,)
    return (*verdicts.results, *asked, *rules.credit(verdicts.order, decision))


def with_terms(verdicts: Verdicts, decision: CreditDecision) -> Verdicts:
    """The document says its terms: its own, else those of the account on this day."""
    return replace(verdicts, order=replace(verdicts.order, terms_code=decision.terms_code or verdicts.order.terms_code))


def order_columns(
    order: OrderPicture, verdicts: Verdicts, results: Sequence[GateResult], now: datetime
) -> dict[str, Any]:
    """What submitting changes on the order row."""
    return {
        "status": OrderStatus.SUBMITTED,
        "submitted_at": now,
        "version": order.version,
        "ship_to_id": order.ship_to_id,
        "terms_code": order.terms_code,
        "contract_terms_code": order.contract_terms,
        "total_amount": order.total,
        "tax_amount": order.tax,
        "freight_amount": order.freight,
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


@dataclass(frozen=True)
class Judged:
    """An order whose rows are written, with the results of gates 1 to 5."""

    verdicts: Verdicts
    results: Sequence[GateResult]
    blocks: tuple[str, ...] = (Blocks.RELEASE,)  # what its holds keep from happening

    @property
    def order(self) -> OrderPicture:
        return self.verdicts.order


@require_uow
def tell_many(
    judged: Sequence[Judged],
    *,
    actor: Actor,
    now: datetime,
    before: Sequence[journal.Entry] = (),
    facts: Sequence[outbox.Note] = (),
) -> dict[int, tuple[HoldView, ...]]:
    """Holds, journal and facts of orders whose rows are written: three statements. The holds of each; `before` and
    `facts` are told first."""
    specs = [
        (j.order, replace(spec, blocks=j.blocks))
        for j in judged
        for spec in refresh(j.order.open_holds, j.results, AT_SUBMIT).place
    ]
    told = insert_holds(specs, actor=actor, now=now)
    entries, notes = [*before], [*facts]
    holds: dict[int, tuple[HoldView, ...]] = {}
    for j in judged:
        order, said = j.order, told.get(j.order.order_id, Told())
        summary = f"Submitted: {counted(len(order.lines), 'line')}, {order.total:,} {order.currency}"
        ref = DocumentRef("order", order.order_id, order.number)
        entries += [journal.Entry(ref, "submitted", summary), *said.entries]
        fact = _submitted_fact(order, is_held=bool(said.views))
        notes += [outbox.Note(fact, f"order:{order.order_id}", order.version), *said.notes]
        holds[order.order_id] = said.views
    journal.write(entries, actor=actor, now=now)
    outbox.publish_many(notes, now=now, actor=actor)
    return holds


def outcome_of(order: OrderPicture, holds: Sequence[HoldView], got: Mapping[int, Reservation]) -> Submitted:
    """What became of the order; `got` by line number."""
    lines = tuple(_outcome(line, got.get(line.line_no)) for line in order.lines)
    return Submitted(order.order_id, order.number, order.total, order.currency, tuple(holds), lines)


def _submitted_fact(order: OrderPicture, *, is_held: bool) -> OrderSubmitted:
    return OrderSubmitted(
        order.order_id,
        order.account_id,
        tuple(order.product_ids),
        len(order.lines),
        order.total,
        order.currency,
        is_held,
    )


def splits_of_many(days: Mapping[int, date]) -> dict[int, list[dict[str, Any]]]:
    """The same by account, each on its own day: a statement per day, and all days are the same but at midnight."""
    found: dict[int, list[dict[str, Any]]] = {}
    for on in sorted(set(days.values())):
        mine = [account_id for account_id, day in days.items() if day == on]
        splits = accounts.rep_splits(mine, on=on)
        found |= {i: [_split_row(s) for s in splits.get(i, ())] for i in mine}
    return found


def splits_of(account_id: int, *, on: date) -> list[dict[str, Any]]:
    """Who earns the commission on the account's lines, as it is today: a later change does not touch them."""
    return splits_of_many({account_id: on})[account_id]


def _split_row(split: RepSplit) -> dict[str, Any]:
    return {"rep_id": split.rep_id, "kind": split.kind, "percent": split.percent}


def _outcome(line: LinePicture, got: Reservation | None) -> LineOutcome:
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
