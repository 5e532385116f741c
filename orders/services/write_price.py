"""Write other prices on lines of a locked order, with all that follows from them. Part of override_price."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from accounts.queries import account_snapshots
from core.actors import Actor
from core.clock import company_day
from core.money import line_amount
from core.uow import require_uow
from credit.services.post import post
from inventory.rules.asks import DemandChange
from inventory.services.refresh_demands import refresh_demands
from orders.gates import gather, judge, local_day, priced
from orders.models import Order, OrderLine
from orders.rules.exposure import by_ship_date, open_change, open_posting, unreleased, worth_of
from orders.rules.holds import refresh
from orders.rules.picture import LinePicture, OrderPicture
from orders.rules.ranking import rank_of
from orders.rules.trace import price_columns
from orders.services.count_open_orders import ensure_counted
from orders.services.hold_rows import Told, clear_by_rule, insert_holds, merged
from orders.services.write_rows import lock_prices
from orders.states import Gate
from pricing.rules.asks import PriceResult
from pricing.states import PriceLevel

ZERO = Decimal(0)


@require_uow
def write_prices(order: OrderPicture, line_nos: Sequence[int], *, actor: Actor, now: datetime) -> Told:
    """The agreed prices of the lines, now on them; what to tell of holds that came or went. `order` carries the version
    it has from now on."""
    marked = replace(order, lines=tuple(_marked(x, line_nos) for x in order.lines))
    account = account_snapshots([order.account_id], on=company_day(now))[order.account_id]
    on = order.submitted_on or local_day(now, account)
    only = replace(marked, lines=tuple(x for x in marked.lines if x.line_no in line_nos))
    changed, results = priced(
        only, on=on, beside=order.total - sum((x.amount for x in order.lines if x.line_no in line_nos), ZERO)
    )
    new = {x.line_no: x for x in changed.lines}
    after = replace(marked, lines=tuple(new.get(x.line_no, x) for x in marked.lines))
    if order.submitted_on is None:
        _write_draft(after, line_nos, results, now)
        return Told()
    ensure_counted([order], now=now)
    _post(order, after, line_nos, now)
    _write_locked(order, after, line_nos, results, now)
    _refresh_ranks(after, line_nos, results, account, now)
    return _refresh_holds(after, actor, now)


def _marked(line: LinePicture, line_nos: Sequence[int]) -> LinePicture:
    """A line with an agreement of its own asks pricing for it by its basis."""
    return replace(line, price_basis=PriceLevel.OVERRIDE) if line.line_no in line_nos else line


@require_uow
def _write_draft(
    order: OrderPicture, line_nos: Sequence[int], results: Mapping[int, PriceResult], now: datetime
) -> None:
    """Submit prices the draft anew and finds the agreement by the basis; until then the page shows the price."""
    for line in order.lines:
        if line.line_no in line_nos:
            columns = price_columns(results[line.line_no], line, 0, now)
            kept = {k: v for k, v in columns.items() if k not in ("demand_id", "price_locked_at")}
            OrderLine.objects.filter(pk=line.line_id or 0).update(**kept)
    Order.objects.filter(pk=order.order_id).update(version=order.version)


@require_uow
def _write_locked(
    before: OrderPicture,
    after: OrderPicture,
    line_nos: Sequence[int],
    results: Mapping[int, PriceResult],
    now: datetime,
) -> None:
    rows = [_row(line, results[line.line_no], before.currency, now) for line in after.lines if line.line_no in line_nos]
    lock_prices(rows)
    total = sum((_amount(x, before.currency) if x.line_no in line_nos else x.amount for x in after.lines), ZERO)
    Order.objects.filter(pk=after.order_id).update(
        total_amount=total, tax_amount=after.tax, freight_amount=after.freight, version=after.version
    )


def _row(line: LinePicture, result: PriceResult, currency: str, now: datetime) -> Mapping[str, Any]:
    assert line.demand is not None  # a submitted line has its demand
    columns = price_columns(result, line, line.demand.demand_id, now)
    return {"id": line.line_id, **columns, "amount": _amount(line, currency)}


def _amount(line: LinePicture, currency: str) -> Decimal:
    """What was not cancelled, at the line's price."""
    left = line.qty - (line.demand.cancelled if line.demand else ZERO)
    return line_amount(left, line.unit_price or ZERO, currency)


@require_uow
def _post(before: OrderPicture, after: OrderPicture, line_nos: Sequence[int], now: datetime) -> None:
    """Exposure is the open quantity at the locked price: off at the old, on at the new, in one posting a day."""
    changes = []
    new = {x.line_no: x for x in after.lines}
    for line in before.lines:
        if line.line_no not in line_nos or line.demand is None:
            continue
        was, now_worth = worth_of(before, line), worth_of(after, new[line.line_no])
        qty = unreleased(line.demand)
        changes.append((was.ship_date, open_change(now_worth, ZERO, qty) - open_change(was, ZERO, qty)))
    key = f"order:{before.order_id}:v{before.version}:reprice"
    post([open_posting(before, x, f"{key}:{day}", day) for day, x in by_ship_date(changes).items()], now=now)


@require_uow
def _refresh_ranks(
    order: OrderPicture, line_nos: Sequence[int], results: Mapping[int, PriceResult], account: Any, now: datetime
) -> None:
    changes = {
        line.demand.demand_id: DemandChange(rank=rank_of(order, account, results[line.line_no]))
        for line in order.lines
        if line.line_no in line_nos and line.demand
    }
    refresh_demands(changes, now=now)


@require_uow
def _refresh_holds(order: OrderPicture, actor: Actor, now: datetime) -> Told:
    """Price holds come and go by the price gate as it sees the order now."""
    order = replace(order, lines=tuple(_with_amount(x, order.currency) for x in order.lines))
    results = judge(order, gather([order], [Gate.PRICE], now=now), [Gate.PRICE], now=now)
    changes = refresh(order.open_holds, results, [Gate.PRICE])
    placed = insert_holds([(order, s) for s in changes.place], actor=actor, now=now)
    gone = clear_by_rule([(order, h) for h in changes.clear], why="the price was changed", actor=actor, now=now)
    return merged([*placed.values(), *gone.values()])


def _with_amount(line: LinePicture, currency: str) -> LinePicture:
    return replace(line, amount=_amount(line, currency)) if line.demand else line
