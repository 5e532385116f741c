"""Hand what may go to the warehouse: nine gates, holds refreshed, claims released, exposure moved. All in the caller's
transaction, which locked the accounts' credit first and inserts the shipments next.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from core import journal, outbox
from core.actors import Actor
from core.errors import NotFound
from core.explain import Explanation
from core.refs import DocumentRef
from core.uow import require_uow
from credit.rules.asks import CreditDecision, PostingSpec
from credit.services.check import check
from credit.services.post import post
from credit.states import Bucket, CheckPoint
from inventory.rules.asks import ClaimedStock
from inventory.rules.ready import with_lines
from inventory.services.lock_demands import lock_demands
from inventory.services.release_claims import release_claims
from inventory.services.site_days import count_released, lock_site_days
from orders.events import LinesReleased
from orders.gates import Evidence, gather, going_lines, judge, sites_of
from orders.locks import lock_orders
from orders.models import Order
from orders.queries import credit_held_pictures, demand_ids_of, pictures
from orders.rules.asks import GateResult, Part, ReleasedLine, ReleaseGrant
from orders.rules.credit_queue import asks_at_release, lines_that_fit
from orders.rules.exposure import by_ship_date, open_change, open_posting, unreleased, worth_of
from orders.rules.holds import refresh
from orders.rules.leaving import lines_by_site
from orders.rules.picture import LinePicture, OrderPicture
from orders.services.bump_versions import bump_versions
from orders.services.count_open_orders import ensure_counted
from orders.services.hold_rows import Told, clear_by_rule, insert_holds, merged
from orders.states import AT_RELEASE, Gate, OrderStatus, Verdict

ZERO = Decimal(0)
UNLOCKED_GATES = tuple(g for g in AT_RELEASE if g != Gate.CREDIT)
WHY = "the rule passes now"


@dataclass(frozen=True)
class _Judged:
    """An order with its results and the demands of the lines that may go (none when a gate refuses)."""

    order: OrderPicture
    results: tuple[GateResult, ...]
    going: tuple[LinePicture, ...]
    is_part: bool = False  # something was left out on purpose: credit has not decided about it

    @property
    def refused(self) -> tuple[GateResult, ...]:
        return tuple(r for r in self.results if r.verdict != Verdict.PASS)


@require_uow
def release_lines(
    order_ids: Iterable[int], *, actor: Actor, now: datetime, parts: Mapping[int, Part] | None = None
) -> dict[int, ReleaseGrant]:
    """A grant per order: what was released, or which gates refused. Partial where ship-complete permits. `parts` names
    orders of which only a part is to go first.

    A constant number of statements for any number of orders and lines. Locks orders (20), demands (50), then sites that
    handle so many lines a day (58): lock, read, decide, write. Raises NotFound.
    """
    rows = lock_orders(order_ids)
    if missing := set(order_ids) - rows.keys():
        raise NotFound(kind="order", ident=min(missing))
    lock_demands(demand_ids_of(rows))  # an allocation run beside us would release more than the gates saw
    orders = {i: replace(o, version=rows[i].version + 1) for i, o in pictures(rows).items()}
    alive = {i: o for i, o in orders.items() if rows[i].status == OrderStatus.SUBMITTED}
    ensure_counted(alive.values(), now=now)
    judged, evidence = _judge(alive, parts or {}, now)
    told = _refresh_holds(judged, actor, now)
    claims = _claim(judged, now)
    count_released(_lines_at(judged, claims), evidence.loads)
    grants = {i: _grant(judged[i], claims) if i in judged else _not_submitted(o, rows[i]) for i, o in orders.items()}
    _post([grants[i] for i in judged], alive, now)
    _finish([g for g in grants.values() if g.claims or g.order_id in told], alive, told, actor, now)
    return grants


@require_uow
def _judge(
    orders: Mapping[int, OrderPicture], parts: Mapping[int, Part], now: datetime
) -> tuple[dict[int, _Judged], Evidence]:
    """Each order in turn, the oldest first: what one takes of a site's day is gone for the next. The evidence says what
    was there before."""
    evidence = gather(orders.values(), UNLOCKED_GATES, now=now)
    evidence = replace(evidence, among=_chosen(orders, parts, evidence, now))
    going = {i: going_lines(order, evidence) for i, order in orders.items()}
    evidence = replace(evidence, credit=_decide_credit(orders, going, now, parts=parts))
    evidence = replace(evidence, loads=lock_site_days(sites_of(evidence.ready), now=now))
    judged, now_taken = {}, evidence
    for order_id, order in sorted(orders.items()):
        gates = gates_asked(order_id in evidence.credit)
        results = tuple(judge(order, now_taken, gates, now=now))
        passes = all(r.verdict == Verdict.PASS for r in results)
        is_part = bool(evidence.among) and _leaves_some(order, evidence.among.get(order_id))
        judged[order_id] = _Judged(order, results, going[order_id] if passes else (), is_part)
        taken = lines_by_site(judged[order_id].going, evidence.ready)
        now_taken = replace(now_taken, loads=with_lines(now_taken.loads, taken))
    return judged, evidence


def gates_asked(is_credit_asked: bool) -> tuple[Gate, ...]:
    """Where nothing would go, credit has nothing to decide: its holds stay as they are."""
    return AT_RELEASE if is_credit_asked else UNLOCKED_GATES


def _chosen(
    orders: Mapping[int, OrderPicture], parts: Mapping[int, Part], evidence: Evidence, now: datetime
) -> dict[int, frozenset[int]]:
    """The lines of the parts: those named, or as many as an amount, or else the account's limit, bears."""
    wanted = {i: part for i, part in parts.items() if i in orders}
    asked = {i: going_lines(orders[i], evidence) for i, part in wanted.items() if part == Part()}
    room = _decide_credit({i: orders[i] for i in asked}, asked, now, parts=asked) if asked else {}
    chosen = {}
    for order_id, part in wanted.items():
        amount = part.amount if part.amount is not None else room[order_id].fits if order_id in room else ZERO
        named = part.line_nos
        chosen[order_id] = named if named is not None else lines_that_fit(orders[order_id], amount)
    return chosen


