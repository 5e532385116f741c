"""What another day for lines of an order would mean: what is promised now, what is open, what lateness costs then."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from accounts.queries import account_snapshots
from core.clock import company_day
from core.errors import FieldError, InvalidInput, NotFound, Refused
from core.money import line_amount
from core.quantity import plain
from inventory.queries import promises
from inventory.rules.asks import PromiseSlice
from orders.gates import local_day
from orders.late_penalties import Late, penalties
from orders.queries import pictures
from orders.rules.picture import LinePicture, OrderPicture
from orders.rules.promising import days_late, last_day, promise_hash
from orders.states import OrderStatus

FURTHEST = timedelta(days=3650)


class NothingToPromise(Refused):
    template = "Nothing of line {line_no} of {number} is still to be sent."
    remedy_template = "Look at the order again."


@dataclass(frozen=True)
class PromiseCase:
    """What is asked, with what is promised now. `worth` of what is open at the locked price; `effect` below 0 is money
    given away: penalties of the customer's contract that the new day costs, in the order's currency."""

    order: OrderPicture
    line: LinePicture
    slices: tuple[PromiseSlice, ...]
    day: date
    open_qty: Decimal
    before: Decimal
    after: Decimal

    @property
    def was(self) -> date | None:
        return last_day(self.slices)

    @property
    def effect(self) -> Decimal:
        return self.before - self.after

    @property
    def worth(self) -> Decimal:
        return line_amount(self.open_qty, self.line.unit_price or Decimal(0), self.order.currency)

    @property
    def hash(self) -> str:
        return promise_hash(self.order.order_id, self.line.line_no, self.line.product_id, self.open_qty, self.day)

    @property
    def content(self) -> dict[str, str | int]:
        """As an approval shows it."""
        return {
            "part": f"promise {self.line.line_no}",
            "line_no": self.line.line_no,
            "sku": self.line.name,
            "open": plain(self.open_qty),
            "promised_now": str(self.was or "no day"),
            "day_asked": self.day.isoformat(),
            "penalty_now": plain(self.before),
            "penalty_then": plain(self.after),
        }


def promise_cases(order_id: int, days: Mapping[int, date], *, now: datetime) -> dict[int, PromiseCase]:
    """By line number; also to look at before anything is said. The same number of statements for any number of lines.

    Raises NotFound (the order or a line), NothingToPromise, InvalidInput with every day that cannot be promised, at
    "/days/<line number>"."""
    order = pictures([order_id]).get(order_id)
    if order is None:
        raise NotFound(kind="order", ident=order_id)
    open_of = {line_no: _open(order, line_no) for line_no in days}
    demands = {x.line_no: x.demand.demand_id for x in order.lines if x.line_no in days and x.demand is not None}
    found = promises(demands.values())
    slices = {line_no: tuple(found.get(demand_id, ())) for line_no, demand_id in demands.items()}
    account = account_snapshots([order.account_id], on=company_day(now))[order.account_id]
    _refuse_bad(days, slices, local_day(now, account))
    lines = {x.line_no: x for x in order.lines}
    late = {line_no: _late(order, lines[line_no], slices[line_no], day, now) for line_no, day in days.items()}
    amounts = iter(penalties([x for pair in late.values() for x in pair]))
    return {
        line_no: PromiseCase(
            order, lines[line_no], slices[line_no], day, open_of[line_no], next(amounts), next(amounts)
        )
        for line_no, day in days.items()
    }


def _open(order: OrderPicture, line_no: int) -> Decimal:
    line = next((x for x in order.lines if x.line_no == line_no), None)
    if line is None:
        raise NotFound(kind="order line", ident=line_no)
    if order.meta["status"] != OrderStatus.SUBMITTED or line.demand is None or line.demand.open <= 0:
        raise NothingToPromise(line_no=line_no, number=order.number)
    return line.demand.open


def _refuse_bad(days: Mapping[int, date], slices: Mapping[int, tuple[PromiseSlice, ...]], today: date) -> None:
    errors = []
    for line_no, day in days.items():
        at, now = f"/days/{line_no}", slices[line_no]
        if not today <= day <= today + FURTHEST:
            errors.append(FieldError(at, "not_a_day_to_come", f"{day} is not a day of the next ten years."))
        elif now and all(s.delivery_date == day for s in now):
            errors.append(FieldError(at, "promised_already", f"{day} is what is promised now.", "Give another day."))
    if errors:
        raise InvalidInput(errors)


def _late(
    order: OrderPicture, line: LinePicture, slices: tuple[PromiseSlice, ...], day: date, now: datetime
) -> tuple[Late, Late]:
    """(as it is promised now, as it would be)."""
    on = order.submitted_on or company_day(now)
    asked = line.requested_date or order.requested_date
    days = [days_late(slices, asked, some) for some in (last_day(slices), day)]
    before, after = (Late(order.account_id, on, order.currency, int(n > 0), n) for n in days)
    return before, after
