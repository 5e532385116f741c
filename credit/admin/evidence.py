"""Evidence for limits: attached to a credit account, listed on its page, opened by whoever decides."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldAdminTextInputWidget

from catalog.rules import evidence
from core import clock
from core.access import allow
from core.console import LedgerAdmin, actor_of, row_id
from core.errors import DomainError
from credit.admin.ledgers import FINANCE, LOOK
from credit.models import CreditAccount, LimitEvidence
from credit.services.attach_evidence import attach_evidence

SHOWN = 10


class EvidenceForm(forms.Form):
    note = forms.CharField(label="What it shows", max_length=300, widget=UnfoldAdminTextInputWidget)
    file = forms.FileField(
        label="File (none: a note alone)",
        required=False,
        widget=UnfoldAdminFileFieldWidget,
        help_text=f"PDF, PNG or JPEG, at most {evidence.LARGEST // 1_000:,} kB.",
    )


@admin.register(LimitEvidence)
class LimitEvidenceAdmin(LedgerAdmin):
    access = allow(view=LOOK, act=FINANCE)
    list_display = ("account", "opened", "note", "attached_by", "attached_at")
    list_display_links = None
    list_filter = ("file_type", "attached_at")
    search_fields = ("credit_account__account__code", "file_name", "sha256")
    list_select_related = ("credit_account__account",)
    ordering = ("-pk",)

    @admin.display(description="account")
    def account(self, row: LimitEvidence) -> str:
        url = reverse("admin:credit_creditaccount_change", args=[row.credit_account_id])
        return format_html('<a href="{}">{}</a>', url, row.credit_account.account)

    @admin.display(description="file")
    def opened(self, row: LimitEvidence) -> str:
        return _link(row)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        own = [
            path("attach/<int:credit_account_id>/", view(self.attach_view), name="credit_limitevidence_attach"),
            path("<int:evidence_id>/file/", view(self.file_view), name="credit_limitevidence_file"),
        ]
        return own + super().get_urls()

    def attach_view(self, request: HttpRequest, credit_account_id: int) -> HttpResponse:
        self.require_act(request, FINANCE)
        row = CreditAccount.objects.filter(pk=credit_account_id).select_related("account").first()
        if row is None:
            raise Http404("There is no such credit account.")
        form = EvidenceForm(request.POST or None, request.FILES or None)
        if request.method == "POST" and form.is_valid() and self._attach(request, row, form):
            return HttpResponseRedirect(reverse("admin:credit_creditaccount_change", args=[credit_account_id]))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": f"Evidence for the limit of {row.account}",
            "form": form,
            "table": evidence_table(row),
        }
        return TemplateResponse(request, "admin/credit/evidence.html", context)

    def _attach(self, request: HttpRequest, row: CreditAccount, form: EvidenceForm) -> bool:
        sent = form.cleaned_data["file"]
        try:
            attach_evidence(
                account_id=row.account_id,
                note=form.cleaned_data["note"],
                name=sent.name if sent else "",
                content=sent.read(evidence.LARGEST + 1) if sent else b"",
                actor=actor_of(request),
                now=clock.now(),
            )
        except DomainError as refusal:
            for words in refusal.each_in_words:
                form.add_error(None, words)
        else:
            messages.success(request, "Attached. The next request for a limit names it.")
            return True
        return False

    def file_view(self, request: HttpRequest, evidence_id: int) -> HttpResponse | FileResponse:
        """Always saved, never shown inside the console: the bytes came from outside."""
        if not self.access.may_view(request.user):
            raise PermissionDenied
        row = LimitEvidence.objects.filter(pk=evidence_id).first()
        if row is None or not row.file or not row.file.storage.exists(str(row.file.name)):
            raise Http404("There is no file with this evidence.")
        answer = FileResponse(row.file.open("rb"), as_attachment=True, filename=row.file_name)
        answer["Content-Type"] = row.file_type
        return answer

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        """Evidence's place is its credit account's page."""
        if request.method == "POST" or not self.has_view_permission(request):
            raise PermissionDenied
        found = LimitEvidence.objects.filter(pk=row_id(object_id)).values_list("credit_account_id", flat=True).first()
        name = "admin:credit_creditaccount_change" if found else "admin:credit_limitevidence_changelist"
        return HttpResponseRedirect(reverse(name, args=[found] if found else []))


def evidence_table(row: CreditAccount) -> str:
    """The newest, each with the hash of its file."""
    found = LimitEvidence.objects.filter(credit_account=row).order_by("-pk")[:SHOWN]
    lines = format_html_join(
        "",
        '<tr><td class="pr-6">{}</td><td class="pr-6">{}</td><td class="pr-6">{}</td><td><code>{}</code></td></tr>',
        ((_link(x), x.note, f"{x.attached_at:%Y-%m-%d}, {x.attached_by}", x.sha256[:16]) for x in found),
    )
    return format_html('<table class="tabular-nums">{}</table>', lines) if lines else "None"


def _link(row: LimitEvidence) -> str:
    if not row.file_name:
        return "Note"
    return format_html('<a href="{}">{}</a>', reverse("admin:credit_limitevidence_file", args=[row.pk]), row.file_name)