def _leaves_some(order: OrderPicture, among: frozenset[int] | None) -> bool:
    open_lines = {x.line_no for x in order.lines if x.demand and unreleased(x.demand) > 0}
    return among is not None and not open_lines <= among


@require_uow
def _decide_credit(
    orders: Mapping[int, OrderPicture],
    going: Mapping[int, Sequence[LinePicture]],
    now: datetime,
    *,
    parts: Collection[int] = (),
) -> dict[int, CreditDecision]:
    held = credit_held_pictures({o.account_id for o in orders.values()})
    asks = asks_at_release(orders.values(), going, held, parts)
    return {d.doc.id: d for d in check(asks, point=CheckPoint.RELEASE, now=now)} if asks else {}


@require_uow
def _refresh_holds(judged: Mapping[int, _Judged], actor: Actor, now: datetime) -> dict[int, Told]:
    changes = {i: refresh(j.order.open_holds, j.results, _looked_at(j)) for i, j in judged.items()}
    placed = insert_holds([(judged[i].order, s) for i, c in changes.items() for s in c.place], actor=actor, now=now)
    cleared = clear_by_rule(
        [(judged[i].order, h) for i, c in changes.items() for h in c.clear], why=WHY, actor=actor, now=now
    )
    return {i: merged(t[i] for t in (placed, cleared) if i in t) for i in placed.keys() | cleared.keys()}


def _looked_at(judged: _Judged) -> set[Gate]:
    """What credit said of a part lets nothing go of the rest."""
    gates = {r.gate for r in judged.results}
    return gates - {Gate.CREDIT} if judged.is_part else gates


@require_uow
def _claim(judged: Mapping[int, _Judged], now: datetime) -> dict[int, list[ClaimedStock]]:
    demand_ids = [x.demand.demand_id for j in judged.values() for x in j.going if x.demand]
    return release_claims(demand_ids, now=now) if demand_ids else {}


def _lines_at(judged: Mapping[int, _Judged], claims: Mapping[int, Sequence[ClaimedStock]]) -> dict[int, int]:
    """How many order lines each site was given."""
    given = Counter(
        site_id
        for j in judged.values()
        for x in j.going
        if x.demand
        for site_id in {stock.site_id for stock in claims.get(x.demand.demand_id, ())}
    )
    return dict(given)


