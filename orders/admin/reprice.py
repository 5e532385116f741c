"""The page that proposes to credit or rebill what shipped at prices that were changed afterwards."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from unfold.widgets import UnfoldAdminDateWidget, UnfoldAdminTextInputWidget

from accounts.queries import accounts_by_code
from core import clock
from core.console import ServiceAdmin, actor_of
from core.errors import DomainError, InvalidInput
from core.quantity import plain
from orders.services.propose_reprice import WHO, Proposal, propose_reprice


class RepriceForm(forms.Form):
    account = forms.CharField(label="Account code", max_length=40, widget=UnfoldAdminTextInputWidget)
    since = forms.DateField(label="Ordered from", widget=UnfoldAdminDateWidget)
    until = forms.DateField(label="Until (the first day without)", widget=UnfoldAdminDateWidget)
    reason = forms.CharField(label="Why, at least ten characters", max_length=300, widget=UnfoldAdminTextInputWidget)


def reprice(request: HttpRequest, model_admin: ServiceAdmin) -> HttpResponse:
    """Nothing is changed by it: the differences are shown, and an approval is asked for."""
    is_posted = request.method == "POST"
    if is_posted:
        model_admin.require_act(request, only=WHO)
    form = RepriceForm(request.POST if is_posted else None, initial={"until": clock.company_day(clock.now())})
    found = _proposed(request, form) if is_posted and form.is_valid() else None
    context = {
        **model_admin.admin_site.each_context(request),
        "title": "Propose repricing",
        "form": form,
        "found": found,
        "table": None if found is None else _table(found),
        "approval_url": _url(found),
    }
    return TemplateResponse(request, "admin/orders/reprice.html", context)


def _proposed(request: HttpRequest, form: RepriceForm) -> Proposal | None:
    given = form.cleaned_data
    code = given["account"].strip()
    account_id = accounts_by_code([code]).get(code.upper())
    if account_id is None:
        form.add_error("account", f"There is no account {code}.")
        return None
    try:
        return propose_reprice(
            account_id=account_id,
            since=given["since"],
            until=given["until"],
            reason=given["reason"],
            actor=actor_of(request),
            now=clock.now(),
        )
    except InvalidInput as refusal:
        for error in refusal.errors:
            name = error.pointer.strip("/")
            form.add_error(name if name in form.fields else None, error.in_words)
    except DomainError as refusal:
        form.add_error(None, refusal.in_words)
    return None


def _url(found: Proposal | None) -> str:
    if found is None or found.approval_id is None:
        return ""
    return reverse("admin:accounts_approvalrequest_change", args=[found.approval_id])


def _table(found: Proposal) -> dict[str, Any]:
    rows = [
        [f"{d.order_number} line {d.line_no}", d.sku, plain(d.qty), plain(d.was), plain(d.now), f"{d.effect:+,}"]
        for d in found.differences[:200]
    ]
    return {"headers": ["Line", "SKU", "Kept", "Was", "Would be", found.currency], "rows": rows}
