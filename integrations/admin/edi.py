"""The console's EDI desk: partners, what came in, what became of it, what we answered, what was imported."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html

from accounts.states import Role
from core import clock
from core.access import allow
from core.console import LedgerAdmin, ReferenceAdmin, ServiceAdmin, actor_of
from core.errors import DomainError
from core.refs import DocumentRef, url_of
from integrations.models import (
    EdiTransaction,
    ImportedLine,
    InboxFile,
    Interchange,
    OutboundDocument,
    PartnerProfile,
)
from integrations.services.advise_stock import advise_stock
from integrations.services.confirm_partner import confirm_partner
from integrations.services.correct_transaction import correct_transaction
from integrations.services.replay_transaction import replay_transaction
from integrations.states import DocumentKind

DESK = allow(view={Role.CS, Role.AUDITOR}, act={Role.CS_LEAD, Role.OPERATOR})
_RAW_SHOWN = 100_000


def _each(screen: ServiceAdmin, request: HttpRequest, rows: models.QuerySet[Any], run: Callable[[Any], str]) -> None:
    """Run one service call per chosen row; a refusal is told and the others go on."""
    for row in rows:
        try:
            messages.success(request, f"{row}: {run(row)}")
        except DomainError as refusal:
            messages.error(request, f"{row}: {refusal.in_words}")


@admin.register(PartnerProfile)
class PartnerAdmin(ReferenceAdmin):
    access = DESK
    list_display = ("code", "name", "account", "status", "isa_id", "wrong_counts", "auto_submit")
    list_filter = ("status", "wrong_counts", "auto_submit")
    search_fields = ("code", "name", "isa_id", "gs_id", "account__code", "account__name")
    list_select_related = ("account",)
    autocomplete_fields = ("account", "default_ship_to")
    readonly_fields = ("status", "created_at")
    actions = ("confirm",)
    change_form_outer_before_template = "integrations/partner_confirm.html"

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.action(description="Confirm trading partner", permissions=["act"])
    def confirm(self, request: HttpRequest, queryset: models.QuerySet[PartnerProfile]) -> None:
        def run(row: PartnerProfile) -> str:
            confirm_partner(partner_id=row.pk, actor=actor_of(request), now=clock.now())
            return "confirmed"

        _each(self, request, queryset, run)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("<int:partner_id>/confirm/", view(self.confirm_view), name="integrations_partnerprofile_confirm"),
            path("<int:partner_id>/advise/", view(self.advise_view), name="integrations_partnerprofile_advise"),
            *super().get_urls(),
        ]

    def advise_view(self, request: HttpRequest, partner_id: int) -> HttpResponse:
        """Write an 846 for the partner; then its page, with the text."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        self.require_act(request)
        codes = request.POST.get("codes", "").replace(",", "\n").splitlines()
        try:
            document_id = advise_stock(partner_id=partner_id, codes=codes, actor=actor_of(request), now=clock.now())
        except DomainError as refusal:
            for words in refusal.each_in_words:
                messages.error(request, words)
            return HttpResponseRedirect(reverse("admin:integrations_partnerprofile_change", args=[partner_id]))
        messages.success(request, "The stock advice is written.")
        return HttpResponseRedirect(reverse("admin:integrations_outbounddocument_change", args=[document_id]))

    def confirm_view(self, request: HttpRequest, partner_id: int) -> HttpResponse:
        """The button on the partner's own page."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        self.require_act(request)
        self.confirm(request, PartnerProfile.objects.filter(pk=partner_id))
        return HttpResponseRedirect(reverse("admin:integrations_partnerprofile_change", args=[partner_id]))


@admin.register(InboxFile)
class InboxFileAdmin(LedgerAdmin):
    access = DESK
    list_display = ("name", "size", "received_at", "sha256")
    list_filter = ("received_at",)
    search_fields = ("name", "sha256")
    fields = ("name", "size", "sha256", "received_at", "content")
    readonly_fields = fields

    @admin.display(description="As it came")
    def content(self, row: InboxFile) -> str:
        text = bytes(row.raw[:_RAW_SHOWN]).decode("utf-8", errors="replace")
        return format_html("<pre>{}</pre>", text)


@admin.register(Interchange)
class InterchangeAdmin(LedgerAdmin):
    access = DESK
    list_display = ("control", "partner", "state", "sent", "is_test", "received_at")
    list_filter = ("state", "is_test", "received_at")
    search_fields = ("control", "partner__code", "partner__name", "file__name")
    list_select_related = ("partner",)
    fields = ("partner", "file", "control", "state", "sent", "is_test", "problems", "content")
    readonly_fields = fields

    @admin.display(description="sent")
    def sent(self, row: Interchange) -> str:
        """By the partner's clock, which names no time zone; a date that is none stands as it came."""
        try:
            moment = datetime.strptime(row.sent_date + row.sent_time[:4], "%y%m%d%H%M").replace(tzinfo=UTC)
            return f"{moment:%-d %b %Y %H:%M}"
        except ValueError:
            return f"{row.sent_date} {row.sent_time}".strip() or "–"

    @admin.display(description="Sets")
    def content(self, row: Interchange) -> str:
        texts = row.transactions.order_by("id").values_list("text", flat=True)[:50]
        return format_html("<pre>{}</pre>", "\n\n".join(texts)[:_RAW_SHOWN])


