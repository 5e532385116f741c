"""Single lines by what is asked of them."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from orders.models import LineSplit, OrderLine, PromiseAnswer
from orders.rules.asks import LineRef, ToldLine


def named_lines(demand_ids: Iterable[int]) -> dict[int, LineRef]:
    """{demand: the order line it stands for}; demands of other documents are absent. One statement."""
    rows = OrderLine.objects.filter(demand_id__in=set(demand_ids)).values_list(
        "demand_id", "id", "line_no", "order_id", "order__number", "product__sku"
    )
    return {row[0]: LineRef(*row[1:]) for row in rows}


def orders_of_demands(demand_ids: Iterable[int]) -> dict[int, int]:
    """{order: its account} of the orders these demands stand for. One statement."""
    rows = OrderLine.objects.filter(demand_id__in=set(demand_ids))
    return dict(rows.values_list("order_id", "order__account_id").distinct())


def products_of(order_ids: Iterable[int]) -> set[int]:
    """What the orders ask for. One statement."""
    rows = OrderLine.objects.filter(order_id__in=set(order_ids), product_id__isnull=False)
    return set(rows.values_list("product_id", flat=True).distinct())


def line_quantities(order_line_ids: Iterable[int]) -> dict[int, Decimal]:
    """{order line id: ordered less cancelled, base units}; drafts count in full."""
    rows = OrderLine.objects.filter(pk__in=set(order_line_ids)).values_list("id", "qty", "demand__cancelled_qty")
    return {line_id: qty - (cancelled or 0) for line_id, qty, cancelled in rows}


def line_margins(line_ids: Iterable[int]) -> dict[int, Decimal]:
    """{order line: its locked margin per base unit}; lines whose cost was unknown are absent. One statement."""
    rows = OrderLine.objects.filter(pk__in=set(line_ids), unit_margin__isnull=False)
    return {pk: margin for pk, margin in rows.values_list("pk", "unit_margin") if margin is not None}


def told_lines(demand_ids: Iterable[int]) -> dict[int, ToldLine]:
    """{demand: its line, who placed the order and which reps sell it}; demands of other documents are absent. 2 SQL."""
    lines = OrderLine.objects.filter(demand_id__in=set(demand_ids)).values_list(
        "demand_id", "id", "line_no", "product__sku", "order_id", "order__number", "order__po_number",
        "order__account_id", "order__entered_by_id",
    )  # fmt: skip
    rows = list(lines)
    reps: dict[int, list[int]] = {}
    splits = LineSplit.objects.filter(line_id__in={row[1] for row in rows}) if rows else LineSplit.objects.none()
    for line_id, rep_id in splits.order_by("id").values_list("line_id", "rep_id"):
        reps.setdefault(line_id, []).append(rep_id)
    return {row[0]: ToldLine(*row[2:], rep_ids=tuple(dict.fromkeys(reps.get(row[1], ())))) for row in rows}


def kept_days(line_ids: Iterable[int]) -> dict[int, set[date | None]]:
    """{order line: the later days its customer took; None: without a day}. One statement."""
    found: dict[int, set[date | None]] = {}
    rows = PromiseAnswer.objects.filter(line_id__in=set(line_ids))
    for line_id, day in rows.values_list("line_id", "promised_date"):
        found.setdefault(line_id, set()).add(day)
    return found
