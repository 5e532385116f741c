"""Revenue, rebates and chargebacks in the console."""

from datetime import date
from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import mark_safe
from unfold.decorators import display

from accounts.queries import account_snapshots, accounts_by_code
from accounts.rules.checks import is_currency, unknown_currency
from accounts.states import Role
from billing.admin.inlines import FINANCE, LOOK
from billing.models import ChargebackClaim, Obligation, RebateEntry, RecognitionRule, RevenueEntry
from billing.revenue_queries import RevenueMonth, revenue_months, schedule_of
from billing.rules.claims import ClaimSpec
from billing.rules.revenue import months_later
from billing.services.claim_chargebacks import claim_chargeback
from billing.services.pay_rebate import pay_rebate
from billing.services.recognize_revenue import hold_revenue, record_use, release_revenue
from billing.states import Recognition
from core import clock, journal, panels
from core.access import allow
from core.console import LedgerAdmin, ReadOnlyInline, ReferenceAdmin, actor_of, row_id
from core.lists import typed
from core.quantity import plain
from core.refs import DocumentRef
from inventory.admin import steps
from inventory.admin.steps import Cell, Field, Head, Step, Table
from pricing.group_queries import rebate_programs

BOOKS = {Role.AUDITOR, Role.OPERATOR, Role.PRICING}
ZERO = Decimal(0)


@admin.register(RecognitionRule)
class RecognitionRuleAdmin(ReferenceAdmin):
    access = allow(view=BOOKS, act=FINANCE)
    list_display = ("product", "category", "event", "months", "standalone_price")
    list_display_links = ("product", "category")
    list_filter = ("event",)
    list_select_related = ("product", "category")
    autocomplete_fields = ("product", "category")
    search_fields = ("product__sku", "category__code")
    ordering = ("pk",)


class RevenueEntryInline(ReadOnlyInline):
    model = RevenueEntry
    fields = readonly_fields = ("day", "amount", "why")


