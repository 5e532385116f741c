"""Shipments asked back: asked on the shipment's page, answered by the warehouse there or from this list."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html

from accounts.states import Role
from core import clock
from core.access import allow
from core.console import LedgerAdmin, actor_of, row_id
from core.errors import DomainError
from fulfillment.models import RecallRequest
from fulfillment.services.answer_recall import MAY as ANSWER
from fulfillment.services.answer_recall import accept_recall, refuse_recall
from fulfillment.services.ask_recall import MAY as ASK
from fulfillment.services.ask_recall import ask_recall


@admin.register(RecallRequest)
class RecallAdmin(LedgerAdmin):
    access = allow(view={Role.AUDITOR}, act={*ASK, *ANSWER})
    list_display = ("shipment_link", "state", "note", "asked_by", "asked_at", "respond_by", "answer")
    list_display_links = None
    list_filter = ("state", "asked_at")
    search_fields = ("shipment__number",)
    list_select_related = ("shipment",)
    ordering = ("-pk",)

    @admin.display(description="shipment")
    def shipment_link(self, row: RecallRequest) -> str:
        return format_html('<a href="{}">{}</a>', _page(row.shipment_id), row.shipment.number)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        own = [
            path("ask/<int:shipment_id>/", view(self.ask_view), name="fulfillment_recallrequest_ask"),
            path("<int:recall_id>/accept/", view(self.accept_view), name="fulfillment_recallrequest_accept"),
            path("<int:recall_id>/refuse/", view(self.refuse_view), name="fulfillment_recallrequest_refuse"),
        ]
        return own + super().get_urls()

    def ask_view(self, request: HttpRequest, shipment_id: int) -> HttpResponse:
        note = request.POST.get("note", "")
        told = "The warehouse is asked to give it back. Until it answers, nothing changes."
        given = {"shipment_id": shipment_id, "note": note}
        return self._do(request, set(ASK), shipment_id, told, ask_recall, given)

    def accept_view(self, request: HttpRequest, recall_id: int) -> HttpResponse:
        told = "Given back: its stock is allocated to the order again, and the order is held by hand."
        return self._do(request, set(ANSWER), _shipment_of(recall_id), told, accept_recall, {"recall_id": recall_id})

    def refuse_view(self, request: HttpRequest, recall_id: int) -> HttpResponse:
        reason = request.POST.get("reason", "")
        told = "Refused: whoever asked reads why on the shipment and on the order."
        given = {"recall_id": recall_id, "reason": reason}
        return self._do(request, set(ANSWER), _shipment_of(recall_id), told, refuse_recall, given)

    def _do(
        self,
        request: HttpRequest,
        who: set[Role],
        shipment_id: int,
        told: str,
        verb: Callable[..., int],
        given: dict[str, Any],
    ) -> HttpResponse:
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        self.require_act(request, who)
        try:
            verb(**given, actor=actor_of(request), now=clock.now())
        except DomainError as refusal:
            for words in refusal.each_in_words:
                messages.error(request, words)
        else:
            messages.success(request, told)
        return HttpResponseRedirect(_page(shipment_id))

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        """A recall's place is its shipment's page."""
        if request.method == "POST" or not self.has_view_permission(request):
            raise PermissionDenied
        return HttpResponseRedirect(_page(_shipment_of(row_id(object_id) or 0)))


def _shipment_of(recall_id: int) -> int:
    return RecallRequest.objects.filter(pk=recall_id).values_list("shipment_id", flat=True).first() or 0


def _page(shipment_id: int) -> str:
    return (
        reverse("admin:fulfillment_shipment_change", args=[shipment_id])
        if shipment_id
        else reverse("admin:fulfillment_recallrequest_changelist")
    )
