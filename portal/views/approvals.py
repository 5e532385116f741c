"""What waits for somebody's yes: decide what is yours to decide, see what became of what you asked for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts import approvals
from accounts.access import visible_accounts
from accounts.approval_queries import approval_by_public_id, approvals_for, decidable
from accounts.rules.asks import Approval
from core import clock
from core.choices import words
from core.errors import DomainError
from portal.access import PORTAL, PortalRequest, access, actor
from portal.rules.words import Sign, short

MOST = 100
SIGNS = {
    "pending": Sign("hold", "hold", "Waits"),
    "approved": Sign("ok", "check-circle", "Approved"),
    "rejected": Sign("bad", "x", "Rejected"),
    "expired": Sign("neutral", "alert", "Ended undecided"),
}


@dataclass(frozen=True)
class Row:
    """A request as a buyer or rep sees it: never its floor, cost or margin."""

    public_id: str
    title: str
    subject: str
    subject_url: str
    what: str
    asked_by: str
    asked_at: datetime
    ends_at: datetime
    reason: str
    note: str
    amount: Any
    currency: str
    state: Sign
    may_decide: bool


@require_safe
@access(PORTAL)
def approval_list(request: PortalRequest) -> HttpResponse:
    """What waits, the soonest to end first; then what was decided."""
    user: Any = request.user
    found = [
        a
        for a in approvals_for(visible_accounts(user), user.pk, limit=MOST)
        if a.account_id in (None, request.buying.account.id)
    ]
    rows = _rows(found, user.pk)
    page = {"waiting": [r for r in rows if r.state is SIGNS["pending"]], "decided": []}
    page["decided"] = [r for r in rows if r.state is not SIGNS["pending"]]
    context = {"page": page, "here": "approvals", "time_zone": request.buying.account.time_zone}
    return render(request, "portal/approvals.html", context)


@require_POST
@access(PORTAL)
def decide(request: PortalRequest, public_id: str) -> HttpResponse:
    """Yes or no. Deciding twice is refused by the approval itself."""
    user: Any = request.user
    found = approval_by_public_id(public_id, visible_accounts(user), user.pk) if _is_uuid(public_id) else None
    if found is None:
        raise Http404
    decision, note = request.POST.get("decision", ""), request.POST.get("note", "")[:500]
    if decision not in ("approve", "reject"):
        messages.error(request, _("Choose Approve or Reject."))
        return redirect("portal:approvals")
    is_yes = decision == "approve"
    try:
        approvals.decide(approval_id=found.id, approve=is_yes, note=note, actor=actor(request), now=clock.now())
    except DomainError as refusal:
        messages.error(request, refusal.in_words)
    else:
        messages.success(request, _("Approved.") if is_yes else _("Rejected."))
    return redirect("portal:approvals")


def _rows(found: Sequence[Approval], user_id: int) -> list[Row]:
    may = decidable(found, user_id, now=clock.now())
    return [_row(a, may_decide=a.id in may) for a in found]


def _row(a: Approval, *, may_decide: bool) -> Row:
    is_order = a.subject.kind == "order" and a.subject.number
    return Row(
        a.public_id,
        words(a.kind),
        str(a.subject),
        reverse("portal:order", args=[a.subject.number]) if is_order else "",
        _what(a),
        a.told_outside[0],
        a.requested_at,
        a.expires_at,
        a.told_outside[1],
        a.note,
        a.amount,
        a.currency,
        SIGNS["expired"] if a.state == "pending" and a.expires_at <= clock.now() else SIGNS[a.state],
        may_decide,
    )


def _what(a: Approval) -> str:
    content = a.content
    if "price_asked" in content:
        line = {name: content.get(name, "") for name in ("sku", "price_now", "price_asked", "currency")}
        return _("%(sku)s: from %(price_now)s to %(price_asked)s %(currency)s") % line
    if "day_asked" in content:
        line = {
            "sku": content.get("sku", ""),
            "now": _as_day(content.get("promised_now")),
            "day": _as_day(content["day_asked"]),
        }
        return _("%(sku)s: on %(day)s instead of %(now)s") % line
    if "against" in content:
        return _("%(sku)s on this order: %(against)s") % {"sku": content.get("sku", ""), "against": content["against"]}
    return str(content.get("what", ""))


def _as_day(text: Any) -> str:
    """ "3 Dec" of a day as content keeps it; words for no day as they are."""
    try:
        return short(date.fromisoformat(str(text)))
    except ValueError:
        return str(text)


def _is_uuid(text: str) -> bool:
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False