@admin.register(EdiTransaction)
class EdiTransactionAdmin(ServiceAdmin):
    access = DESK
    list_display = ("__str__", "partner", "state", "po_number", "segment", "reason", "received_at")
    list_filter = ("state", "set_id", "received_at")
    search_fields = ("control", "po_number", "partner__code", "partner__name", "reason")
    list_select_related = ("partner",)
    readonly_fields: ClassVar[tuple[str, ...]] = (
        "state",
        "segment",
        "reason",
        "partner",
        "order_link",
        "po_number",
        "release_number",
        "set_id",
        "control",
        "group_control",
        "problems",
        "file",
        "interchange",
        "received_at",
        "decided_at",
    )
    fields = (*readonly_fields[:8], "text", *readonly_fields[8:])
    actions = ("replay",)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.access.may_act(request.user)

    @admin.display(description="Order")
    def order_link(self, row: EdiTransaction) -> str:
        if row.order_id is None:
            return "none"
        url = url_of(DocumentRef("order", row.order_id))
        return format_html('<a href="{}">{}</a>', url, row.order) if url else str(row.order)

    def save_model(self, request: HttpRequest, obj: EdiTransaction, form: Any, change: bool) -> None:
        text = form.cleaned_data.get("text", obj.text)
        correct_transaction(transaction_id=obj.pk, text=text, actor=actor_of(request), now=clock.now())

    @admin.action(description="Replay", permissions=["act"])
    def replay(self, request: HttpRequest, queryset: models.QuerySet[EdiTransaction]) -> None:
        def run(row: EdiTransaction) -> str:
            outcome = replay_transaction(transaction_id=row.pk, actor=actor_of(request), now=clock.now())
            return f"{outcome.state}. {outcome.reason}".strip()

        _each(self, request, queryset, run)


@admin.register(OutboundDocument)
class OutboundDocumentAdmin(LedgerAdmin):
    access = DESK
    list_display = ("__str__", "partner", "in_reply_to", "created_at", "sent_at")
    list_filter = ("kind", "created_at")
    search_fields = ("control", "partner__code", "partner__name")
    list_select_related = ("partner", "in_reply_to")
    fields = ("kind", "partner", "in_reply_to", "control", "codes", "created_at", "sent_at", "content")
    readonly_fields = fields

    @admin.display(description="Text")
    def content(self, row: OutboundDocument) -> str:
        """What we send of ourselves stands one segment a line; an answer is in the partner's own separators."""
        text = row.text.replace("~", "~\n") if row.kind == DocumentKind.STOCK else row.text
        return format_html("<pre>{}</pre>", text)


@admin.register(ImportedLine)
class ImportedLineAdmin(LedgerAdmin):
    access = DESK
    list_display = ("invoice", "ref", "account", "product", "kind", "qty", "reversed_qty")
    list_filter = ("kind",)
    search_fields = ("invoice", "ref")
    list_select_related = ("account", "product")
    readonly_fields = ("account", "product", "kind", "invoice", "ref", "order", "happened_at", "qty", "reversed_qty")
