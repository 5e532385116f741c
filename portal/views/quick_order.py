"""Quick order, review and place: type, paste or upload; see prices and dates; place the good lines."""

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import uuid4

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.queries import ship_tos_of
from core import clock
from core.errors import DomainError
from core.idempotency import Claim, hash_body, run_once
from orders.services.place import place
from portal.access import PORTAL, PortalRequest, access, actor, may_order
from portal.quick import MOST_FORM_ROWS, QuickPage, check, draft_of
from portal.review import ReviewPage
from portal.rules.lines import StatedLine, TooMany, UnreadableFile, decode, read_fields, read_text
from portal.standing import headroom

MODES = ("lines", "paste", "file")
MORE_ROWS = 10
LONGEST_PO = 60


@access(PORTAL)
def quick_order(request: PortalRequest) -> HttpResponse:
    """The page, empty or with what was written checked."""
    if request.method == "GET":
        return _show(request, _empty(request))
    page = _read(request)
    if request.POST.get("do") != "review":
        return _show(request, page)
    if not page.ready:
        notice = page.notice or _("There is no line to order yet. Enter an item and a quantity.")
        return _show(request, replace(page, notice=notice))
    return _show_review(request, _checked(request, page.text, _details(request)), str(uuid4()))


@require_POST
@access(PORTAL)
def row(request: PortalRequest) -> HttpResponse:
    """As you type: the answer to one row, and the summary of all."""
    page = _read(request)
    asked = request.headers.get("HX-Target", "").rpartition("-")[2]
    number = int(asked) if asked.isdecimal() and len(asked) < 6 else 0
    found = next((r for r in page.rows if r.number == number), page.blank)
    return render(request, "portal/_row_answer.html", {"page": page, "row": found})


@require_POST
@access(PORTAL)
def place_order(request: PortalRequest) -> HttpResponse:
    """Place the good lines, once for the form's key; a refusal comes back to the page with all that was entered."""
    if not may_order(request):
        raise PermissionDenied
    text, wrong = request.POST.get("text", ""), _wrong_details(request)
    page = _checked(request, text, _details(request))
    if wrong or not page.ready or page.problems:
        return _show_review(request, page, str(uuid4()), wrong)
    draft = draft_of(page.ready, account=request.buying.account, actor=actor(request), **_details(request))
    claim = Claim(
        "portal.place",
        owner=f"user:{request.user.pk}",
        key=request.POST.get("key", ""),
        body_hash=hash_body({"text": text, **_entered(request), "account": request.buying.account.id}),
    )
    try:
        placed = run_once(claim, place, draft, actor=actor(request), now=clock.now()).result
    except DomainError as refusal:
        return _show_review(request, page, str(uuid4()), refusal=refusal)
    words = _("Order %(number)s is placed.") % {"number": placed.number}
    messages.success(request, words if not placed.holds else f"{words} {_('It is on hold; see below why.')}")
    return redirect("portal:order", number=placed.number)


def _read(request: PortalRequest) -> QuickPage:
    """The posted lines, checked, whichever way they came; what cannot be read stays in the page with a notice."""
    mode = request.POST.get("mode", "lines")
    text = request.POST.get("text", "")
    if mode == "file":
        upload = request.FILES.get("file")
        if upload is None:
            return replace(_empty(request), mode="file", notice=_("Choose a CSV file first."))
        try:
            text = decode(upload.read() or b"")
        except UnreadableFile as bad:
            notice = _("The file %(name)s cannot be read: %(why)s.") % {"name": upload.name, "why": bad}
            return replace(_empty(request), mode="file", notice=notice)
    if "item" in request.POST:
        stated: list[StatedLine] | TooMany = read_fields(_items(request), request.POST.getlist("qty"))
    else:
        stated = read_text(text)
    if isinstance(stated, TooMany):
        notice = _("There are %(n)s lines; one order takes %(most)s. Nothing was read: split them in two.")
        words = notice % {"n": stated.found, "most": stated.most}
        return replace(_empty(request), mode="paste", raw_text=text, notice=words)
    page = check(stated, account=request.buying.account, actor=actor(request), now=clock.now())
    is_long = len(page.rows) > MOST_FORM_ROWS
    more = MORE_ROWS if request.POST.get("do") == "more" else 0
    return replace(page, mode="paste" if is_long else "lines", extra_rows=more)


def _items(request: PortalRequest) -> list[str]:
    """The item fields, one of them replaced when a suggestion was taken ("use-3:ABC-1")."""
    items = request.POST.getlist("item")
    taken, _colon, sku = request.POST.get("do", "").partition(":")
    number = taken.removeprefix("use-")
    if taken.startswith("use-") and number.isdecimal() and len(number) < 6 and 0 < int(number) <= len(items):
        items[int(number) - 1] = sku
    return items


def _empty(request: PortalRequest) -> QuickPage:
    account = request.buying.account
    mode = request.GET.get("mode", "lines")
    today = clock.local_date(clock.now(), account.time_zone)
    return QuickPage(account.currency, mode=mode if mode in MODES else "lines", headroom=headroom(account.id, on=today))


def _checked(request: PortalRequest, text: str, details: dict[str, Any]) -> QuickPage:
    stated = read_text(text)
    lines = [] if isinstance(stated, TooMany) else stated
    return check(lines, account=request.buying.account, actor=actor(request), now=clock.now(), **details)


def _entered(request: HttpRequest) -> dict[str, str]:
    names = ("ship_to", "po_number", "requested_date")
    return {name: request.POST.get(name, "").strip() for name in names}


def _details(request: PortalRequest) -> dict[str, Any]:
    """The entered details as fields of OrderDraft; those that are not usable are left out."""
    entered = _entered(request)
    places = ship_tos_of(request.buying.account.id)
    chosen = next((p.id for p in places if str(p.id) == entered["ship_to"]), places[0].id if places else None)
    return {
        "ship_to_id": chosen,
        "po_number": entered["po_number"][:LONGEST_PO],
        "requested_date": _day(entered["requested_date"]),
    }


def _wrong_details(request: PortalRequest) -> dict[str, str]:
    entered, wrong = _entered(request), {}
    places = {str(p.id) for p in ship_tos_of(request.buying.account.id)}
    if entered["ship_to"] and entered["ship_to"] not in places:
        wrong["ship_to"] = _("This address is no longer one of yours. Choose where to ship to.")
    if request.buying.account.po_number_required and not entered["po_number"]:
        wrong["po"] = _("Enter your purchase order number: your company asks for one on every order.")
    if len(entered["po_number"]) > LONGEST_PO:
        wrong["po"] = _("This number has %(n)s characters; at most %(most)s are kept. Shorten it.") % {
            "n": len(entered["po_number"]),
            "most": LONGEST_PO,
        }
    if entered["requested_date"] and _day(entered["requested_date"]) is None:
        wrong["date"] = _("This is not a date. Write it as 2026-12-31.")
    return wrong


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _show(request: PortalRequest, page: QuickPage) -> HttpResponse:
    return render(request, "portal/quick_order.html", {"page": page, "here": "quick-order"})


def _show_review(
    request: PortalRequest,
    checked: QuickPage,
    key: str,
    wrong: dict[str, str] | None = None,
    refusal: DomainError | None = None,
) -> HttpResponse:
    page = ReviewPage(
        checked,
        key=key,
        entered=_entered(request),
        ship_tos=ship_tos_of(request.buying.account.id),
        po_required=request.buying.account.po_number_required,
        wrong_details=wrong or {},
        refusal=refusal,
    )
    status = 422 if wrong or refusal else 200
    return render(request, "portal/review.html", {"page": page, "here": "quick-order"}, status=status)
