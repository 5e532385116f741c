"""Reads of what drafts hold for a time."""

from collections.abc import Collection
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import F, Sum

from inventory.hold_queries import held_lines
from orders.models import Order, StockHold, StockHoldLimit
from orders.rules.stock_holds import GoodsHeld, GoodsLine, Limits
from orders.states import OrderStatus

ZERO = Decimal(0)


def goods_held(order_ids: Collection[int], *, now: datetime) -> dict[int, GoodsHeld]:
    """{draft: what it holds, or held last and lost by the clock}; others are absent. Two statements, one for none."""
    rows = Order.objects.filter(pk__in=list(order_ids), status=OrderStatus.DRAFT, stock_hold__isnull=False)
    heads = list(rows.values_list("id", "number", "stock_hold_id", "stock_hold__until"))
    lines = held_lines([hold_id for *_, hold_id, _ in heads])
    found = {}
    for order_id, number, hold_id, until in heads:
        is_over = until <= now
        own = lines.get(hold_id, [])
        told = tuple(GoodsLine(x.line_no, x.product_id, x.asked, ZERO if is_over else x.held) for x in own)
        mine = () if is_over else tuple(x.demand_id for x in own)
        found[order_id] = GoodsHeld(order_id, number, hold_id, until, told, mine, has_run_out=is_over)
    return found


def limits_of(account_id: int) -> Limits:
    """The customer's own, else everybody's, else the product's. One statement."""
    columns = ("cart_minutes", "quote_hours", "most_amount", "times_a_day")
    rows = StockHoldLimit.objects.filter(account_id=account_id) | StockHoldLimit.objects.filter(account__isnull=True)
    found = rows.order_by(F("account_id").asc(nulls_last=True)).values_list(*columns).first()
    return Limits(*found) if found else Limits()


def amount_held(account_id: int, *, beside_order: int, now: datetime) -> Decimal:
    """Worth of what the account's other drafts hold now, in the company's currency. One statement."""
    rows = StockHold.objects.filter(account_id=account_id, ended="", until__gt=now).exclude(order_id=beside_order)
    return rows.aggregate(total=Sum("amount"))["total"] or ZERO


def times_held(order_id: int, *, now: datetime) -> int:
    """How often the draft began to hold in the 24 hours before `now`. One statement."""
    since = now - timedelta(days=1)
    return StockHold.objects.filter(order_id=order_id, placed_at=F("first_at"), placed_at__gt=since).count()
