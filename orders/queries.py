"""Reads of orders, batch-shaped: a constant number of SQL statements whatever the number of ids."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Q
from django.db.models.fields.json import KeyTextTransform

from catalog import queries as catalog
from core.choices import words
from inventory import queries as inventory
from orders.beyond import delivered_of_orders
from orders.models import Hold, LineSplit, Order, OrderLine
from orders.rules.asks import (
    HoldView,
    LineDetail,
    LineDraft,
    LockedPrice,
    OrderDraft,
    Progress,
)
from orders.rules.picture import LinePicture, OpenHold, OrderPicture, Waiver
from orders.rules.progress import progress as progress_of
from orders.states import Blocks, HoldReason, OrderStatus

ORDER_FIELDS = (
    "id",
    "number",
    "account_id",
    "currency",
    "ship_to_id",
    "po_number",
    "terms_code",
    "terms_override_id",
    "contract_terms_code",
    "requested_date",
    "cancel_after_date",
    "ship_complete",
    "version",
    "status",
    "channel",
    "submitted_at",
    "received_at",
    "public_id",
    "total_amount",
    "on_behalf_of_id",
    "entered_by_id",
)
LINE_FIELDS = (
    "id", "order_id", "line_no", "product_id", "product__sku", "demand_id", "qty", "unit_qty", "stated_code", "stated_price",
    "unit_price", "amount", "price_basis", "floor", "ship_to_id", "requested_date", "unit", "repriced_amount", "unit_tax",
    "unit_freight",
)  # fmt: skip


def orders_by_external_id(
    keys: Sequence[tuple[str, int, str]],
) -> dict[tuple[str, int, str], tuple[int, str, str, str]]:
    """{(channel, account id, external id): (order id, public id, number, status)} of those that exist."""
    if not keys:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT o.channel, o.account_id, o.external_id, o.id, o.public_id::text, o.number, o.status "
            "FROM orders_order o JOIN unnest(%s::text[], %s::bigint[], %s::text[]) AS k(channel, account_id, external_id)"
            " USING (channel, account_id, external_id) WHERE NOT o.external_id = ''",
            [[k[0] for k in keys], [k[1] for k in keys], [k[2] for k in keys]],
        )
        return {(c, a, e): (i, p, n, s) for c, a, e, i, p, n, s in cursor.fetchall()}


def orders_by_po_number(wanted: Sequence[tuple[int, str, str]]) -> dict[tuple[int, str, str], tuple[int, str]]:
    """{(account id, PO number, release number): (order id, number)} of orders that are not cancelled."""
    if not wanted:
        return {}
    rows = (
        Order.objects.filter(account_id__in={w[0] for w in wanted}, po_number__in={w[1] for w in wanted})
        .exclude(status=OrderStatus.CANCELLED)
        .values_list("account_id", "po_number", "release_number", "id", "number")
    )
    found = {(a, po, release): (i, n) for a, po, release, i, n in rows}
    return {key: found[key] for key in wanted if key in found}


def known_lines(order_ids: Iterable[int]) -> dict[int, dict[str, int]]:
    """{order id: {line identity: line number}}; a line without an external ref is known by its number."""
    rows = OrderLine.objects.filter(order_id__in=set(order_ids)).values_list("order_id", "external_ref", "line_no")
    found: dict[int, dict[str, int]] = {}
    for order_id, external_ref, line_no in rows:
        found.setdefault(order_id, {})[external_ref or f"#{line_no}"] = line_no
    return found


def pictures(order_ids: Iterable[int], *, with_demands: bool = True) -> dict[int, OrderPicture]:
    """The orders as the rules see them: 4 SQL statements, 3 without demands."""
    ids = sorted(set(order_ids))
    headers = {row["id"]: row for row in Order.objects.filter(pk__in=ids).values(*ORDER_FIELDS)}
    rows = OrderLine.objects.filter(order_id__in=ids).annotate(floor=KeyTextTransform("floor", "price_trace"))
    lines = list(rows.order_by("order_id", "line_no").values(*LINE_FIELDS))
    demand_ids = [line["demand_id"] for line in lines if line["demand_id"]]
    states = inventory.demand_states(demand_ids) if with_demands and demand_ids else {}
    holds, waivers = _holds(ids)
    by_order: dict[int, list[LinePicture]] = {}
    for line in lines:
        of_order = by_order.setdefault(line["order_id"], [])
        of_order.append(_line_picture(len(of_order), line, states.get(line["demand_id"])))
    return {
        i: _picture(header, by_order.get(i, []), holds.get(i, []), waivers.get(i, [])) for i, header in headers.items()
    }


def _line_picture(index: int, row: Mapping[str, Any], demand: Any) -> LinePicture:
    return LinePicture(
        index,
        row["line_no"],
        row["product_id"],
        row["product__sku"] or "",
        row["qty"],
        row["unit_qty"],
        stated_code=row["stated_code"],
        stated_price=row["stated_price"],
        unit_price=row["unit_price"],
        floor=_decimal(row["floor"]),
        amount=row["amount"],
        price_basis=row["price_basis"],
        ship_to_id=row["ship_to_id"],
        requested_date=row["requested_date"],
        line_id=row["id"],
        unit=row["unit"],
        demand=demand,
        repriced=row["repriced_amount"],
        unit_tax=row["unit_tax"],
        unit_freight=row["unit_freight"],
    )


def _picture(
    header: Mapping[str, Any], lines: list[LinePicture], holds: list[OpenHold], waivers: list[Waiver]
) -> OrderPicture:
    return OrderPicture(
        header["id"],
        header["number"],
        header["account_id"],
        header["currency"],
        tuple(lines),
        ship_to_id=header["ship_to_id"],
        po_number=header["po_number"],
        terms_code=header["terms_code"],
        requested_date=header["requested_date"],
        cancel_after_date=header["cancel_after_date"],
        ship_complete=header["ship_complete"],
        version=header["version"],
        open_holds=tuple(holds),
        waivers=tuple(waivers),
        meta=header,
    )


def _holds(order_ids: Sequence[int]) -> tuple[dict[int, list[OpenHold]], dict[int, list[Waiver]]]:
    """Open holds, and what persons waived, per order."""
    rows = Hold.objects.filter(Q(cleared_at__isnull=True) | Q(is_waiver=True), order_id__in=order_ids).order_by("id")
    holds: dict[int, list[OpenHold]] = {}
    waivers: dict[int, list[Waiver]] = {}
    for hold in rows:
        if hold.cleared_at is None:
            view = OpenHold(
                hold.pk, hold.reason, hold.rule, tuple(hold.blocks), hold.is_forced, hold.explanation.get("outcome", "")
            )
            holds.setdefault(hold.order_id, []).append(view)
        else:
            waiver = Waiver(hold.rule, hold.cleared_by, hold.ceiling_amount, hold.valid_until)
            waivers.setdefault(hold.order_id, []).append(waiver)
    return holds, waivers


def holds_of(order_ids: Iterable[int]) -> dict[int, tuple[HoldView, ...]]:
    """The open holds of each order, oldest first; orders without one are absent."""
    found: dict[int, list[HoldView]] = {}
    for hold in Hold.objects.filter(order_id__in=set(order_ids), cleared_at__isnull=True).order_by("id"):
        found.setdefault(hold.order_id, []).append(hold_view(hold))
    return {order_id: tuple(views) for order_id, views in found.items()}


def evidence_of_open_holds(hold_ids: Iterable[int]) -> dict[int, dict[str, Any]]:
    """What each hold that is still open was placed on: its numbers, its problems, every rule that was looked at."""
    rows = Hold.objects.filter(pk__in=set(hold_ids), cleared_at__isnull=True).values_list("pk", "rule", "explanation")
    return {pk: _evidence(rule, why) for pk, rule, why in rows}


def _evidence(rule: str, why: Mapping[str, Any]) -> dict[str, Any]:
    looked_at = [f"{words(x['what'])}: {x['why']}" for x in why.get("losers", ())]
    return {
        "rule": words(rule),
        **why.get("inputs", {}),
        **{name: found for name, found in (("problems", why.get("problems")), ("also looked at", looked_at)) if found},
    }


def holds_blocking(order_ids: Iterable[int], block: Blocks) -> dict[int, tuple[str, ...]]:
    """What the open holds that block this step say, oldest first; orders without one are absent. One statement."""
    found: dict[int, tuple[str, ...]] = {}
    rows = Hold.objects.filter(order_id__in=set(order_ids), cleared_at__isnull=True, blocks__contains=[block])
    for hold in rows.order_by("id"):
        says = hold.explanation.get("outcome", "") or hold.reason
        found[hold.order_id] = (*found.get(hold.order_id, ()), says)
    return found


def hold_view(hold: Hold) -> HoldView:
    return HoldView(
        hold.pk,
        hold.order_id,
        hold.reason,
        tuple(hold.blocks),
        hold.rule,
        hold.explanation.get("outcome", ""),
        hold.explanation,
        tuple(hold.clearable_by),
        hold.is_forced,
        hold.placed_at,
        hold.placed_by,
    )


def progress(order_ids: Iterable[int]) -> dict[int, Progress]:
    """How far each order is, from its demands and from what arrived: 3 SQL statements."""
    ids = sorted(set(order_ids))
    demand_of = OrderLine.objects.filter(order_id__in=ids, demand__isnull=False).values_list("order_id", "demand_id")
    demands: dict[int, list[int]] = {}
    for order_id, demand_id in demand_of:
        demands.setdefault(order_id, []).append(demand_id)
    states = inventory.demand_states([d for many in demands.values() for d in many]) if demands else {}
    arrived = delivered_of_orders(ids) if any(s.shipped for s in states.values()) else {}
    return {
        i: progress_of(i, [states[d] for d in demands.get(i, ()) if d in states], arrived.get(i, Decimal(0)))
        for i in ids
    }


def order_detail(order_id: int, *, first: int = 0, limit: int = 50) -> tuple[LineDetail, ...]:
    """A page of the order's lines with price trace, ledger, promises, reasons and splits: 7 statements at most."""
    rows = list(OrderLine.objects.filter(order_id=order_id).order_by("line_no")[first : first + limit])
    demand_ids = [row.demand_id for row in rows if row.demand_id]
    states = inventory.demand_states(demand_ids) if demand_ids else {}
    promises = inventory.promises(demand_ids) if demand_ids else {}
    reasons = inventory.reasons(demand_ids) if demand_ids else {}
    products = catalog.product_snapshots({row.product_id for row in rows if row.product_id})
    splits: dict[int, list[tuple[int, str, Decimal]]] = {}
    of_these = LineSplit.objects.filter(line_id__in=[row.pk for row in rows]).order_by("id")
    for line_id, rep_id, kind, percent in of_these.values_list("line_id", "rep_id", "kind", "percent"):
        splits.setdefault(line_id, []).append((rep_id, kind, percent))
    return tuple(
        LineDetail(
            row.pk,
            row.line_no,
            row.product_id,
            products[row.product_id].sku if row.product_id in products else "",
            products[row.product_id].name if row.product_id in products else row.stated_description,
            row.stated_code,
            row.stated_description,
            row.qty,
            row.unit,
            row.unit_qty,
            row.stated_price,
            row.unit_price,
            row.amount,
            row.price_trace,
            states.get(row.demand_id or 0),
            promises.get(row.demand_id or 0, ()),
            reasons.get(row.demand_id or 0, ""),
            tuple(splits.get(row.pk, ())),
        )
        for row in rows
    )


