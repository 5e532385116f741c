"""What the order workbench shows: a constant number of statements for 1 and for 500 lines."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from math import ceil
from typing import Any

from django.http import HttpRequest

from accounts.queries import ship_tos_of
from accounts.states import Role
from catalog import queries as catalog
from catalog.rules.asks import PartQuery
from core import clock, journal, panels, refs
from core.choices import words
from core.quantity import plain
from core.refs import DocumentRef
from credit import queries as credit
from exceptions_app import kinds as case_kinds
from exceptions_app.queries import cases_for, clock_of
from exceptions_app.rules.asks import CaseSnapshot
from inventory import queries as inventory
from inventory.alternative_queries import FoundWay, ways_of
from inventory.rules.alternatives import Way
from inventory.rules.asks import Holding, MadePromise
from inventory.rules.promise_words import split_words
from inventory.sourcing_queries import why_these_sites
from orders.admin import wording
from orders.admin.verbs import REASONS
from orders.beyond import delivered_of_lines
from orders.clock_queries import clocks_of
from orders.hold_queries import types_by_hand
from orders.models import Order, OrderLine
from orders.queries import holds_of, order_detail, progress
from orders.revision_queries import revisions_of
from orders.rules.asks import HoldView, LineDetail
from orders.rules.picture import price_text
from orders.rules.requests import ELSEWHERE
from orders.rules.standing import line_standing, order_standing
from orders.states import ORDER, OrderStatus
from orders.stock_hold_queries import goods_held
from orders.substitutes import SubstituteOffer, in_words, substitute_offers

PAGE = 50
TOLD = 100
ZERO, HUNDRED = Decimal(0), Decimal(100)


def workbench(order: Order, request: HttpRequest, *, may_act: bool) -> dict[str, Any]:
    """What the page of one order shows, in a number of statements that does not grow with its lines."""
    ref = DocumentRef("order", order.pk, order.number)
    count = OrderLine.objects.filter(order_id=order.pk).count()
    pages = max(1, ceil(count / PAGE))
    page = _page(request, pages)
    details = order_detail(order.pk, first=(page - 1) * PAGE, limit=PAGE)
    holds = holds_of([order.pk]).get(order.pk, ())
    is_mended = order.status == OrderStatus.DRAFT and may_act
    return {
        "order": order,
        "holds": [(h, _may_clear(h, request), ", ".join(map(words, h.clearable_by))) for h in holds],
        "not_asked": ELSEWHERE,
        "credit": _credit(order),
        "lines": _lines(order, details, request, is_held=bool(holds), is_mended=is_mended),
        "first_line": (page - 1) * PAGE + 1,
        "last_line": (page - 1) * PAGE + len(details),
        "line_count": count,
        "page": page,
        "pages": range(1, pages + 1),
        "panels": panels.rendered(ref, request),
        "revisions": revisions_of(order.pk),
        **_standing(order, ref, is_held=bool(holds)),
        **_choices(order, request, may_act=may_act),
    }


def _lines(
    order: Order, details: Sequence[LineDetail], request: HttpRequest, *, is_held: bool, is_mended: bool
) -> list[dict[str, Any]]:
    """The lines of the page with their units, promises, offers and reasons."""
    demand_ids = [line.state.demand_id for line in details if line.state]
    held, made = inventory.holdings(demand_ids), inventory.promise_history(demand_ids)
    sites, why_here, ways = inventory.names_of_sites(), why_these_sites(demand_ids), ways_of(demand_ids)
    replaceable = [x.line_no for x in details if x.state and _has_substitute(ways, x.state.demand_id)]
    offers = _offers(order, request, replaceable)
    arrived = delivered_of_lines([line.line_id for line in details])
    near = _suggested(order.account_id, details) if is_mended else {}
    found = []
    for line in details:
        demand, delivered = line.state.demand_id if line.state else 0, arrived.get(line.line_id, ZERO)
        told = _line(line, order.currency, near.get(line.line_no, ()), sites, delivered, is_held=is_held)
        found.append(
            {
                **told,
                "offers": offers.get(line.line_no, ()),
                "ways": ways.get(demand, ()),
                "why_here": why_here.get(demand, ""),
                "held": [_held(h) for h in held.get(demand, ())],
                "made": [_made(m) for m in made.get(demand, ())],
            }
        )
    return found


def _standing(order: Order, ref: DocumentRef, *, is_held: bool) -> dict[str, Any]:
    """How far the order is, what its gates said and what happened to it."""
    how_far = progress([order.pk])[order.pk]
    return {
        "status_pill": wording.standing_pill(order_standing(order.status, how_far, is_held=is_held)),
        "allocated": wording.PARTS[how_far.allocation],
        "shipped": wording.PARTS[how_far.shipment],
        "clocks": clocks_of([order.pk])[order.pk],
        "next_clock": _next_clock(cases_for([ref], live_only=True).get(("order", order.pk), ())),
        "timeline": journal.timeline(ref, limit=TOLD),
        "gates": [{**g, "tone": _TONE.get(g.get("verdict", ""), "neutral")} for g in order.gate_results],
        "terms_name": _terms_name(order.terms_code),
        "channel": words(order.channel),
    }


def _choices(order: Order, request: HttpRequest, *, may_act: bool) -> dict[str, Any]:
    """What may be done with the order, and what there is to choose from."""
    is_draft = order.status == OrderStatus.DRAFT
    return {
        "may_act": may_act,
        "may_amend": may_act and order.status == OrderStatus.SUBMITTED,
        "may_cancel": may_act and not ORDER.is_terminal(OrderStatus(order.status)),
        "is_draft": is_draft,
        "held_goods": goods_held([order.pk], now=clock.now()).get(order.pk) if is_draft else None,
        "unmatched": OrderLine.objects.filter(order_id=order.pk, product=None).count() if is_draft else 0,
        "ship_tos": ship_tos_of(order.account_id) if is_draft and may_act else (),
        "reasons": REASONS,
        "terms": credit.all_terms() if may_act and not ORDER.is_terminal(OrderStatus(order.status)) else (),
        "asks_terms": not _may_change_terms(request),
        "hold_types": types_by_hand().values() if may_act else (),
    }


def _held(holding: Holding) -> dict[str, Any]:
    return {
        "qty": plain(holding.qty),
        "where": f"{holding.site}, lot {holding.lot}" if holding.lot else holding.site,
        "kind": _KINDS.get(holding.kind, words(holding.kind)),
        "until": holding.expires_at,
    }


_KINDS = {"soft": "Reserved", "hard": "Allocated", "released": "Released", "picked": "Picked"}


def _made(promise: MadePromise) -> dict[str, Any]:
    return {
        "what": f"{plain(promise.qty)} on {wording.day(promise.delivery_date)}"
        + (f" from {promise.site}" if promise.site else ""),
        "at": promise.made_at,
        "is_current": promise.is_current,
        "cause": promise.slip_cause,
    }


def _next_clock(cases: Sequence[CaseSnapshot]) -> dict[str, Any] | None:
    """The live case about the order whose clock runs out first."""
    if not cases:
        return None
    case = min(cases, key=lambda c: (c.breach_at is None, c.breach_at or c.resolve_by, c.id))
    shown = clock_of(case, clock.now())
    return {
        "words": f"{case_kinds.label(case.kind)}: {shown.words[:1].lower()}{shown.words[1:]}",
        "tone": shown.tone,
        "url": refs.url_of(DocumentRef("case", case.id, case.number)),
    }


_TONE = {"pass": "ok", "hold": "hold", "reject": "bad"}


def _page(request: HttpRequest, pages: int) -> int:
    asked = request.GET.get("page", "1")
    return min(max(1, int(asked)), pages) if asked.isdecimal() and len(asked) < 6 else 1


def _may_clear(hold: HoldView, request: HttpRequest) -> bool:
    """The same question clear_hold asks: the button is only shown to whom it would answer."""
    return not set(hold.clearable_by).isdisjoint(getattr(request.user, "roles", ()))


def _terms_name(code: str) -> str:
    """ "Net 30 days" for NET30; nothing where the account's terms hold."""
    found = credit.terms_by_code([code]) if code else {}
    return found[code].name if code in found else code


