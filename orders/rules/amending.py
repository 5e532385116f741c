"""What an amendment changes: an order beside what is wanted of it, all that cannot be said at once, each with its remedy.

Quantities of a line are what is to stand of it: ordered less cancelled. Less is taken back like a cancellation, more is
first taken from what was cancelled, so that there and back again leaves the line as it was (domain.md §8, commands).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from accounts.states import ShipComplete
from core.errors import FieldError
from core.money import line_amount
from core.quantity import LARGEST, is_exact, plain
from inventory.rules.asks import DemandState
from orders.rules.amending_words import header_changes, line_changes, notes_of
from orders.rules.asks import LineDraft, OrderDraft
from orders.rules.capture import CheckedLine, Surroundings, check_draft
from orders.rules.picture import LinePicture, OrderPicture, price_text
from orders.rules.wishes import Change, LineChange, LineWish, Wish, is_agreed, least, standing
from orders.states import Channel, OrderStatus

ZERO = Decimal(0)
HEADER = ("po_number", "ship_to_id", "requested_date", "cancel_after_date", "note", "ship_complete")
CLEARABLE = frozenset({"requested_date", "cancel_after_date", "note", "ship_complete"})
MOST_LINES = 2000
INSTEAD = {
    OrderStatus.DRAFT: "Edit the draft.",
    OrderStatus.CLOSED: "Place a new order, or take goods back as a return.",
    OrderStatus.CANCELLED: "Place a new order.",
}


@dataclass(frozen=True, slots=True)
class Comparison:
    """`after` is the order as wanted, new lines and raised ones not priced again yet. `notes` say what stays as it is."""

    after: OrderPicture
    lines: tuple[LineChange, ...]
    changes: tuple[Change, ...]
    notes: tuple[str, ...]
    errors: tuple[FieldError, ...]

    @property
    def is_nothing(self) -> bool:
        return not self.changes and not self.errors


def compare(order: OrderPicture, wish: Wish, around: Surroundings, *, note: str = "") -> Comparison:
    """`note` is the order's note, which its picture does not hold; its status is in the picture's `meta`."""
    wanted = _header(order, wish)
    checked = check_draft(_draft(order, wish, wanted), around, may_be_empty=True)
    fits = {x.draft.line_no: x for x in checked.lines}
    errors = [*_status_errors(order), *_header_errors(wish), *_in_place(checked.errors, order, wish)]
    errors += _line_errors(order, wish, fits)
    moved = _moved(order, wanted)
    if errors:
        return Comparison(order, (), (), (), tuple(errors))
    changed = _changed_lines(order, wish, fits, around)
    by_no = {c.line_no: c.after for c in changed}
    kept = [by_no.get(x.line_no, x) for x in order.lines]
    new = [c.after for c in changed if c.before is None]
    after = replace(moved, lines=tuple(replace(x, index=i) for i, x in enumerate([*kept, *new])))
    told = [*header_changes(order, wanted, around.ship_tos, note), *line_changes(changed, around.ship_tos)]
    return Comparison(after, tuple(changed), tuple(told), tuple(notes_of(order, after)), ())


def _header(order: OrderPicture, wish: Wish) -> dict[str, object]:
    """{name: value} of what the wish gives, where it is not as it was."""
    given = {name: getattr(wish, name) for name in HEADER if getattr(wish, name) is not None}
    given |= {name: "" if name in ("note", "ship_complete") else None for name in wish.cleared & CLEARABLE}
    return {name: v for name, v in given.items() if name == "note" or v != getattr(order, name)}


def _moved(order: OrderPicture, wanted: Mapping[str, object]) -> OrderPicture:
    return replace(order, **{name: v for name, v in wanted.items() if name != "note"})  # type: ignore[arg-type]


def _draft(order: OrderPicture, wish: Wish, wanted: Mapping[str, object]) -> OrderDraft:
    """What of the wish has the form of an order, so that it is checked like one: unchanged values are not judged again."""
    after = _moved(order, wanted)
    dated = bool({"requested_date", "cancel_after_date"} & wanted.keys())
    return OrderDraft(
        order.account_id,
        Channel.API,
        order.currency,
        tuple(_line_drafts(order, wish)),
        po_number=after.po_number if "po_number" in wanted else "",
        ship_to_id=after.ship_to_id if "ship_to_id" in wanted else None,
        requested_date=after.requested_date if dated else None,
        cancel_after_date=after.cancel_after_date if dated else None,
        note=str(wanted.get("note", "")),
    )


def _numbered(order: OrderPicture, wish: Wish) -> list[tuple[int, LineWish]]:
    """The wish's lines with their numbers: new ones come after the last."""
    last = max((x.line_no for x in order.lines), default=0)
    found = []
    for line in wish.lines:
        if line.line_no is None:
            last += 1
        found.append((last if line.line_no is None else line.line_no, line))
    return found