def account_of(order_id: int) -> int | None:
    """Whose order it is: an order never changes its account."""
    return Order.objects.filter(pk=order_id).values_list("account_id", flat=True).first()


def accounts_of(order_ids: Iterable[int]) -> dict[int, int]:
    """{order id: account id} of the orders that exist."""
    return dict(Order.objects.filter(pk__in=set(order_ids)).values_list("id", "account_id"))


def line_prices(order_line_ids: Iterable[int]) -> dict[int, LockedPrice]:
    """The locked price of each line that has one."""
    rows = OrderLine.objects.filter(pk__in=set(order_line_ids), price_locked_at__isnull=False).values_list(
        "id", "order_id", "order__number", "order__account_id", "unit_price", "order__currency", "order__terms_code",
        "order__submitted_at", "unit_tax", "unit_freight",
    )  # fmt: skip
    return {
        i: LockedPrice(i, o, n, a, p, c, t, at, tax, freight)
        for i, o, n, a, p, c, t, at, tax, freight in rows
        if p is not None
    }


def drafts_of(order_ids: Iterable[int]) -> dict[int, OrderDraft]:
    """The orders as they were asked for, ready to be checked again: 2 statements."""
    ids = set(order_ids)
    lines: dict[int, list[LineDraft]] = {}
    for row in OrderLine.objects.filter(order_id__in=ids).order_by("order_id", "line_no"):
        lines.setdefault(row.order_id, []).append(
            LineDraft(
                row.line_no,
                row.unit_qty,
                row.unit,
                row.product_id,
                row.stated_code,
                row.stated_description,
                row.stated_price,
                row.requested_date,
                row.ship_to_id,
                row.external_ref,
            )
        )
    return {order.pk: _draft(order, lines.get(order.pk, [])) for order in Order.objects.filter(pk__in=ids)}


