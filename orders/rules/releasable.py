"""Which lines may go to the warehouse now: the account's ship-complete policy and minimum percentages (domain.md §1)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from accounts.rules.asks import AccountSnapshot
from accounts.states import ShipComplete
from core.choices import counted
from orders.rules.picture import LinePicture, OrderPicture

HUNDRED = Decimal(100)
ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Releasable:
    """`line_nos` may go; `refused` are lines with stock that may not, each with the reason."""

    line_nos: tuple[int, ...]
    rule: str
    message: str
    refused: tuple[tuple[int, str], ...] = ()
    inputs: Mapping[str, Any] = field(default_factory=dict)


def releasable(order: OrderPicture, account: AccountSnapshot | None, among: frozenset[int] | None = None) -> Releasable:
    """Per line complete or above the line's minimum, then the order complete or above its own. `among`: only these line
    numbers are to go (None: any)."""
    policy = policy_of(order, account)
    least_line = account.min_line_percent if account else ZERO
    least_order = account.min_order_percent if account else ZERO
    with_stock = [
        x for x in order.lines if x.demand and x.demand.allocated > 0 and (among is None or x.line_no in among)
    ]
    inputs = {"policy": str(policy), "min_line_percent": str(least_line), "min_order_percent": str(least_order)}
    refused = [(x.line_no, why) for x in with_stock if (why := _line_refusal(x, policy, least_line))]
    stopped = {line_no for line_no, _ in refused}
    going = tuple(x.line_no for x in with_stock if x.line_no not in stopped)
    why = _order_refusal(order, set(going), policy, least_order)
    if not why and policy == ShipComplete.ORDER and _leaves_some(order, among):
        why = "The order ships complete only: no part of it goes first."
    if why:
        refused += [(line_no, why) for line_no in going]
        return Releasable((), "ship_complete", why, tuple(refused), inputs)
    if not going:
        message = f"No line may ship: {refused[0][1]}" if refused else "No line has stock to ship."
        return Releasable((), "ship_complete", message, tuple(refused), inputs)
    return Releasable(
        going, "ship_complete", f"{len(going)} of {len(order.lines)} lines may ship.", tuple(refused), inputs
    )


def policy_of(order: OrderPicture, account: AccountSnapshot | None) -> ShipComplete:
    """The order's own, where an amendment gave it one, else the account's."""
    if order.ship_complete:
        return ShipComplete(order.ship_complete)
    return account.ship_complete if account else ShipComplete.NONE


def _line_refusal(line: LinePicture, policy: ShipComplete, least: Decimal) -> str:
    if policy == ShipComplete.LINE and not _is_complete(line):
        return f"line {line.line_no} ships complete only"
    if (percent := _percent([line])) < least:
        return f"line {line.line_no}: {percent:.0f} % is there, at least {least:.0f} % ships"
    return ""


def _order_refusal(order: OrderPicture, going: set[int], policy: ShipComplete, least: Decimal) -> str:
    wanted = [x for x in order.lines if x.demand and x.demand.open > 0]
    if policy == ShipComplete.ORDER and not all(_is_complete(x) for x in wanted):
        short = sum(1 for x in wanted if not _is_complete(x))
        return f"The order ships complete only; {counted(short, 'line')} {'is' if short == 1 else 'are'} short."
    if least > 0 and (percent := _percent(order.lines, going)) < least:
        return f"{percent:.0f} % of the order is there, at least {least:.0f} % ships."
    return ""


def _leaves_some(order: OrderPicture, among: frozenset[int] | None) -> bool:
    with_stock = {x.line_no for x in order.lines if x.demand and x.demand.allocated > 0}
    return among is not None and not with_stock <= among


def _is_complete(line: LinePicture) -> bool:
    return line.demand is not None and line.demand.backordered == 0 and line.demand.reserved == 0


def _percent(lines: list[LinePicture] | tuple[LinePicture, ...], going: set[int] | None = None) -> Decimal:
    """How much of what is wanted is there or gone already. Quantities of unlike products count alike."""
    there = wanted = ZERO
    for line in lines:
        if line.demand is None:
            continue
        state = line.demand
        wanted += state.ordered - state.cancelled
        there += state.released + state.picked + state.shipped
        if going is None or line.line_no in going:
            there += state.allocated
    return HUNDRED if wanted == 0 else HUNDRED * there / wanted