def _may_change_terms(request: HttpRequest) -> bool:
    return not {Role.FINANCE, Role.FINANCE_APPROVER}.isdisjoint(getattr(request.user, "roles", ()))


def _credit(order: Order) -> dict[str, Any] | None:
    """The credit meter: how much of the limit is used."""
    standing = credit.exposure([order.account_id], on=clock.company_day(clock.now())).get(order.account_id)
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


def _has_substitute(ways: Mapping[int, Sequence[FoundWay]], demand_id: int) -> bool:
    return any(way.way == Way.SUBSTITUTE for way in ways.get(demand_id, ()))


def _offers(
    order: Order, request: HttpRequest, found: Sequence[int]
) -> Mapping[int, Sequence[tuple[SubstituteOffer, str, str]]]:
    """What may stand in for the lines a run `found` something for and the one that was asked about, with its effect in
    words and in margin."""
    asked = request.GET.get("substitutes", "")
    lines = {*found, *([int(asked)] if asked.isdecimal() and len(asked) <= 6 else [])}
    shown: dict[int, list[tuple[SubstituteOffer, str, str]]] = {}
    for offer in substitute_offers(order.pk, now=clock.now(), line_nos=lines) if lines else ():
        words = in_words(offer, order.currency)
        shown.setdefault(offer.line_no, []).append((offer, words, _margin(offer, order.currency)))
    return shown


def _margin(offer: SubstituteOffer, currency: str) -> str:
    change = offer.margin_change
    return "margin unknown" if change is None else f"margin {change:+,} {currency}"


def _alike(line: LineDetail) -> list[str]:
    described = line.stated_description.split("[")[0]
    found = catalog.suggest_skus(line.stated_code) or catalog.suggest_skus(described)
    return [sku for sku, _ in found]


def _line(
    line: LineDetail, currency: str, near: Sequence[str], sites: Mapping[int, str], delivered: Decimal, *, is_held: bool
) -> dict[str, Any]:
    trace = line.price_trace or {}
    return {
        "line": line,
        "state": wording.standing_pill(line_standing(line.state, is_held=is_held, delivered=delivered)),
        "promise": split_words(line.promises, sites, is_placed=True),
        "slips": wording.slips(line.promises),
        "price": "–" if line.unit_price is None else price_text(line.unit_price),
        "stated": "" if line.stated_price is None else price_text(line.stated_price),
        "steps": [(s["label"], price_text(Decimal(s["unit_price"]))) for s in trace.get("waterfall", ())],
        "losers": trace.get("losers", ()),
        "floor": trace.get("floor"),
        "source": trace.get("source", ""),
        "currency": currency,
        "is_unresolved": line.product_id is None,
        "near": near,
        "may_price": line.product_id is not None
        and (line.state is None or line.state.released + line.state.picked + line.state.shipped == 0),
        "waits": line.state is not None and line.state.backordered > 0,
        "may_close_short": line.state is not None
        and line.state.backordered > 0
        and line.state.shipped > 0
        and line.state.open == line.state.backordered,
        "may_promise": line.state is not None and line.state.open > 0,
        "may_split": line.state is not None and ZERO < line.state.backordered < line.state.open,
        "may_cancel": line.state is not None
        and line.state.backordered + line.state.reserved + line.state.allocated > 0,
    }
