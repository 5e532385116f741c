"""What can go wrong with money after the invoice. Their causes come with disputes, claims and commissions."""

from exceptions_app.kinds import KindSpec, declare

_KINDS = (
    ("invoice_dispute", "Invoice disputed", "The customer does not agree with an invoice."),
    ("chargeback_denied", "Chargeback denied", "The maker refuses a chargeback claim."),
    ("commission_dispute", "Commission disputed", "A rep does not agree with a statement."),
)
declare(
    *(
        KindSpec(code, label, "finance", "medium", 480, 2400, description, awaits_rooms=True)
        for code, label, description in _KINDS
    )
)
