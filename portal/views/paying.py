"""Paying open invoices through the payment provider; what became of a payment."""

import secrets
from decimal import Decimal
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from billing.payment_queries import payment_view
from billing.payments import provider, provider_in_use
from billing.queries import unpaid_invoices_of_account
from billing.services.pay_online import start_payment
from core import clock
from core.errors import DomainError
from core.quantity import BadQuantity, as_quantity
from portal.access import PORTAL, PortalRequest, access, actor, may_order
from portal.early import early_payments

MOST = 100
LONGEST_KEY = 80


@access(PORTAL)
def pay(request: PortalRequest) -> HttpResponse:
    """Choose invoices and amounts; the provider answers on the next page. Of a disputed invoice the rest is payable."""
    account, code = request.buying.account, provider_in_use()
    found = unpaid_invoices_of_account(account.id, limit=MOST, with_disputed=True)
    early = early_payments(found, today=clock.company_day(clock.now()))
    problems: list[str] = []
    if request.method == "POST":
        amounts = _amounts(request, [i.id for i in found if i.undisputed_amount], problems)
        if not may_order(request):
            problems.append(_("You may look at invoices, not pay them. Ask your administrator."))
        if not problems:
            try:
                started = start_payment(
                    account_id=account.id, amounts=amounts, method=request.POST.get("method", ""),
                    key=request.POST.get("key", "")[:LONGEST_KEY] or secrets.token_hex(8), actor=actor(request),
                    now=clock.now(),
                )  # fmt: skip
            except DomainError as refusal:
                problems = list(refusal.each_in_words)
            else:
                return redirect("portal:payment", public_id=started)
    page = {
        "rows": [(i, request.POST.get(f"amount-{i.id}", ""), early.get(i.id)) for i in found],
        "methods": provider(code).methods if code else (),
        "method": request.POST.get("method", ""),
        "key": request.POST.get("key", "")[:LONGEST_KEY] or secrets.token_hex(8),
        "problems": problems,
    }
    status = 422 if problems else 200
    return render(request, "portal/pay.html", {"page": page, "here": "invoices"}, status=status)


def _amounts(request: PortalRequest, invoice_ids: list[int], problems: list[str]) -> dict[int, Decimal]:
    """{invoice: amount} of what was filled in."""
    amounts = {}
    for invoice_id in invoice_ids:
        text = request.POST.get(f"amount-{invoice_id}", "").strip()
        if not text:
            continue
        try:
            amounts[invoice_id] = as_quantity(text)
        except BadQuantity as wrong:
            problems.append(_("Amount: %(why)s.") % {"why": wrong})
    if not amounts and not problems:
        problems.append(_("Enter an amount beside at least one invoice."))
    return amounts


@require_safe
@access(PORTAL)
def payment(request: PortalRequest, public_id: str) -> HttpResponse:
    """What the provider said so far."""
    try:
        UUID(public_id)
    except ValueError:
        raise Http404 from None
    found = payment_view(public_id, request.buying.account.id)
    if found is None:
        raise Http404
    return render(request, "portal/payment.html", {"page": {"payment": found}, "here": "invoices"})
