"""Take an order down as it was asked for, with everything that is wrong with it said at once. Nothing is promised yet."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple

from accounts import queries as accounts
from catalog import queries as catalog
from core import journal, outbox
from core.actors import Actor
from core.choices import counted, words
from core.clock import company_day
from core.errors import FieldError, InvalidInput, Refused
from core.refs import DocumentRef
from core.uow import door_verb, require_uow
from orders.events import OrderCaptured, OrderUnresolved
from orders.locks import lock_orders
from orders.queries import known_lines, orders_by_external_id, orders_by_po_number
from orders.rules.asks import Captured, LineDraft, OrderDraft
from orders.rules.capture import Checked, CheckedLine, Surroundings, check_draft
from orders.services.write_rows import draw_order_ids, insert_lines, insert_orders, new_public_id
from orders.states import OrderStatus


class DuplicatePurchaseOrder(Refused):
    template = "Purchase order {po_number} of this account is order {number} already."
    remedy_template = "Open that order, use another PO number, or add a release number."


class NotADraft(Refused):
    template = "Order {number} is {status}: only a draft can be edited."
    remedy_template = "Cancel lines, or place a new order."


REFUSE_ON = {"one_order_per_account_and_po_number": DuplicatePurchaseOrder}


class Key(NamedTuple):
    """An order's identity in its channel."""

    channel: str
    account_id: int
    external_id: str


@dataclass(frozen=True)
class Known:
    """An order that was captured before, as a second delivery finds it."""

    order_id: int
    public_id: str
    number: str
    status: str


@door_verb(refuse_on=REFUSE_ON)
def capture(draft: OrderDraft, *, actor: Actor, now: datetime) -> Captured:
    """Keep the order as a draft; a second delivery of the same (channel, account, external id) gives the first one.

    Raises InvalidInput with every bad value (pointers /lines/3/qty), DuplicatePurchaseOrder(order_id, number).
    """
    return _capture_all([draft], [""], actor, now)[0]


@door_verb(refuse_on=REFUSE_ON)
def capture_many(drafts: Sequence[OrderDraft], *, actor: Actor, now: datetime) -> list[Captured]:
    """The importer's path: about 200 drafts a call, a constant number of SQL statements, all or none.

    A draft that is known gains only the lines it lacks (identity: `external_ref`, else the line number). Pointers start
    with the draft's index: /7/lines/3/qty.
    """
    return _capture_all(drafts, [f"/{i}" for i in range(len(drafts))], actor, now)


def _capture_all(drafts: Sequence[OrderDraft], prefixes: Sequence[str], actor: Actor, now: datetime) -> list[Captured]:
    checked = check_all(drafts, prefixes, surroundings(drafts, now=now))
    known = _known(drafts)
    fresh = [c for c in checked if _key(c.draft) not in known]
    refuse_duplicate_po_numbers([c.draft for c in fresh])
    outcomes = _insert(fresh, actor, now)
    raced = [c for c in fresh if id(c) not in outcomes]
    if raced:  # somebody else captured it between our look and our insert
        known |= _known([c.draft for c in raced])
    outcomes |= _extend([c for c in checked if id(c) not in outcomes], known, actor, now)
    return [outcomes[id(c)] for c in checked]


def check_all(drafts: Sequence[OrderDraft], prefixes: Sequence[str], around: Surroundings) -> list[Checked]:
    """The drafts checked and converted, or InvalidInput with the faults of all of them."""
    checked = [check_draft(d, around, prefix=p) for d, p in zip(drafts, prefixes, strict=True)]
    errors = [e for c in checked for e in c.errors]
    keys = Counter(_key(d) for d in drafts if d.external_id)
    for draft, prefix in zip(drafts, prefixes, strict=True):
        if keys[_key(draft)] > 1:
            message = f"{draft.external_id} stands twice in this batch."
            errors.append(FieldError(f"{prefix}/external_id", "twice_in_batch", message, "Merge the two."))
    if errors:
        raise InvalidInput(errors)
    return checked


