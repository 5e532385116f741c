"""The page that sets prices of an order's lines aside: contract price, floor and margin before, and what it gives away, seen
before anything is done."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from accounts.approval_queries import deciders
from core import clock
from core.actors import Actor
from core.choices import counted, words
from core.console import ServiceAdmin, actor_of
from core.errors import DomainError, FieldError, InvalidInput
from core.overrides import Reason
from orders.admin.verbs import REASONS
from orders.models import Order
from orders.queries import pictures
from orders.rules.picture import LinePicture, OrderPicture, price_text
from orders.rules.repricing import PRICE_APPROVAL, money_effect
from orders.services.override_price import PriceCase, may_alone, override_price, price_case
from orders.states import OrderStatus
from pricing.rules.asks import PriceResult

ZERO, HUNDRED = Decimal(0), Decimal(100)
TENTH = Decimal("0.1")
PAGE = 100
Prices = dict[int, Decimal]


def price_page(request: HttpRequest, order_id: int, model_admin: ServiceAdmin) -> HttpResponse:
    """GET shows the lines; POST with "look" what the prices typed would do; POST with "do" overrides them, or asks."""
    model_admin.require_act(request)
    order = pictures([order_id]).get(order_id)
    if order is None:
        raise Http404
    actor, form = actor_of(request), request.POST
    prices, errors = _typed(form)
    case: PriceCase | None = None
    if prices and not errors:
        try:
            if "do" in form:
                return _done(request, order_id, prices, actor)
            found = price_case(order_id, prices, clock.now())
            may_alone(found, actor, clock.now())  # refuses where no rate says what it is in the company's currency
            case = found
        except DomainError as refusal:
            errors = list(refusal.each_in_words)
    elif request.method == "POST" and not errors:
        errors = ["Type the new price of a line at least."]
    return _shown(request, model_admin, order, case, actor, errors)


def _typed(form: Mapping[str, str]) -> tuple[Prices, list[str]]:
    """{line number: new price per base unit}, and what is no number."""
    prices: Prices = {}
    errors = []
    for name, text in form.items():
        line_no = name.removeprefix("price_")
        if name == line_no or not line_no.isdecimal() or not text.strip():
            continue
        try:
            prices[int(line_no)] = Decimal(text.strip())
        except InvalidOperation:
            errors.append(f"Line {line_no}: {text.strip()[:40]!r} is not a price.")
    return prices, errors


def _done(request: HttpRequest, order_id: int, prices: Prices, actor: Actor) -> HttpResponse:
    form = request.POST
    code = form.get("reason", "") or "other"
    if code not in dict(REASONS):
        raise InvalidInput([FieldError("/reason", "unknown", f"{code[:40]!r} is no reason of the list.")])
    reason = Reason(code, form.get("note", ""))
    done = override_price(order_id=order_id, prices=prices, reason=reason, actor=actor, now=clock.now())
    worth = f"{done.effect:+,} {done.currency} against the contract price"
    told = f"{counted(len(prices), 'price')} overridden: {worth}. The override is recorded."
    if not done.is_applied:
        told = f"The prices wait for approval {done.approval_id}: {worth}."
    messages.success(request, told)
    return HttpResponseRedirect(reverse("admin:orders_order_change", args=[order_id]))


def _shown(
    request: HttpRequest,
    model_admin: ServiceAdmin,
    order: OrderPicture,
    case: PriceCase | None,
    actor: Actor,
    errors: list[str],
) -> HttpResponse:
    may_change = order.meta["status"] in (OrderStatus.DRAFT, OrderStatus.SUBMITTED)
    lines = [x for x in order.lines if may_change and _may_price(x)]
    pages = max(1, -(-len(lines) // PAGE))
    asked = request.GET.get("page", "1")
    page = min(max(1, int(asked)), pages) if asked.isdecimal() and len(asked) < 6 else 1
    shown = lines[(page - 1) * PAGE : page * PAGE]
    now = {x.line_no: x.unit_price or ZERO for x in shown}
    ours = price_case(order.order_id, now, clock.now()).ours if now else {}
    context = {
        **model_admin.admin_site.each_context(request),
        "title": f"Override prices of {order.number}",
        "opts": model_admin.opts,
        "order": order,
        "original": Order.objects.only("pk", "number").get(pk=order.order_id),  # names it in the page's head
        "rows": [_row(x, ours[x.line_no], case, request.POST, order.currency) for x in shown],
        "outcome": None if case is None else _outcome(case, actor),
        "errors": errors,
        "reasons": [(code, label, code == request.POST.get("reason")) for code, label in REASONS],
        "note": request.POST.get("note", ""),
        "page": page,
        "pages": range(1, pages + 1),
    }
    return TemplateResponse(request, "admin/orders/price.html", context)


def _may_price(line: LinePicture) -> bool:
    state = line.demand
    return line.product_id is not None and not (state and state.released + state.picked + state.shipped > ZERO)


def _row(
    line: LinePicture, ours: PriceResult, case: PriceCase | None, form: Mapping[str, str], currency: str
) -> dict[str, Any]:
    new = case.prices.get(line.line_no) if case else None
    return {
        "line": line,
        "ours": _text(ours.unit_price),
        "source": ours.source_code,
        "floor": _text(ours.floor),
        "margin": _margin(ours.unit_price, ours),
        "typed": form.get(f"price_{line.line_no}", ""),
        "now": _text(line.unit_price),
        "new_margin": "" if new is None else _margin(new, ours),
        "effect": "" if new is None else f"{money_effect(line, new, ours, currency):+,}",
        "is_below_floor": new is not None and ours.floor is not None and new < ours.floor,
    }


def _text(price: Decimal | None) -> str:
    return "–" if price is None else price_text(price)


def _margin(price: Decimal | None, ours: PriceResult) -> str:
    """Percent of the price that is over cost; unknown without a cost."""
    if not price or ours.unit_margin is None or ours.unit_price is None:
        return "–"
    cost = ours.unit_price - ours.unit_margin
    return f"{((price - cost) * HUNDRED / price).quantize(TENTH)} %"


def _outcome(case: PriceCase, actor: Actor) -> dict[str, Any]:
    """What would happen: the sum, the points, and who has to say yes."""
    now, currency = clock.now(), case.order.currency
    alone = may_alone(case, actor, now)
    who = deciders(
        PRICE_APPROVAL,
        case.given_away,
        currency,
        on=clock.company_day(now),
        actor=actor.label,
        margin_points=case.points,
    )
    return {
        "effect": f"{case.effect:+,} {currency}",
        "points": case.points,
        "is_alone": alone,
        "is_below_floor": case.is_below_floor,
        "who": ", ".join(words(role).lower() for role in who),
    }
