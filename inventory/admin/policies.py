"""Allocation policies: what each says, its versions, and the page that changes it by one service call."""

from decimal import Decimal, InvalidOperation
from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from unfold.decorators import display

from accounts.states import Role
from core import clock
from core.access import allow
from core.choices import counted
from core.console import ServiceAdmin, actor_of, row_id
from core.quantity import plain
from inventory.admin import steps
from inventory.admin.steps import Cell, Field, Head, Step, Table
from inventory.admin.stock import LOOKERS
from inventory.models import AllocationPolicy, AllocationPolicyUse
from inventory.policy_queries import codec_input, policy_of
from inventory.rules.policy import Policy
from inventory.rules.policy_text import HELP, SegmentDraft, written
from inventory.services.save_policy import PolicyDraft, save_policy
from inventory.states import FairWeight, Strategy

SPARE_ROWS = 3
LONGEST_NUMBER, SHOWN = 9, 40  # digits that are read, characters of a wrong value that are repeated
YES_NO = (("", "No"), ("yes", "Yes"))
COLUMNS = (("name", "Segment"), ("strategy", "Strategy"), ("who", "Who"), ("sort", "Sorted by"), ("fair", "Fair by"))
HEADS = tuple(Head(label) for _, label in COLUMNS)


@admin.register(AllocationPolicy)
class AllocationPolicyAdmin(ServiceAdmin):
    access = allow(view=LOOKERS, act={Role.PLANNER})
    list_display = ("name", "code", "segments", "used_for", "takes", "version", "is_default")
    list_filter = ("is_default", "version")
    search_fields = ("code", "name")
    search_help_text = "Code or name"
    ordering = ("name",)
    export_columns = (
        ("Code", "code"), ("Name", "name"), ("Version", "version"), ("Default", "is_default"), ("Definition", "definition")
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[AllocationPolicy]:
        return super().get_queryset(request).annotate(products=Count("uses__product"), shelves=Count("uses__category"))

    @display(description="Segments, in turn")
    def segments(self, row: AllocationPolicy) -> str:
        stated = codec_input(row.definition).get("segments", ())
        return ", ".join(f"{s['name']} ({s['strategy']})" for s in stated) or "–"

    @display(description="Used for")
    def used_for(self, row: Any) -> str:
        parts = [counted(row.products, "product")] if row.products else []
        parts += [f"{row.shelves:,} {'category' if row.shelves == 1 else 'categories'}"] if row.shelves else []
        rest = "everything else" if parts else "everything"
        return ", ".join([*parts, *([rest] if row.is_default else [])]) or "nothing yet: to be tried in the workbench"

    @display(description="May take promises", boolean=True)
    def takes(self, row: AllocationPolicy) -> bool:
        return bool(codec_input(row.definition).get("may_take_promises", False))

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return self.access.may_act(request.user)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.access.may_act(request.user)

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        self.require_act(request)
        return self._edit(request, Policy(code="", name=""), is_default=False, uses=("", ""))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        row = AllocationPolicy.objects.filter(pk=row_id(object_id)).first()
        if row is None or not self.has_view_permission(request):
            return super().change_view(request, object_id, form_url, extra_context)
        policy = policy_of(row.code, row.name, row.version, row.definition)
        return self._edit(request, policy, is_default=row.is_default, uses=_uses(row))

    def _edit(self, request: HttpRequest, policy: Policy, *, is_default: bool, uses: tuple[str, str]) -> HttpResponse:
        may_act = self.access.may_act(request.user)
        if request.method == "POST":
            self.require_act(request)
        typed, wrong = _typed(request, policy, is_default, uses)
        step = Step(
            f"{policy.name or 'A new policy'}{f', version {policy.version}' if policy.code else ''}",
            "Save" if may_act else "",
            reverse("admin:inventory_allocationpolicy_changelist"),
            intro=(
                "The first segment that matches a demand has it. Strategies: " + ", ".join(Strategy) + ".",
                f"Who: {HELP}.",
                "Sorted by: empty is priority, tier, SLA penalty, contract, margin, date, age; region as ranked below. "
                f"Fair by: empty, or {', '.join(FairWeight)}.",
            ),
            tables=(Table(HEADS, [_cells(n, s) for n, s in enumerate(typed.rows)], "Segments"),),
            fields=typed.fields,
        )
        return steps.run(self, request, step, lambda: self._save(request, typed), wrong=wrong)

    def _save(self, request: HttpRequest, typed: "_Typed") -> str:
        save_policy(
            draft=typed.draft, actor=actor_of(request), now=clock.now(), note=request.POST.get("note", "").strip()
        )
        return f"{typed.draft.settings.name} is saved; the next run uses it."


class _Typed:
    """The form as it stands: from the policy, or from what was sent."""

    def __init__(self, draft: PolicyDraft, rows: list[SegmentDraft], fields: list[Field]) -> None:
        self.draft, self.rows, self.fields = draft, rows, fields


def _uses(row: AllocationPolicy) -> tuple[str, str]:
    found = AllocationPolicyUse.objects.filter(policy=row).select_related("product", "category")
    skus = sorted(use.product.sku for use in found if use.product)
    return ", ".join(skus), ", ".join(sorted(use.category.code for use in found if use.category))


def _cells(n: int, row: SegmentDraft) -> list[Cell]:
    return [
        Cell(getattr(row, name), name=f"{name}-{n}", label=f"{label} of segment {n + 1}") for name, label in COLUMNS
    ]


def _typed(request: HttpRequest, policy: Policy, is_default: bool, uses: tuple[str, str]) -> tuple[_Typed, list[str]]:
    given = request.POST if request.method == "POST" else None
    wrong: list[str] = []
    values = _stored(policy, is_default, uses)
    if given is not None:
        values = {name: given.get(name, "").strip() for name in values}
        rows = [_row(given, n) for n in range(100) if f"name-{n}" in given]
    else:
        rows = [written(s) for s in policy.segments]
        rows += [SegmentDraft("", "", "", "", "")] * SPARE_ROWS
    settings = Policy(
        code=values["code"] or policy.code, name=values["name"],
        lock_days=_whole(values["lock_days"], "Lock window", wrong) or 0,
        uses_lots=bool(values["uses_lots"]), order_cap_percent=_percent(values["order_cap_percent"], wrong),
        passes=_whole(values["passes"], "Passes", wrong),
        borrow_after_days=_whole(values["borrow_after_days"], "Borrow after", wrong),
        region_ranks={name: n for n, name in enumerate(_list(values["regions"]), start=1)},
        margin_edges=tuple(_whole(part, "Margin edges", wrong) or 0 for part in _list(values["margin_edges"])),
        may_take_promises=bool(values["may_take_promises"]),
    )  # fmt: skip
    segments = tuple(r for r in rows if r.name or r.strategy)
    skus, categories = tuple(_list(values["skus"])), tuple(_list(values["categories"]))
    draft = PolicyDraft(settings, segments, bool(values["is_default"]), skus, categories)
    return _Typed(draft, rows, _fields(values, is_new=not policy.code)), wrong


def _row(given: Any, n: int) -> SegmentDraft:
    return SegmentDraft(*(given.get(f"{name}-{n}", "").strip() for name, _ in COLUMNS))


def _stored(policy: Policy, is_default: bool, uses: tuple[str, str]) -> dict[str, str]:
    ranked = sorted(policy.region_ranks, key=lambda name: policy.region_ranks[name])
    cap = policy.order_cap_percent
    return {
        "code": policy.code, "name": policy.name, "lock_days": str(policy.lock_days or ""),
        "uses_lots": "yes" if policy.uses_lots else "", "order_cap_percent": "" if cap is None else plain(cap),
        "passes": "" if policy.passes is None else str(policy.passes),
        "borrow_after_days": "" if policy.borrow_after_days is None else str(policy.borrow_after_days),
        "regions": ", ".join(ranked), "margin_edges": ", ".join(map(str, policy.margin_edges)),
        "may_take_promises": "yes" if policy.may_take_promises else "", "is_default": "yes" if is_default else "",
        "skus": uses[0], "categories": uses[1], "note": "",
    }  # fmt: skip


def _fields(v: dict[str, str], *, is_new: bool) -> list[Field]:
    code = [Field("code", "Code", v["code"])] if is_new else []
    return [
        *code,
        Field("name", "Name", v["name"]),
        Field("is_default", "Default", v["is_default"], "select", "For every product no policy is named for.", YES_NO),
        Field("skus", "Products", v["skus"], help="SKUs, parted by commas."),
        Field("categories", "Categories", v["categories"], help="Codes; with all below them. A product's own policy wins."),
        Field(
            "may_take_promises", "May take promises", v["may_take_promises"], "select",
            "Whether runs may take firm stock from one order for another. No: what is firm stays; applying needs approval.",
            YES_NO,
        ),
        Field("lock_days", "Lock window", v["lock_days"], help="Days; wanted within them an order keeps what it holds."),
        Field("uses_lots", "Whole lots", v["uses_lots"], "select", "Only whole order multiples from each site.", YES_NO),
        Field("order_cap_percent", "Order cap", v["order_cap_percent"], help="Percent of a site's stock for one order."),
        Field("passes", "Passes", v["passes"], help="How often orders that miss their minimum give back. Empty: never."),
        Field(
            "borrow_after_days", "Borrow after", v["borrow_after_days"],
            help="Days; orders wanted later may lend to earlier ones. Empty: never.",
        ),
        Field("regions", "Regions", v["regions"], help="In the order they are served; the last absorbs the delay."),
        Field("margin_edges", "Margin edges", v["margin_edges"], help="Tenths at which a better margin class begins: 3, 7."),
        Field("note", "Why", v["note"], help="Kept with the version."),
    ]  # fmt: skip


def _list(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _whole(text: str, label: str, wrong: list[str]) -> int | None:
    if text and not text.isdecimal():
        wrong.append(f"{label}: {text[:SHOWN]} is not a whole number.")
        return None
    if len(text) > LONGEST_NUMBER:
        wrong.append(f"{label}: {text[:SHOWN]} is too large.")
        return None
    return int(text) if text else None


def _percent(text: str, wrong: list[str]) -> Decimal | None:
    try:
        return Decimal(text) if text else None
    except InvalidOperation:
        wrong.append(f"Order cap: {text[:SHOWN]} is not a number.")
        return None
