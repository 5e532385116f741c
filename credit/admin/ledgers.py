"""The ledger of postings, to be read, and payment terms."""

from django.contrib import admin
from django.utils.html import format_html

from accounts.states import Role
from core import refs
from core.access import allow
from core.console import LedgerAdmin, ReferenceAdmin
from core.refs import DocumentRef
from credit.models import PaymentTerms, Posting

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
    list_filter = ("is_end_of_month", "is_prepayment")
    search_fields = ("code", "name")
    ordering = ("code",)