def _line_drafts(order: OrderPicture, wish: Wish) -> Iterator[LineDraft]:
    """Taken out or only dated, a line has no quantity to judge: the one it has stands for it."""
    known = {x.line_no: x for x in order.lines}
    for number, line in _numbered(order, wish):
        old = known.get(number)
        if old is None and line.line_no is not None:
            continue  # named as unknown
        keeps = old is not None and (line.qty is None or line.qty == 0)
        qty = old.qty if old is not None and keeps else line.qty if line.qty is not None else ZERO
        yield LineDraft(
            number,
            qty,
            "" if keeps else line.unit,
            old.product_id if old is not None else line.product_id,
            stated_code=line.stated_code,
            requested_date=line.requested_date,
            ship_to_id=line.ship_to_id,
            external_ref=line.external_ref,
        )


def _in_place(errors: Sequence[FieldError], order: OrderPicture, wish: Wish) -> Iterator[FieldError]:
    """The checks' own errors at the lines of the wish, but not about a quantity that it leaves alone."""
    known = {x.line_no for x in order.lines}
    judged = [i for i, x in enumerate(wish.lines) if x.line_no is None or x.line_no in known]
    for error in errors:
        parts = error.pointer.split("/")
        if len(parts) > 2 and parts[1] == "lines" and parts[2].isdecimal():
            place = judged[int(parts[2])]
            line = wish.lines[place]
            if parts[-1] in ("qty", "unit") and line.line_no is not None and (line.qty is None or line.qty == 0):
                continue
            parts[2] = str(place)
        yield replace(error, pointer="/".join(parts))


def _status_errors(order: OrderPicture) -> Iterator[FieldError]:
    status = order.meta.get("status", OrderStatus.SUBMITTED)
    if status != OrderStatus.SUBMITTED:
        words = f"Order {order.number} is {status}: only an open order is amended."
        yield FieldError("/status", "not_open", words, INSTEAD[OrderStatus(status)])


def _header_errors(wish: Wish) -> Iterator[FieldError]:
    if wish.po_number is not None and not wish.po_number.strip():
        yield FieldError("/po_number", "required", "A PO number is corrected, not taken away.", "Enter the right one.")
    if wish.ship_complete and wish.ship_complete not in set(ShipComplete):
        known = ", ".join(ShipComplete)
        message = f"{wish.ship_complete[:20]!r} is no way to ship."
        yield FieldError("/ship_complete", "unknown", message, f"One of {known}, or nothing for the account's own.")
    for name in sorted(wish.cleared - CLEARABLE):
        yield FieldError(f"/{name[:40]}", "required", f"{name[:40]} cannot be left empty.", "Give another value.")
    if len(wish.lines) > MOST_LINES:
        words = f"{len(wish.lines)} lines; at most {MOST_LINES} in one amendment."
        yield FieldError("/lines", "too_many", words, "Amend it in several steps.")


def _line_errors(order: OrderPicture, wish: Wish, fits: Mapping[int, CheckedLine]) -> Iterator[FieldError]:
    known = {x.line_no: x for x in order.lines}
    for index, line in enumerate(wish.lines):
        at = f"/lines/{index}"
        if line.line_no is None:
            if line.qty is None:
                yield FieldError(f"{at}/qty", "required", "A new line says how much.", "Enter a quantity.")
        elif line.line_no not in known:
            numbers = f"Its lines are 1 to {max(known, default=0)}."
            yield FieldError(f"{at}/line_no", "unknown_line", f"The order has no line {line.line_no}.", numbers)
        else:
            fit = fits.get(line.line_no)
            yield from _against(known[line.line_no], line, fit.qty if fit else None, at)


def _against(old: LinePicture, line: LineWish, fit: Decimal | None, at: str) -> Iterator[FieldError]:
    """What the warehouse has or the customer got cannot be wanted away; a line is of one product."""
    wanted = standing(old) if line.qty is None else ZERO if line.qty == 0 else fit
    if line.product_id is not None and line.product_id != old.product_id:
        words = f"Line {old.line_no} is {old.name}: a line keeps its product."
        yield FieldError(f"{at}/product_id", "product_fixed", words, "Take the line out and add a new one.")
    if wanted is None or not is_exact(wanted) or wanted < 0:
        return
    if wanted < least(old):
        yield _below(old, wanted, f"{at}/qty")
    if is_agreed(old) and wanted > old.qty:
        words = f"Line {old.line_no}: {_price_of(old)} was agreed for {plain(old.qty)}, not for {plain(wanted)}."
        yield FieldError(f"{at}/qty", "agreed_for_less", words, _as_new_line(wanted - old.qty, old))
    if old.qty + wanted > LARGEST:
        yield FieldError(f"{at}/qty", "does_not_fit", f"{plain(wanted)} is too large.", "Ask for less.")
    left = wanted > least(old)
    if not left and (line.requested_date is not None or line.ship_to_id is not None):
        name = "requested_date" if line.requested_date is not None else "ship_to_id"
        words = f"Nothing of line {old.line_no} is left to send another day or elsewhere."
        yield FieldError(f"{at}/{name}", "nothing_left", words, "Leave the line as it is, or ask for more of it.")


