"""Review and place: the good lines with where to, when and under which number; placed once for the form's key."""

from dataclasses import replace
from uuid import uuid4

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from core import clock
from core.errors import DomainError, NotFound
from core.idempotency import Claim, hash_body, run_once
from orders.filters import OrderFilter, find_orders
from orders.rules.asks import OrderDraft, Submitted
from orders.services.edit_draft import edit_draft
from orders.services.place import place
from orders.services.submit import submit
from portal.access import PORTAL, PortalRequest, access, actor, may_order
from portal.details import FIELDS, Details, read_details
from portal.drafts import Kept, draft_changes, kept_draft
from portal.entering import as_written
from portal.quick import QuickPage, check, draft_of
from portal.review import ReviewPage


@require_POST
@access(PORTAL)
def place_order(request: PortalRequest) -> HttpResponse:
    """Place the good lines, once for the form's key; a refusal comes back to the page with all that was entered."""
    if not may_order(request):
        raise PermissionDenied
    if placed_already := _placed_draft(request):
        return redirect("portal:order", number=placed_already)
    account, kept = request.buying.account, kept_of(request)
    details = read_details(request.POST, account, kept.entered if kept else None)
    page = check(
        as_written(request.POST.get("text", "")),
        account=account,
        actor=actor(request),
        now=clock.now(),
        held=kept.held if kept else None,
        **details.fields,
    )
    version = request.POST.get("version", "")
    if kept:
        page = replace(page, draft=kept.number, version=int(version) if version.isdecimal() and len(version) < 9 else 0)
    if form_is_for_another(request):
        words = _("You act for %(name)s now: these are its prices and dates. Nothing was placed; check it again.")
        return show_review(request, replace(page, notice=words % {"name": account.name}), details, status=422)
    if details.wrong or not page.ready or page.problems:
        return show_review(request, page, details, wrong=details.wrong)
    draft = draft_of(page.ready, account=account, actor=actor(request), **details.fields)
    try:
        if kept:
            page = replace(page, version=_write_kept(request, kept, draft, page.version))
        placed = _place_once(request, draft, kept, details)
    except DomainError as refusal:
        return show_review(request, page, details, refusal=refusal)
    words = _("Order %(number)s is placed.") % {"number": placed.number}
    messages.success(request, words if not placed.holds else f"{words} {_('It is on hold; see below why.')}")
    return redirect("portal:order", number=placed.number)


def kept_of(request: PortalRequest) -> Kept | None:
    """The draft the form was opened from. Raises NotFound where it is no draft of this customer any more."""
    number = request.POST.get("draft", "")
    return kept_draft(number, request.buying.account.id) if number and not form_is_for_another(request) else None


def form_is_for_another(request: PortalRequest) -> bool:
    """Whether the visitor turned to another customer since this form was opened, in another tab."""
    return request.POST.get("for", "") not in ("", str(request.buying.account.id))


def show_review(
    request: PortalRequest,
    checked: QuickPage,
    details: Details,
    *,
    wrong: dict[str, str] | None = None,
    refusal: DomainError | None = None,
    status: int = 200,
) -> HttpResponse:
    page = ReviewPage(checked, details, key=str(uuid4()), wrong=wrong or {}, refusal=refusal)
    context = {"page": page, "here": "quick-order", "may_order": may_order(request)}
    return render(request, "portal/review.html", context, status=422 if wrong or refusal else status)


def _placed_draft(request: PortalRequest) -> str:
    """The number of the draft this form was opened from, when it has been placed: the form was sent twice."""
    number = request.POST.get("draft", "")[:30]
    if not number or form_is_for_another(request):
        return ""
    found = find_orders(OrderFilter(frozenset({request.buying.account.id}), number=number), limit=1)
    if not found:
        raise NotFound(kind="draft", ident=number)
    return "" if found[0].status == "draft" else number


def _write_kept(request: PortalRequest, kept: Kept, draft: OrderDraft, version: int) -> int:
    changes = draft_changes(draft.lines, {name: getattr(draft, name) for name in FIELDS})
    who, now = actor(request), clock.now()
    return edit_draft(order_id=kept.order_id, changes=changes, expected_version=version, actor=who, now=now).version


def _place_once(request: PortalRequest, draft: OrderDraft, kept: Kept | None, details: Details) -> Submitted:
    said = {"text": request.POST.get("text", ""), **details.entered, "account": draft.account_id}
    owner, key, who, now = f"user:{request.user.pk}", request.POST.get("key", ""), actor(request), clock.now()
    claim = Claim("portal.place", owner, key, hash_body(said))
    if kept:
        return run_once(claim, submit, order_id=kept.order_id, actor=who, now=now).result
    return run_once(claim, place, draft, actor=who, now=now).result
