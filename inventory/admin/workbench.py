"""The allocation workbench: try a policy on a product, beside another; nothing is written until it is applied."""

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.core import signing
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from accounts.queries import names as account_names
from accounts.states import Role
from catalog.queries import product_snapshots, products_by_sku
from core import clock, refs
from core.console import ServiceAdmin, actor_of
from core.errors import DomainError
from core.overrides import Reason
from core.quantity import BadQuantity, as_quantity, plain
from core.refs import DocumentRef
from inventory.policy_queries import policies, policy_called
from inventory.rules.difference import Change, Part
from inventory.services.apply_policy import apply_policy
from inventory.services.what_if import ZERO, WhatIf, what_if

APPLIERS = {Role.PLANNER}
SALT = "allocation what-if"
MOST = 200  # rows shown


def workbench_page(request: HttpRequest, screen: ServiceAdmin) -> HttpResponse:
    if request.method == "POST":
        screen.require_act(request, APPLIERS)
        return _apply(request)
    sku, hold = request.GET.get("sku", "").strip(), request.GET.get("hold_back", "").strip()
    found = products_by_sku([sku]) if sku else {}
    product_id = next(iter(found.values()), None)
    known = policies()
    context = {
        **screen.admin_site.each_context(request),
        "title": "Allocation what-if",
        "opts": screen.opts,
        "sku": sku,
        "hold_back": hold,
        "is_unknown": bool(sku) and product_id is None,
        "policies": [(p.code, p.name) for p in known],
        "chosen": request.GET.get("policy", ""),
        "beside": request.GET.get("beside", ""),
        "may_apply": screen.access.may_act(request.user),
    }
    if product_id is not None:
        context |= _tried(product_id, hold, (context["chosen"], context["beside"]))
    return TemplateResponse(request, "inventory/what_if.html", context)


def _tried(product_id: int, hold: str, codes: tuple[str, str]) -> dict[str, Any]:
    try:
        back = as_quantity(hold) if hold else ZERO
    except BadQuantity as wrong:
        return {"problem": f"Hold back: {wrong}."}
    now = clock.now()
    first = policy_called(codes[0]) if codes[0] else None
    main = what_if([product_id], now=now, policy=first, hold_back=back)
    other = policy_called(codes[1]) if codes[1] else None
    beside = what_if([product_id], now=now, policy=other, hold_back=back) if other else None
    product = product_snapshots([product_id])[product_id]
    accounts = account_names({c.account_id for c in main.changes if c.account_id is not None})
    known = {c.demand_id: c for c in beside.changes} if beside else {}
    return {
        "product": product,
        "main": main,
        "strips": [_strip(w) for w in (main, beside) if w is not None],
        "rows": [_row(c, accounts, known.get(c.demand_id)) for c in main.changes[:MOST]],
        "shown": min(MOST, len(main.changes)),
        "parts": _parts(main),
        "has_beside": beside is not None,
        "can_apply": main.summary.moved > 0 and not back,
        "token": signing.dumps({"policy": main.policy.code, "versions": main.versions}, salt=SALT),
    }


def _strip(found: WhatIf) -> dict[str, Any]:
    s = found.summary
    late = [f"{part.late} of tier {_tier(rank)}" for rank, part in s.tiers.items() if part.late]
    return {
        "policy": found.policy.name,
        "moved": s.moved,
        "slips": s.slips,
        "margin": ", ".join(f"{amount:+,.2f} {currency}" for currency, amount in s.margin.items()) or "0",
        "late": ", ".join(late) or "none",
        "takes": found.takes_promises,
        "is_settled": found.is_settled,
    }


def _tier(rank: int) -> str:
    return "none" if rank == 9999 else str(rank)


def _row(change: Change, accounts: Mapping[int, str], beside: Change | None) -> dict[str, Any]:
    ref = DocumentRef("demand", change.demand_id, f"{change.document} line {change.line_no}")
    return {
        "document": ref.number,
        "url": refs.url_of(ref),
        "customer": accounts.get(change.account_id or 0, ""),
        "tier": _tier(change.tier_rank),
        "region": change.region,
        "open": plain(change.open_qty),
        "before": plain(change.before),
        "after": plain(change.after),
        "delta": _signed(change),
        "gains": change.delta > 0,
        "was": change.was,
        "now": change.now,
        "slips": change.slips,
        "why": change.why,
        "is_moved": change.is_moved,
        "beside": plain(beside.after) if beside else "",
        "beside_now": beside.now if beside else None,
    }


def _signed(change: Change) -> str:
    return "" if not change.delta else f"{'+' if change.delta > 0 else '−'}{plain(abs(change.delta))}"


def _parts(found: WhatIf) -> list[dict[str, Any]]:
    s = found.summary
    tiers = [(f"Tier {_tier(rank)}", part) for rank, part in s.tiers.items()]
    regions = [(f"Region {region or 'none'}", part) for region, part in s.regions.items()]
    return [_part(name, part) for name, part in (*tiers, *regions)]


def _part(name: str, part: Part) -> dict[str, Any]:
    return {
        "name": name, "lines": part.demands, "gained": plain(part.gained), "lost": plain(part.lost), "slips": part.slips,
        "late": part.late,
    }  # fmt: skip


def _apply(request: HttpRequest) -> HttpResponse:
    back = reverse("admin:inventory_allocationrun_what_if")
    query = request.META.get("QUERY_STRING", "")
    here = HttpResponseRedirect(f"{back}?{query}" if query else back)
    try:
        shown = signing.loads(request.POST.get("token", ""), salt=SALT, max_age=3600)
    except signing.BadSignature:
        messages.error(request, "What was shown is more than an hour old. Run the what-if again.")
        return here
    approval = request.POST.get("approval_id", "").strip()
    try:
        applied = apply_policy(
            policy_code=shown["policy"], versions={int(i): v for i, v in shown["versions"].items()},
            reason=Reason("what_if", request.POST.get("reason", "")), actor=actor_of(request), now=clock.now(),
            approval_id=int(approval) if approval.isdecimal() and len(approval) < 18 else None,
        )  # fmt: skip
    except DomainError as refusal:
        messages.error(request, f"{refusal.message} {refusal.remedy}".strip())
        return here
    if applied.outcome is None:
        messages.warning(
            request,
            f"This takes promised stock away, so a second person must approve it: approval {applied.approval_id} is asked "
            "for. Nothing has changed yet.",
        )
    else:
        messages.success(request, f"Applied by run {applied.outcome.run_id}; the override log has the reason.")
    return here
