"""What waits for a second pair of eyes."""

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from unfold.decorators import display

from accounts import approvals
from accounts.models import ApprovalRequest
from accounts.states import STAFF, ApprovalState, Role
from core import clock, refs
from core.access import allow
from core.choices import words
from core.console import LedgerAdmin, actor_of, row_id
from core.errors import DomainError
from core.refs import DocumentRef

TONES = {"pending": "warning", "approved": "success", "rejected": "danger", "expired": "info"}
DECIDERS = {Role.CS_LEAD, Role.PRICING, Role.FINANCE, Role.FINANCE_APPROVER, Role.PLANNER}


@admin.register(ApprovalRequest)
class ApprovalRequestAdmin(LedgerAdmin):
    access = allow(view=STAFF, act=DECIDERS)
    list_display_links = ["what"]  # the first column links to the document
    list_display = ["subject", "what", "state_pill", "money", "asked_by", "expires_at", "decided_by"]
    list_filter = ["state", "kind", "expires_at"]
    search_fields = ["subject_number", "requested_label", "reason"]
    search_help_text = "Document number, who asked, why"
    list_select_related = ["decided_by"]
    ordering = ["-id"]
    change_form_outer_before_template = "accounts/approval_decision.html"
    fieldsets = [
        (
            None,
            {
                "fields": [
                    ("number", "subject"),
                    ("what", "state_words"),
                    ("money", "points"),
                    ("asked_for", "reason"),
                    ("asked_by", "requested_at", "expires_at"),
                    ("decided_by", "decided_for", "decided_at", "decision_note"),
                    ("escalated_to", "escalated_at"),
                    "content_hash",
                ]
            },
        )
    ]
    readonly_fields = ["number", "subject", "what", "state_words", "money", "points", "asked_for", "asked_by"]

    @display(description="For", ordering="subject_number")
    def subject(self, approval: ApprovalRequest) -> str:
        ref = DocumentRef(approval.subject_kind, approval.subject_id, approval.subject_number)
        url = refs.url_of(ref)
        return format_html('<a href="{}">{}</a>', url, ref) if url else str(ref)

    @display(description="Number")
    def number(self, approval: ApprovalRequest) -> int:
        return int(approval.pk)

    @display(description="What", ordering="kind")
    def what(self, approval: ApprovalRequest) -> str:
        return words(approval.kind)

    @display(description="Asked by")
    def asked_by(self, approval: ApprovalRequest) -> str:
        return approval.requested_label

    @display(description="State")
    def state_words(self, approval: ApprovalRequest) -> str:
        return words(approval.state)

    @display(description="State", ordering="state", label=TONES)
    def state_pill(self, approval: ApprovalRequest) -> tuple[str, str]:
        return approval.state, words(approval.state)

    @display(description="Amount", ordering="amount")
    def money(self, approval: ApprovalRequest) -> str:
        return f"{approval.amount:,} {approval.currency}" if approval.amount is not None else "–"

    @display(description="Margin given up")
    def points(self, approval: ApprovalRequest) -> str:
        return f"{approval.margin_points:,} points" if approval.margin_points is not None else "–"

    @display(description="Asked for")
    def asked_for(self, approval: ApprovalRequest) -> str:
        told = [(words(name), _told(value)) for name, value in approval.content.items() if name != "part"]
        lines = format_html_join("", "<dt>{}</dt><dd>{}</dd>", told)
        return format_html('<dl class="hf-facts">{}</dl>', lines) if lines else "–"

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.decide_view)
        return [path("<int:approval_id>/decide/", view, name="accounts_approvalrequest_decide"), *super().get_urls()]

    def decide_view(self, request: HttpRequest, approval_id: int) -> HttpResponse:
        """Approve and Reject: one call of decide, which reads the authority itself."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        self.require_act(request)
        decision, note = request.POST.get("decision", ""), request.POST.get("note", "")
        if decision not in ("approve", "reject"):
            messages.error(request, "Choose Approve or Reject.")
        else:
            self._decide(request, approval_id, approve=decision == "approve", note=note)
        return HttpResponseRedirect(reverse("admin:accounts_approvalrequest_change", args=[approval_id]))

    def _decide(self, request: HttpRequest, approval_id: int, *, approve: bool, note: str) -> None:
        try:
            approvals.decide(
                approval_id=approval_id, approve=approve, note=note, actor=actor_of(request), now=clock.now()
            )
        except DomainError as refusal:
            messages.error(request, refusal.in_words)
        else:
            messages.success(request, "Approved." if approve else "Rejected.")

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        approval = ApprovalRequest.objects.filter(pk=row_id(object_id)).first()
        extra = dict(extra_context or {})
        if approval is not None:
            is_open = approval.state == ApprovalState.PENDING and approval.expires_at > clock.now()
            is_own = approval.requested_by_id == request.user.pk
            extra["approval"] = approval
            extra["asked"] = f"Approval {approval.pk}: {approval.requested_label} asks: {approval.reason or approval}"
            extra["may_decide"] = is_open and not is_own and self.access.may_act(request.user)
        return super().change_view(request, object_id, form_url, extra)


def _told(value: Any) -> Any:
    """What a customer asked for too in their own words, roles by name; anything else as it is."""
    if isinstance(value, dict) and {"by", "reason"} <= value.keys():
        return f"{value['by']}: {value['reason']}"
    if isinstance(value, list) and all(isinstance(x, str) for x in value):
        return ", ".join(words(x) for x in value)
    return value