@admin.register(Obligation)
class ObligationAdmin(LedgerAdmin):
    access = allow(view=BOOKS, act=FINANCE)
    list_display = ("invoice", "event", "start_date", "allocated_amount", "recognized_amount", "hold_reason")
    list_filter = ("event", "start_date")
    list_select_related = ("invoice",)
    search_fields = ("invoice__number",)
    ordering = ("-pk",)
    inlines = (RevenueEntryInline,)
    change_form_template = "admin/inventory/page.html"
    export_columns = (
        ("Invoice", "invoice__number"), ("Event", "event"), ("Start", "start_date"), ("Months", "months"),
        ("Stand-alone", "standalone_amount"), ("Allocated", "allocated_amount"), ("Recognized", "recognized_amount"),
        ("Held", "hold_reason"),
    )  # fmt: skip

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        own = [
            path("report/", view(self.report_view), name="billing_obligation_report"),
            path("<int:obligation_id>/use/", view(self.use_view), name="billing_obligation_use"),
            path("<int:obligation_id>/hold/", view(self.hold_view), name="billing_obligation_hold"),
        ]
        return own + super().get_urls()

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        row, extra = Obligation.objects.filter(pk=row_id(object_id)).first(), dict(extra_context or {})
        if row is not None and self.access.may_act(request.user):
            label = "Lift the hold…" if row.hold_reason else "Hold…"
            extra["steps"] = [(reverse("admin:billing_obligation_hold", args=[row.pk]), label)]
            if row.event == Recognition.USE:
                extra["steps"].insert(
                    0, (reverse("admin:billing_obligation_use", args=[row.pk]), "Enter what was used…")
                )
        if row is not None and self.has_view_permission(request, row) and (html := _schedule(row.pk)):
            extra["panels"] = [panels.RenderedPanel("Schedule", html)]
        return super().change_view(request, object_id, form_url, extra)

    def use_view(self, request: HttpRequest, obligation_id: int) -> HttpResponse:
        """What the customer used of it in all so far: its part is revenue."""
        self.require_act(request)
        row = Obligation.objects.select_related("invoice", "invoice_line__product").filter(pk=obligation_id).first()
        if row is None:
            return HttpResponseRedirect(reverse("admin:billing_obligation_changelist"))
        wrong: list[str] = []
        used = steps.quantity(request, "used", "Used in all", wrong)
        if used is None and not wrong:
            wrong.append("Enter what was used in all so far.")
        billed = f"{plain(row.used_qty)} of {plain(row.invoice_line.qty)} × {row.invoice_line.product} used so far."
        step = Step(
            f"Use of {row.invoice}", "Keep it", reverse("admin:billing_obligation_change", args=[row.pk]), intro=(billed,),
            fields=(Field("used", "Used in all so far, base units", request.POST.get("used", plain(row.used_qty))),),
        )  # fmt: skip

        def act() -> str:
            record_use(used={row.pk: used or ZERO}, actor=actor_of(request), now=clock.now())
            return "Its part is recognized."

        return steps.run(self, request, step, act, wrong=wrong)

    def hold_view(self, request: HttpRequest, obligation_id: int) -> HttpResponse:
        self.require_act(request)
        row = Obligation.objects.select_related("invoice").filter(pk=obligation_id).first()
        if row is None:
            return HttpResponseRedirect(reverse("admin:billing_obligation_changelist"))
        back = reverse("admin:billing_obligation_change", args=[row.pk])
        reason = request.POST.get("reason", "").strip()
        is_held = bool(row.hold_reason)
        fields = () if is_held else (Field("reason", "Reason", reason),)
        intro = (f"{row.allocated_amount - row.recognized_amount:,} is not recognized yet. {row.hold_reason}".strip(),)
        step = Step(
            f"Revenue of {row.invoice}", "Lift the hold" if is_held else "Hold", back, intro=intro, fields=fields
        )

        def act() -> str:
            if is_held:
                release_revenue(obligation_id=row.pk, actor=actor_of(request), now=clock.now())
                return "What was earned meanwhile is recognized."
            hold_revenue(obligation_id=row.pk, reason=reason, actor=actor_of(request), now=clock.now())
            return "No more is recognized until the hold is lifted."

        return steps.run(self, request, step, act)

    def report_view(self, request: HttpRequest) -> HttpResponse:
        """Twelve months: invoiced, credited, revenue, deferred; the columns tie to the invoices."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        currency = request.GET.get("currency", "USD")[:3].upper()
        first = clock.company_day(clock.now()).replace(day=1)
        end = months_later(first, 1)
        months = revenue_months(start=months_later(end, -12), end=end, currency=currency)
        heads = (
            Head("Month"),
            *(
                Head(x, True)
                for x in (
                    "Goods invoiced",
                    "Credited",
                    "Revenue of goods",
                    "Deferred at the end",
                    "Revenue of freight",
                    "Tax",
                )
            ),
        )
        step = Step(
            f"Revenue by month, {currency}", "", reverse("admin:billing_obligation_changelist"),
            intro=(
                "Invoiced less credited is revenue or deferred. With freight and tax, less credits, the columns tie to the "
                "invoices of the month. Tax is never revenue.",
            ),
            tables=(Table(heads, [_month(m) for m in months], empty="Nothing was invoiced."),),
        )  # fmt: skip
        return steps.show(self, request, step)


def _currency_of(account_id: int | None) -> str:
    if account_id is None:
        return ""
    return account_snapshots([account_id], on=clock.company_day(clock.now()))[account_id].currency


def _schedule(obligation_id: int) -> str:
    """As a table; empty where no dates tell."""
    rows = schedule_of(obligation_id)
    if not rows:
        return ""
    cells = format_html_join(
        "", '<tr><td>{}</td><td class="num">{}</td><td>{}</td></tr>',
        ((f"{x.day.day} {x.day:%b %Y}", f"{x.amount:,}", "recognized" if x.is_past else "to come") for x in rows),
    )  # fmt: skip
    head = '<tr><th scope="col">On</th><th scope="col" class="num">Amount</th><th scope="col">State</th></tr>'
    return format_html('<table class="hf-table"><thead>{}</thead><tbody>{}</tbody></table>', mark_safe(head), cells)


def _month(m: RevenueMonth) -> tuple[Cell, ...]:
    amounts = (m.invoiced, m.credited, m.recognized, m.deferred, m.freight, m.tax)
    return (Cell(f"{m.month:%b %Y}"), *(Cell(f"{amount:,.2f}", True) for amount in amounts))


@admin.register(RebateEntry)
class RebateEntryAdmin(LedgerAdmin):
    access = allow(view=LOOK, act=FINANCE)
    list_display = ("at", "program", "account", "amount", "credit_memo", "why")
    list_filter = ("program", typed("account code", "account__code"), "at")
    list_select_related = ("program", "account", "credit_memo")
    search_fields = ("account__code", "program__code")
    ordering = ("-pk",)
    export_columns = (
        ("At", "at"), ("Program", "program__code"), ("Account", "account__code"),
        ("Invoice", "invoice_line__invoice__number"), ("Amount", "amount"), ("Credit memo", "credit_memo__number"),
        ("Why", "why"),
    )  # fmt: skip

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.pay_view)
        return [path("pay/", view, name="billing_rebateentry_pay"), *super().get_urls()]

    def pay_view(self, request: HttpRequest) -> HttpResponse:
        self.require_act(request)
        programs = {str(p.id): p.name for p in rebate_programs()}
        chosen, code = request.POST.get("program", ""), request.POST.get("account", "").strip()
        currency = request.POST.get("currency", "USD").strip().upper()[:3]
        account_id = accounts_by_code([code]).get(code.upper()) if code else None
        wrong = []
        if request.method == "POST":
            wrong += [] if chosen in programs else ["Choose a program."]
            wrong += [] if account_id else [f"No account has the code {code or '(empty)'}."]
        step = Step(
            "Pay a rebate", "Credit what is accrued", reverse("admin:billing_rebateentry_changelist"),
            fields=(
                Field("program", "Program", chosen, "select", options=[("", "Choose"), *programs.items()]),
                Field("account", "Account code", code),
                Field("currency", "Currency", currency),
            ),
        )  # fmt: skip

        def act() -> str:
            pay_rebate(
                program_id=int(chosen), account_id=account_id or 0, currency=currency, actor=actor_of(request),
                now=clock.now(),
            )  # fmt: skip
            return "The rebate is on the customer's account."

        return steps.run(self, request, step, act, wrong=wrong)


@admin.register(ChargebackClaim)
class ChargebackClaimAdmin(LedgerAdmin):
    access = allow(view=LOOK, act=FINANCE | {Role.PRICING})
    list_display = ("number", "account", "contract_code", "sku_text", "status", "amount", "sale_date")
    list_filter = ("status", typed("account code", "account__code"), "sale_date")
    list_select_related = ("account",)
    search_fields = ("number", "reference", "account__code", "contract_code")
    ordering = ("-pk",)
    change_form_template = "admin/inventory/page.html"
    export_columns = (
        ("Claim", "number"), ("Account", "account__code"), ("Reference", "reference"), ("Contract", "contract_code"),
        ("Member", "member_text"), ("Item", "sku_text"), ("Quantity", "qty"), ("Amount", "amount"), ("Status", "status"),
        ("Denials", "denials"),
    )  # fmt: skip
    readonly_fields = ("why_not",)
    exclude = ("denials",)

    @display(description="Denied because")
    def why_not(self, row: ChargebackClaim) -> str:
        return " ".join(d["message"] for d in row.denials) or "–"

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return self.access.may_act(request.user)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        extra = dict(extra_context or {})
        extra["timeline"] = journal.timeline(DocumentRef("chargeback", row_id(object_id)))
        return super().change_view(request, object_id, form_url, extra)

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        self.require_act(request)
        wrong: list[str] = []
        given = {
            n: request.POST.get(n, "").strip()
            for n in ("account", "reference", "contract", "member", "sku", "currency")
        }
        numbers = {n: steps.quantity(request, n, n.capitalize(), wrong) or ZERO for n in ("quantity", "cost", "price")}
        day = steps.day(request, "sold", "Sold on", wrong) if request.method == "POST" else date.min
        account_id = accounts_by_code([given["account"]]).get(given["account"].upper()) if given["account"] else None
        if request.method == "POST" and not account_id:
            wrong.append(f"No account has the code {given['account'] or '(empty)'}.")
        currency = given["currency"].upper() or _currency_of(account_id)
        if given["currency"] and not is_currency(currency):
            wrong.append(unknown_currency(currency[:10]))
        labels = {
            "account": "Distributor's account code", "reference": "Its invoice number", "contract": "Contract code",
            "member": "Member: our code, GLN, DEA, HIN", "sku": "SKU", "quantity": "Quantity, base units",
            "cost": "Its cost per unit", "price": "Contract price per unit",
            "currency": "Currency, where it is not the distributor's own",
        }  # fmt: skip
        fields = [Field(n, label, request.POST.get(n, "")) for n, label in labels.items()]
        fields.insert(5, Field("sold", "Sold on", request.POST.get("sold", ""), "date"))
        step = Step(
            "Chargeback claim", "Check the claim", reverse("admin:billing_chargebackclaim_changelist"),
            intro=("It is paid or denied at once, with every reason.",), fields=fields,
        )  # fmt: skip

        def act() -> str:
            spec = ClaimSpec(
                account_id or 0, given["reference"], given["contract"], given["member"], given["sku"],
                numbers["quantity"], day, numbers["cost"], numbers["price"], currency,
            )  # fmt: skip
            row = ChargebackClaim.objects.get(pk=claim_chargeback(spec, actor=actor_of(request), now=clock.now()))
            reasons = " ".join(d["message"] for d in row.denials)
            return f"{row.number}: {row.amount:,} {row.currency} {row.status}. {reasons}".strip()

        return steps.run(self, request, step, act, wrong=wrong)