def _price_of(line: LinePicture) -> str:
    return "the price" if line.unit_price is None else f"its price of {price_text(line.unit_price)}"


def _as_new_line(more: Decimal, old: LinePicture) -> str:
    return f"Leave the line at {plain(old.qty)} and add {plain(more)} as a new line, at the price of the day."


def _below(old: LinePicture, wanted: Decimal, at: str) -> FieldError:
    state = old.demand
    assert state is not None  # something of it is gone
    parts = [("shipped", state.shipped), ("picked", state.picked), ("released to the warehouse", state.released)]
    said = " and ".join(f"{plain(qty)} {word}" for word, qty in parts if qty)
    words = f"Line {old.line_no}: {said}, so it cannot be {plain(wanted)}."
    remedy = f"Ask for at least {plain(least(old))}."
    if state.released or state.picked:
        remedy += " Or ask the warehouse to recall the shipment first."
    else:
        remedy += " What was sent can come back as a return."
    return FieldError(at, "below_what_is_gone", words, remedy)


def _changed_lines(
    order: OrderPicture, wish: Wish, fits: Mapping[int, CheckedLine], around: Surroundings
) -> list[LineChange]:
    known = {x.line_no: x for x in order.lines}
    found = []
    for number, line in _numbered(order, wish):
        old = known.get(number)
        change = _new(number, line, fits[number], around) if old is None else _amended(old, line, fits[number], order)
        if change.before != change.after:
            found.append(change)
    return found


def _new(number: int, line: LineWish, fit: CheckedLine, around: Surroundings) -> LineChange:
    assert line.product_id is not None  # the checks let it pass
    made = LinePicture(
        0,
        number,
        line.product_id,
        around.products[line.product_id].sku,
        fit.qty,
        fit.draft.qty,
        stated_code=line.stated_code,
        ship_to_id=line.ship_to_id,
        requested_date=line.requested_date,
        unit=fit.unit,
    )
    return LineChange(None, made, more=fit.qty)


def _amended(old: LinePicture, line: LineWish, fit: CheckedLine, order: OrderPicture) -> LineChange:
    was = standing(old)
    wanted = was if line.qty is None else ZERO if line.qty == 0 else fit.qty
    less, more = max(ZERO, was - wanted), max(ZERO, wanted - was)
    after = replace(
        old,
        ship_to_id=line.ship_to_id if line.ship_to_id is not None else old.ship_to_id,
        requested_date=line.requested_date if line.requested_date is not None else old.requested_date,
    )
    if (less or more) and old.demand is not None:
        state = _less(old.demand, less) if less else _more(old.demand, more)
        after = _resized(replace(after, demand=state), old, state.ordered)
        price = old.unit_price if old.unit_price is not None else ZERO
        after = replace(after, amount=line_amount(wanted, price, order.currency))
    return LineChange(old, after, less, more)


def _resized(line: LinePicture, old: LinePicture, qty: Decimal) -> LinePicture:
    """The quantity as the customer counts it follows; where it does not come out even, it is counted in base units and
    the price they stated with it."""
    if qty == old.qty:
        return line
    unit_qty = qty * old.unit_qty / old.qty
    if is_exact(unit_qty) and unit_qty * old.qty == qty * old.unit_qty:
        return replace(line, qty=qty, unit_qty=unit_qty)
    stated = old.stated_price
    per_base = None if stated is None else (stated * old.unit_qty / old.qty).quantize(Decimal("0.000001"))
    return replace(line, qty=qty, unit_qty=qty, unit="", stated_price=per_base)


def _less(state: DemandState, qty: Decimal) -> DemandState:
    """As inventory gives back: what waits first, then what is reserved, then what is allocated."""
    waits = min(qty, state.backordered)
    soft = min(qty - waits, state.reserved)
    return replace(
        state,
        cancelled=state.cancelled + qty,
        backordered=state.backordered - waits,
        reserved=state.reserved - soft,
        allocated=state.allocated - (qty - waits - soft),
    )


def _more(state: DemandState, qty: Decimal) -> DemandState:
    back = min(qty, state.cancelled)
    return replace(
        state,
        ordered=state.ordered + qty - back,
        cancelled=state.cancelled - back,
        backordered=state.backordered + qty,
    )
