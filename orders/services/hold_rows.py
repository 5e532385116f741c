"""Place and clear hold rows by rule. Part of submit, release and re-evaluation; people use place_hold and clear_hold."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from core import journal
from core.actors import Actor
from core.outbox import Note
from core.refs import DocumentRef
from core.uow import require_uow
from orders.events import HoldCleared, HoldPlaced
from orders.hold_queries import clearers_of
from orders.models import Hold
from orders.queries import hold_view
from orders.rules.asks import HoldView
from orders.rules.holds import HoldSpec
from orders.rules.picture import OpenHold, OrderPicture
from orders.states import HoldReason


@dataclass(frozen=True)
class Told:
    """What the caller has still to say: the journal's entries and the facts, one statement each for all orders."""

    views: tuple[HoldView, ...] = ()
    entries: tuple[journal.Entry, ...] = ()
    notes: tuple[Note, ...] = ()


@require_uow
def insert_holds(specs: Sequence[tuple[OrderPicture, HoldSpec]], *, actor: Actor, now: datetime) -> dict[int, Told]:
    """Two statements for all orders; what to tell, by order id. The orders are locked or new."""
    clearers = clearers_of({spec.reason for _, spec in specs}) if specs else {}
    made = [_row(order, spec, clearers, actor, now) for order, spec in specs]
    rows = Hold.objects.bulk_create(made) if made else []
    told: dict[int, Told] = {}
    for (order, spec), row in zip(specs, rows, strict=True):
        so_far = told.get(order.order_id, Told())
        message = spec.result.message
        entry = journal.Entry(_ref(order), "held", f"On hold ({spec.reason}): {message}", {"rule": spec.rule})
        fact = HoldPlaced(
            row.pk,
            order.order_id,
            order.number,
            order.account_id,
            spec.reason,
            spec.rule,
            message,
            order.total,
            order.currency,
        )
        note = Note(fact, f"order:{order.order_id}", order.version)
        told[order.order_id] = Told((*so_far.views, hold_view(row)), (*so_far.entries, entry), (*so_far.notes, note))
    return told


def _row(
    order: OrderPicture, spec: HoldSpec, clearers: Mapping[HoldReason, Sequence[str]], actor: Actor, now: datetime
) -> Hold:
    explanation = spec.result.explanation.as_json()
    explanation["problems"] = [p.message for p in spec.result.problems[:20]]
    return Hold(
        order_id=order.order_id,
        reason=spec.reason,
        rule=spec.rule,
        blocks=list(spec.blocks),
        clearable_by=list(clearers[spec.reason]) if spec.clearable_by else [],
        is_forced=spec.is_forced,
        explanation=explanation,
        placed_at=now,
        placed_by=actor.label,
    )


@require_uow
def clear_by_rule(
    holds: Sequence[tuple[OrderPicture, OpenHold]], *, why: str, actor: Actor, now: datetime
) -> dict[int, Told]:
    """Clear holds whose rule passes now; what to tell, by order id. The orders are locked."""
    if holds:
        Hold.objects.filter(pk__in=[h.hold_id for _, h in holds], cleared_at__isnull=True).update(
            cleared_at=now, cleared_by=actor.label, clear_reason=why[:300]
        )
    told: dict[int, Told] = {}
    for order, hold in holds:
        so_far = told.get(order.order_id, Told())
        entry = journal.Entry(_ref(order), "hold_cleared", f"{hold.reason} hold cleared: {why}", {"rule": hold.rule})
        told[order.order_id] = Told((), (*so_far.entries, entry), (*so_far.notes, cleared_note(order, hold)))
    return told


@require_uow
def clear_all(orders: Iterable[OrderPicture], *, why: str, actor: Actor, now: datetime) -> Told:
    """Clear every open hold of orders that are over, those of persons too: there is nothing left to hold."""
    pairs = [(order, hold) for order in orders for hold in order.open_holds]
    return merged(clear_by_rule(pairs, why=why, actor=actor, now=now).values())


@require_uow
def clear_of_credit(order: OrderPicture, *, why: str, actor: Actor, now: datetime) -> Told:
    """Clear what credit's rules hold of an order of which nothing more can be owed; a person's hold stays."""
    ours = [h for h in order.open_holds if h.reason == HoldReason.CREDIT and not h.is_forced]
    return merged(clear_by_rule([(order, h) for h in ours], why=why, actor=actor, now=now).values())


def cleared_note(order: OrderPicture, hold: OpenHold) -> Note:
    fact = HoldCleared(
        hold.hold_id, order.order_id, order.number, order.account_id, hold.reason, hold.rule, hold.blocks
    )
    return Note(fact, f"order:{order.order_id}", order.version)


def merged(told: Iterable[Told]) -> Told:
    """All of it as one, for one journal and one outbox statement."""
    views: list[HoldView] = []
    entries: list[journal.Entry] = []
    notes: list[Note] = []
    for one in told:
        views += one.views
        entries += one.entries
        notes += one.notes
    return Told(tuple(views), tuple(entries), tuple(notes))


def _ref(order: OrderPicture) -> DocumentRef:
    return DocumentRef("order", order.order_id, order.number)
