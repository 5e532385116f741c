"""What the order workbench shows: a constant number of statements for 1 and for 500 lines."""

from collections.abc import Sequence
from decimal import Decimal
from math import ceil
from typing import Any

from django.http import HttpRequest

from accounts.queries import ship_tos_of
from catalog import queries as catalog
from catalog.rules.asks import PartQuery
from core import clock, journal, panels
from core.choices import words
from core.refs import DocumentRef
from credit import queries as credit
from orders.admin import wording
from orders.admin.verbs import REASONS
from orders.models import Order, OrderLine
from orders.queries import holds_of, order_detail, progress
from orders.rules.asks import HoldView, LineDetail
from orders.rules.picture import price_text
from orders.states import ORDER, OrderStatus

PAGE = 50
HUNDRED = Decimal(100)


def workbench(order: Order, request: HttpRequest, *, may_act: bool) -> dict[str, Any]:
    ref = DocumentRef("order", order.pk, order.number)
    count = OrderLine.objects.filter(order_id=order.pk).count()
    pages = max(1, ceil(count / PAGE))
    page = _page(request, pages)
    details = order_detail(order.pk, first=(page - 1) * PAGE, limit=PAGE)
    is_draft = order.status == OrderStatus.DRAFT
    near = _suggested(order.account_id, details) if is_draft and may_act else {}
    unmatched = OrderLine.objects.filter(order_id=order.pk, product=None).count() if is_draft else 0
    return {
        "order": order,
        "status_pill": wording.status_pill(order.status),
        "holds": [(h, _may_clear(h, request)) for h in holds_of([order.pk]).get(order.pk, ())],
        "progress": progress([order.pk])[order.pk],
        "credit": _credit(order),
        "lines": [_line(line, order.currency, near.get(line.line_no, ())) for line in details],
        "unmatched": unmatched,
        "ship_tos": ship_tos_of(order.account_id) if is_draft and may_act else (),
        "line_count": count,
        "page": page,
        "pages": range(1, pages + 1),
        "timeline": journal.timeline(ref, limit=50),
        "panels": panels.rendered(ref, request),
        "gates": [{**g, "tone": _TONE.get(g.get("verdict", ""), "neutral")} for g in order.gate_results],
        "reasons": REASONS,
        "may_act": may_act,
        "is_draft": is_draft,
        "may_cancel": may_act and not ORDER.is_terminal(OrderStatus(order.status)),
        "channel": words(order.channel),
    }


_TONE = {"pass": "ok", "hold": "hold", "reject": "bad"}


def _page(request: HttpRequest, pages: int) -> int:
    asked = request.GET.get("page", "1")
    return min(max(1, int(asked)), pages) if asked.isdecimal() and len(asked) < 6 else 1


def _may_clear(hold: HoldView, request: HttpRequest) -> bool:
    """The same question clear_hold asks: the button is only shown to whom it would answer."""
    return not set(hold.clearable_by).isdisjoint(getattr(request.user, "roles", ()))


def _credit(order: Order) -> dict[str, Any] | None:
    """The credit meter: how much of the limit is used."""
    standing = credit.exposure([order.account_id], on=clock.now().date()).get(order.account_id)
    if standing is None:
        return None
    limit = standing.limit + standing.temporary + standing.insured
    used = min(HUNDRED, max(Decimal(0), HUNDRED * standing.parts.total / limit)) if limit else HUNDRED
    return {
        "exposure": standing.parts.total,
        "limit": limit,
        "available": standing.available,
        "currency": standing.currency,
        "percent": int(used),
        "tone": "bad" if standing.available < 0 else "ok",
        "terms": standing.terms_name,
    }


SUGGESTED = 10


def _suggested(account_id: int, lines: Sequence[LineDetail]) -> dict[int, list[str]]:
    """{line number: likely SKUs}: the product the code names by now, else the most alike, for the first lines."""
    open_lines = [line for line in lines if line.product_id is None]
    parts = catalog.resolve_parts([PartQuery(str(x.line_no), account_id, x.stated_code) for x in open_lines])
    skus = {i: p.sku for i, p in catalog.product_snapshots(sorted({p.product_id for p in parts.values()})).items()}
    exact = {int(key): [skus[part.product_id]] for key, part in parts.items()}
    unknown = [x for x in open_lines if x.line_no not in exact][:SUGGESTED]
    return exact | {x.line_no: _alike(x) for x in unknown}


def _alike(line: LineDetail) -> list[str]:
    described = line.stated_description.split("[")[0]
    found = catalog.suggest_skus(line.stated_code) or catalog.suggest_skus(described)
    return [sku for sku, _ in found]


def _line(line: LineDetail, currency: str, near: Sequence[str] = ()) -> dict[str, Any]:
    state, tone = wording.line_state(line.state)
    trace = line.price_trace or {}
    return {
        "line": line,
        "state": wording.pill(state, tone),
        "promise": wording.promise(line.promises),
        "slips": [p.slip_cause for p in line.promises if p.slip_cause],
        "price": "–" if line.unit_price is None else price_text(line.unit_price),
        "stated": "" if line.stated_price is None else price_text(line.stated_price),
        "steps": [(s["label"], price_text(Decimal(s["unit_price"]))) for s in trace.get("waterfall", ())],
        "losers": trace.get("losers", ()),
        "floor": trace.get("floor"),
        "source": trace.get("source", ""),
        "currency": currency,
        "is_unresolved": line.product_id is None,
        "near": near,
        "may_cancel": line.state is not None
        and line.state.backordered + line.state.reserved + line.state.allocated > 0,
    }
