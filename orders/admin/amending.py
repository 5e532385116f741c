"""The page that amends an order: said as a whole, looked at, then done. What was not looked at is not done."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from math import ceil
from typing import Any
from uuid import uuid4

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from accounts.queries import ship_tos_of
from accounts.states import ShipComplete
from catalog.queries import product_snapshots, products_by_sku, suggest_skus
from core import clock
from core.choices import words
from core.console import ServiceAdmin, actor_of
from core.errors import DomainError, FieldError, InvalidInput
from core.idempotency import Claim, hash_body, is_done, run_once
from core.quantity import BadQuantity, as_quantity, plain
from orders.models import Order
from orders.queries import pictures
from orders.revision_queries import texts_of
from orders.rules.picture import LinePicture, OrderPicture, price_text
from orders.rules.wishes import LineWish, Wish, least, standing
from orders.services.amend import amend
from orders.services.preview_amendment import AmendmentPreview, preview_amendment

PAGE = 200  # lines of one form
NEW_LINES = 3
DATES = ("requested_date", "cancel_after_date")
TEXTS = ("po_number", "note", "ship_complete")
SCOPE = "console.amend"


@dataclass(frozen=True)
class Read:
    """What the form says, as a wish; `wrong` are values that are none."""

    wish: Wish
    wrong: tuple[FieldError, ...]
    content: str


def amend_page(request: HttpRequest, order_id: int, model_admin: ServiceAdmin) -> HttpResponse:
    """Nothing is written before what it would do was shown for exactly these values."""
    model_admin.require_act(request)
    row = Order.objects.select_related("account").filter(pk=order_id).first()
    if row is None:
        raise Http404
    order = pictures([order_id])[order_id]
    form: Mapping[str, str] = request.POST if request.method == "POST" else _as_it_is(order)
    context: dict[str, Any] = {}
    if request.method == "POST":
        if is_done(Claim(SCOPE, f"user:{request.user.pk}", form.get("key", ""), "")):
            messages.info(request, f"{row.number} is amended already; what it is now, you see below.")
            return HttpResponseRedirect(reverse("admin:orders_order_change", args=[order_id]))
        read = _read(form, order)
        context = {"wrong": _said(read.wrong)}
        if not read.wrong and form.get("step") == "amend" and form.get("seen") == read.content:
            try:
                return _amended(request, row, read)
            except DomainError as refusal:
                context["wrong"] = _said(refusal.errors if isinstance(refusal, InvalidInput) else ())
                context["wrong"] = context["wrong"] or [refusal.in_words]
        elif not read.wrong:
            seen = preview_amendment(order_id=order_id, wish=read.wish, actor=actor_of(request), now=clock.now())
            context |= {
                "version": seen.version,
                "seen": seen,
                "content": read.content,
                "rows": list(_rows(seen)),
                "problems": _said(seen.problems),
            }
    return TemplateResponse(
        request, "admin/orders/amend.html", _context(request, model_admin, row, order, form) | context
    )


def _amended(request: HttpRequest, row: Order, read: Read) -> HttpResponse:
    """Once for the form's key. Raises what refuses it."""
    key = request.POST.get("key", "")
    claim = Claim(SCOPE, f"user:{request.user.pk}", key, hash_body({"order": row.pk, "wish": read.content}))
    version = request.POST.get("version", "")
    once = run_once(
        claim, amend, order_id=row.pk, wish=read.wish, expected_version=int(version) if version.isdecimal() else 0,
        reason=request.POST.get("reason", ""), actor=actor_of(request), now=clock.now(),
    )  # fmt: skip
    done = once.result
    held = f" It is on hold: {done.holds[0].message}" if done.holds else ""
    said = f"{done.number} is amended, revision {done.revision}: {done.money_effect:+,} {done.currency}.{held}"
    messages.success(request, said)
    return HttpResponseRedirect(reverse("admin:orders_order_change", args=[row.pk]))


def _context(
    request: HttpRequest, model_admin: ServiceAdmin, row: Order, order: OrderPicture, form: Mapping[str, str]
) -> dict[str, Any]:
    pages = max(1, ceil(len(order.lines) / PAGE))
    asked = request.GET.get("page", "1")
    page = min(max(1, int(asked)), pages) if asked.isdecimal() and len(asked) < 6 else 1
    shown = order.lines[(page - 1) * PAGE : page * PAGE]
    products = product_snapshots({x.product_id for x in shown if x.product_id})
    return {
        **model_admin.admin_site.each_context(request),
        "opts": model_admin.model._meta,
        "title": f"Amend {row.number}",
        "order": row,
        "original": row,
        "lines": [_line(x, products, form) for x in shown],
        "new": [(n, form.get(f"sku-{n}", ""), form.get(f"new-{n}", "")) for n in range(1, NEW_LINES + 1)],
        "given": {name: form.get(name, "") for name in (*DATES, *TEXTS, "reason", "ship_to_id")},
        "version": form.get("version", "") or order.version,
        "key": form.get("key", "") or str(uuid4()),
        "ship_tos": [(str(p.id), f"{p.code} {p.name}, {p.city}") for p in ship_tos_of(order.account_id)],
        "ways": [("", "As the account"), *((str(s), words(str(s))) for s in ShipComplete)],
        "page": page,
        "pages": range(1, pages + 1),
    }


