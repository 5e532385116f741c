"""Turn cancellation rows into returns of the same customer's earlier sales of the product."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from core.actors import Actor
from core.errors import DomainError
from fulfillment.rules.asks import ReturnLineSpec, ReturnSpec
from fulfillment.services.request_returns import request_returns
from integrations import queries
from integrations.rules.reversals import Cancellation, Match, Sale, match_reversals
from integrations.services.record_imported import TakenRow, record_reversals
from orders import queries as orders

Key = tuple[int, str]  # (account id, invoice)


@dataclass(frozen=True, slots=True)
class Reversal:
    """One cancellation row; `key` is its place in the list given, `qty` in base units."""

    key: int
    account_id: int
    product_id: int
    invoice: str
    ref: str
    at: datetime | None
    qty: Decimal


@dataclass
class ReverseOutcome:
    """`refused`: key → why, empty for "nothing to reverse". `partly` of the taken ones found too little."""

    refused: dict[int, str] = field(default_factory=dict)
    returns_created: int = 0
    partly: int = 0


def reverse_sales(
    reversals: Sequence[Reversal],
    *,
    known: Collection[Key],
    pretend: Sequence[tuple[int, int, datetime | None, Decimal]] | None,
    actor: Actor,
    now: datetime,
) -> ReverseOutcome:
    """`known`: invoices some of whose rows were taken before. `pretend`: a dry run's sales; nothing is written then."""
    pairs = {(r.account_id, r.product_id) for r in reversals}
    sales = queries.sales_left(pairs)
    if pretend is not None:
        sales += [Sale(-i, a, p, at, qty) for i, (a, p, at, qty) in enumerate(pretend, start=1)]
    asked = [Cancellation(r.key, r.account_id, r.product_id, r.at, r.qty) for r in reversals]
    matches = {m.key: m for m in match_reversals(asked, sales)}
    outcome = ReverseOutcome({m.key: "" for m in matches.values() if not m.parts})
    found = [r for r in reversals if matches[r.key].parts]
    outcome.partly = sum(matches[r.key].missing > 0 for r in found)
    if pretend is not None:
        outcome.returns_created = len({(r.account_id, r.invoice) for r in found})
    elif found:
        _request(found, matches, known, outcome, actor, now)
    return outcome


def _request(
    found: Sequence[Reversal],
    matches: dict[int, Match],
    known: Collection[Key],
    outcome: ReverseOutcome,
    actor: Actor,
    now: datetime,
) -> None:
    lines = _order_lines({sale_id for r in found for sale_id, _ in matches[r.key].parts})
    invoices: dict[Key, list[Reversal]] = defaultdict(list)
    for r in found:
        invoices[r.account_id, r.invoice].append(r)
    specs = [_spec(key, rows, matches, lines, known) for key, rows in invoices.items()]
    try:
        answers = request_returns(specs, actor=actor, now=now)
        outcome.returns_created += sum(not a.is_duplicate for a in answers)
        _record([r for rows in invoices.values() for r in rows], matches)
    except DomainError:
        for spec, rows in zip(specs, invoices.values(), strict=True):
            _request_one(spec, rows, matches, outcome, actor, now)


def _request_one(
    spec: ReturnSpec,
    rows: Sequence[Reversal],
    matches: dict[int, Match],
    outcome: ReverseOutcome,
    actor: Actor,
    now: datetime,
) -> None:
    try:
        (answer,) = request_returns([spec], actor=actor, now=now)
    except DomainError as refusal:
        outcome.refused |= {r.key: refusal.in_words for r in rows}
        return
    outcome.returns_created += not answer.is_duplicate
    _record(rows, matches)


def _spec(
    key: Key,
    rows: Sequence[Reversal],
    matches: dict[int, Match],
    lines: dict[int, int],
    known: Collection[Key],
) -> ReturnSpec:
    """One return per cancellation invoice; rows that come later for the same invoice make one of their own."""
    account_id, invoice = key
    wanted: dict[int, Decimal] = defaultdict(Decimal)
    refs: dict[int, str] = {}
    for r in rows:
        for sale_id, qty in matches[r.key].parts:
            wanted[lines[sale_id]] += qty
            refs.setdefault(lines[sale_id], r.ref)
    external_id = f"{invoice}+{rows[0].ref}"[:80] if key in known else invoice
    return ReturnSpec(
        account_id,
        external_id,
        f"Cancelled by {invoice}",
        tuple(ReturnLineSpec(line_id, qty, refs[line_id]) for line_id, qty in wanted.items()),
    )


def _order_lines(sale_ids: Collection[int]) -> dict[int, int]:
    """Imported sale → order line."""
    places = queries.places_of_sales(sale_ids)
    order_ids = {order_id for order_id, _ in places.values()}
    numbers = orders.known_lines(order_ids)
    ids = {
        (order_id, line.line_no): line.line_id
        for order_id, picture in orders.pictures(order_ids, with_demands=False).items()
        for line in picture.lines
        if line.line_id is not None
    }
    return {pk: ids[order_id, numbers[order_id][ref]] for pk, (order_id, ref) in places.items()}


def _record(rows: Sequence[Reversal], matches: dict[int, Match]) -> None:
    taken_back: dict[int, Decimal] = defaultdict(Decimal)
    for r in rows:
        for sale_id, qty in matches[r.key].parts:
            taken_back[sale_id] += qty
    taken = [TakenRow(r.account_id, r.product_id, r.invoice, r.ref, None, r.at, r.qty) for r in rows]
    record_reversals(taken, taken_back=taken_back)