def _draft(order: Order, lines: Sequence[LineDraft]) -> OrderDraft:
    return OrderDraft(
        order.account_id,
        order.channel,
        order.currency,
        tuple(lines),
        po_number=order.po_number,
        release_number=order.release_number,
        ship_to_id=order.ship_to_id,
        requested_date=order.requested_date,
        cancel_after_date=order.cancel_after_date,
        terms_code=order.terms_code,
        note=order.note,
        external_id=order.external_id,
        received_at=order.received_at,
        on_behalf_of=order.on_behalf_of_id,
    )


def orders_of_lines(order_line_ids: Iterable[int]) -> list[int]:
    """The orders these lines belong to."""
    rows = OrderLine.objects.filter(pk__in=set(order_line_ids)).values_list("order_id", flat=True)
    return sorted(set(rows))


def demand_ids_of(order_ids: Iterable[int]) -> list[int]:
    """The demands of the orders' lines, in id order."""
    rows = OrderLine.objects.filter(order_id__in=list(order_ids), demand__isnull=False)
    return sorted(rows.values_list("demand_id", flat=True))


def lines_of_demands(demand_ids: Iterable[int]) -> dict[int, tuple[int, int]]:
    """{demand id: (order id, order line id)}."""
    rows = OrderLine.objects.filter(demand_id__in=set(demand_ids)).values_list("demand_id", "order_id", "id")
    return {demand: (order_id, line_id) for demand, order_id, line_id in rows}


