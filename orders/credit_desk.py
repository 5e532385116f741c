"""What finance looks at before it decides: held orders, why then and why now, and the cash a release would bring."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db import connection

from accounts import queries as accounts
from core.money import places_in_sql
from credit import queries as credit
from credit.rules.asks import CreditDecision
from orders.gates import credit_views
from orders.models import Hold
from orders.queries import pictures
from orders.rules.cash import Expected, Week, by_week
from orders.states import HoldReason, OrderStatus

PLACES = places_in_sql("o.currency")

MOST = 100

# What is not released yet of submitted orders, by the day it would be invoiced at the earliest.
_QUEUE = f"""
SELECT o.terms_code, o.account_id, o.currency, GREATEST(coalesce(l.requested_date, o.requested_date, %(today)s), %(today)s),
       EXISTS (SELECT FROM orders_hold h WHERE h.order_id = o.id AND h.reason = 'credit' AND h.cleared_at IS NULL),
       sum(round(w.qty * l.unit_price, {PLACES}) + round(w.qty * l.unit_tax, {PLACES})
           + round(w.qty * l.unit_freight, {PLACES}))
  FROM orders_order o
  JOIN orders_orderline l ON l.order_id = o.id
  JOIN inventory_demand d ON d.id = l.demand_id
 CROSS JOIN LATERAL (SELECT d.allocated_qty + CASE WHEN %(ids)s::bigint[] IS NULL
                            THEN d.backordered_qty + d.reserved_qty ELSE 0 END AS qty) w
 WHERE o.status = 'submitted' AND (%(ids)s::bigint[] IS NULL OR o.id = ANY(%(ids)s::bigint[]))
   AND w.qty > 0
 GROUP BY 1, 2, 3, 4, 5
"""


@dataclass(frozen=True)
class Held:
    """An order that credit holds: `then` is what the hold said when it was placed, `now` what credit would say. `over` is
    in the currency that the account owes in."""

    hold_id: int
    order_id: int
    account_id: int
    number: str
    account: str
    amount: Decimal
    currency: str
    placed_at: datetime
    then: str
    now: str
    over: Decimal
    owed_in: str
    passes_now: bool
    is_forced: bool


def held_orders(*, now: datetime, limit: int = MOST) -> list[Held]:
    """The oldest holds first: a constant number of statements."""
    rows = Hold.objects.filter(
        reason=HoldReason.CREDIT, cleared_at__isnull=True, order__status=OrderStatus.SUBMITTED
    ).order_by("placed_at", "pk")[:limit]
    holds = list(rows)
    orders = pictures({hold.order_id for hold in holds}) if holds else {}
    decisions = credit_views(orders.values(), now=now) if orders else {}
    names = accounts.names({order.account_id for order in orders.values()})
    found = []
    for hold in holds:
        order = orders[hold.order_id]
        decision = decisions.get(hold.order_id)
        found.append(
            Held(
                hold.pk,
                order.order_id,
                order.account_id,
                order.number,
                names[order.account_id],
                order.owed,
                order.currency,
                hold.placed_at,
                hold.explanation.get("outcome", ""),
                _told(decision),
                decision.over if decision else Decimal(0),
                decision.currency if decision else order.currency,
                decision is not None and decision.is_approved and not hold.is_forced,
                hold.is_forced,
            )
        )
    return found


def _told(decision: CreditDecision | None) -> str:
    if decision is None:
        return "Nothing of it is left to release."
    blocking = [reason.message for reason in decision.reasons if reason.is_blocking]
    return " ".join(blocking) or f"Credit would approve it: {decision.words}."


def cash_effect(*, today: date, order_ids: Sequence[int] | None = None) -> dict[str, list[Week]]:
    """{currency: weeks} of all that is ordered and not released, were it released as asked; with `order_ids`, of what is
    allocated of these. 4 statements at most."""
    with connection.cursor() as cursor:
        cursor.execute(_QUEUE, {"today": today, "ids": None if order_ids is None else list(order_ids)})
        rows = cursor.fetchall()
    agreed = credit.terms_of({account_id for _, account_id, *_ in rows})
    keyed = [(code or agreed.get(account_id, ""), day) for code, account_id, _, day, *_ in rows]
    due = credit.due_dates(keyed)
    by_currency: dict[str, list[Expected]] = {}
    for key, (_, _, currency, _, is_held, amount) in zip(keyed, rows, strict=True):
        by_currency.setdefault(currency, []).append(Expected(amount, due[key], is_held))
    return {currency: by_week(found, today=today) for currency, found in sorted(by_currency.items())}


@dataclass(frozen=True)
class Bar:
    """A week of the chart, in units of its drawing: 40 wide, 100 high."""

    x: int
    free_y: int
    free_height: int
    held_y: int
    held_height: int
    label: str


def bars(weeks: Sequence[Week]) -> list[Bar]:
    """Stacked: what is free to go below, what credit holds above."""
    most = max((week.total for week in weeks), default=Decimal(0)) or Decimal(1)
    found = []
    for n, week in enumerate(weeks):
        free, held = int(week.free / most * 100), int(week.held / most * 100)
        label = f"{week.monday.day} {week.monday:%b}" + (" on" if week.is_last else "")
        found.append(Bar(40 * n + 4, 100 - free, free, 100 - free - held, held, label))
    return found
