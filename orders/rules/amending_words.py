"""An amendment for people: what was, what is from now on, and what stays as it is."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal

from accounts.rules.asks import ShipToSnapshot
from core.errors import FieldError
from core.money import Money
from core.quantity import plain
from orders.rules.picture import OrderPicture
from orders.rules.wishes import Change, LineChange, place_of, standing

ZERO = Decimal(0)
SHORTEST_REASON, LONGEST_REASON = 3, 300


def reason_errors(reason: str) -> list[FieldError]:
    """The same for whoever only looks and for whoever amends."""
    if SHORTEST_REASON <= len(reason.strip()) <= LONGEST_REASON:
        return []
    words = f"An amendment says why, in {SHORTEST_REASON} to {LONGEST_REASON} characters."
    return [FieldError("/reason", "required", words, "The customer reads it.")]


def header_changes(
    order: OrderPicture, wanted: Mapping[str, object], places: Mapping[int, ShipToSnapshot], note: str
) -> Iterator[Change]:
    labels = {"po_number": "PO number", "ship_to_id": "Ship-to", "requested_date": "Wanted on",
              "cancel_after_date": "Not later than", "ship_complete": "Ships complete"}  # fmt: skip
    for name, label in labels.items():
        if name in wanted:
            yield Change(label, _said(name, getattr(order, name), places), _said(name, wanted[name], places))
    if "note" in wanted and wanted["note"] != note:
        yield Change("Note", note[:200] or "none", str(wanted["note"])[:200] or "none")


def _said(name: str, value: object, places: Mapping[int, ShipToSnapshot]) -> str:
    if isinstance(value, date):
        return day_words(value)
    if name == "ship_to_id" and isinstance(value, int):
        return places[value].code if value in places else f"address {value}"
    if name == "ship_complete":
        return {"": "as the account", "none": "no", "line": "each line"}.get(str(value), "the order as a whole")
    return str(value) if value else "none"


def day_words(day: date | None) -> str:
    """ "11 Dec 2026" """
    return "none" if day is None else f"{day.day} {day:%b %Y}"


def line_changes(changed: Sequence[LineChange], places: Mapping[int, ShipToSnapshot]) -> Iterator[Change]:
    for c in changed:
        name = f"Line {c.line_no}, {c.after.name}"
        if c.before is None:
            yield Change(name, "not ordered", f"{plain(c.after.qty)} added")
            continue
        if c.less or c.more:
            now = standing(c.after)
            yield Change(name, plain(standing(c.before)), plain(now) if now else "taken out")
        if c.before.requested_date != c.after.requested_date:
            was = "as the order" if c.before.requested_date is None else day_words(c.before.requested_date)
            yield Change(f"{name}, wanted on", was, day_words(c.after.requested_date))
        if c.before.ship_to_id != c.after.ship_to_id:
            was = "as the order" if c.before.ship_to_id is None else _said("ship_to_id", c.before.ship_to_id, places)
            yield Change(f"{name}, ship-to", was, _said("ship_to_id", c.after.ship_to_id, places))


def freight_changes(order: OrderPicture, after: OrderPicture, lines: Sequence[int]) -> Iterator[Change]:
    """Freight is of the order as a whole: it came to be free, or is not free any more."""
    if lines:
        words = [str(Money(freight, order.currency)) for freight in (order.freight, after.freight)]
        yield Change("Freight of the order", *words)


def notes_of(order: OrderPicture, after: OrderPicture) -> Iterator[str]:
    """What the warehouse has goes where and when it was to go."""
    new = {x.line_no: x for x in after.lines}
    for line in order.lines:
        then = new[line.line_no]
        on_its_way = line.demand.released + line.demand.picked if line.demand else ZERO
        if on_its_way and place_of(order, line) != place_of(after, then):
            yield f"Line {line.line_no}: {plain(on_its_way)} in the warehouse's hands go to the old address."