def _grant(judged: _Judged, claims: Mapping[int, Sequence[ClaimedStock]]) -> ReleaseGrant:
    order = judged.order
    released = tuple(
        ReleasedLine(line.line_id, stock, line.unit_price, line.unit_worth)
        for line in judged.going
        if line.demand and line.line_id is not None and line.unit_price is not None
        for stock in claims.get(line.demand.demand_id, ())
    )
    refused = judged.refused
    if judged.going and not released:  # an allocation run took the stock back between our look and our lock
        refused = (_verdict(Gate.ALLOCATION, "allocation", "The stock was dealt to others a moment ago."),)
    ship_tos = {x.line_id: x.ship_to_id for x in judged.going if x.line_id is not None and x.ship_to_id is not None}
    return ReleaseGrant(
        order.order_id,
        order.account_id,
        order.ship_to_id,
        judged.results,
        released,
        refused,
        order.number,
        ship_tos,
    )


def _not_submitted(order: OrderPicture, row: Order) -> ReleaseGrant:
    result = _verdict(Gate.DATA, "status", f"The order is {row.status}: only a submitted order is released.")
    return ReleaseGrant(
        order.order_id, order.account_id, order.ship_to_id, (result,), refused=(result,), number=order.number
    )


def _verdict(gate: Gate, rule: str, message: str) -> GateResult:
    return GateResult(gate, Verdict.HOLD, rule, message, Explanation(rule, message))


@require_uow
def _post(grants: Sequence[ReleaseGrant], orders: Mapping[int, OrderPicture], now: datetime) -> None:
    """Open order down by what left the lines, released up by what the claims are worth, each rounded once."""
    specs: list[PostingSpec] = []
    for grant in grants:
        order = orders[grant.order_id]
        specs += _postings(grant, order, DocumentRef("order", order.order_id, order.number))
    post(specs, now=now)


def _postings(grant: ReleaseGrant, order: OrderPicture, ref: DocumentRef) -> list[PostingSpec]:
    left: dict[int, Decimal] = {}
    released = ZERO
    for claim in grant.claims:
        left[claim.order_line_id] = left.get(claim.order_line_id, ZERO) + claim.stock.qty
        released += claim.worth.of(claim.stock.qty, order.currency)
    changes = []
    for line in order.lines:
        if line.line_id in left and line.demand:
            worth, before = worth_of(order, line), unreleased(line.demand)
            changes.append((worth.ship_date, open_change(worth, before, before - left[line.line_id])))
    key = f"order:{ref.id}:v{order.version}:release"
    specs = [open_posting(order, amount, f"{key}:{day}", day) for day, amount in by_ship_date(changes).items()]
    if released:
        into = PostingSpec(order.account_id, ref, Bucket.RELEASED, released, key)
        specs.append(replace(into, currency=order.currency, rate_date=order.submitted_on, terms_code=order.terms_code))
    return specs


@require_uow
def _finish(
    grants: Sequence[ReleaseGrant],
    orders: Mapping[int, OrderPicture],
    told: Mapping[int, Told],
    actor: Actor,
    now: datetime,
) -> None:
    """Versions, journal and facts of the orders something happened to."""
    entries: list[journal.Entry] = []
    notes: list[outbox.Note] = []
    for grant in grants:
        order, said = orders[grant.order_id], told.get(grant.order_id, Told())
        entries += said.entries
        notes += said.notes
        if grant.claims:
            lines = len({c.order_line_id for c in grant.claims})
            ref = DocumentRef("order", order.order_id, order.number)
            entries.append(journal.Entry(ref, "released", f"{lines} of {len(order.lines)} lines released", _why(grant)))
            notes.append(outbox.Note(_released(order, lines), f"order:{order.order_id}", order.version))
    bump_versions([g.order_id for g in grants])
    journal.write(entries, actor=actor, now=now)
    outbox.publish_many(notes, now=now, actor=actor)


def _why(grant: ReleaseGrant) -> dict[str, Any]:
    """What credit said of every rule when it let the order go: a hold keeps that, and where none was nothing else would."""
    return {str(r.gate): r.explanation.as_json() for r in grant.gate_results if r.gate == Gate.CREDIT}


def _released(order: OrderPicture, lines: int) -> LinesReleased:
    states = [x.demand for x in order.lines if x.demand]
    short = sum(1 for s in states if s.backordered + s.reserved > 0)
    is_first = all(s.released + s.picked + s.shipped == 0 for s in states)
    return LinesReleased(order.order_id, order.account_id, lines, short, is_first)