def surroundings(drafts: Iterable[OrderDraft], *, now: datetime) -> Surroundings:
    """Accounts, ship-tos and products of the drafts: one batch each."""
    ship_to_ids, product_ids, account_ids = set(), set(), set()
    for draft in drafts:
        account_ids.add(draft.account_id)
        ship_to_ids.add(draft.ship_to_id)
        for line in draft.lines:
            product_ids.add(line.product_id)
            ship_to_ids.add(line.ship_to_id)
    ships = sorted(s for s in ship_to_ids if s is not None)
    return Surroundings(
        accounts.account_snapshots(sorted(account_ids), on=company_day(now)),
        accounts.ship_to_snapshots(ships) if ships else {},
        catalog.product_snapshots(sorted(p for p in product_ids if p is not None)),
    )


def refuse_duplicate_po_numbers(drafts: Iterable[OrderDraft]) -> None:
    """The database's constraint has the last word; this names the order that has the number."""
    wanted = [(d.account_id, d.po_number, d.release_number) for d in drafts if d.po_number]
    for (_account, po_number, _release), twice in Counter(wanted).items():
        if twice > 1:
            raise DuplicatePurchaseOrder(po_number=po_number, number="in this batch", order_id=None)
    for (_account, po_number, _release), (order_id, number) in orders_by_po_number(wanted).items():
        raise DuplicatePurchaseOrder(po_number=po_number, number=number, order_id=order_id)


@require_uow
def _insert(checked: Sequence[Checked], actor: Actor, now: datetime) -> dict[int, Captured]:
    """The drafts that are new, by id() of the checked draft."""
    if not checked:
        return {}
    drawn = draw_order_ids(len(checked))
    rows = [{**order_row(c, actor, now), "id": i, "number": n} for c, (i, n) in zip(checked, drawn, strict=True)]
    from_here = insert_orders(rows)
    new = [(c, row) for c, row in zip(checked, rows, strict=True) if row["id"] in from_here]
    insert_lines([line_row(row["id"], line) for c, row in new for line in c.lines])
    outcomes = {
        id(c): Captured(row["id"], row["public_id"], row["number"], False, _unresolved(c.lines), len(c.lines))
        for c, row in new
    }
    _tell(new, actor, now)
    return outcomes


def _extend(checked: Sequence[Checked], known: Mapping[Key, Known], actor: Actor, now: datetime) -> dict[int, Captured]:
    """Orders delivered again: the lines they lack go into those that are still drafts."""
    if not checked:
        return {}
    found = {id(c): known[_key(c.draft)] for c in checked}
    lines_of = known_lines([k.order_id for k in found.values()])
    missing = {id(c): _missing(c, lines_of.get(found[id(c)].order_id, {})) for c in checked}
    wanting = {found[i].order_id for i, lines in missing.items() if lines}
    drafts = _lock_drafts(wanting)
    outcomes: dict[int, Captured] = {}
    rows: list[dict[str, Any]] = []
    entries: list[journal.Entry] = []
    for c in checked:
        order, lines = found[id(c)], missing[id(c)]
        is_late = order.order_id not in drafts
        late = tuple(x.draft.line_no for x in lines) if is_late else ()
        if lines and not is_late:
            taken = set(lines_of.get(order.order_id, {}).values())
            rows += [line_row(order.order_id, x) for x in _renumbered(lines, taken)]
            summary = f"{len(lines)} more lines delivered by {c.draft.channel}"
            entries.append(journal.Entry(DocumentRef("order", order.order_id, order.number), "extended", summary))
        added = 0 if is_late else len(lines)
        outcomes[id(c)] = Captured(
            order.order_id, order.public_id, order.number, True, _unresolved(lines) if added else (), added, late
        )
    insert_lines(rows)
    journal.write(entries, actor=actor, now=now)
    return outcomes


def _lock_drafts(order_ids: set[int]) -> set[int]:
    """Those that may still gain lines, locked."""
    if not order_ids:
        return set()
    orders = lock_orders(order_ids)
    return {order_id for order_id, order in orders.items() if order.status == OrderStatus.DRAFT}


