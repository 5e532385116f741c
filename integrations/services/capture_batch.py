"""Capture a batch of imported orders at once; where some are refused, the others still go in."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Generic, Protocol, TypeVar

from core.actors import Actor
from core.errors import DomainError, InvalidInput
from integrations.rules.import_rows import OrderRow
from orders.rules.asks import Captured, LineDraft, OrderDraft
from orders.services.capture import capture_many
from orders.states import Channel


class Line(Protocol):
    row: OrderRow
    ref: str
    product_id: int
    qty: Decimal


L = TypeVar("L", bound=Line)


@dataclass
class ImportOrder(Generic[L]):
    """All new lines of one invoice of one account."""

    account_id: int
    invoice: str
    at: datetime | None
    lines: list[L] = field(default_factory=list)


@dataclass
class BatchOutcome(Generic[L]):
    """`taken` as (order id, line); `refused` as (line, why)."""

    taken: list[tuple[int, L]] = field(default_factory=list)
    refused: list[tuple[L, str]] = field(default_factory=list)
    orders_created: int = 0


def capture_batch(orders: Sequence[ImportOrder[L]], *, actor: Actor, now: datetime) -> BatchOutcome[L]:
    """One transaction for all; after a refusal the bad lines are taken out, and what is still refused goes alone."""
    outcome: BatchOutcome[L] = BatchOutcome()
    try:
        _capture(orders, outcome, actor, now)
    except InvalidInput as wrong:
        good = _without_bad_lines(orders, wrong, outcome)
        _one_by_one_if_needed(good, outcome, actor, now)
    except DomainError:
        _one_by_one(orders, outcome, actor, now)
    return outcome


def _capture(orders: Sequence[ImportOrder[L]], outcome: BatchOutcome[L], actor: Actor, now: datetime) -> None:
    if not orders:
        return
    for order, captured in zip(orders, capture_many([_draft(o) for o in orders], actor=actor, now=now), strict=True):
        _count(order, captured, outcome)


def _count(order: ImportOrder[L], captured: Captured, outcome: BatchOutcome[L]) -> None:
    outcome.orders_created += not captured.is_duplicate
    late = set(captured.late)
    for number, line in enumerate(order.lines, start=1):
        if number in late:
            outcome.refused.append((line, f"Order {captured.number} is no draft any more; it takes no further lines."))
        else:
            outcome.taken.append((captured.order_id, line))


def _draft(order: ImportOrder[L]) -> OrderDraft:
    return OrderDraft(
        account_id=order.account_id,
        channel=Channel.IMPORT,
        currency="",
        lines=tuple(_line(n, line) for n, line in enumerate(order.lines, start=1)),
        po_number=order.invoice,
        external_id=order.invoice,
        received_at=order.at,
    )


def _line(number: int, line: Line) -> LineDraft:
    row = line.row
    return LineDraft(
        line_no=number,
        qty=row.quantity,
        unit=row.unit,
        product_id=line.product_id,
        stated_code=row.sku,
        stated_description=row.description,
        stated_price=row.price,
        external_ref=line.ref,
    )


def _without_bad_lines(
    orders: Sequence[ImportOrder[L]], wrong: InvalidInput, outcome: BatchOutcome[L]
) -> list[ImportOrder[L]]:
    """Pointers are /7/lines/3/qty; one that names no line means the whole order."""
    words: dict[tuple[int, int], str] = {}
    for error in wrong.errors:
        path = error.pointer.strip("/").split("/")
        at = int(path[2]) if len(path) > 2 and path[1] == "lines" and path[2].isdigit() else -1
        words.setdefault((int(path[0]), at), error.in_words)
    good: list[ImportOrder[L]] = []
    for i, order in enumerate(orders):
        why = {j: words.get((i, j), words.get((i, -1), "")) for j in range(len(order.lines))}
        outcome.refused += [(line, why[j]) for j, line in enumerate(order.lines) if why[j]]
        kept = [line for j, line in enumerate(order.lines) if not why[j]]
        if kept:
            good.append(ImportOrder(order.account_id, order.invoice, order.at, kept))
    return good


def _one_by_one_if_needed(
    orders: Sequence[ImportOrder[L]], outcome: BatchOutcome[L], actor: Actor, now: datetime
) -> None:
    try:
        _capture(orders, outcome, actor, now)
    except DomainError:
        _one_by_one(orders, outcome, actor, now)


def _one_by_one(orders: Sequence[ImportOrder[L]], outcome: BatchOutcome[L], actor: Actor, now: datetime) -> None:
    for order in orders:
        try:
            _capture([order], outcome, actor, now)
        except DomainError as refusal:
            why = refusal.in_words
            outcome.refused += [(line, why) for line in order.lines]
