"""Letters about promises: what waits, what went, and what nobody knows whether it went."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from unfold.decorators import action, display

from accounts.states import STAFF, Role
from core import clock, refs
from core.access import allow
from core.choices import counted
from core.console import LedgerAdmin
from core.errors import DomainError
from core.lists import typed
from core.refs import DocumentRef
from integrations.models import PromiseLetter
from integrations.rules.letters import folded, in_words
from integrations.services.send_letters import send_again

TONES = {"waiting": "info", "sending": "info", "sent": "ok", "moot": "neutral", "unsure": "warn", "refused": "bad"}


@admin.register(PromiseLetter)
class PromiseLetterAdmin(LedgerAdmin):
    access = allow(view=set(STAFF), act={Role.CS, Role.CS_LEAD, Role.OPERATOR})
    list_display = ("document", "user", "mail", "state_pill", "due_at", "ended_at", "problem")
    list_display_links = ("user",)
    list_filter = (
        typed("order number", "order_number"), typed("e-mail address", "user__email"), "mail", "state", "due_at",
        "ended_at", "is_rep",
    )  # fmt: skip
    search_fields = ("order_number", "po_number", "user__email", "user__last_name")
    search_help_text = "Order, PO number or person"
    list_select_related = ("user",)
    ordering = ("-id",)
    actions = ("send_once_more",)
    fields = readonly_fields = (
        "document", "po_number", "user", "is_rep", "mail", "state", "what_it_says", "created_at", "due_at", "began_at",
        "ended_at", "attempts", "problem",
    )  # fmt: skip

    @display(description="Order", ordering="order_number")
    def document(self, row: PromiseLetter) -> str:
        url = refs.url_of(DocumentRef("order", row.order_id, row.order_number))
        return format_html('<a href="{}">{}</a>', url, row.order_number) if url else row.order_number

    @display(description="State", ordering="state")
    def state_pill(self, row: PromiseLetter) -> str:
        return format_html('<span class="pill tone-{}">{}</span>', TONES[row.state], row.get_state_display())

    @display(description="What it says")
    def what_it_says(self, row: PromiseLetter) -> str:
        moves = folded(row.moves)
        return "; ".join(f"{in_words(m)} ({m.cause})" for m in moves) or "nothing: the promises moved back"

    @action(description="Send the selected letters again", permissions=["act"])
    def send_once_more(self, request: HttpRequest, queryset: QuerySet[PromiseLetter]) -> None:
        """Letter by letter: one that cannot go again does not keep the others."""
        done, refused = 0, []
        for pk in list(queryset.values_list("pk", flat=True)):
            try:
                send_again(letter_id=pk, now=clock.now())
                done += 1
            except DomainError as refusal:
                refused.append(refusal.in_words)
        if done:
            messages.success(request, f"{counted(done, 'letter')} will leave within a minute.")
        for words in dict.fromkeys(refused):
            messages.error(request, words)

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return False