def _line(line: LinePicture, products: Mapping[int, Any], form: Mapping[str, str]) -> dict[str, Any]:
    product = products.get(line.product_id or 0)
    return {
        "line": line,
        "name": product.name if product else "",
        "unit": product.base_unit if product else "",
        "standing": plain(standing(line)),
        "least": plain(least(line)),
        "qty": form.get(f"qty-{line.line_no}", plain(standing(line))),
        "day": form.get(f"date-{line.line_no}", _iso(line.requested_date)),
        "price": "–" if line.unit_price is None else price_text(line.unit_price),
    }


def _as_it_is(order: OrderPicture) -> dict[str, str]:
    note, _ = texts_of(order.order_id)
    return {
        "po_number": order.po_number,
        "note": note,
        "ship_complete": order.ship_complete,
        "ship_to_id": str(order.ship_to_id or ""),
        "requested_date": _iso(order.requested_date),
        "cancel_after_date": _iso(order.cancel_after_date),
    }


def _iso(day: date | None) -> str:
    return "" if day is None else day.isoformat()


def _read(form: Mapping[str, str], order: OrderPicture) -> Read:
    """Only what differs from the order as it is; a field the form does not have is left as it is."""
    wrong: list[FieldError] = []
    now = _as_it_is(order)
    given = {n: form[n].strip() for n in (*DATES, *TEXTS, "ship_to_id") if n in form and form[n].strip() != now[n]}
    values: dict[str, Any] = {n: v for n, v in given.items() if n in TEXTS and (v or n == "po_number")}
    values |= {n: day for n in DATES if given.get(n) and (day := _day(given[n], n, wrong))}
    if given.get("ship_to_id"):
        values["ship_to_id"] = int(given["ship_to_id"]) if given["ship_to_id"].isdecimal() else 0
    cleared = frozenset(n for n in (*DATES, "note", "ship_complete") if n in given and not given[n])
    lines = [w for x in order.lines if (w := _line_wish(x, form, wrong))] + list(_new_lines(form, wrong))
    wish = Wish(tuple(lines), cleared=cleared, **values)
    return Read(wish, tuple(wrong), hash_body(json.dumps(asdict(wish), default=_text, sort_keys=True)))


def _text(value: Any) -> Any:
    return sorted(value) if isinstance(value, frozenset) else str(value)


def _line_wish(line: LinePicture, form: Mapping[str, str], wrong: list[FieldError]) -> LineWish | None:
    qty, day = form.get(f"qty-{line.line_no}"), form.get(f"date-{line.line_no}", "").strip()
    wanted = None if qty is None else _quantity(qty, f"line {line.line_no}", wrong)
    if wanted == standing(line):
        wanted = None
    on = _day(day, f"line {line.line_no}", wrong) if day and day != _iso(line.requested_date) else None
    return LineWish(line.line_no, wanted, requested_date=on) if wanted is not None or on is not None else None


def _new_lines(form: Mapping[str, str], wrong: list[FieldError]) -> Iterable[LineWish]:
    """A row without a SKU is no line; one that names no product says what is alike."""
    for n in range(1, NEW_LINES + 1):
        sku = form.get(f"sku-{n}", "").strip()
        if not sku:
            continue
        product_id = products_by_sku([sku]).get(sku.upper())
        if product_id is None:
            near = ", ".join(found for found, _ in suggest_skus(sku, limit=3))
            remedy = f"Did you mean {near}?" if near else "Look it up under Products."
            wrong.append(FieldError(f"/sku-{n}", "unknown_product", f"There is no product {sku[:40]!r}.", remedy))
        qty = _quantity(form.get(f"new-{n}", ""), sku[:40], wrong)
        if product_id is not None and qty is not None:
            yield LineWish(qty=qty, product_id=product_id, stated_code=sku)


def _quantity(text: str, what: str, wrong: list[FieldError]) -> Decimal | None:
    try:
        return as_quantity(text.strip())
    except BadQuantity as bad:
        wrong.append(
            FieldError("/qty", "invalid", f"{what}: {bad}.", "Write all that is to stand of it; 0 takes it out.")
        )
        return None


def _day(text: str, what: str, wrong: list[FieldError]) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        wrong.append(FieldError("/day", "invalid", f"{words(what)}: {text[:20]!r} is no day.", "Like 2026-12-24."))
        return None


def _said(errors: Iterable[FieldError]) -> list[str]:
    return [e.in_words for e in errors]


def _rows(seen: AmendmentPreview) -> Iterable[dict[str, Any]]:
    for x in seen.lines:
        yield {
            "line": x,
            "before": "–" if x.before is None else plain(x.before),
            "after": plain(x.after) if x.after else "taken out",
            "price": "–" if x.unit_price is None else price_text(x.unit_price),
        }
