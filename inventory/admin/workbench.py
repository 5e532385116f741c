"""The allocation workbench: try a policy on a product, beside another; nothing is written until it is applied."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.core import signing
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from accounts.queries import names as account_names
from accounts.rules.asks import NO_TIER_RANK
from accounts.states import Role
from catalog.queries import product_snapshots, products_by_sku
from core import clock, refs
from core.clock import local_date
from core.console import ServiceAdmin, actor_of
from core.errors import DomainError
from core.overrides import Reason
from core.quantity import BadQuantity, as_quantity, plain
from core.refs import DocumentRef
from inventory.policy_queries import policies
from inventory.queries import availability
from inventory.rules.asks import AvailabilityQuery
from inventory.rules.difference import Change, Part
from inventory.services.apply_policy import apply_policy
from inventory.services.save_scenario import Tried, save_scenario, try_it
from inventory.services.what_if import ZERO, WhatIf

APPLIERS = {Role.PLANNER}
SALT = "allocation what-if"
MOST = 200  # rows shown


def workbench_page(request: HttpRequest, screen: ServiceAdmin) -> HttpResponse:
    if request.method == "POST":
        screen.require_act(request, APPLIERS)
        return _save(request) if "name" in request.POST else _apply(request)
    sku, hold = request.GET.get("sku", "").strip(), request.GET.get("hold_back", "").strip()
    product_id = product_of(sku)
    context = {
        **screen.admin_site.each_context(request),
        "title": "Allocation what-if",
        "opts": screen.opts,
        "sku": sku,
        "hold_back": hold,
        "is_unknown": bool(sku) and product_id is None,
        "policies": [(p.code, p.name) for p in policies()],
        "chosen": request.GET.get("policy", ""),
        "beside": request.GET.get("beside", ""),
        "may_apply": screen.access.may_act(request.user),
        "query": request.META.get("QUERY_STRING", ""),
    }
    if product_id is not None:
        context |= _tried(product_id, hold, (context["chosen"], context["beside"]))
    return TemplateResponse(request, "inventory/what_if.html", context)


def product_of(sku: str) -> int | None:
    return next(iter(products_by_sku([sku]).values()), None) if sku else None


def asked(product_id: int, hold: str, codes: tuple[str, str]) -> Tried:
    """What the form asks to be tried. Raises BadQuantity."""
    return Tried(product_id, codes[0], codes[1], as_quantity(hold) if hold else ZERO)


def _tried(product_id: int, hold: str, codes: tuple[str, str]) -> dict[str, Any]:
    now = clock.now()
    try:
        wanted = asked(product_id, hold, codes)
        main, beside = try_it(wanted, now=now)
    except BadQuantity as wrong:
        return {"problem": f"Hold back: {wrong}."}
    except DomainError as refusal:
        return {"problem": refusal.in_words}
    product = product_snapshots([product_id])[product_id]
    token = {
        "product": product_id, "policy": main.policy.code, "chosen": codes[0], "beside": codes[1],
        "hold_back": f"{wanted.hold_back:f}", "versions": main.versions,
    }  # fmt: skip
    return {
        "product": product,
        "standing": _standing(product_id, now),
        "main": main,
        **shown(main, beside),
        "can_apply": main.summary.moved > 0 and not wanted.hold_back,
        "token": signing.dumps(token, salt=SALT),
    }


def shown(main: WhatIf, beside: WhatIf | None) -> dict[str, Any]:
    """What the page and the file say of one what-if and another beside it."""
    accounts = account_names({c.account_id for c in main.changes if c.account_id is not None})
    known = {c.demand_id: c for c in beside.changes} if beside else {}
    return {
        "strips": [strip_of(w) for w in (main, beside) if w is not None],
        "rows": [row_of(c, accounts, known.get(c.demand_id)) for c in main.changes[:MOST]],
        "shown": min(MOST, len(main.changes)),
        "total": len(main.changes),
        "parts": parts_of(main, beside),
        "has_beside": beside is not None,
    }


def _standing(product_id: int, now: datetime) -> str:
    """ "420 on hand, 310 reserved or allocated, 110 free, 600 on their way from 3 Dec" """
    have = availability(AvailabilityQuery((product_id,), None, local_date(now, "UTC"))).get(product_id)
    if have is None:
        return "nothing on hand, nothing on its way"
    coming = sum(have.in_transit.values(), ZERO)
    first = min(have.in_transit, default=None)
    words = f"{plain(have.on_hand)} on hand · {plain(have.reserved + have.allocated)} reserved or allocated · "
    words += f"{plain(have.available)} free"
    return words + (f" · {plain(coming)} on their way, the first on {first.day} {first:%b}" if first else "")


def strip_of(found: WhatIf) -> dict[str, Any]:
    s = found.summary
    late = [f"{part.late} of tier {_tier(rank)}" for rank, part in s.tiers.items() if part.late]
    return {
        "policy": found.policy.name,
        "moved": s.moved,
        "slips": s.slips,
        "margin": amounts_of(s.margin, signed=True) or "0",
        "gives_up": any(amount < 0 for amount in s.margin.values()),
        "late": ", ".join(late) or "none",
        "all_late": s.whole.late,
        "under_contract": s.whole.late_under_contract,
        "at_risk": amounts_of(s.whole.at_risk),
        "takes": found.takes_promises,
        "is_settled": found.is_settled,
    }


def _tier(rank: int) -> str:
    return "none" if rank == NO_TIER_RANK else str(rank)


def row_of(change: Change, accounts: Mapping[int, str], beside: Change | None) -> dict[str, Any]:
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
        "margin": "" if not change.margin else f"{change.margin:+,.2f} {change.currency}",
        "segment": change.segment,
        "at_risk": f"{change.at_risk:,.2f} {change.currency}" if change.at_risk else "",
        "beside": plain(beside.after) if beside else "",
        "beside_now": beside.now if beside else None,
    }


def _signed(change: Change) -> str:
    return "" if not change.delta else f"{'+' if change.delta > 0 else '−'}{plain(abs(change.delta))}"


def parts_of(main: WhatIf, beside: WhatIf | None = None) -> list[dict[str, Any]]:
    """By tier, region and segment of the policy; beside each the margin of the other what-if."""
    other = {(kind, name): part for kind, name, part in _cut(beside)} if beside else {}
    return [_part(kind, name, part, other.get((kind, name))) for kind, name, part in _cut(main)]


def _cut(found: WhatIf) -> list[tuple[str, str, Part]]:
    s = found.summary
    return [
        *(("Tier", _tier(rank), part) for rank, part in s.tiers.items()),
        *(("Region", region or "none", part) for region, part in s.regions.items()),
        *(("Policy", segment or "not dealt", part) for segment, part in s.segments.items()),
    ]


def _part(kind: str, name: str, part: Part, other: Part | None) -> dict[str, Any]:
    return {
        "kind": kind, "name": name, "lines": part.demands, "gained": plain(part.gained), "lost": plain(part.lost),
        "slips": part.slips, "late": part.late, "margin": amounts_of(part.margin, signed=True) or "0",
        "at_risk": amounts_of(part.at_risk) or "none",
        "beside": (amounts_of(other.margin, signed=True) or "0") if other else "–",
    }  # fmt: skip


def amounts_of(by_currency: Mapping[str, Decimal], *, signed: bool = False) -> str:
    form = "+,.2f" if signed else ",.2f"
    return ", ".join(f"{amount:{form}} {currency}" for currency, amount in by_currency.items())


def _save(request: HttpRequest) -> HttpResponse:
    here, shown_then = _back(request), _token(request)
    if shown_then is None:
        return here
    tried = Tried(
        int(shown_then["product"]), shown_then["chosen"], shown_then["beside"], as_quantity(shown_then["hold_back"])
    )
    try:
        scenario_id = save_scenario(
            name=request.POST.get("name", ""), tried=tried, versions={int(i): v for i, v in shown_then["versions"].items()},
            note=request.POST.get("note", ""), actor=actor_of(request), now=clock.now(),
        )  # fmt: skip
    except DomainError as refusal:
        messages.error(request, " ".join(refusal.each_in_words))
        return here
    messages.success(request, "Saved. Here it stays beside what would happen now.")
    return HttpResponseRedirect(reverse("admin:inventory_allocationscenario_change", args=[scenario_id]))


def _back(request: HttpRequest) -> HttpResponseRedirect:
    back, query = reverse("admin:inventory_allocationrun_what_if"), request.META.get("QUERY_STRING", "")
    return HttpResponseRedirect(f"{back}?{query}" if query else back)


def _token(request: HttpRequest) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = signing.loads(request.POST.get("token", ""), salt=SALT, max_age=3600)
    except signing.BadSignature:
        messages.error(request, "What was shown is more than an hour old. Run the what-if again.")
        return None
    return found


def _apply(request: HttpRequest) -> HttpResponse:
    here, shown = _back(request), _token(request)
    if shown is None:
        return here
    approval = request.POST.get("approval_id", "").strip()
    try:
        applied = apply_policy(
            policy_code=shown["policy"], versions={int(i): v for i, v in shown["versions"].items()},
            reason=Reason("what_if", request.POST.get("reason", "")), actor=actor_of(request), now=clock.now(),
            approval_id=int(approval) if approval.isdecimal() and len(approval) < 18 else None,
        )  # fmt: skip
    except DomainError as refusal:
        messages.error(request, refusal.in_words)
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