def _missing(checked: Checked, present: Mapping[str, int]) -> list[CheckedLine]:
    return [line for line in checked.lines if identity(line.draft) not in present]


def identity(line: LineDraft) -> str:
    """What makes a line the same line when its order is delivered again."""
    return line.external_ref or f"#{line.line_no}"


def _renumbered(lines: Iterable[CheckedLine], taken: set[int]) -> list[CheckedLine]:
    """The lines, those whose number is taken behind the last one."""
    placed: list[CheckedLine] = []
    for line in lines:
        number = line.draft.line_no
        if number in taken:
            number = max(taken) + 1
            line = replace(line, draft=replace(line.draft, line_no=number))
        taken.add(number)
        placed.append(line)
    return placed


def order_row(checked: Checked, actor: Actor, now: datetime) -> dict[str, Any]:
    """The order's columns, without id and number."""
    draft = checked.draft
    return {
        "public_id": new_public_id(),
        "account_id": draft.account_id,
        "ship_to_id": draft.ship_to_id,
        "status": OrderStatus.DRAFT,
        "channel": draft.channel,
        "entered_by_id": actor.user_id,
        "on_behalf_of_id": draft.on_behalf_of or actor.on_behalf_of,
        "external_id": draft.external_id,
        "po_number": draft.po_number,
        "release_number": draft.release_number,
        "currency": checked.currency,
        "terms_code": draft.terms_code,
        "requested_date": draft.requested_date,
        "cancel_after_date": draft.cancel_after_date,
        "note": draft.note,
        "received_at": draft.received_at or now,
    }


def line_row(order_id: int, line: CheckedLine) -> dict[str, Any]:
    """The line's columns as captured: no price, no demand yet."""
    draft = line.draft
    return {
        "order_id": order_id,
        "line_no": draft.line_no,
        "product_id": draft.product_id,
        "qty": line.qty,
        "unit": line.unit,
        "unit_qty": draft.qty,
        "stated_code": draft.stated_code,
        "stated_description": draft.stated_description,
        "stated_price": draft.stated_price,
        "external_ref": draft.external_ref,
        "ship_to_id": draft.ship_to_id,
        "requested_date": draft.requested_date,
    }


def captured_entry(order_id: int, number: str, checked: Checked) -> journal.Entry:
    unresolved = len(_unresolved(checked.lines))
    summary = f"{counted(len(checked.lines), 'line')} captured from {words(checked.draft.channel)}"
    if unresolved:
        summary += f", {unresolved} without a product"
    return journal.Entry(DocumentRef("order", order_id, number), "captured", summary)


def _tell(new: Sequence[tuple[Checked, Mapping[str, Any]]], actor: Actor, now: datetime) -> None:
    notes: list[outbox.Note] = []
    for c, row in new:
        codes = tuple(x.draft.stated_code for x in c.lines if x.draft.product_id is None)
        order_id, account_id, stream = row["id"], c.draft.account_id, f"order:{row['id']}"
        notes.append(outbox.Note(OrderCaptured(order_id, account_id, c.draft.channel, len(codes)), stream, 1))
        if codes:
            notes.append(outbox.Note(OrderUnresolved(order_id, row["number"], account_id, codes), stream, 1))
    journal.write([captured_entry(row["id"], row["number"], c) for c, row in new], actor=actor, now=now)
    outbox.publish_many(notes, now=now, actor=actor)


def _unresolved(lines: Iterable[CheckedLine]) -> tuple[int, ...]:
    return tuple(x.draft.line_no for x in lines if x.draft.product_id is None)


def _key(draft: OrderDraft) -> Key:
    return Key(draft.channel, draft.account_id, draft.external_id)


def _known(drafts: Iterable[OrderDraft]) -> dict[Key, Known]:
    keys = [_key(d) for d in drafts if d.external_id]
    return {Key(*k): Known(*v) for k, v in orders_by_external_id(keys).items()}
