"""The ledger of postings, to be read, and payment terms."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html

from accounts.states import Role
from core import clock, refs
from core.access import allow
from core.console import LedgerAdmin, ReferenceAdmin, actor_of
from core.refs import DocumentRef
from credit.models import PaymentTerms, Posting, TermsWords
from credit.services.name_terms import keep_terms_words, remove_terms_words

LOOK = {Role.CS, Role.CS_LEAD, Role.AUDITOR, Role.OPERATOR}
FINANCE = {Role.FINANCE, Role.FINANCE_APPROVER}


@admin.register(Posting)
class PostingAdmin(LedgerAdmin):
    """Every movement of exposure. Rows are never changed: a mistake is posted back."""

    access = allow(view=LOOK | FINANCE)
    list_display = ("at", "account", "bucket", "amount", "document", "due_date", "ship_date")
    list_filter = ("bucket", "doc_kind", "at", "due_date", "ship_date")
    search_fields = ("doc_number", "key", "credit_account__account__code", "credit_account__account__name")
    list_select_related = ("credit_account__account",)
    ordering = ("-pk",)

    @admin.display(description="account", ordering="credit_account__account__code")
    def account(self, row: Posting) -> str:
        return str(row.credit_account.account)

    @admin.display(description="document", ordering="doc_number")
    def document(self, row: Posting) -> str:
        ref = DocumentRef(row.doc_kind, row.doc_id, row.doc_number)
        url = refs.url_of(ref)
        return format_html('<a href="{}">{}</a>', url, ref) if url else str(ref)


@admin.register(PaymentTerms)
class TermsAdmin(ReferenceAdmin):
    access = allow(view=LOOK, act=FINANCE)
    list_display = (
        "code",
        "name",
        "net_days",
        "is_end_of_month",
        "discount_percent",
        "deposit_percent",
        "is_prepayment",
    )
    list_filter = ("is_end_of_month", "is_discount_on_goods", "is_prepayment")
    search_fields = ("code", "name")
    ordering = ("code",)


@admin.register(TermsWords)
class TermsWordsAdmin(ReferenceAdmin):
    """What words on orders and contracts mean here."""

    access = allow(view=LOOK, act=FINANCE)
    list_display = ("words", "terms", "terms_code")
    list_filter = ("terms",)
    list_select_related = ("terms",)
    search_fields = ("words", "terms__code", "terms__name")
    ordering = ("words",)

    @admin.display(description="code", ordering="terms__code")
    def terms_code(self, row: TermsWords) -> str:
        return row.terms.code

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        keep_terms_words(row=obj, actor=actor_of(request), now=clock.now())

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        remove_terms_words(row=obj, actor=actor_of(request), now=clock.now())
