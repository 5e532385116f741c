"""The rows of an amendment: exposure, demands and claims, lines, header, holds, and the revision. Part of amend."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from accounts.states import ShipComplete
from core import journal, outbox
from core.actors import Actor
from core.quantity import plain
from core.refs import DocumentRef
from core.uow import require_uow
from credit.services.post import post
from inventory.rules.asks import DemandAmendment, DemandChange, DemandSpec, Reservation
from inventory.services.open_demands import open_demands
from inventory.services.refresh_demands import refresh_demands
from inventory.services.reserve import reserve
from orders.amendments import Assessed
from orders.events import OrderAmended
from orders.models import Order, OrderRevision
from orders.queries import holds_of
from orders.revision_queries import last_revision
from orders.rules.asks import GateResult, HoldView
from orders.rules.exposure import by_ship_date, open_parts, open_posting
from orders.rules.holds import is_blocked, refresh
from orders.rules.picture import LinePicture, OpenHold, OrderPicture
from orders.rules.ranking import rank_of
from orders.rules.releasable import policy_of
from orders.rules.trace import price_columns
from orders.rules.wishes import Wish, day_of, place_of, standing
from orders.services.hold_rows import Told as HoldsTold
from orders.services.hold_rows import clear_by_rule, insert_holds, merged
from orders.services.settle_status import settle_status
from orders.services.submit import splits_of
from orders.services.write_rows import amend_lines, insert_lines, insert_splits, lock_prices, write_freight
from orders.states import Gate, OrderStatus

ZERO = Decimal(0)
NOTHING = HoldsTold()
TOLD = 4  # changes that the history names; the revision names all
LONGEST = 300


@dataclass(frozen=True)
class Written:
    """`demands` of all lines by number, `reserved` what new and raised ones got."""

    demands: dict[int, int]
    reserved: dict[int, Reservation]


@dataclass(frozen=True)
class Told:
    revision: int
    status: str
    holds: tuple[HoldView, ...]


@require_uow
def write_amendment(found: Assessed, wish: Wish, *, now: datetime) -> Written:
    """Money before goods: credit is rank 10 and locked; stock is the last contended write."""
    _post(found, now)
    new = [c for c in found.lines if c.before is None]
    specs = [spec_of(found, c.after) for c in new]
    opened = open_demands(specs, now=now) if specs else {}
    demands = {x.line_no: x.demand.demand_id for x in found.before.lines if x.demand}
    demands |= {c.line_no: opened[str(c.line_no)] for c in new}
    amending = amending_of(found, demands)
    asking = [demands[c.line_no] for c in found.lines if c.more]
    got = reserve(asking, now=now, amending=amending) if asking or amending else {}
    _write_lines(found, wish, demands, now)
    _write_header(found, wish)
    _refresh(found, demands, now)
    return Written(demands, {c.line_no: got[demands[c.line_no]] for c in found.lines if c.more})


@require_uow
def _post(found: Assessed, now: datetime) -> None:
    """Off as it was, on as it is, in one posting a ship date."""
    was = [(day, -amount) for day, amount in open_parts(found.before)]
    changes = by_ship_date([*was, *open_parts(found.after)])
    order = found.after
    key = f"order:{order.order_id}:v{order.version}:amend"
    specs = [
        open_posting(order, amount, f"{key}:{day}", day, rate_date=found.before.submitted_on)
        for day, amount in changes.items()
    ]
    post(specs, now=now)


def spec_of(found: Assessed, line: LinePicture) -> DemandSpec:
    order, account = found.after, found.account
    assert line.product_id is not None
    return DemandSpec(
        str(line.line_no),
        DocumentRef("order", order.order_id, order.number),
        line.line_no,
        line.product_id,
        line.qty,
        order.account_id,
        day_of(order, line) or found.today,
        rank=rank_of(order, account, found.prices.get(line.line_no)),
        is_blocked=is_blocked(order.open_holds),
        min_shelf_life_days=account.min_shelf_life_days,
        backorder_allowed=account.backorders_allowed,
        ship_to_id=place_of(order, line),
    )


def amending_of(found: Assessed, demands: dict[int, int]) -> dict[int, DemandAmendment]:
    """By demand; those whose row is written later are locked now, with the others."""
    days: dict[int, date] = {x.line_no: day_of(found.after, x) or found.today for x in found.redated}
    places = {x.line_no: place_of(found.after, x) for x in found.redirected}
    sizes = {c.line_no: (c.less, c.more) for c in found.lines if c.before is not None and (c.less or c.more)}
    is_whole = found.changes_as_a_whole
    touched = {*days, *places, *sizes} | ({x.line_no for x in found.after.lines} if is_whole else set())
    ships = found.after.ship_complete
    return {
        demands[n]: DemandAmendment(*sizes.get(n, (ZERO, ZERO)), days.get(n), places.get(n), is_whole, ships)
        for n in sorted(touched)
        if n in demands
    }


@require_uow
def _write_lines(found: Assessed, wish: Wish, demands: dict[int, int], now: datetime) -> None:
    order = found.after
    amend_lines([_line_row(c.after) for c in found.lines if c.before is not None])
    raised = [c.after for c in found.lines if c.before is not None and c.line_no in found.prices]
    lock_prices([{"id": x.line_id, **_price_row(found, x, demands, now)} for x in raised])
    write_freight({x.line_id: x.unit_freight for x in order.lines if x.line_id and x.line_no in found.refreighted})
    refs = [x.external_ref for x in wish.lines if x.line_no is None]
    new = [c.after for c in found.lines if c.before is None]
    rows = [_new_row(found, line, ref, demands, now) for line, ref in zip(new, refs, strict=True)]
    if rows:
        ids = insert_lines(rows)
        splits = splits_of(order.account_id, on=found.today)
        insert_splits([{"line_id": line_id, **split} for line_id in ids.values() for split in splits])


def _line_row(line: LinePicture) -> dict[str, Any]:
    names = ("qty", "unit", "unit_qty", "stated_price", "ship_to_id", "requested_date", "amount")
    return {"id": line.line_id, **{name: getattr(line, name) for name in names}}


def _price_row(found: Assessed, line: LinePicture, demands: dict[int, int], now: datetime) -> dict[str, Any]:
    columns = price_columns(found.prices[line.line_no], line, demands[line.line_no], now)
    return {**columns, "amount": line.amount}


def _new_row(found: Assessed, line: LinePicture, ref: str, demands: dict[int, int], now: datetime) -> dict[str, Any]:
    return {
        "order_id": found.after.order_id,
        "line_no": line.line_no,
        "product_id": line.product_id,
        "qty": line.qty,
        "unit": line.unit,
        "unit_qty": line.unit_qty,
        "stated_code": line.stated_code,
        "stated_description": "",
        "stated_price": None,
        "external_ref": ref,
        "ship_to_id": line.ship_to_id,
        "requested_date": line.requested_date,
        **_price_row(found, line, demands, now),
    }


@require_uow
def _write_header(found: Assessed, wish: Wish) -> None:
    order = found.after
    changed: dict[str, Any] = {
        name: getattr(order, name)
        for name in ("po_number", "ship_to_id", "requested_date", "cancel_after_date", "ship_complete")
        if getattr(order, name) != getattr(found.before, name)
    }
    if wish.note is not None or "note" in wish.cleared:
        changed["note"] = "" if "note" in wish.cleared else wish.note
    Order.objects.filter(pk=order.order_id).update(
        **changed,
        total_amount=order.total,
        tax_amount=order.tax,
        freight_amount=order.freight,
        version=order.version,
    )


@require_uow
def _refresh(found: Assessed, demands: dict[int, int], now: datetime) -> None:
    """What allocation ranks by: the new price of raised lines, and who ships together."""
    order, account = found.after, found.account
    changes: dict[int, DemandChange] = {}
    if found.is_regrouped or found.before.ship_complete != order.ship_complete:
        group = order.number if policy_of(order, account) == ShipComplete.ORDER else ""
        change = DemandChange(ship_complete_group=group, ship_complete=order.ship_complete)
        changes = {demands[x.line_no]: change for x in found.before.lines if x.demand}
    for line in found.lines:
        if line.before is not None and line.line_no in found.prices:
            rank = rank_of(order, account, found.prices[line.line_no])
            changes[demands[line.line_no]] = DemandChange(rank=rank)
    if changes:
        refresh_demands(changes, now=now)


@require_uow
def tell_amendment(
    found: Assessed,
    results: Sequence[GateResult],
    cleared: Sequence[OpenHold],
    demand_ids: Collection[int],
    *,
    reason: str,
    actor: Actor,
    now: datetime,
) -> Told:
    """Holds by what the gates said, the status, the revision, the history and the facts."""
    order = found.after
    gates = {*found.gates, *({Gate.CREDIT} if found.asks_credit else ())} - {Gate.ELIGIBILITY}
    holds = refresh(order.open_holds, results, gates)
    placed = insert_holds([(order, s) for s in holds.place], actor=actor, now=now)
    gone = [(order, h) for h in {*holds.clear, *cleared}]
    told = merged([*placed.values(), *clear_by_rule(gone, why="the order was amended", actor=actor, now=now).values()])
    status, settled = OrderStatus.SUBMITTED, NOTHING
    if any(c.less for c in found.lines):
        status, settled = settle_status(order, demand_ids, actor=actor, now=now)
    number = last_revision(order.order_id) + 1
    OrderRevision.objects.create(**_revision(found, number, reason, actor, now))
    ref = DocumentRef("order", order.order_id, order.number)
    entry = journal.Entry(ref, "amended", _summary(found, number, reason), {"revision": number})
    fact = _fact(found, number, reason, actor)
    note = outbox.Note(fact, f"order:{order.order_id}", order.version)
    journal.write([entry, *told.entries, *settled.entries], actor=actor, now=now)
    outbox.publish_many([note, *told.notes, *settled.notes], now=now, actor=actor)
    return Told(number, str(status), holds_of([order.order_id]).get(order.order_id, ()))


def _revision(found: Assessed, number: int, reason: str, actor: Actor, now: datetime) -> dict[str, Any]:
    return {
        "order_id": found.after.order_id,
        "number": number,
        "version": found.after.version,
        "at": now,
        "actor_label": actor.label,
        "actor_id": actor.user_id,
        "on_behalf_of": actor.on_behalf_of,
        "channel": actor.channel,
        "reason": reason,
        "changes": [{"label": c.label, "before": c.before, "after": c.after} for c in found.changes],
        "before": _kept(found.before, [c.before for c in found.lines if c.before]),
        "after": _kept(found.after, [c.after for c in found.lines]),
        "money_effect": found.money_effect,
        "currency": found.after.currency,
    }


def _kept(order: OrderPicture, lines: Sequence[LinePicture]) -> dict[str, Any]:
    """The header and the lines that changed, as text: what stands of each, at which price, when and where to."""
    return {
        "po_number": order.po_number,
        "ship_to_id": order.ship_to_id,
        "requested_date": _text(order.requested_date),
        "cancel_after_date": _text(order.cancel_after_date),
        "ship_complete": order.ship_complete,
        "total": f"{order.total:f}",
        "lines": [
            {
                "line_no": x.line_no,
                "product_id": x.product_id,
                "sku": x.sku,
                "qty": plain(standing(x)),
                "unit_price": None if x.unit_price is None else f"{x.unit_price:f}",
                "amount": f"{x.amount:f}",
                "requested_date": _text(x.requested_date),
                "ship_to_id": x.ship_to_id,
            }
            for x in lines
        ],
    }


def _text(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _summary(found: Assessed, number: int, reason: str) -> str:
    more = f" and {len(found.changes) - TOLD} more" if len(found.changes) > TOLD else ""
    said = "; ".join(f"{c.label}: {c.before} → {c.after}" for c in found.changes[:TOLD])
    return f"Amended (revision {number}): {said}{more}. {reason}"[:LONGEST]


def _fact(found: Assessed, number: int, reason: str, actor: Actor) -> OrderAmended:
    order = found.after
    touched: set[int] = {c.line_no for c in found.lines} | {x.line_no for x in (*found.redated, *found.redirected)}
    if found.changes_as_a_whole:
        touched = {x.line_no for x in order.lines}  # what was held may have moved, and be free elsewhere
    products = {x.product_id for x in order.lines if x.line_no in touched and x.product_id is not None}
    return OrderAmended(
        order.order_id,
        order.number,
        order.account_id,
        number,
        tuple(sorted(products)),
        tuple(f"{c.label}: {c.before} → {c.after}" for c in found.changes[:50]),
        found.money_effect,
        order.currency,
        reason,
        actor.label,
        actor.user_id,
    )
