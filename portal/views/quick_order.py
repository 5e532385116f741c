"""Quick order: type, paste or upload; see prices and dates; keep it as a draft; go on to the review."""

from dataclasses import replace
from datetime import datetime

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from core import clock
from core.errors import DomainError
from core.idempotency import Claim, hash_body, run_once
from orders.rules.asks import OrderDraft
from orders.services.capture import capture
from orders.services.edit_draft import edit_draft
from orders.services.hold_goods import hold_goods, let_goods_go
from orders.states import Channel
from orders.stock_hold_queries import limits_of
from portal.access import PORTAL, PortalRequest, access, actor, may_order
from portal.csv_files import csv_answer
from portal.details import read_details
from portal.drafts import Kept, again_lines, draft_changes, kept_draft, line_drafts, without_quantity
from portal.entering import MODES, as_written, empty_page, read_page
from portal.quick import QuickPage, check
from portal.views.placing import form_is_for_another, kept_of, show_review

PROBLEM_HEADER = ("Item", "Quantity", "Line", "What is wrong", "Did you mean")


@access(PORTAL)
def quick_order(request: PortalRequest) -> HttpResponse:
    """The page, empty, with a draft, or with what was written checked."""
    if request.method != "POST":
        return _show(request, _opened(request))
    page, do = read_page(request), request.POST.get("do", "")
    if form_is_for_another(request):
        words = _("You act for %(name)s now: these are its prices and dates. Nothing was ordered or kept.")
        return _show(request, replace(page, notice=words % {"name": request.buying.account.name}))
    if do == "problems":
        return _problems(page)
    if do == "save":
        return _keep(request, page)
    if do == "hold":
        return _keep(request, page, and_hold=True)
    if do == "let-go":
        return _let_go(request, page)
    if do != "review":
        return _show(request, page)
    if not page.ready:
        notice = page.notice or _("There is no line to order yet. Enter an item and a quantity.")
        return _show(request, replace(page, notice=notice))
    kept = kept_of(request)
    details = read_details(request.POST, request.buying.account, kept.entered if kept else None)
    stated, here = as_written(page.text), request.buying
    held = kept.held if kept else None
    checked = check(stated, account=here.account, actor=actor(request), now=clock.now(), held=held, **details.fields)
    return show_review(request, replace(checked, draft=page.draft, version=page.version), details)


@require_POST
@access(PORTAL)
def row(request: PortalRequest) -> HttpResponse:
    """As you type: the answer to one row, and the summary of all."""
    page = read_page(request)
    asked = request.headers.get("HX-Target", "").rpartition("-")[2]
    number = int(asked) if asked.isdecimal() and len(asked) < 6 else 0
    found = next((r for r in page.rows if r.number == number), page.blank)
    return render(request, "portal/_row_answer.html", {"page": page, "row": found, "may_order": may_order(request)})


def _opened(request: PortalRequest) -> QuickPage:
    """Empty, or with the lines of a draft or of an order that is wanted again."""
    account, given = request.buying.account, request.GET
    who, now = actor(request), clock.now()
    if number := given.get("draft", ""):
        kept = kept_draft(number, account.id)
        page = check(kept.stated, account=account, actor=who, now=now, held=kept.held)
        return replace(page, mode=page.fitting_mode, draft=kept.number, version=kept.version)
    if number := given.get("again", ""):
        page = check(again_lines(number, account.id), account=account, actor=who, now=now)
        words = _("The lines of order %(number)s, at today's prices and dates.") % {"number": number[:30]}
        return replace(page, mode=page.fitting_mode, read_notice=words)
    mode = given.get("mode", "lines")
    return empty_page(account, mode if mode in MODES else "lines")


def _problems(page: QuickPage) -> HttpResponse:
    """The bad lines with their reasons: mended in a spreadsheet, the file can be uploaded as it is."""
    rows = [[r.item, r.qty, str(r.number), r.wrong, ", ".join(s.sku for s in r.suggestions)] for r in page.wrong]
    return csv_answer("problem-lines.csv", PROBLEM_HEADER, rows)


def _keep(request: PortalRequest, page: QuickPage, *, and_hold: bool = False) -> HttpResponse:
    """The lines as a draft order, the bad ones too as long as they say how many; with their goods kept from others, if
    that is asked as well."""
    if not may_order(request):
        raise PermissionDenied
    if not page.rows:
        return _show(request, replace(page, notice=page.notice or _("There is no line to keep yet.")))
    if lacking := without_quantity(page.rows):
        notice = _("Nothing was kept: give line %(n)s an item and a quantity first.") % {"n": lacking[0].number}
        return _show(request, replace(page, notice=notice))
    kept = kept_of(request)
    try:
        number = _write_draft(request, page, kept, clock.now())
    except DomainError as refusal:
        said = " ".join(refusal.each_in_words)
        return _show(request, replace(page, notice=f"{_('Nothing was kept.')} {said}"))
    messages.success(request, _("Kept as draft %(number)s. Go on with it on any device.") % {"number": number})
    if and_hold:
        _hold(request, number)
    return redirect(f"{reverse('portal:quick-order')}?draft={number}")


def _hold(request: PortalRequest, number: str) -> None:
    """A refusal is told on the draft's page, which is kept all the same."""
    kept = kept_draft(number, request.buying.account.id)
    try:
        hold_goods(order_id=kept.order_id, actor=actor(request), now=clock.now())
    except DomainError as refusal:
        messages.error(request, f"{_('Nothing is held for you.')} {' '.join(refusal.each_in_words)}")


def _let_go(request: PortalRequest, page: QuickPage) -> HttpResponse:
    """Held no longer; the draft stays as it was kept."""
    if not may_order(request):
        raise PermissionDenied
    kept = kept_draft(page.draft, request.buying.account.id)
    let_goods_go(order_id=kept.order_id, actor=actor(request), now=clock.now())
    messages.success(request, _("The goods of draft %(number)s are held no longer.") % {"number": kept.number})
    return redirect(f"{reverse('portal:quick-order')}?draft={kept.number}")


def _write_draft(request: PortalRequest, page: QuickPage, kept: Kept | None, now: datetime) -> str:
    account, lines = request.buying.account, line_drafts(page.rows)
    details, who = read_details(request.POST, account, kept.entered if kept else None).fields, actor(request)
    if kept:
        changes = draft_changes(lines, details)
        edited = edit_draft(order_id=kept.order_id, changes=changes, expected_version=page.version, actor=who, now=now)
        return edited.number
    draft = OrderDraft(account.id, Channel.PORTAL, account.currency, lines, on_behalf_of=who.on_behalf_of, **details)
    body = hash_body({"text": page.text, "account": account.id})
    claim = Claim("portal.keep", f"user:{request.user.pk}", request.POST.get("key", ""), body)
    return run_once(claim, capture, draft, actor=who, now=now).result.number


def _show(request: PortalRequest, page: QuickPage) -> HttpResponse:
    minutes = limits_of(request.buying.account.id).cart_minutes
    context = {"page": page, "here": "quick-order", "may_order": may_order(request), "hold_minutes": minutes}
    return render(request, "portal/quick_order.html", context)