def open_orders_of(account_ids: Iterable[int]) -> list[int]:
    """The accounts' submitted orders, oldest first."""
    rows = Order.objects.filter(account_id__in=set(account_ids), status=OrderStatus.SUBMITTED)
    return list(rows.order_by("pk").values_list("pk", flat=True))


def drafts_from(channel: str, *, until: datetime, limit: int) -> list[int]:
    """Drafts that came through this channel until that moment, oldest first."""
    rows = Order.objects.filter(channel=channel, status=OrderStatus.DRAFT, received_at__lte=until)
    return list(rows.order_by("pk").values_list("pk", flat=True)[:limit])


def orders_with_stock() -> list[int]:
    """Orders that have something allocated and not released yet, oldest first: what a release run looks at."""
    rows = OrderLine.objects.filter(demand__allocated_qty__gt=0, order__status=OrderStatus.SUBMITTED)
    return sorted(set(rows.values_list("order_id", flat=True)))


def external_ids(order_ids: Iterable[int]) -> dict[int, str]:
    """What the source of each order calls it."""
    return dict(Order.objects.filter(pk__in=set(order_ids)).values_list("pk", "external_id"))


def holds_placed_before(moment: datetime, reason: HoldReason) -> list[HoldView]:
    """Open holds of the rules for this reason that have waited since before `moment`, oldest first."""
    rows = Hold.objects.filter(reason=reason, cleared_at__isnull=True, is_forced=False, placed_at__lt=moment)
    return [hold_view(hold) for hold in rows.order_by("id")]


def hold_count() -> int:
    """Holds ever placed."""
    return Hold.objects.count()


def held_for_credit(account_ids: Iterable[int]) -> list[int]:
    """Submitted orders of the accounts with an open credit hold, oldest first."""
    rows = Hold.objects.filter(
        order__account_id__in=set(account_ids),
        order__status=OrderStatus.SUBMITTED,
        reason=HoldReason.CREDIT,
        cleared_at__isnull=True,
    )
    return sorted(set(rows.values_list("order_id", flat=True)))


def credit_held_pictures(account_ids: Iterable[int]) -> dict[int, OrderPicture]:
    """The same orders as the rules see them: 1 statement when there is none, else 5."""
    ids = held_for_credit(account_ids)
    return pictures(ids) if ids else {}


def _decimal(text: str | None) -> Decimal | None:
    return Decimal(text) if text else None
