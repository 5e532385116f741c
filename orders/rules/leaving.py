"""Gates 6, 8 and 9: what is allocated may still go, when it would arrive the customer takes it, and its site has room."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from accounts.rules.asks import ShipToSnapshot
from core.choices import counted
from core.explain import Explanation, Loser
from inventory.rules.ready import ReadyStock, SiteLoad
from orders.rules.asks import GateResult
from orders.rules.gates import passed
from orders.rules.picture import LinePicture, OrderPicture
from orders.states import Gate, Verdict

Results = list[GateResult]
Ready = Mapping[int, Sequence[ReadyStock]]  # by demand


def _held(gate: Gate, rule: str, message: str, inputs: Mapping[str, Any], losers: Iterable[Loser] = ()) -> Results:
    why = Explanation(rule, message, inputs, tuple(losers))
    return [GateResult(gate, Verdict.HOLD, rule, message, why)]


def allocation(order: OrderPicture, going: Iterable[LinePicture] = (), ready: Ready | None = None) -> Results:
    """Gate 6: something of the order is allocated hard, and the lots of what would go may still go: their life, their
    recall and their stock are asked again as of today."""
    claimed = [x for x in order.lines if x.demand and x.demand.allocated > 0]
    if not claimed:
        open_lines = [x for x in order.lines if x.demand and x.demand.open > 0]
        message = (
            "No stock is allocated to the order yet." if open_lines else "Nothing of the order is left to release."
        )
        return _held(Gate.ALLOCATION, "allocation", message, {"open_lines": len(open_lines)})
    faults = [(x.line_no, stock.fault) for x in going for stock in _of(x, ready or {}) if stock.fault]
    if not faults:
        return [passed(Gate.ALLOCATION, f"{len(claimed)} of {len(order.lines)} lines have stock allocated.")]
    line_no, why = faults[0]
    more = f" {len(faults) - 1} more lots may not go." if len(faults) > 1 else ""
    message = f"Line {line_no}: {why}. Allocate again.{more}"
    losers = [Loser(f"line {n}", fault) for n, fault in faults]
    return _held(Gate.ALLOCATION, "lot_not_good", message, {"lots": len(faults)}, losers)


def delivery_window(
    order: OrderPicture,
    today: date,
    *,
    going: Sequence[LinePicture] = (),
    ready: Ready | None = None,
    early_days: int | None = None,
    ship_tos: Mapping[int, ShipToSnapshot] | None = None,
    now: datetime | None = None,
) -> Results:
    """Gate 8: released now it leaves by the cancel-after date (the site's cut-off, calendar and lead days counted), and
    arrives, on a day the ship-to takes goods in, no earlier than the customer wants it. `early_days`: how many days before
    the requested date a delivery may come; None: any. What arrives on the day it leaves does so before the ship-to's last
    hour, where it says one (`ship_tos`, `now`)."""
    stock = [s for x in going for s in _of(x, ready or {})]
    leaves, last = max((s.ships_on for s in stock), default=today), order.cancel_after_date
    inputs = {"today": today.isoformat(), "leaves": leaves.isoformat()}
    if last is not None:
        inputs["cancel_after"] = last.isoformat()
        if today > last:
            return _held(
                Gate.DELIVERY_WINDOW, "past_cancel_date", f"The order was to be cancelled after {last}.", inputs
            )
        if leaves > last:
            late = f"Released now it leaves on {leaves}; the order is to be cancelled after {last}."
            return _held(Gate.DELIVERY_WINDOW, "past_cancel_date", late, inputs)
    if early := _early(order, going, ready or {}, early_days):
        return _held(Gate.DELIVERY_WINDOW, "too_early", early, inputs)
    if now is not None and (closed := _closed(order, going, ready or {}, ship_tos or {}, now)):
        return _held(Gate.DELIVERY_WINDOW, "after_hours", closed, inputs)
    words = f"Leaves by {leaves}, arrives by {max(s.arrives_on for s in stock)}." if stock else "Nothing would leave."
    wanted = f" Wanted until {last}." if last else " The order has no cancel-after date."
    return [passed(Gate.DELIVERY_WINDOW, words + wanted, **inputs)]


def _early(order: OrderPicture, going: Iterable[LinePicture], ready: Ready, days: int | None) -> str:
    if days is None:
        return ""
    for line in going:
        wanted = line.requested_date or order.requested_date
        arrives = min((s.arrives_on for s in _of(line, ready)), default=None)
        if wanted is not None and arrives is not None and (wanted - arrives).days > days:
            allowed = f"at most {days} days before" if days else "not before"
            return f"Line {line.line_no} would arrive on {arrives}; the customer takes it {allowed} {wanted}."
    return ""


def _closed(
    order: OrderPicture,
    going: Iterable[LinePicture],
    ready: Ready,
    ship_tos: Mapping[int, ShipToSnapshot],
    now: datetime,
) -> str:
    for line in going:
        place = ship_tos.get(line.ship_to_id or order.ship_to_id or 0)
        if place is None or place.delivery_to is None:
            continue
        local = now.astimezone(ZoneInfo(place.time_zone))
        if local.time() >= place.delivery_to and any(s.arrives_on <= local.date() for s in _of(line, ready)):
            until = f"{place.delivery_to:%H:%M}"
            return f"Line {line.line_no} would arrive today; {place.name} takes goods in until {until}, and it is past that."
    return ""


def capacity(going: Iterable[LinePicture], ready: Ready, loads: Mapping[int, SiteLoad]) -> Results:
    """Gate 9: no site is given more lines than it handles on the day it works on them, with those it has already. `loads`
    by site id; a site without one sets no limit."""
    lines = lines_by_site(going, ready)
    named = {s.site_id: s.site_code for x in ready.values() for s in x}
    for site_id in sorted(lines, key=lambda i: named[i]):
        load = loads.get(site_id)
        if load is not None and load.released + lines[site_id] > load.lines_per_day:
            message = _above(load, lines[site_id])
            inputs = {"lines": lines[site_id], "released": load.released, "limit": load.lines_per_day}
            return _held(Gate.CAPACITY, "site_capacity", message, {**inputs, "day": load.day.isoformat()})
    counted = {named[i]: n for i, n in lines.items()}
    return [passed(Gate.CAPACITY, "The sites can handle the lines today.", **counted)]


def _above(load: SiteLoad, lines: int) -> str:
    """An order that fits no day at all would wait for ever: it is told what people can do about it."""
    if lines > load.lines_per_day:
        return (
            f"{load.site_code} handles {counted(load.lines_per_day, 'line')} a day and the order alone has {lines} for it:"
            " no day can take it whole. Source some of its lines from another site, split the order, or have the site's"
            " figure raised."
        )
    taken = f"{load.released} are released already and " if load.released else ""
    return f"{load.site_code} handles {load.lines_per_day} lines a day; for {load.day} {taken}the order has {lines} for it."


def lines_by_site(going: Iterable[LinePicture], ready: Ready) -> dict[int, int]:
    """How many of the lines each site has something of, by site id."""
    found: dict[int, int] = {}
    for line in going:
        for site_id in {s.site_id for s in _of(line, ready)}:
            found[site_id] = found.get(site_id, 0) + 1
    return found


def _of(line: LinePicture, ready: Ready) -> Sequence[ReadyStock]:
    return ready.get(line.demand.demand_id, ()) if line.demand else ()
